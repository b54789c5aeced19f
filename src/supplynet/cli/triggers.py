"""``triggers``: how well each rule tells that a refill is due."""

from __future__ import annotations

from typing import Annotated, Any, cast

import typer

from supplynet.cli import options
from supplynet.cli.output import emit, progress


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(
        epilog=options.example("triggers", "triggers --miss-cost 20 --halts", "triggers --json")
    )(triggers)


def triggers(
    workspace: options.Workspace = options.HERE,
    model: Annotated[
        str | None,
        typer.Option(help="Of the forecast-based rule; default: the setting model."),
    ] = None,
    threshold: Annotated[
        str,
        typer.Option(
            help="Below what stock must not fall: safety_stock (what the reorder point holds "
            "beyond the demand until a refill), reorder_point, or empty."
        ),
    ] = "safety_stock",
    days: Annotated[
        int,
        typer.Option(min=2, help="Last days, to judge by; two thirds as many before to choose by."),
    ] = 84,
    miss_cost: Annotated[
        float | None,
        typer.Option(help="What a missed refill costs, in needless ones; default: judge by F1."),
    ] = None,
    halts: Annotated[
        bool, typer.Option("--halts", help="Let the rules also order in the twin (minutes).")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Save the trained classifiers with their figures.")
    ] = False,
    seed: options.Seed = None,
    as_json: options.Json = False,
) -> None:
    """Judge what tells that a refill is due.

    The reorder point, the forecast, and two classifiers.

    A refill is due where stock would fall below the threshold before the next delivery that can
    still be ordered. Rules learn on the past and are judged on the last days.
    """
    from supplynet.config import load_settings
    from supplynet.forecast.refill_trial import TrialSettings
    from supplynet.services.refill import RefillRequest, refill_lines, refill_report

    request = RefillRequest(
        model=model,
        threshold=cast("Any", threshold),
        trial=TrialSettings(
            test_days=days,
            validation_days=max(1, days * 2 // 3),
            miss_cost=miss_cost,
            seed=load_settings(workspace).seed if seed is None else seed,
        ),
        halts=halts,
        keep=keep,
    )
    with progress() as report:
        found = refill_report(workspace, request, report=report)
    emit(found.to_dict(), as_json, lambda: refill_lines(found))

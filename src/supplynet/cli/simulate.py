"""``simulate``: prove policies in the twin, on demand that none of them has seen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supplynet.cli import options
from supplynet.cli.output import emit, progress, table


def register(app: typer.Typer) -> None:
    """Add this group's command."""
    examples = (
        "simulate --days 28 --policy min_max --policy no_stockout",
        "simulate --tune",
        "simulate --compare --plot frontier.svg",
    )
    app.command(epilog=options.example(*examples))(simulate)


def simulate(
    workspace: options.Workspace = options.HERE,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days replayed.")] = 28,
    policy: Annotated[
        list[str] | None, typer.Option(help="Such as min_max or no_stockout; repeatable.")
    ] = None,
    tune: Annotated[
        bool, typer.Option("--tune", help="Search longer, all policies, and keep what is found.")
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="All policies and the bound; keep nothing.")
    ] = False,
    futures: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Sampled futures to tune on where the days are too few to prove the promise "
            "(2); 0 = the days alone decide.",
            show_default=False,
        ),
    ] = None,
    purchases: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            metavar="ALPHA",
            help="Warehouses buy by the forecast, this sure; 0 = by the levels of their rules.",
        ),
    ] = 0.0,
    plot: Annotated[
        Path | None, typer.Option(help="Draw halts against cover: FILE.svg.", metavar="FILE")
    ] = None,
    seed: options.Seed = None,
    as_json: options.Json = False,
) -> None:
    """Compare policies on the plant's own history.

    Tuned on the days before, scored in the twin on the last days: the same demand for all. What
    was tuned is used by plan from then on, unless --compare is given without --tune.
    """
    from supplynet.services import simulation

    depth = simulation.depth_of(
        tune=tune, compare=compare, futures=futures, purchase_alpha=purchases, plot=plot
    )
    every = simulation.families(tune=tune, compare=compare)
    with progress() as report:
        board = simulation.simulate(
            workspace,
            days=days,
            policies=policy or list(every),
            seed=seed,
            depth=depth,
            report=report,
        )
    emit(board.as_dict(), as_json, lambda: board.lines(table))

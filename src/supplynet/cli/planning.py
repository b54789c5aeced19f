"""``plan`` and ``simulate``: decide now, and prove the policy on other demand."""

from __future__ import annotations

from typing import Annotated

import typer

from supplynet.cli import options
from supplynet.cli.output import capped, emit, progress, table


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(epilog=options.example("plan --workspace plant-1"))(plan)
    app.command(epilog=options.example("simulate --days 28 --policy order_up_to"))(simulate)


def plan(
    workspace: options.Workspace = options.HERE,
    seed: options.Seed = None,
    rows: options.Rows = 30,
    as_json: options.Json = False,
) -> None:
    """Decide what to send with the next departures.

    Halt risk of every line, and proposals, the most urgent first; twice in a row changes nothing.
    """
    from supplynet.services import planning

    outcome = planning.plan_in(workspace, actor="cli", seed=seed)
    summary = outcome.summary()

    def lines() -> list[str]:
        every, actions = outcome.lines(), len(summary["proposals"])
        first = len(every) - actions
        alerts = len(summary["alerts"])
        return [
            *every[: first - alerts],
            *capped(every[first - alerts : first], rows),
            *capped(every[first:], rows),
        ]

    emit(summary, as_json, lines)


def simulate(
    workspace: options.Workspace = options.HERE,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days replayed.")] = 28,
    policy: Annotated[
        list[str] | None, typer.Option(help="min_max or order_up_to; repeatable; default: both.")
    ] = None,
    seed: options.Seed = None,
    as_json: options.Json = False,
) -> None:
    """Compare policies on the plant's own history.

    Tuned on the days before, scored in the twin on the last days: the same demand for all.
    """
    from supplynet.services import simulation

    with progress() as report:
        board = simulation.simulate(
            workspace,
            days=days,
            policies=policy or ["min_max", "order_up_to"],
            seed=seed,
            report=report,
        )
    emit(board.as_dict(), as_json, lambda: board.lines(table))

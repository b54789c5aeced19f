"""``plan``: decide now."""

from __future__ import annotations

import typer

from supplynet.cli import options
from supplynet.cli.output import capped, emit
from supplynet.cli.person import person


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(epilog=options.example("plan --workspace plant-1"))(plan)


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

    outcome = planning.plan_in(workspace, actor=person(), seed=seed)
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

"""``demo``: everything on a synthetic plant, from one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from supplynet.cli import options
from supplynet.cli.output import emit, progress, table
from supplynet.cli.serving import check_free, run_server


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(epilog=options.example("demo", "demo --size tiny --no-serve --json"))(demo)


def demo(
    workspace: options.Workspace = Path(".supplynet-demo"),
    serve: Annotated[bool, typer.Option(help="Serve the page with the plant running on.")] = True,
    speed: Annotated[
        float, typer.Option(min=1, max=7200, help="Simulated seconds per second.")
    ] = 600.0,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the page.")] = 8321,
    size: Annotated[
        Literal["full", "tiny"], typer.Option(help="27 lines and a year, or 2 lines and 12 weeks.")
    ] = "full",
    seed: options.Seed = None,
    as_json: options.Json = False,
) -> None:
    """See everything on a synthetic plant.

    A plant of 27 lines and a year of history; models are compared, policies tuned and scored on
    28 days that none of them has seen; then the control room, with the plant running on.
    """
    from supplynet.services import demo as demonstration

    if serve:
        check_free("127.0.0.1", port)
    with progress() as report:
        board = demonstration.run(
            workspace, size=size, seed=1 if seed is None else seed, report=report
        )
    emit(board.as_dict(), as_json, lambda: board.lines(table))
    if serve:
        run_server(workspace, host="127.0.0.1", port=port, speed=speed, local=True)

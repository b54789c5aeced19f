"""Options that several commands understand alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Workspace = Annotated[
    Path,
    typer.Option("--workspace", "-w", envvar="SUPPLYNET_WORKSPACE", help="Folder of the data."),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Seed = Annotated[
    int | None,
    # 31 bits are what every library behind it takes.
    typer.Option("--seed", min=0, max=2**31 - 1, help="Same seed, same result."),
]
Rows = Annotated[int, typer.Option("--rows", min=1, help="Most rows to print; --json has all.")]

HERE = Path()


def example(*commands: str) -> str:
    """The end of a command's help, whose lines typer is told not to fill."""
    heading = "Example:" if len(commands) == 1 else "Examples:"
    return "\n".join(["\b", heading, *(f"  supplynet {command}" for command in commands)])

"""What commands print: results to stdout, progress to stderr."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import typer

Report = Callable[[float, str], None]


def jsonable(value: Any) -> Any:
    """``value`` in JSON types; what is no number (NaN, infinity) becomes null."""
    if is_dataclass(value) and not isinstance(value, type):
        return jsonable(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if hasattr(value, "dtype"):  # numpy's; it is not imported for this
        return jsonable(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path | Decimal) else value


def emit(result: Any, as_json: bool, lines: Callable[[], Sequence[str]]) -> None:
    """Print ``result`` as JSON, or else the ``lines`` made for people."""
    if as_json:
        say(json.dumps(jsonable(result), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        say("\n".join(lines()))


def say(text: str) -> None:
    """Print to stdout. A reader that has seen enough (``head``) is no error."""
    try:
        typer.echo(text)
    except BrokenPipeError:
        # What is still to come goes nowhere, and the interpreter does not complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def capped(lines: Sequence[str], most: int, *, total: int | None = None) -> list[str]:
    """The first ``most`` lines, and a last one that says how many of ``total`` are not shown."""
    shown = list(lines[:most])
    hidden = (len(lines) if total is None else total) - len(shown)
    return shown if hidden <= 0 else [*shown, f"... and {hidden:,} more (--rows N shows N)"]


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Rows as aligned columns: numbers to the right, words to the left."""
    cells = [[_cell(value) for value in row] for row in rows]
    columns = range(len(head))
    numeric = [all(isinstance(row[c], int | float | None) for row in rows) for c in columns]
    width = [max([len(head[c]), *(len(row[c]) for row in cells)]) for c in columns]

    def line(values: Sequence[str]) -> str:
        padded = [
            value.rjust(width[c]) if numeric[c] else value.ljust(width[c])
            for c, value in enumerate(values)
        ]
        return "  ".join(padded).rstrip()

    return [line(head), line(["-" * w for w in width]), *(line(row) for row in cells)]


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "-"
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 10 else f"{value:,.1f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%MZ")
    if isinstance(value, Mapping):
        return ", ".join(
            f"{key} {item:g}" if isinstance(item, float) else f"{key} {item}"
            for key, item in value.items()
        )
    return str(value)


@contextmanager
def progress() -> Iterator[Report]:
    """A progress bar on stderr when that is a terminal, else nothing.

    Yields:
        A function that takes the fraction done (0..1) and what is being done.
    """
    if not sys.stderr.isatty():
        yield lambda _fraction, _what: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda fraction, what: bar.update(task, completed=fraction, description=what)

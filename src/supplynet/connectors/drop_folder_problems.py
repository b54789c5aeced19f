"""The rows of a dropped file that could not be taken, beside it: corrected, they may come again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import polars as pl

from supplynet.connectors.drop_folder_rows import DropRow, decoded
from supplynet.connectors.table_problems import harmless


class ProblemFile:
    """Writes ``row, problem`` and what the row says; makes no file where there is no problem.

    The file appears under its name when all of it is written.

    Args:
        path: What to write.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, path.with_name(f".{path.name}.part")
        self._file: BinaryIO | None = None
        self._columns: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is None:
            return
        self._file.close()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)

    def add(self, problems: Iterable[tuple[DropRow, str]]) -> None:
        """Write rows with what is wrong with each; they all come from one file."""
        rows = [
            {"row": str(row.row), "problem": problem, **(row.cells or _as_it_is(row))}
            for row, problem in problems
        ]
        self._write(rows)

    def add_whole(self, problem: str) -> None:
        """Write why the file as a whole could not be read, or not to its end."""
        self._write([{"row": "", "problem": problem}])

    def _write(self, rows: list[dict[str, str]]) -> None:
        if not rows:
            return
        first = self._file is None
        if self._file is None:
            self._file = self._part.open("wb")
            self._columns = list(dict.fromkeys(name for row in rows for name in row))
        schema = dict.fromkeys(self._columns, pl.String)
        cells = [[row.get(name, "") for name in self._columns] for row in rows]
        frame = pl.DataFrame(cells, schema=schema, orient="row")
        frame = frame.with_columns(harmless(name) for name in self._columns)
        frame.write_csv(self._file, include_header=first)


def _as_it_is(row: DropRow) -> dict[str, str]:
    return {"event": decoded(row.payload)}

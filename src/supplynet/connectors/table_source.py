"""What an import reads from: a table that comes in batches, so that it need not fit into memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

BATCH_ROWS = 500_000
FIRST_ROW = 2
"""Number of the first row under the header, as a spreadsheet shows it."""


class ReadAgain(Exception):
    """What was read so far was read wrongly; the source knows better now. Ends in the import."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A table in memory.

    Attributes:
        name: File name, for messages.
        frame: Its cells; row ``i`` of the frame is row ``i + 2`` of a spreadsheet.
    """

    name: str
    frame: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Rows of a table that follow one another.

    Attributes:
        frame: Their cells, under the names of the header.
        position: Of the first of them among all rows of the source, from 0.
        ragged: Rows (index in ``frame``) with more cells than the header, and how many they have.
        done: How much of the source has been read, 0 to 1.
    """

    frame: pl.DataFrame
    position: int
    ragged: Mapping[int, int] = field(default_factory=dict)
    done: float = 1.0


@dataclass(slots=True)
class Places:
    """Where rows stand: the file (and sheet) and the number of a row by its position.

    A source adds a stretch when it comes to a new sheet; a file without sheets has one.
    """

    _starts: list[tuple[int, str, int]] = field(default_factory=list)

    def add(self, position: int, file: str, row: int = FIRST_ROW) -> None:
        """From ``position`` on, rows stand in ``file`` and are counted from ``row``."""
        if not any(start == position for start, _, _ in self._starts):
            self._starts.append((position, file, row))

    def of(self, position: int) -> tuple[str, int]:
        """File and row number of the row at ``position``."""
        index = bisect_right([start for start, _, _ in self._starts], position) - 1
        start, file, row = self._starts[max(index, 0)]
        return file, row + position - start

    def of_all(self, positions: pl.Series) -> pl.DataFrame:
        """Columns ``file, row`` for ``positions``."""
        starts = pl.DataFrame(
            self._starts,
            schema={"start": pl.UInt64, "file": pl.String, "first": pl.UInt64},
            orient="row",
        )
        asked = pl.DataFrame({"start": positions.cast(pl.UInt64)}).with_row_index("n")
        asked = asked.with_columns(position=pl.col("start"))
        found = asked.sort("start").join_asof(starts.sort("start"), on="start", coalesce=False)
        row = pl.col("first") + pl.col("position") - pl.col("start_right")
        return found.sort("n").select("file", row.alias("row"))


class Source(Protocol):
    """A table that can be read from its beginning as often as needed."""

    @property
    def name(self) -> str:
        """File name, for messages."""

    @property
    def columns(self) -> list[str]:
        """Names in the header; none when there is no header."""

    @property
    def places(self) -> Places:
        """Where its rows stand; known for the batches that have been read."""

    def batches(self) -> Iterator[Batch]:
        """All rows, in order.

        Raises:
            ReadAgain: Begin again: the rows so far were read with the wrong encoding.
            InvalidInput: The file is broken.
        """


class TableSource:
    """A ``Table`` as a source."""

    def __init__(self, table: Table, rows: int = BATCH_ROWS) -> None:
        self._table, self._rows = table, rows
        self.places = Places()
        self.places.add(0, table.name)

    @property
    def name(self) -> str:
        """See ``Source``."""
        return self._table.name

    @property
    def columns(self) -> list[str]:
        """See ``Source``."""
        return self._table.frame.columns

    def batches(self) -> Iterator[Batch]:
        """See ``Source``."""
        frame = self._table.frame
        for start in range(0, frame.height, self._rows):
            rows = frame.slice(start, self._rows)
            yield Batch(frame=rows, position=start, done=(start + rows.height) / frame.height)

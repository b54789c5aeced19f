"""What an import found in a file, and what it would store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from supplynet.connectors.table_kinds import Kind
from supplynet.connectors.table_options import ImportOptions
from supplynet.connectors.table_problems import Problems
from supplynet.connectors.table_results import (
    SeriesIndex,
    as_history,
    as_table,
    empty_result,
    is_history,
)
from supplynet.connectors.table_spool import Spool
from supplynet.errors import ImportErrors, Mistake


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checked:
    """What was found in a file, and what would be stored.

    Attributes:
        file: Name of the table.
        kind: What it holds.
        mistakes: The first mistakes of each kind and column, by row.
        counts: All mistakes by kind; see ``table_messages.SAYS`` for the kinds.
        problems: All of them, to be written to a file.
        rows: Rows of the file, without the header and blank rows; of a wide table, its cells.
        accepted: Rows that went into the result.
        series: What they are of.
        filled_days: Days without a row that ``gaps="zero"`` filled.
        days_below_zero: Days on which more was returned than used; their demand counts as 0.
        repeats: Rows that repeat an earlier one.
        returns: Rows with less than 0, taken off their day.
        decisions: What the layout did, each with the number of rows.
        options: What was chosen, by the layout or by a person.
        mapping: Our column to theirs.
        unused: Columns that are not read.
    """

    file: str
    kind: Kind
    problems: Problems
    mistakes: tuple[Mistake, ...] = ()
    rows: int = 0
    accepted: int = 0
    series: SeriesIndex
    filled_days: int = 0
    days_below_zero: int = 0
    repeats: int = 0
    returns: int = 0
    decisions: tuple[tuple[int, str], ...] = ()
    options: ImportOptions = field(default_factory=ImportOptions)
    mapping: Mapping[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    _result: Spool = field(default_factory=lambda: Spool(None))

    @property
    def counts(self) -> dict[str, int]:
        """All mistakes by kind."""
        return self.problems.counts

    @property
    def total(self) -> int:
        """All mistakes, named or not."""
        return self.problems.total

    def frames(self) -> Iterator[pl.DataFrame]:
        """What would be stored: demand frames of one month each, or one table of the kind."""
        if not is_history(self.kind):
            yield self.frame
            return
        for part in self._result.parts():
            yield as_history(part, self.series)

    @property
    def frame(self) -> pl.DataFrame:
        """All that would be stored, in memory. Without rows when a mistake stops the import."""
        parts = list(self._result.parts())
        if not parts:
            return empty_result(self.kind)
        rows = pl.concat(parts)
        if is_history(self.kind):
            return as_history(rows, self.series)
        return as_table(rows, self.series, self.kind)

    def or_raise(self) -> Checked:
        """This outcome, unless mistakes stopped the import.

        Raises:
            ImportErrors: There are mistakes and they were not skipped.
        """
        if self.total and not self.accepted:
            raise ImportErrors(self.file, self.mistakes, total=self.total)
        return self

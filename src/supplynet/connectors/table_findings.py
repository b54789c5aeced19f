"""Collects the mistakes of a table: counts all, names the first, marks the rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from supplynet.connectors.table_cells import Cells
from supplynet.connectors.table_file import SHOWN
from supplynet.connectors.table_messages import explain
from supplynet.errors import Mistake


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finding:
    """One kind of mistake in one column.

    Attributes:
        kind: Key of ``table_messages.SAYS``.
        column: Column of the file; None for the whole row.
        places: Positions in the table, ascending.
        cells: What the cells there say.
        values: What they became; for ids that collide.
        earlier: For duplicates: the file row that each repeats.
    """

    kind: str
    column: str | None
    places: pl.Series
    cells: pl.Series
    values: pl.Series
    earlier: pl.Series | None = None

    def first(
        self, file: str, rows: pl.Series, known: Collection[str] | None
    ) -> list[tuple[int, Mistake]]:
        """The first ``SHOWN`` of them; ``rows`` are file row numbers by position."""
        found = []
        for i, place in enumerate(self.places.head(SHOWN).to_list()):
            wrong, right = explain(
                self.kind,
                self.cells[i] or "",
                value=str(self.values[i] or ""),
                earlier=None if self.earlier is None else self.earlier[i],
                known=known,
            )
            row = int(rows[place])
            mistake = Mistake(file=file, row=row, column=self.column, wrong=wrong, right=right)
            found.append((row, mistake))
        return found


def find_in(cells: Cells, column: str) -> list[Finding]:
    """The findings of one column that has been read."""
    kinds = cells.problem.drop_nulls().unique(maintain_order=True).to_list()
    findings = []
    for kind in kinds:
        places = (cells.problem == kind).fill_null(False).arg_true()
        findings.append(
            Finding(
                kind=kind,
                column=column,
                places=places,
                cells=cells.text.gather(places),
                values=cells.value.gather(places),
            )
        )
    return findings


def find_repeats(earlier: pl.Series) -> list[Finding]:
    """The finding of rows that repeat another; ``earlier`` is that row, null where none."""
    places = earlier.is_not_null().arg_true()
    if places.is_empty():
        return []
    none = pl.Series([None], dtype=pl.String).new_from_index(0, len(places))
    return [
        Finding(
            kind="duplicate",
            column=None,
            places=places,
            cells=none,
            values=none,
            earlier=earlier.gather(places),
        )
    ]


def wrong_rows(findings: Sequence[Finding], height: int) -> pl.Series:
    """Whether each row has a mistake."""
    wrong = pl.Series([False]).new_from_index(0, height)
    for finding in findings:
        wrong = wrong.scatter(finding.places, True)
    return wrong


def name_mistakes(
    findings: Sequence[Finding],
    file: str,
    rows: pl.Series,
    known: Mapping[str, Collection[str] | None],
) -> tuple[Mistake, ...]:
    """The first mistakes of each finding, by row; ``known`` ids by column of the file."""
    found = [
        pair
        for finding in findings
        for pair in finding.first(file, rows, known.get(finding.column or ""))
    ]
    return tuple(mistake for _, mistake in sorted(found, key=lambda pair: pair[0]))


def count_mistakes(findings: Sequence[Finding]) -> dict[str, int]:
    """All mistakes by kind."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.kind] = counts.get(finding.kind, 0) + len(finding.places)
    return counts


def reject_rows(findings: Sequence[Finding], frame: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``frame`` (which has ``row``) with a mistake, as text, and the ``reason``."""
    if not findings:
        return frame.clear().cast(pl.String).with_columns(reason=pl.lit(""))
    reasons = pl.concat(
        pl.DataFrame({"place": f.places}).with_columns(
            reason=pl.lit(f"{f.column}: {f.kind}" if f.column else f.kind)
        )
        for f in findings
    )
    joined = reasons.group_by("place", maintain_order=True).agg(pl.col("reason").str.join("; "))
    return (
        frame.with_row_index("place")
        .join(joined, on="place", maintain_order="left")
        .select(pl.all().exclude("place", "row", "reason").cast(pl.String), "row", "reason")
        .select("row", pl.all().exclude("row", "reason"), "reason")
    )

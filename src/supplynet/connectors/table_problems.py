"""Collects the mistakes of a table: counts all, names the first, and keeps all for a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from supplynet.connectors.table_cells import Cells
from supplynet.connectors.table_messages import explain
from supplynet.connectors.table_source import Places
from supplynet.connectors.table_spool import PART, Spool
from supplynet.errors import InvalidInput, MissingExtra, Mistake

SHOWN = 100
EXCEL_ROWS = 1_048_575
REPEATED = "\x1f"  # stands for the number of a row until it is known
CHUNK_ROWS = 500_000
_FORMULA = r"^'*[=+\-@\t\r]"
_NUMBER = r"^[+-]?[0-9][0-9.,' ]*$"
_HARMLESS = r"^'('*[=+\-@\t\r])"
_SCHEMA = pl.Schema(
    {
        "position": pl.UInt64(),
        "column": pl.String(),
        "kind": pl.String(),
        "cell": pl.String(),
        "value": pl.String(),
        "earlier": pl.UInt64(),
    }
)
PROBLEMS_SCHEMA = pl.Schema(
    {
        "file": pl.String(),
        "row": pl.UInt64(),
        "column": pl.String(),
        "value": pl.String(),
        "kind": pl.String(),
        "reason": pl.String(),
        "what_to_do": pl.String(),
    }
)
"""Columns of a file of problems."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finding:
    """One kind of mistake in one column of a batch.

    Attributes:
        kind: Key of ``table_messages.SAYS``.
        column: Column of the file; None for the whole row.
        places: Indices in the batch.
        cells: What the cells there say.
        values: What they became; for ids that collide.
    """

    kind: str
    column: str | None
    places: pl.Series
    cells: pl.Series
    values: pl.Series


def find_in(cells: Cells, column: str) -> list[Finding]:
    """The findings of one column that has been read."""
    if cells.problem.null_count() == len(cells.problem):
        return []
    kinds = cells.problem.drop_nulls().unique(maintain_order=True).to_list()
    found = []
    for kind in kinds:
        places = (cells.problem == kind).fill_null(False).arg_true()
        found.append(
            Finding(
                kind=kind,
                column=column,
                places=places,
                cells=cells.text.gather(places),
                values=cells.value.gather(places),
            )
        )
    return found


def find_at(kind: str, places: Sequence[int], cells: Sequence[str]) -> list[Finding]:
    """The finding of whole rows at ``places``; none without a place."""
    if not places:
        return []
    values = pl.Series([None], dtype=pl.String).new_from_index(0, len(places))
    return [
        Finding(
            kind=kind,
            column=None,
            places=pl.Series(places, dtype=pl.UInt32),
            cells=pl.Series(cells, dtype=pl.String),
            values=values,
        )
    ]


def wrong_rows(findings: Sequence[Finding], height: int) -> pl.Series:
    """Whether each row has a mistake."""
    wrong = pl.Series([False]).new_from_index(0, height)
    for finding in findings:
        wrong = wrong.scatter(finding.places, True)
    return wrong


class Problems:
    """All mistakes of one reading of a table.

    Args:
        places: Of the source.
        known: The ids that there are, by column of the file; for suggestions.
        folder: Where to keep them when they are many; None = in memory.
        keep_all: Whether ``table`` will be asked for; else only the first are kept.
    """

    def __init__(
        self,
        places: Places,
        known: Mapping[str, Collection[str] | None],
        folder: Path | None = None,
        *,
        keep_all: bool = True,
    ) -> None:
        self._places, self._known, self._keep_all = places, known, keep_all
        self._spool = Spool(None if folder is None else folder / "problems")
        self._first: list[pl.DataFrame] = []
        self._named: dict[tuple[str, str | None], int] = {}
        self._header: list[Mistake] = []
        self.counts: dict[str, int] = {}

    @property
    def total(self) -> int:
        """All mistakes."""
        return sum(self.counts.values())

    def add_header(self, mistakes: Sequence[Mistake]) -> None:
        """Mistakes that no row can be blamed for."""
        self._header += mistakes
        for mistake in mistakes:
            kind = mistake.kind or ""
            self.counts[kind] = self.counts.get(kind, 0) + 1

    def add(self, findings: Sequence[Finding], positions: pl.Series) -> None:
        """Findings of a batch whose rows stand at ``positions``."""
        for each in findings:
            none = pl.lit(None, dtype=pl.UInt64)
            rows = pl.select(
                position=positions.gather(each.places).cast(pl.UInt64),
                column=pl.lit(each.column, dtype=pl.String),
                kind=pl.lit(each.kind),
                cell=each.cells,
                value=each.values.cast(pl.String),
                earlier=none,
            )
            self._take(each.kind, each.column, rows)

    def add_repeats(self, rows: pl.DataFrame) -> None:
        """Rows that repeat another: columns ``position, earlier``."""
        if rows.height:
            made = rows.with_columns(
                pl.lit(None, dtype=pl.String).alias(name) for name in ("column", "cell", "value")
            ).with_columns(kind=pl.lit("duplicate"))
            self._take("duplicate", None, made)

    def mistakes(self) -> tuple[Mistake, ...]:
        """The first ``SHOWN`` of each kind and column, by row."""
        if not self._first:
            return tuple(self._header)
        first = pl.concat(self._first).sort("position", maintain_order=True)
        first = first.group_by("kind", "column", maintain_order=True).head(SHOWN)
        named = [self._mistake(row) for row in first.sort("position").iter_rows(named=True)]
        return (*self._header, *named)

    def tables(self) -> Iterator[pl.DataFrame]:
        """All mistakes, columns ``PROBLEMS_SCHEMA``, as they were met; repeated rows come last."""
        if self._header:
            cells = [
                (m.file, m.row, m.column, m.value, m.kind, m.wrong, m.right) for m in self._header
            ]
            yield pl.DataFrame(cells, schema=PROBLEMS_SCHEMA, orient="row")
        for part in self._spool.parts():
            yield self._explained(part)

    def write(self, path: Path) -> int:
        """Write all mistakes to a csv, parquet or xlsx file; returns how many.

        CSV is written piece by piece; the others are made in memory.

        Raises:
            InvalidInput: Another suffix, or more than fit into an Excel sheet.
        """
        suffix = path.suffix.lower()
        check_problems_file(path)
        if suffix == ".csv":
            with path.open("wb") as file:
                pl.DataFrame(schema=PROBLEMS_SCHEMA).write_csv(file)
                for table in self.tables():
                    safe = [harmless(name) for name in ("file", "column", "value")]
                    table.with_columns(safe).write_csv(file, include_header=False)
            return self.total
        if suffix == ".xlsx" and self.total > EXCEL_ROWS:
            raise InvalidInput(
                f"{self.total:,} problems do not fit into an Excel sheet; write a csv file instead"
            )
        whole = pl.concat([pl.DataFrame(schema=PROBLEMS_SCHEMA), *self.tables()])
        if suffix == ".xlsx":
            whole.write_excel(path, worksheet="problems")
        else:
            whole.write_parquet(path)
        return self.total

    def _take(self, kind: str, column: str | None, rows: pl.DataFrame) -> None:
        rows = rows.select(pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items())
        self.counts[kind] = self.counts.get(kind, 0) + rows.height
        named = self._named.get((kind, column), 0)
        if kind == "duplicate":
            # They are met by part and not by row, so the first are known at the end only.
            self._first.append(rows.bottom_k(SHOWN, by="position"))
        elif named < SHOWN:
            self._first.append(rows.head(SHOWN - named))
            self._named[kind, column] = named + rows.height
        if self._keep_all:
            chunk = self._spool.rows // CHUNK_ROWS
            self._spool.add(rows.with_columns(pl.lit(chunk, dtype=pl.UInt32).alias(PART)))

    def _mistake(self, row: dict[str, object]) -> Mistake:
        position, earlier = row["position"], row["earlier"]
        assert isinstance(position, int)
        kind, column = str(row["kind"]), row["column"]
        cell = row["cell"]
        wrong, right = explain(
            kind,
            str(cell or ""),
            value=str(row["value"] or ""),
            earlier=self._places.of(earlier)[1] if isinstance(earlier, int) else None,
            known=self._known.get(str(column)),
        )
        file, number = self._places.of(position)
        return Mistake(
            file=file,
            row=number,
            column=None if column is None else str(column),
            wrong=wrong,
            right=right,
            value=None if cell is None else str(cell),
            kind=kind,
        )

    def _explained(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Sentences are made once for each different cell; those of repeats differ by a number."""
        what = ["kind", "cell", "value"]
        different = rows.select(what).unique()
        said = [
            explain(kind, cell or "", value=value or "", earlier=REPEATED)
            for kind, cell, value in different.iter_rows()
        ]
        sentences = pl.DataFrame(
            said, schema={"reason": pl.String, "what_to_do": pl.String}, orient="row"
        )
        said_of = different.hstack(sentences)
        explained = rows.join(said_of, on=what, how="left", nulls_equal=True, maintain_order="left")
        where = self._places.of_all(rows["position"])
        earlier = self._places.of_all(rows["earlier"].fill_null(0))["row"].cast(pl.String)
        reason = pl.col("reason").str.replace(REPEATED, pl.lit(earlier), literal=True)
        return explained.with_columns(where["file"], where["row"], reason).select(
            "file", "row", "column", pl.col("cell").alias("value"), "kind", "reason", "what_to_do"
        )


def harmless(name: str) -> pl.Expr:
    """Text of a stranger that a spreadsheet would run as a formula, with an apostrophe before it.

    CSV has no other way to say that it is text; numbers stay as they are.
    """
    text = pl.col(name)
    formula = text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)
    return pl.when(formula).then(pl.lit("'") + text).otherwise(text).alias(name)


def unharmed(name: str) -> pl.Expr:
    """What ``harmless`` made, as it was before."""
    return pl.col(name).str.replace(_HARMLESS, "$1").alias(name)


def check_problems_file(path: Path, read: Path | None = None) -> None:
    """Refuse a file of problems that could not be written, before the work is done.

    Args:
        path: Where the problems go to.
        read: The file in which they are found.

    Raises:
        InvalidInput: Its suffix is not known, its folder is not there, or it is the file itself.
        MissingExtra: xlsx without the extra ``excel``.
    """
    if path.suffix.lower() not in {".csv", ".parquet", ".xlsx"}:
        raise InvalidInput(f"problems are written as csv, parquet or xlsx, not as {path.name}")
    if path.suffix.lower() == ".xlsx" and find_spec("xlsxwriter") is None:
        raise MissingExtra("writing Excel files", "excel")
    if not path.absolute().parent.is_dir():
        raise InvalidInput(f"there is no folder {path.parent} to write {path.name} to")
    if read is not None and path.exists() and read.exists() and path.samefile(read):
        raise InvalidInput(f"{path} is the file to be read; write the problems to another one")

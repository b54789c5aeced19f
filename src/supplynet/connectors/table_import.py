"""Real data from files: a dry run that names every wrong cell, then a frame that can be stored.

Rows are numbered as a spreadsheet shows them: the header is row 1. All mistakes are counted; the
first 100 of each kind in each column are named. One mistake stops the whole import unless
``on_error="skip"``. Blank rows are passed over.

Daily demand: rows of one day are summed; days between the first and the last row of a series that
have none are days without demand (``gaps="zero"``), since sales data list what was sold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from supplynet.connectors.table_cells import (
    Cells,
    read_days,
    read_ids,
    read_moments,
    read_quantities,
)
from supplynet.connectors.table_file import Table, read_table
from supplynet.connectors.table_findings import (
    Finding,
    count_mistakes,
    find_in,
    find_repeats,
    name_mistakes,
    reject_rows,
    wrong_rows,
)
from supplynet.connectors.table_mapping import map_columns, parse_mapping
from supplynet.connectors.table_messages import explain
from supplynet.connectors.table_options import ImportOptions
from supplynet.errors import ImportErrors, InvalidInput, Mistake
from supplynet.frames.demand import conform, empty_demand

__all__ = ["Checked", "ImportOptions", "Table", "check_table", "parse_mapping", "read_table"]

STOCK_SCHEMA = pl.Schema(
    {
        "location_id": pl.String(),
        "part_id": pl.String(),
        "on_hand": pl.Int64(),
        "counted_at": pl.Datetime("us", "UTC"),
    }
)
DEFAULTS = ImportOptions()
SERIES = ["location_id", "part_id"]
MOST_DAYS = 20_000_000  # about 2 GB of memory


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checked:
    """Outcome of a dry run.

    Attributes:
        file: Name of the table.
        frame: What would be imported: a conforming demand frame, or ``location_id, part_id,
            on_hand, counted_at`` (null = not said). Without rows when a mistake stops the import.
        mistakes: The first mistakes of each kind and column, by row.
        counts: All mistakes by kind; see ``table_messages.SAYS`` for the kinds.
        rejects: With ``on_error="skip"``: the rows left out, as text, with ``row`` and ``reason``.
        rows: Rows of the file, without the header and blank rows.
        accepted: Rows that went into ``frame``.
        filled_days: Days without a row that ``gaps="zero"`` filled.
        days_below_zero: Days on which more was returned than used; their demand counts as 0.
    """

    file: str
    frame: pl.DataFrame
    mistakes: tuple[Mistake, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    rejects: pl.DataFrame = field(default_factory=pl.DataFrame)
    rows: int = 0
    accepted: int = 0
    filled_days: int = 0
    days_below_zero: int = 0

    @property
    def total(self) -> int:
        """All mistakes, shown or not."""
        return sum(self.counts.values())

    def or_raise(self) -> Checked:
        """This outcome, unless mistakes stopped the import.

        Raises:
            ImportErrors: There are mistakes and they were not skipped.
        """
        if self.total and not self.accepted:
            raise ImportErrors(self.file, self.mistakes, total=self.total)
        return self


def check_table(
    table: Table,
    mapping: Mapping[str, str] | None = None,
    *,
    kind: str = "demand",
    options: ImportOptions = DEFAULTS,
    known_parts: Collection[str] | None = None,
    known_locations: Collection[str] | None = None,
    today: date | None = None,
) -> Checked:
    """Check every cell of a table and make the frame that an import would store.

    Args:
        table: From ``read_table``, or any frame in a ``Table``.
        mapping: Our column to the table's, e.g. ``{"part_id": "product_code"}``; several that
            make up one id are joined by ``+``. Columns left out are found by known aliases.
        kind: ``demand`` (location_id, part_id, date, quantity) or ``stock`` (location_id,
            part_id, on_hand and, if there, counted_at).
        options: What to do with what can be read in more than one way.
        known_parts: When given, other part ids are mistakes.
        known_locations: The same for locations.
        today: Later dates are mistakes; None leaves that out.

    Raises:
        InvalidInput: Unknown kind, a mapping from a column that the kind does not have, or gaps
            so long that filling them would not fit into memory.
    """
    mapped = map_columns(table, mapping or {}, kind)
    empty = empty_demand() if kind == "demand" else pl.DataFrame(schema=STOCK_SCHEMA)
    frame = _numbered(mapped.frame)
    if mapped.mistakes or frame.is_empty():
        return _unusable(table.name, empty, mapped.mistakes if table.frame.width else ())
    if kind == "stock":
        options = replace(options, brackets="error", negatives="error")
    known = {"location_id": known_locations, "part_id": known_parts}
    columns = {
        target: _read(target, [frame[name] for name in names], options, known.get(target), today)
        for target, names in mapped.sources.items()
    }
    values = pl.DataFrame({target: cells[-1].value for target, cells in columns.items()})
    repeats = _repeats(frame, values.select(SERIES) if kind == "stock" else frame.drop("row"))
    findings = _findings(columns, mapped.labels)
    findings += find_repeats(repeats) if options.duplicates == "error" else []
    accepted = values.filter(_kept(wrong_rows(findings, frame.height), repeats, options))
    ids = {mapped.labels[target]: known[target] for target in SERIES}
    checked = Checked(
        file=table.name,
        frame=empty,
        mistakes=name_mistakes(findings, table.name, frame["row"], ids),
        counts=count_mistakes(findings),
        rejects=reject_rows(findings, frame) if options.on_error == "skip" else pl.DataFrame(),
        rows=frame.height,
        accepted=accepted.height,
    )
    if accepted.is_empty():
        return checked
    if kind == "stock":
        return replace(checked, frame=_stock(accepted))
    return _with_demand(checked, accepted, options)


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows with their number in the file, without the blank ones."""
    if not frame.width:
        return frame
    said = pl.any_horizontal(pl.col(frame.columns).is_not_null())
    return frame.with_row_index("row", offset=2).filter(said)


def _unusable(file: str, empty: pl.DataFrame, columns: Sequence[Mistake]) -> Checked:
    """A table without rows, or without the columns that it needs."""
    if columns:
        counts = {"missing_column": len(columns)}
        return Checked(file=file, frame=empty, mistakes=tuple(columns), counts=counts)
    wrong, right = explain("empty_file", "")
    nothing = Mistake(file=file, row=None, column=None, wrong=wrong, right=right)
    return Checked(file=file, frame=empty, mistakes=(nothing,), counts={"empty_file": 1})


def _read(
    target: str,
    columns: list[pl.Series],
    options: ImportOptions,
    known: Collection[str] | None,
    today: date | None,
) -> list[Cells]:
    if target == "date":
        return [read_days(columns[0], options, today)]
    if target == "counted_at":
        return [read_moments(columns[0], options)]
    if target in SERIES:
        return read_ids(columns, options, known)
    return [read_quantities(columns[0], options)]


def _findings(columns: Mapping[str, list[Cells]], labels: Mapping[str, str]) -> list[Finding]:
    return [
        finding
        for target, cells in columns.items()
        for each in cells
        for finding in find_in(each, labels[target] if len(cells) == 1 else each.column)
    ]


def _kept(wrong: pl.Series, repeats: pl.Series, options: ImportOptions) -> pl.Series:
    """Whether each row goes into the frame."""
    if options.on_error == "stop" and wrong.any():
        return pl.Series([False]).new_from_index(0, len(wrong))
    return ~wrong & repeats.is_null() if options.duplicates == "drop" else ~wrong


def _repeats(frame: pl.DataFrame, content: pl.DataFrame) -> pl.Series:
    """The file row that each row repeats in all of ``content``, null where it is the first.

    Demand repeats in every cell of the file; stock in the key alone, since a place has one stock.
    """
    keys = content.columns
    if content.select(pl.struct(keys).hash().n_unique()).item() == content.height:
        # Different hashes, different rows: the common case, and ten times cheaper to see.
        return pl.Series([None], dtype=frame["row"].dtype).new_from_index(0, content.height)
    first = content.with_columns(row=frame["row"]).select(pl.col("row").first().over(keys))["row"]
    whole = content.select(pl.all_horizontal(pl.all().is_not_null())).to_series()
    repeated = first != frame["row"]
    return first.set(~repeated | ~(whole | (len(keys) > len(SERIES))), None)


def _with_demand(checked: Checked, rows: pl.DataFrame, options: ImportOptions) -> Checked:
    """Sum each day, fill the days between as ``options.gaps`` says, and conform."""
    days = rows.group_by(*SERIES, "date").agg(pl.col("quantity").sum())
    below = int((days["quantity"] < 0).sum())
    filled = _without_gaps(days) if options.gaps == "zero" else days
    quantity = pl.col("quantity").fill_null(0).clip(lower_bound=0)
    frame = filled.select(*SERIES, pl.col("date").alias("period_start"), quantity.alias("consumed"))
    return replace(
        checked,
        frame=conform(frame),
        filled_days=filled.height - days.height,
        days_below_zero=below,
    )


def _without_gaps(days: pl.DataFrame) -> pl.DataFrame:
    """Every day from the first to the last row of each series; ``quantity`` null where added."""
    first, last = pl.col("date").min().alias("first"), pl.col("date").max().alias("last")
    spans = days.group_by(SERIES).agg(first, last).sort(SERIES)
    rows = int((spans["last"] - spans["first"]).dt.total_days().sum()) + spans.height
    if rows > MOST_DAYS:
        raise InvalidInput(
            f"filling the gaps of {spans.height:,} series makes {rows:,} rows, the limit is "
            f"{MOST_DAYS:,}; check the dates, import fewer series at once or choose gaps='missing'"
        )
    if rows == days.height:
        return days
    every = spans.select(*SERIES, pl.date_ranges("first", "last").alias("date")).explode("date")
    return every.join(days, on=[*SERIES, "date"], how="left", maintain_order="left")


def _stock(rows: pl.DataFrame) -> pl.DataFrame:
    """Stock by place and part; rows of the same key (``duplicates="sum"``) are added up."""
    if "counted_at" not in rows.columns:
        rows = rows.with_columns(counted_at=pl.lit(None))
    rows = rows.cast(STOCK_SCHEMA)
    latest = pl.col("counted_at").max()
    return rows.group_by(SERIES).agg(pl.col("on_hand").sum(), latest).sort(SERIES)

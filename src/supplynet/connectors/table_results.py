"""From accepted rows to what is stored: repeats, sums of days, gaps; one part of series at a time.

All frames here have ``SERIES`` (the number of a series), ``ROW`` (position in the file) and the
values of their kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from supplynet.connectors.table_kinds import CONSUMPTION, DEMAND, Kind
from supplynet.connectors.table_layout import ROW
from supplynet.connectors.table_options import ImportOptions
from supplynet.connectors.table_spool import PART
from supplynet.errors import InvalidInput
from supplynet.frames.demand import DEMAND_SCHEMA, KEY, conform, empty_demand
from supplynet.frames.tables import DELIVERIES_SCHEMA, PLAN_SCHEMA, conform_table

SERIES = "\x1fseries"
HASH = "\x1fhash"
FIRST = "\x1ffirst"
PARTS = 32
MOST_DAYS = 500_000_000
"""Rows that filling gaps may make; about 5 GB in the end."""
DAYS_AT_ONCE = 2_000_000
STOCK_COLUMNS = pl.Schema(
    {
        "location_id": pl.String(),
        "part_id": pl.String(),
        "on_hand": pl.Int64(),
        "counted_at": pl.Datetime("us", "UTC"),
    }
)
_SCHEMAS = {"stock": STOCK_COLUMNS, "plan": PLAN_SCHEMA, "deliveries": DELIVERIES_SCHEMA}


class SeriesIndex:
    """Numbers for series, so that rows put aside need not carry their names."""

    def __init__(self, columns: tuple[str, str]) -> None:
        self._columns = list(columns)
        self._known = pl.DataFrame(
            schema={columns[0]: pl.String, columns[1]: pl.String, SERIES: pl.UInt32}
        )

    def __len__(self) -> int:
        return self._known.height

    def encode(self, rows: pl.DataFrame) -> pl.DataFrame:
        """``rows`` with ``SERIES`` in the place of the two columns of names."""
        names = rows.select(self._columns).unique()
        new = names.join(self._known, on=self._columns, how="anti").sort(self._columns)
        if new.height:
            numbered = new.with_row_index(SERIES, offset=self._known.height)
            self._known = pl.concat([self._known, numbered.select(self._known.columns)])
        coded = rows.join(self._known, on=self._columns, how="left", maintain_order="left")
        return coded.drop(self._columns)

    def decode(self, rows: pl.DataFrame, then_by: str | None = None) -> pl.DataFrame:
        """``rows`` with the names in the place of ``SERIES``.

        Sorted by the names and ``then_by`` when that is given: numbers sort faster than names.
        """
        if then_by is not None:
            order = self._known.sort(self._columns).with_row_index("\x1frank")
            rows = rows.join(order.select("\x1frank", SERIES), on=SERIES, how="left")
            rows = rows.sort("\x1frank", then_by).drop("\x1frank")
        return rows.join(self._known, on=SERIES, how="left", maintain_order="left").drop(SERIES)

    def names(self) -> pl.DataFrame:
        """The two columns of names, one row per series."""
        return self._known.select(self._columns)


@dataclass(slots=True)
class Gaps:
    """What was done to make days of rows.

    Attributes:
        filled: Days without a row that count as days without demand.
        below_zero: Days on which more was returned than used.
        spans: Days from the first to the last of every series, added up.
    """

    filled: int = 0
    below_zero: int = 0
    spans: int = 0


def repeats_in(rows: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """The rows that repeat an earlier one: columns ``position`` and ``earlier``, each row once.

    Demand repeats in every cell of the file (``HASH``), all other kinds in their key.
    """
    keys = _repeat_keys(rows, kind)
    if rows.select(pl.struct(keys).hash().n_unique()).item() == rows.height:
        # Different hashes, different rows: the common case, and ten times cheaper to see.
        return pl.DataFrame(schema={"position": pl.UInt64, "earlier": pl.UInt64})
    first = rows.select(pl.col(ROW).alias("position"), pl.col(ROW).min().over(keys).alias(FIRST))
    twice = first.filter(pl.col("position") != pl.col(FIRST))
    return twice.group_by("position").agg(pl.col(FIRST).min().alias("earlier"))


def without_repeats(rows: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """The rows without those that repeat an earlier one."""
    twice = repeats_in(rows, kind)
    return rows.join(twice, left_on=ROW, right_on="position", how="anti") if twice.height else rows


def _repeat_keys(rows: pl.DataFrame, kind: Kind) -> list[str]:
    if kind is DEMAND:
        # The values stand beside the hash, so that two rows with one hash are still told apart.
        return [name for name in rows.columns if name not in {ROW, PART}]
    return [SERIES, *(name for name in kind.key if name in rows.columns)]


def daily(rows: pl.DataFrame, options: ImportOptions, gaps: Gaps) -> Iterator[pl.DataFrame]:
    """Days of ``rows`` (SERIES, date, quantity) as SERIES, period_start (a date), consumed.

    Days between the first and the last of a series that have no row are days without demand when
    ``options.gaps`` is ``zero``, since sales data list what was sold.

    Raises:
        InvalidInput: The gaps are so long that their days would fill the disk.
    """
    days = rows.group_by(SERIES, "date").agg(pl.col("quantity").cast(pl.Int64).sum())
    gaps.below_zero += int((days["quantity"] < 0).sum())
    for piece in _without_gaps(days, gaps) if options.gaps == "zero" else [days]:
        quantity = pl.col("quantity").fill_null(0).clip(lower_bound=0)
        yield piece.select(SERIES, period_start="date", consumed=quantity)


def _without_gaps(days: pl.DataFrame, gaps: Gaps) -> Iterator[pl.DataFrame]:
    """Every day from the first to the last row of each series; ``quantity`` null where added."""
    first, last = pl.col("date").min().alias("first"), pl.col("date").max().alias("last")
    spans = days.group_by(SERIES).agg(first, last).sort(SERIES)
    length = (pl.col("last") - pl.col("first")).dt.total_days() + 1
    spans = spans.with_columns(length.alias("days")).with_columns(
        (pl.col("days").cum_sum() // DAYS_AT_ONCE).alias("piece")
    )
    rows = int(spans["days"].sum())
    gaps.spans += rows
    if gaps.spans > MOST_DAYS:
        raise InvalidInput(
            f"filling the gaps of the series makes more than {MOST_DAYS:,} rows; "
            "check the dates, import fewer series at once or choose gaps='missing'"
        )
    gaps.filled += rows - days.height
    if rows == days.height:
        yield days
        return
    for span in spans.partition_by("piece", maintain_order=True):
        every = span.select(SERIES, pl.date_ranges("first", "last").alias("date")).explode("date")
        yield every.join(days, on=[SERIES, "date"], how="left")


def as_history(rows: pl.DataFrame, index: SeriesIndex) -> pl.DataFrame:
    """A conforming demand frame of rows that ``daily`` or an import of consumption made."""
    rows = rows.drop(PART, ROW, HASH, strict=False)
    made = index.decode(rows, then_by="period_start")
    if set(made.columns) != {*KEY, "consumed"}:
        return conform(made)
    # Nothing was starved: what was used is what was wanted, and there is nothing to compute.
    return conform(
        made.select(
            "location_id",
            "part_id",
            pl.col("period_start").cast(DEMAND_SCHEMA["period_start"]),
            pl.lit(None, dtype=pl.String).alias("shift"),
            pl.col("consumed").cast(pl.Int64),
            pl.lit(0, dtype=pl.Int32).alias("starved_minutes"),
            pl.lit(0, dtype=pl.Int32).alias("stopped_minutes"),
            pl.lit(None, dtype=pl.Float64).alias("rate"),
            pl.col("consumed").cast(pl.Float64).alias("demand"),
        )
    )


def summed(rows: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """One row per key: the amount is added up, of all else the last that is not empty is taken."""
    keys = _repeat_keys(rows, kind)
    if rows.select(pl.struct(keys).is_duplicated().any()).item() is False:
        return rows
    others = [name for name in rows.columns if name not in {*keys, kind.amount}]
    latest = [pl.col(name).drop_nulls().last() for name in others]
    return rows.group_by(keys, maintain_order=True).agg(pl.col(kind.amount).sum(), *latest)


def as_table(rows: pl.DataFrame, index: SeriesIndex, kind: Kind) -> pl.DataFrame:
    """The table of a kind that is no history, sorted by its key."""
    made = conform_table(index.decode(rows), _SCHEMAS[kind.name])
    return made.sort(list(kind.key), nulls_last=True)


def empty_result(kind: Kind) -> pl.DataFrame:
    """A result of ``kind`` without rows."""
    if is_history(kind):
        return empty_demand()
    return pl.DataFrame(schema=_SCHEMAS[kind.name])


def is_history(kind: Kind) -> bool:
    """Whether rows of ``kind`` become consumption history, by month."""
    return kind in {DEMAND, CONSUMPTION}


def with_month(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with their month as ``PART``."""
    start = pl.col("period_start").dt
    month = (start.year() - 1970).cast(pl.UInt32) * 12 + start.month().cast(pl.UInt32) - 1
    return rows.with_columns(month.alias(PART))

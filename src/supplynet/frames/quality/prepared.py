"""The rows as numbers: coded, sorted by series and time, each key once. What most rules work on.

Ids become codes, so that twenty million rows need a few hundred megabytes and no text is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.frames.aliases import ORDER_ID
from supplynet.frames.demand import KEY
from supplynet.frames.quality.found import SERIES

CHUNK_ROWS = 1_000_000
NO_SHIFT = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """Coded rows.

    Attributes:
        rows: Sorted by series and time: ``row`` (index in the table as given), ``line`` and
            ``series`` (codes), ``start``, ``at`` (start without the shift of a wrong time zone),
            ``shift`` (code, 0 = none), ``amount`` (null = not observed), ``calm`` (observed, not
            below 0, and the line neither starved nor stopped).
        cells: ``line, shift, start, at`` that occur, and ``parts``: how many rows do.
        series: By code: ``location_id, part_id, line`` (code), ``count`` (rows).
        repeated: Rows of ``rows``' form whose key an earlier row has; they are not in ``rows``.
        shift_names: By code.
    """

    rows: pl.DataFrame
    cells: pl.DataFrame
    series: pl.DataFrame
    repeated: pl.DataFrame
    shift_names: tuple[str | None, ...]

    def chunks(self) -> Iterator[pl.DataFrame]:
        """The rows in pieces of whole series, and of whole lines where a line is not too long."""
        first = 0
        for end in _cuts(self.series):
            count = int(self.series["count"][first:end].sum())
            offset = int(self.series["count"][:first].sum())
            yield self.rows.slice(offset, count)
            first = end

    @property
    def is_shifted(self) -> bool:
        """Whether any stamp is off, so that ``at`` is not ``start`` everywhere."""
        return bool((self.cells["at"] != self.cells["start"]).any())

    def of_series(self, frame: pl.DataFrame) -> pl.DataFrame:
        """``frame`` with the ids of its ``series``."""
        return frame.with_columns(self.series[name][frame["series"]] for name in SERIES)

    def at_usual_starts(self, offset_minutes: pl.Series) -> Prepared:
        """The same with ``at``: the start less the offset of each cell."""
        off = pl.duration(minutes=pl.lit(offset_minutes))
        cells = self.cells.with_columns(at=pl.col("start") - off)
        if not (offset_minutes != 0).any():
            return replace(self, cells=cells)
        wrong = cells.filter(pl.col("at") != pl.col("start")).drop("parts")
        key = ["line", "shift", "start"]
        moved = self.rows.drop("at").join(wrong, on=key, how="left", maintain_order="left")
        return replace(
            self, cells=cells, rows=moved.with_columns(pl.coalesce("at", "start").alias("at"))
        )


def prepare(frame: pl.DataFrame, hidden: npt.NDArray[np.bool_], skip: pl.Series) -> Prepared:
    """Code and sort the rows that have a key.

    Args:
        frame: Demand columns; nothing is expected of the values.
        hidden: Rows whose demand starvation hides, shape (row,).
        skip: Rows that belong to no series: in the future, or with an unknown id.
    """
    lines, parts = (frame[name].drop_nulls().unique().sort() for name in SERIES)
    shifts = frame["shift"].drop_nulls().unique().sort()
    coded = _coded(frame, lines, parts, shifts).with_columns(
        calm=_calm(frame) & ~pl.Series(hidden), skip=skip
    )
    whole = pl.all_horizontal(pl.col("line", "part", "start").is_not_null()) & ~pl.col("skip")
    if not coded.select(whole.all()).item():
        coded = coded.filter(whole)
    coded = coded.drop("skip").with_columns(
        pair=pl.col("line").cast(pl.UInt64) * max(1, len(parts)) + pl.col("part")
    )
    if not _in_order(coded):
        coded = coded.sort("pair", "start", "row")
    coded = coded.with_columns(series=pl.col("pair").rle_id())
    again = _again(coded)
    coded = coded.drop("pair").with_columns(at=pl.col("start"))
    repeated, rows = coded.filter(again), coded.filter(~again) if again.any() else coded
    series = rows.group_by("series", maintain_order=True).agg(
        pl.col("line", "part").first(), pl.len().alias("count")
    )
    return Prepared(
        rows=rows.drop("part"),
        cells=rows.group_by("line", "shift", "start").agg(pl.len().alias("parts")),
        series=series.select(
            lines[series["line"]].alias("location_id"),
            parts[series["part"]].alias("part_id"),
            "line",
            "count",
        ),
        repeated=repeated.drop("part"),
        shift_names=(None, *shifts.to_list()),
    )


def with_orders_summed(prepared: Prepared, given: pl.DataFrame) -> Prepared:
    """Rows of one key with order ids of their own are separate orders: their amounts are summed.

    What stays repeated has an order id that an earlier row of the key has, or none.
    """
    again, key = prepared.repeated, ["series", "start"]
    if again.is_empty() or ORDER_ID not in given.columns:
        return prepared
    first = prepared.rows.join(again.select(key).unique(), on=key, how="semi")
    every = pl.concat([first.select(again.columns), again]).sort("row")
    every = every.with_columns(order=given[ORDER_ID].cast(pl.String)[every["row"]])
    own = pl.struct(*key, "order").is_first_distinct() & pl.col("order").is_not_null()
    every = every.with_columns(own=own)
    sums = every.filter("own").group_by(key).agg(pl.col("amount").sum().alias("sum"))
    total = pl.coalesce("sum", "amount").alias("amount")
    rows = prepared.rows.join(sums, on=key, how="left", maintain_order="left")
    left = every.filter(~pl.col("own")).join(first.select("row"), on="row", how="anti")
    return replace(
        prepared,
        rows=rows.with_columns(total).drop("sum"),
        repeated=left.select(again.columns),
    )


def hidden_by_starvation(frame: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether demand is null because the line was starved, at whichever part that was noted."""
    starved = frame.filter(pl.col("starved_minutes") > 0)
    if starved.is_empty():
        return np.zeros(frame.height, dtype=np.bool_)
    of_line = starved.select("location_id", "period_start").unique()
    rows = frame.select("location_id", "period_start", "demand").with_row_index("row")
    rows = rows.filter(pl.col("demand").is_null())
    hidden = rows.join(of_line, on=["location_id", "period_start"], how="semi")
    mask = np.zeros(frame.height, dtype=np.bool_)
    mask[hidden["row"].to_numpy()] = True
    return mask


def _coded(
    frame: pl.DataFrame, lines: pl.Series, parts: pl.Series, shifts: pl.Series
) -> pl.DataFrame:
    location, part, start = (frame[name] for name in KEY)
    shift = _codes(frame["shift"], shifts)
    return pl.DataFrame(
        {
            "line": _codes(location, lines),
            "part": _codes(part, parts),
            "start": start,
            "shift": (shift + 1).fill_null(NO_SHIFT),
            "amount": frame["demand"],
        }
    ).with_row_index("row")


def _codes(column: pl.Series, names: pl.Series) -> pl.Series:
    """Places in the sorted ``names``."""
    return column.cast(pl.Enum(names)).to_physical().cast(pl.UInt32)


def _calm(frame: pl.DataFrame) -> pl.Series:
    seen = (pl.col("demand") >= 0).fill_null(False)
    ran = (pl.col("starved_minutes") <= 0) & (pl.col("stopped_minutes") <= 0)
    return frame.select(seen & ran).to_series()


def _in_order(coded: pl.DataFrame) -> bool:
    if coded.height < 2:
        return True
    pair, start = coded["pair"].to_numpy(), coded["start"].dt.epoch("us").to_numpy()
    later = (pair[1:] > pair[:-1]) | ((pair[1:] == pair[:-1]) & (start[1:] >= start[:-1]))
    return bool(later.all())


def _again(coded: pl.DataFrame) -> pl.Series:
    """Rows whose key is the one before."""
    same = (pl.col("series") == pl.col("series").shift(1)) & (
        pl.col("start") == pl.col("start").shift(1)
    )
    return coded.select(same.fill_null(False)).to_series()


def _cuts(series: pl.DataFrame) -> list[int]:
    """Where chunks end, as series codes: at the end of a line, or sooner in a long line."""
    ends = series["count"].cum_sum().to_numpy()
    last_of_line = np.append(np.diff(series["line"].to_numpy()) != 0, True)
    cuts: list[int] = []
    done, total = 0, int(ends[-1]) if len(ends) else 0
    while done < total:
        limit = int(np.searchsorted(ends, done + CHUNK_ROWS, side="right"))
        first = cuts[-1] if cuts else 0
        whole = np.flatnonzero(last_of_line[first:limit])
        cut = first + int(whole[-1]) + 1 if len(whole) else max(limit, first + 1)
        cuts.append(cut)
        done = int(ends[cut - 1])
    return cuts

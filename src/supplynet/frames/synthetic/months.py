"""Consumption of a whole world by month, without ever having it in memory as a table.

Of each shard only whole numbers are kept, 4 bytes a row; what follows from them (demand, rate,
names, times) is made when a month is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from supplynet.core.sample_paths import IntArray
from supplynet.core.shifts import Shift
from supplynet.frames.demand import DEMAND_SCHEMA, demand_from_consumption
from supplynet.frames.synthetic.demand import Generated
from supplynet.frames.synthetic.timetable import BoolArray, PlaceArray

ZSTD_LEVEL = 1
"""Two thirds of the time of polars' default, and files as small."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Counted:
    """Consumption of some lines.

    Attributes:
        series: ``(line, part)``, sorted.
        line_of_series: Place of each series' line, shape (series,).
        periods: Of the columns.
        works: Whether the line has the period, shape (line, period).
        consumed: int32, shape (series, period).
        starved, stopped: Minutes, int32, shape (line, period).
    """

    series: tuple[tuple[str, str], ...]
    line_of_series: PlaceArray
    periods: tuple[Shift, ...]
    works: BoolArray
    consumed: IntArray
    starved: IntArray
    stopped: IntArray

    @property
    def rows(self) -> int:
        """Rows of its demand frame."""
        return int(self.works[self.line_of_series].sum())


def counted_of(made: Generated, demand: pl.DataFrame) -> Counted:
    """What the demand frame of ``made`` has counted."""
    works = made.works[made.line_of_series]
    columns = {}
    for name in ("consumed", "starved_minutes"):
        columns[name] = np.zeros(works.shape, np.int32)
        columns[name][works] = demand[name].to_numpy()
    first_of_line = np.searchsorted(made.line_of_series, np.arange(len(made.lines)))
    return Counted(
        series=made.series,
        line_of_series=made.line_of_series,
        periods=made.periods,
        works=made.works,
        consumed=columns["consumed"],
        starved=columns["starved_minutes"][first_of_line],
        stopped=made.stopped_minutes,
    )


def joined(shards: Sequence[Counted]) -> Counted:
    """All lines of some shards, in their order."""
    lines = np.cumsum([0, *(len(each.works) for each in shards)])
    places = [each.line_of_series + n for each, n in zip(shards, lines[:-1], strict=True)]
    return Counted(
        series=tuple(key for each in shards for key in each.series),
        line_of_series=np.concatenate(places),
        periods=shards[0].periods,
        works=np.concatenate([each.works for each in shards]),
        consumed=np.concatenate([each.consumed for each in shards]),
        starved=np.concatenate([each.starved for each in shards]),
        stopped=np.concatenate([each.stopped for each in shards]),
    )


def by_month(whole: Counted) -> Iterator[tuple[str, Counted]]:
    """Its months of UTC, such as ``2025-01``, in order."""
    months = np.array([f"{shift.start:%Y-%m}" for shift in whole.periods])
    for month in np.unique(months).tolist():
        mine = np.flatnonzero(months == month)
        piece = Counted(
            series=whole.series,
            line_of_series=whole.line_of_series,
            periods=tuple(whole.periods[i] for i in mine),
            works=whole.works[:, mine],
            consumed=whole.consumed[:, mine],
            starved=whole.starved[:, mine],
            stopped=whole.stopped[:, mine],
        )
        if piece.rows:
            yield month, piece


def demand_frame(counted: Counted) -> pl.DataFrame:
    """The demand frame: a row where the line has a shift, sorted by its key."""
    series, period = np.nonzero(counted.works[counted.line_of_series])
    line = counted.line_of_series[series]
    minutes = np.array([shift.minutes for shift in counted.periods])
    consumed = counted.consumed[series, period]
    starved, stopped = counted.starved[line, period], counted.stopped[line, period]
    demand, rate = demand_from_consumption(consumed, starved, stopped, minutes[period])
    locations, parts = (pl.Series([key[i] for key in counted.series]) for i in (0, 1))
    starts = [shift.start for shift in counted.periods]
    return pl.DataFrame(
        {
            "location_id": locations.gather(series),
            "part_id": parts.gather(series),
            "period_start": pl.Series(starts, dtype=DEMAND_SCHEMA["period_start"]).gather(period),
            "shift": pl.Series([shift.name for shift in counted.periods]).gather(period),
            "consumed": consumed.astype(np.int64),
            "starved_minutes": starved,
            "stopped_minutes": stopped,
            "rate": rate,
            "demand": demand,
        },
        schema=DEMAND_SCHEMA,
    ).with_columns(pl.col("rate", "demand").fill_nan(None))


def write_month(task: tuple[Counted, Path]) -> Path:
    """Write the demand frame to the file, whole or not at all, and return the file."""
    counted, path = task
    draft = path.with_suffix(".draft")
    demand_frame(counted).write_parquet(draft, compression_level=ZSTD_LEVEL)
    return draft.replace(path)

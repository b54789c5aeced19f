"""What each check of ``quality`` looks for. Every finder takes a cast demand frame and ``now``.

The frame has ``cast_demand``'s columns and ``_row``; it need not conform.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from supplynet.frames.demand import KEY

SERIES = ("location_id", "part_id")
OUTLIER_SPREADS = 6.0
SHORT_SHARE = 0.5
STALE_SHARE = 0.1
START, DEMAND = pl.col("period_start"), pl.col("demand")


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """``count`` of ``total``; ``examples`` are rows with some of the key's columns."""

    count: int
    total: int
    examples: pl.DataFrame = field(default_factory=pl.DataFrame)


def missing_periods(frame: pl.DataFrame, _now: datetime | None) -> Found:
    """Periods between a series' first and last row in which it has none.

    Periods are those that any series has. A day that no series has at all counts too, when its
    weekday is otherwise worked: plants that rest on Sundays miss nothing.
    """
    rows = frame.drop_nulls(list(KEY)).unique(list(KEY))
    if rows.is_empty():
        return Found(0, 0)
    grid = pl.concat([rows.select(START), _lost_days(rows)]).unique().sort("period_start")
    grid = grid.with_row_index("_slot")
    spans = (
        rows.join(grid, on="period_start")
        .group_by(*SERIES)
        .agg(
            pl.len().alias("have"),
            pl.col("_slot").min().alias("low"),
            (pl.col("_slot").max() + 1).alias("high"),
        )
        .with_columns((pl.col("high") - pl.col("low")).alias("want"))
    )
    gaps = spans.filter(pl.col("have") < pl.col("want")).sort("have")
    lost = int((gaps["want"] - gaps["have"]).sum())
    return Found(lost, int(spans["want"].sum()), gaps)


def _lost_days(rows: pl.DataFrame) -> pl.DataFrame:
    """Midnights of the days without any row whose weekday has rows elsewhere."""
    days = rows.select(START.dt.truncate("1d")).unique()
    low, high = days.select(START.min().alias("low"), START.max().alias("high")).row(0)
    every = pl.datetime_range(low, high, "1d", time_unit="us", eager=True).alias("period_start")
    weekdays = days.select(START.dt.weekday()).unique().to_series()
    lost = every.to_frame().join(days, on="period_start", how="anti")
    return lost.filter(START.dt.weekday().is_in(weekdays.implode()))


def duplicates(frame: pl.DataFrame, _now: datetime | None) -> Found:
    """Rows whose key is in an earlier row."""
    rows = frame.drop_nulls(list(KEY))
    return _rows(frame, rows.filter(~pl.struct(KEY).is_first_distinct()))


def negatives(frame: pl.DataFrame, _now: datetime | None) -> Found:
    """Rows with an amount or minutes below 0."""
    amounts = ("consumed", "demand", "starved_minutes", "stopped_minutes")
    return _rows(frame, frame.filter(pl.any_horizontal(pl.col(name) < 0 for name in amounts)))


def nulls(frame: pl.DataFrame, _now: datetime | None) -> Found:
    """Rows without a key, or without demand where nothing was starved."""
    no_key = pl.any_horizontal(pl.col(KEY).is_null())
    return _rows(frame, frame.filter(no_key | (DEMAND.is_null() & ~_starved())))


def future(frame: pl.DataFrame, now: datetime | None) -> Found:
    """Rows that start after ``now``."""
    return (
        Found(0, frame.height)
        if now is None
        else _rows(frame, frame.filter(pl.col("period_start") > now))
    )


def censored(frame: pl.DataFrame, _now: datetime | None) -> Found:
    """Rows whose demand is hidden by starvation of the line."""
    return _rows(frame, frame.filter(DEMAND.is_null() & _starved()))


def outliers(frame: pl.DataFrame, _now: datetime | None) -> Found:
    """Rows far from the median of their series, shift and kind of day, on a log scale.

    The scale is 1.4826 x the median absolute deviation (Rousseeuw and Croux, 1993), at least 0.1
    and at least what counting noise alone makes; zeros and stopped periods are left out.
    """
    rows = frame.filter((DEMAND > 0) & (pl.col("stopped_minutes") == 0))
    group = [*SERIES, "shift", START.dt.weekday() >= 6]
    size = DEMAND.log1p()
    middle = size.median().over(group)
    spread = 1.4826 * (size - middle).abs().median().over(group)
    noise = pl.max_horizontal(spread, 1 / middle.exp().sqrt(), pl.lit(0.1))
    return _rows(frame, rows.filter((size - middle).abs() > OUTLIER_SPREADS * noise))


def constant(frame: pl.DataFrame, _now: datetime | None) -> Found:
    """Series of at least seven observed rows that are all the same."""
    seen = frame.group_by(*SERIES).agg(DEMAND.drop_nulls().n_unique().alias("n"), DEMAND.count())
    return Found(*_of(seen, (pl.col("n") <= 1) & (DEMAND >= 7)))


def short(frame: pl.DataFrame, _now: datetime | None) -> Found:
    """Series that start late or are short: they span less than half of the whole frame."""
    spans = _spans(frame)
    return Found(*_of(spans, pl.col("last") - pl.col("first") < SHORT_SHARE * pl.col("whole")))


def stale(frame: pl.DataFrame, _now: datetime | None) -> Found:
    """Series whose last row is before the last tenth of the whole frame."""
    spans = _spans(frame)
    return Found(*_of(spans, pl.col("end") - pl.col("last") > STALE_SHARE * pl.col("whole")))


def shift_names(frame: pl.DataFrame, _now: datetime | None) -> Found:
    """Rows whose shift is spelt unlike most rows' (case, spaces), or missing where others have one.

    Daily data, all without a shift, are consistent.
    """
    plain = pl.col("shift").str.strip_chars().str.to_lowercase()
    usual = (
        frame.drop_nulls("shift")
        .group_by(plain.alias("_plain"), "shift")
        .len()
        .sort("len", "shift", descending=[True, False])
        .unique("_plain", keep="first", maintain_order=True)["shift"]
    )
    if usual.is_empty():
        return Found(0, frame.height)
    odd = pl.col("shift").is_null() | ~pl.col("shift").is_in(usual.implode())
    return _rows(frame, frame.filter(odd))


FINDERS: dict[str, Callable[[pl.DataFrame, datetime | None], Found]] = {
    "missing_periods": missing_periods,
    "duplicates": duplicates,
    "negatives": negatives,
    "nulls": nulls,
    "future": future,
    "censored": censored,
    "outliers": outliers,
    "constant": constant,
    "short": short,
    "stale": stale,
    "shift_names": shift_names,
}


def _rows(frame: pl.DataFrame, bad: pl.DataFrame) -> Found:
    return Found(bad.height, frame.height, bad.sort("_row").select(KEY))


def _of(series: pl.DataFrame, bad: pl.Expr) -> tuple[int, int, pl.DataFrame]:
    found = series.filter(bad).sort(SERIES).select(SERIES)
    return found.height, series.height, found


def _starved() -> pl.Expr:
    """Whether the line was starved in the period, at whichever part it was noted."""
    return pl.col("starved_minutes").max().over("location_id", "period_start") > 0


def _spans(frame: pl.DataFrame) -> pl.DataFrame:
    """First and last period of each series, and the length of the whole frame."""
    last = pl.col("last")
    return (
        frame.drop_nulls(list(KEY))
        .group_by(*SERIES)
        .agg(START.min().alias("first"), START.max().alias("last"))
        .with_columns(last.max().alias("end"), (last.max() - pl.col("first").min()).alias("whole"))
    )

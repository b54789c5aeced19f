"""The rows of a demand frame with their local day, their places, and the order of the shifts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl

_STRAY_SPANS = 2  # how many times the usual span a row may lie outside of it
_SHORTEST_SPAN = timedelta(days=60)
_BUSY_SHARE = 0.05  # of the usual number of rows, above which a day belongs to the data
_FAR_OFF, _FAR_SHARE = timedelta(days=14), 0.05  # at least, and of the days between
_FEW_SHARE = 0.001


def with_days(frame: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Local dates; whole days at midnight UTC are dates already and are not moved."""
    start = pl.col("period_start")
    midnight = (start.dt.time() == pl.time(0)).all() & pl.col("shift").is_null().all()
    dates = bool(frame.height and frame.select(midnight).item())
    local = start if dates else start.dt.convert_time_zone(zone)
    finite = pl.col("demand").is_finite()
    taken = pl.coalesce(pl.when(finite).then("demand"), pl.col("consumed").cast(pl.Float64))
    return frame.with_columns(
        local.dt.date().alias("day"),
        pl.when(finite).then("demand").alias("demand"),
        taken.fill_null(0.0).alias("taken"),
    )


def plausible(rows: pl.DataFrame, now: datetime | None) -> pl.Series:
    """False for rows after ``now``, for rows in another age and for a few far behind the rest."""
    start = rows["period_start"]
    good = pl.Series([True]).new_from_index(0, rows.height)
    if rows.is_empty():
        return good
    low, high = (start.quantile(q, "nearest") for q in (0.01, 0.99))
    assert isinstance(low, datetime)
    assert isinstance(high, datetime)
    room = _STRAY_SPANS * max(high - low, _SHORTEST_SPAN)
    earliest = datetime.min.replace(tzinfo=low.tzinfo)
    latest = datetime.max.replace(tzinfo=low.tzinfo)
    good &= start >= (low - room if low - earliest > room else earliest)
    good &= start <= (high + room if latest - high > room else latest)
    good &= ~_lonely(rows["day"])
    return good if now is None else good & (start <= now)


def _lonely(days: pl.Series) -> pl.Series:
    """Rows before or behind the days that have rows as usual: slips of the year or the month.

    They are few and far off: a part that runs out last, or a first part of a new month, is none.
    """
    counts = days.value_counts()
    usual = counts["count"].median()
    assert isinstance(usual, float)
    busy = counts.filter(pl.col("count") > _BUSY_SHARE * usual)["day"]
    first, last = busy.min(), busy.max()
    assert isinstance(first, date)
    assert isinstance(last, date)
    room = max(_FAR_OFF, _FAR_SHARE * (last - first))
    # Whole days of a Python int: near the first and the last year a date cannot be moved.
    since, until = (days - first).dt.total_days(), (days - last).dt.total_days()
    lonely = (since < -room.days) | (until > room.days)
    few = int(lonely.sum()) < _FEW_SHARE * len(days)
    return lonely if few else pl.Series([False]).new_from_index(0, len(days))


def with_places(rows: pl.DataFrame) -> pl.DataFrame:
    """Numbers of the series and locations; the frame is sorted, so they are its runs."""
    here = pl.col("location_id").ne_missing(pl.col("location_id").shift(1))
    new = here | pl.col("part_id").ne_missing(pl.col("part_id").shift(1))
    return rows.with_columns(
        (new.cum_sum().cast(pl.Int64) - 1).alias("series"),
        (here.cum_sum().cast(pl.Int64) - 1).alias("location"),
    )


def shift_order(rows: pl.DataFrame, zone: str) -> dict[str, int]:
    """Shift names and their usual minute of the day by it, as many as anyone can read."""
    local = pl.col("period_start").dt.convert_time_zone(zone)
    minute = local.dt.hour().cast(pl.Int32) * 60 + local.dt.minute()
    found = (
        rows.drop_nulls("shift")
        .group_by("shift")
        .agg(minute.median().alias("minute"), pl.len().alias("rows"))
        .filter(pl.col("rows") >= 0.005 * rows.height)
        .sort("rows", descending=True)
        .head(6)
        .sort("minute", "shift")
    )
    return {name: int(at) for name, at in found.select("shift", "minute").iter_rows()}

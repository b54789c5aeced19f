"""Regular calendars: minutes, hours, days, weeks and months, for data that know no shifts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import polars as pl

from supplynet.errors import InvalidInput
from supplynet.frames.panel import Period, daily_periods

Regular = Literal["5min", "10min", "15min", "30min", "1h", "1d", "1w", "1mo"]
FREQUENCIES: tuple[str, ...] = get_args(Regular)
_DAY = timedelta(days=1)
_STEPS = {
    "5min": timedelta(minutes=5),
    "10min": timedelta(minutes=10),
    "15min": timedelta(minutes=15),
    "30min": timedelta(minutes=30),
    "1h": timedelta(hours=1),
}
"""Frequencies within a day: always as long, whatever the clocks of the site do."""
_SHARE = 0.5  # of the steps between neighbouring starts that must be of the frequency


def regular_periods(
    freq: Regular,
    first: datetime,
    last: datetime,
    *,
    time_zone: str = "UTC",
    holidays: Collection[date] = (),
) -> tuple[Period, ...]:
    """Every period that starts in ``[first, last]``, in order, without a gap.

    Args:
        freq: ``5min, 10min, 15min, 30min, 1h`` from ``first`` on; ``1d`` from one local midnight
            to the next; ``1w`` of seven days from the local date of ``first`` on; ``1mo`` from the
            first of a month to the next.
        first: Aware start of the first period, or a moment in it for days and months.
        last: Aware; the period in which it lies is the last.
        time_zone: IANA name of the site's zone.
        holidays: Local dates without regular work; a week or month is never one.

    Raises:
        InvalidInput: Another frequency.
    """
    zone = ZoneInfo(time_zone)
    begin, end = first.astimezone(zone).date(), last.astimezone(zone).date()
    if freq in _STEPS:
        return _steps(_STEPS[freq], first, last, zone, holidays)
    if freq == "1d":
        return daily_periods(begin, end + _DAY, holidays=holidays, time_zone=time_zone)
    if freq == "1w":
        weeks = (end - begin).days // 7 + 1
        return _between([begin + 7 * n * _DAY for n in range(weeks + 1)], zone)
    if freq == "1mo":
        months = 12 * (end.year - begin.year) + end.month - begin.month + 1
        return _between([_month(begin, n) for n in range(months + 1)], zone)
    raise InvalidInput(f"no frequency {freq!r}; choose one of {', '.join(FREQUENCIES)}")


def periods_following(
    known: Sequence[Period],
    freq: Regular,
    count: int,
    *,
    time_zone: str = "UTC",
    holidays: Collection[date] = (),
) -> tuple[Period, ...]:
    """The ``count`` periods after ``known``, which must not be empty."""
    start = known[-1].end
    far = {**_STEPS, "1d": _DAY, "1w": 7 * _DAY, "1mo": 31 * _DAY}[freq]
    made = regular_periods(freq, start, start + count * far, time_zone=time_zone, holidays=holidays)
    return made[:count]


def infer_frequency(starts: pl.Series) -> Regular:
    """The frequency that most neighbouring starts of a column have.

    Args:
        starts: Aware moments in any order, repeated or not; at least two different ones.

    Raises:
        InvalidInput: Fewer than two, or their steps are of no frequency.
    """
    steps = starts.drop_nulls().unique().sort().diff().drop_nulls()
    if steps.is_empty():
        raise InvalidInput("one period says nothing of the frequency; give freq='1d' or another")
    kinds = Counter(_kind(step) for step in steps.to_list())
    found, count = max(kinds.items(), key=lambda item: item[1])
    if found is None or count < _SHARE * len(steps):
        usual = steps.mode().sort()[0]
        raise InvalidInput(
            f"periods that start {usual} apart are none of {', '.join(FREQUENCIES)}; "
            "for shifts give the plant or its periods"
        )
    return found


def _kind(step: timedelta) -> Regular | None:
    for name, exact in _STEPS.items():
        if step == exact:
            return name  # type: ignore[return-value] # one of Regular
    hours = step.total_seconds() / 3600
    for name, low, high in (("1d", 23, 25), ("1w", 167, 169), ("1mo", 28 * 24 - 1, 31 * 24 + 1)):
        if low <= hours <= high:
            return name  # type: ignore[return-value] # one of Regular
    return None


def _steps(
    step: timedelta, first: datetime, last: datetime, zone: ZoneInfo, holidays: Collection[date]
) -> tuple[Period, ...]:
    start = first.astimezone(UTC)
    starts = [start + n * step for n in range((last - first) // step + 1)]
    days = [moment.astimezone(zone).date() for moment in starts]
    return tuple(
        Period(start=a, end=a + step, shift="", local_date=day, is_holiday=day in holidays)
        for a, day in zip(starts, days, strict=True)
    )


def _between(days: Sequence[date], zone: ZoneInfo) -> tuple[Period, ...]:
    midnights = [datetime.combine(day, time(), zone).astimezone(UTC) for day in days]
    return tuple(
        Period(start=a, end=b, shift="", local_date=day)
        for day, (a, b) in zip(days, pairwise(midnights), strict=False)
    )


def _month(day: date, months: int) -> date:
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    return date(year, month + 1, 1)

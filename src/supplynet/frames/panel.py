"""The panel: demand as a dense array with its calendar, which is what models learn from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from supplynet.core.protocols import Observed
from supplynet.core.sample_paths import FloatArray
from supplynet.core.shifts import Shift, ShiftCalendar
from supplynet.errors import InvalidInput
from supplynet.frames.aliases import refuse_augmented
from supplynet.frames.inputs import FeatureInputs

KEYS = ("location_id", "part_id")
_DAY = timedelta(days=1)
_YEAR = timedelta(days=365)  # the calendar looks at most two years ahead in one question


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One shift or day. Everything in it is known ahead, from the calendar.

    Attributes:
        start, end: ``[start, end)``, aware.
        shift: Name of the shift; "" for daily data.
        local_date: The site's date on which the period starts.
        is_holiday: Whether ``local_date`` is a day without regular shifts.
    """

    start: datetime
    end: datetime
    shift: str
    local_date: date
    is_holiday: bool = False

    @property
    def minutes(self) -> float:
        """Length in minutes."""
        return (self.end - self.start).total_seconds() / 60


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """Dense array view of a demand frame.

    Attributes:
        series: ``(location_id, part_id)`` of each series, sorted; the location is the line.
        periods: Common to all series, ascending.
        demand: Shape (series, period), float64, in parts; NaN = not observed (before the first
            row of a series, censored because the line was starved, or missing).
        inputs: Tables beside demand, of history and future alike; each says when its values were
            known, so a model given the head of a panel sees of them what was known then.
    """

    series: tuple[tuple[str, str], ...]
    periods: tuple[Period, ...]
    demand: FloatArray
    inputs: FeatureInputs | None = None

    def __post_init__(self) -> None:
        assert self.demand.shape == (len(self.series), len(self.periods))

    @cached_property
    def period_starts(self) -> tuple[datetime, ...]:
        """Start of each period."""
        return tuple(period.start for period in self.periods)

    @cached_property
    def period_ends(self) -> tuple[datetime, ...]:
        """End of each period (exclusive)."""
        return tuple(period.end for period in self.periods)

    @cached_property
    def shifts(self) -> tuple[str, ...]:
        """Shift name of each period, "" for daily data."""
        return tuple(period.shift for period in self.periods)

    def head(self, count: int) -> Panel:
        """The first ``count`` periods; all but the last ``-count`` when negative."""
        return replace(self, periods=self.periods[:count], demand=self.demand[:, :count])

    def tail(self, count: int) -> Panel:
        """The last ``count`` periods, or all when there are fewer."""
        first = max(0, len(self.periods) - count)
        return replace(self, periods=self.periods[first:], demand=self.demand[:, first:])

    def until(self, cutoff: datetime) -> Panel:
        """What was finished at ``cutoff``."""
        return self.head(sum(end <= cutoff for end in self.period_ends))

    def select(self, series: Collection[tuple[str, str]]) -> Panel:
        """Only these series, in the panel's order; a name that it lacks is left out."""
        wanted = set(series)
        rows = [i for i, name in enumerate(self.series) if name in wanted]
        kept = tuple(self.series[i] for i in rows)
        return replace(self, series=kept, demand=self.demand[rows])

    def append(self, observed: Observed, calendar: Sequence[Period]) -> Panel:
        """The panel with what has been seen since.

        Series are matched by name: one that ``observed`` lacks gets NaN, a new one is added.
        Calendar periods that nobody observed, between the panel and the last observed period,
        become columns of NaN, so that lags keep their meaning.

        Args:
            observed: Finished periods, all after the panel's last.
            calendar: Periods that cover at least the observed ones.

        Raises:
            InvalidInput: An observed period is not in ``calendar`` or not after the panel.
        """
        if not observed.period_starts and set(observed.series) <= set(self.series):
            return self
        added = _added_periods(self, observed.period_starts, calendar)
        column_of = {period.start: i for i, period in enumerate(added, start=len(self.periods))}
        series = self.series
        if not set(observed.series) <= set(series):
            series = tuple(sorted(set(series) | set(observed.series)))
        row_of = {name: i for i, name in enumerate(series)}
        demand = np.full((len(series), len(self.periods) + len(added)), np.nan)
        demand[[row_of[name] for name in self.series], : len(self.periods)] = self.demand
        columns = [column_of[start] for start in observed.period_starts]
        rows = [row_of[name] for name in observed.series]
        demand[np.ix_(rows, columns)] = observed.demand
        return replace(self, series=series, periods=self.periods + added, demand=demand)


def _added_periods(
    panel: Panel, starts: Sequence[datetime], calendar: Sequence[Period]
) -> tuple[Period, ...]:
    if not starts:
        return ()
    end = panel.periods[-1].end if panel.periods else datetime.min.replace(tzinfo=UTC)
    added = tuple(p for p in calendar if end <= p.start <= starts[-1])
    unknown = set(starts) - {period.start for period in added}
    if unknown:
        raise InvalidInput(
            f"{len(unknown)} observed periods, the first at {min(unknown).isoformat()}, are not in "
            f"the calendar after {end.isoformat()}; observe only what follows the history"
        )
    return added


def panel_from_frame(frame: pl.DataFrame, periods: Sequence[Period] | None = None) -> Panel:
    """The demand frame as an array; rows outside the periods' span are left out.

    Args:
        frame: Demand frame (``frames.demand``): needs keys, ``period_start``, ``demand``, and
            ``shift`` when ``periods`` is None.
        periods: The calendar to lay it on; None = every UTC day from the first row to the last.

    Raises:
        InvalidInput: A row within the span starts no period, shifts came without periods, or rows
            are augmented.
    """
    refuse_augmented(frame)
    if periods is None:
        periods = _days_of(frame)
    if not periods:
        return Panel(series=(), periods=(), demand=np.empty((0, 0)))
    rows = frame.filter(pl.col("period_start").is_between(periods[0].start, periods[-1].start))
    names = rows.select(KEYS).unique().sort(KEYS)
    series = rows.select(KEYS).join(
        names.with_row_index("row"), on=list(KEYS), how="left", maintain_order="left"
    )
    columns = _columns(rows["period_start"], periods)
    demand = np.full((len(names), len(periods)), np.nan)
    demand[series["row"].to_numpy(), columns] = rows["demand"].fill_null(np.nan).to_numpy()
    return Panel(series=tuple(names.iter_rows()), periods=tuple(periods), demand=demand)


def _columns(starts: pl.Series, periods: Sequence[Period]) -> np.ndarray[tuple[int], np.dtype]:
    """Index of each row's period, by binary search over the sorted starts."""
    known = np.array([round(p.start.timestamp() * 1e6) for p in periods], dtype=np.int64)
    moments = starts.cast(pl.Datetime("us", "UTC")).to_physical().to_numpy()
    found = np.searchsorted(known, moments)
    strange = moments[known[np.minimum(found, len(known) - 1)] != moments]
    if strange.size:
        first = datetime.fromtimestamp(int(strange[0]) / 1e6, UTC).isoformat()
        raise InvalidInput(
            f"{strange.size} rows start no period of the calendar, the first at {first}; "
            "lay the frame on the calendar that it was made with"
        )
    return found


def _days_of(frame: pl.DataFrame) -> tuple[Period, ...]:
    if frame.is_empty():
        return ()
    if "shift" in frame.columns and frame["shift"].null_count() < len(frame):
        raise InvalidInput("the frame has shifts: give the periods of its calendar")
    starts = frame["period_start"].cast(pl.Datetime("us", "UTC"))
    bounds = [starts.min(), starts.max()]
    first, last = (b.date() for b in bounds if isinstance(b, datetime))
    return daily_periods(first, last + _DAY)


def daily_periods(
    start: date, end: date, *, holidays: Collection[date] = (), time_zone: str = "UTC"
) -> tuple[Period, ...]:
    """Whole days ``[start, end)``, each from one local midnight to the next."""
    zone = ZoneInfo(time_zone)
    days = [start + i * _DAY for i in range((end - start).days + 1)]
    midnights = [datetime.combine(day, time(), zone).astimezone(UTC) for day in days]
    return tuple(
        Period(start=a, end=b, shift="", local_date=day, is_holiday=day in holidays)
        for day, a, b in zip(days, midnights, midnights[1:], strict=False)
    )


def shift_periods(calendar: ShiftCalendar, start: datetime, end: datetime) -> tuple[Period, ...]:
    """Shifts of a site that start in ``[start, end)``, in order of time."""
    return tuple(_periods(calendar, _shifts(calendar, start, end)))


def periods_after(calendar: ShiftCalendar, cutoff: datetime, count: int) -> tuple[Period, ...]:
    """The running shift, if any, and those after it, ``count`` in all."""
    return tuple(_periods(calendar, calendar.next_shifts(cutoff, count)))


def _shifts(calendar: ShiftCalendar, start: datetime, end: datetime) -> Iterator[Shift]:
    while start < end:
        stop = min(start + _YEAR, end)
        yield from (s for s in calendar.shifts_between(start, stop) if s.start >= start)
        start = stop


def _periods(calendar: ShiftCalendar, shifts: Iterable[Shift]) -> Iterator[Period]:
    for shift in shifts:
        yield Period(
            start=shift.start,
            end=shift.end,
            shift=shift.name,
            local_date=shift.day,
            is_holiday=calendar.is_closed(shift.day),
        )

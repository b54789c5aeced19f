"""Features of the calendar: known for every period, whatever happens.

All dates are the site's: a night shift belongs to the local date on which it starts, also when the
clocks change in it.
"""

from __future__ import annotations

import calendar as gregorian
import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError
from supplynet.frames.features.feature import Feature, Role
from supplynet.frames.features.rows import Rows
from supplynet.frames.panel import Period

Form: TypeAlias = Literal["number", "waves"]


class Place(NamedTuple):
    """Where a date lies in a cycle: ``number`` as people count it, ``position`` of ``length``."""

    number: int
    position: int
    length: int


def by_period(rows: Rows, figure: Callable[[Period], float]) -> FloatArray:
    """A figure of each pair's target period, shape (pair,)."""
    periods, targets = rows.pairs.periods, rows.pairs.targets
    wanted, place = np.unique(targets, return_inverse=True)
    return np.array([figure(periods[i]) for i in wanted], dtype=float)[place]


@dataclass(frozen=True, kw_only=True)
class CalendarCycle(Feature):
    """A number that comes round again.

    Attributes:
        form: ``number``, or ``waves``: its sine and cosine, so that the end of a cycle lies next
            to its beginning.
    """

    role: ClassVar[Role] = "known_ahead"

    form: Form = "number"

    @property
    def columns(self) -> tuple[str, ...]:
        """One column, or two of waves."""
        waves = (f"{self.name}_sin", f"{self.name}_cos")
        return (self.name,) if self.form == "number" else waves

    @staticmethod
    @abstractmethod
    def place(day: date) -> Place:
        """Where the date lies in its cycle."""

    def values(self, rows: Rows) -> list[FloatArray]:
        """By target period."""
        if self.form == "number":
            return [by_period(rows, lambda period: self.place(period.local_date).number)]
        return [
            by_period(rows, lambda period: wave(_angle(self.place(period.local_date))))  # noqa: B023  # used at once
            for wave in (math.sin, math.cos)
        ]


def _angle(place: Place) -> float:
    return 2 * math.pi * place.position / place.length


class DayOfWeek(CalendarCycle):
    """Weekday of the local date, Monday = 0."""

    kind: ClassVar[str] = "day_of_week"

    @staticmethod
    def place(day: date) -> Place:
        """0 to 6."""
        return Place(day.weekday(), day.weekday(), 7)


class DayOfMonth(CalendarCycle):
    """Day of the month, 1 to 31."""

    kind: ClassVar[str] = "day_of_month"

    @staticmethod
    def place(day: date) -> Place:
        """1 to 31."""
        return Place(day.day, day.day - 1, gregorian.monthrange(day.year, day.month)[1])


class WeekOfYear(CalendarCycle):
    """ISO week, 1 to 53."""

    kind: ClassVar[str] = "week_of_year"

    @staticmethod
    def place(day: date) -> Place:
        """1 to 53."""
        year, week, _ = day.isocalendar()
        return Place(week, week - 1, date(year, 12, 28).isocalendar().week)


class Month(CalendarCycle):
    """Month, 1 to 12."""

    kind: ClassVar[str] = "month"

    @staticmethod
    def place(day: date) -> Place:
        """1 to 12."""
        return Place(day.month, day.month - 1, 12)


class Quarter(CalendarCycle):
    """Quarter of the year, 1 to 4."""

    kind: ClassVar[str] = "quarter"

    @staticmethod
    def place(day: date) -> Place:
        """1 to 4."""
        quarter = (day.month - 1) // 3
        return Place(quarter + 1, quarter, 4)


class YearDay(CalendarCycle):
    """Day of the year, 1 to 366."""

    kind: ClassVar[str] = "year_day"

    @staticmethod
    def place(day: date) -> Place:
        """1 to 366."""
        number = day.timetuple().tm_yday
        return Place(number, number - 1, 366 if gregorian.isleap(day.year) else 365)


@dataclass(frozen=True, kw_only=True)
class IsWeekend(Feature):
    """Whether the local date is one of the site's weekend days.

    Attributes:
        days: Weekdays of the weekend, Monday = 0.
    """

    kind: ClassVar[str] = "is_weekend"
    role: ClassVar[Role] = "known_ahead"

    days: tuple[int, ...] = (5, 6)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not set(self.days) <= set(range(7)):
            raise ConfigError(f"feature is_weekend: days are {list(self.days)}; Monday is 0")

    def values(self, rows: Rows) -> list[FloatArray]:
        """By target period."""
        return [by_period(rows, lambda period: period.local_date.weekday() in self.days)]


@dataclass(frozen=True, kw_only=True)
class IsMonthEnd(Feature):
    """Whether the local date is the last of its month."""

    kind: ClassVar[str] = "is_month_end"
    role: ClassVar[Role] = "known_ahead"

    def values(self, rows: Rows) -> list[FloatArray]:
        """By target period."""
        return [by_period(rows, lambda period: _is_month_end(period.local_date))]


def _is_month_end(day: date) -> bool:
    return day.day == gregorian.monthrange(day.year, day.month)[1]

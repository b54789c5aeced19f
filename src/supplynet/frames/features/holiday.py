"""Public holidays of a country, through ``holidays``."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from supplynet.core.sample_paths import FloatArray
from supplynet.core.shifts import public_holidays
from supplynet.errors import ConfigError
from supplynet.frames.features.calendar import by_period
from supplynet.frames.features.feature import Feature, Role
from supplynet.frames.features.rows import Rows
from supplynet.frames.features.settings import whole

_DAY = timedelta(days=1)


def holidays_of(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """Dates without work by law.

    Raises:
        ConfigError: The country or its subdivision is not known.
    """
    try:
        return public_holidays(country if subdivision is None else f"{country}-{subdivision}", year)
    except NotImplementedError:
        place = country if subdivision is None else f"{country}, subdivision {subdivision}"
        raise ConfigError(
            f"the holidays of {place} are not known; use ISO codes such as DE and BY, and see "
            "core.shifts.holiday_regions() for all of them"
        ) from None


@dataclass(frozen=True, kw_only=True)
class IsHoliday(Feature):
    """Whether the local date is a public holiday.

    Attributes:
        country: ISO code; None = a day that the site's own calendar closes.
        subdivision: State or province where holidays differ.
    """

    kind: ClassVar[str] = "is_holiday"
    role: ClassVar[Role] = "known_ahead"

    country: str | None = None
    subdivision: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.country is not None:
            holidays_of(self.country, self.subdivision, 2024)
        elif self.subdivision is not None:
            raise ConfigError("feature is_holiday: a subdivision needs its country")

    def values(self, rows: Rows) -> list[FloatArray]:
        """By target period."""
        country = self.country
        if country is None:
            return [by_period(rows, lambda period: period.is_holiday)]

        def is_free(day: date) -> bool:
            return day in holidays_of(country, self.subdivision, day.year)

        return [by_period(rows, lambda period: is_free(period.local_date))]


@dataclass(frozen=True, kw_only=True)
class _HolidayDistance(Feature):
    """Days between the local date and a public holiday.

    Attributes:
        country: ISO code.
        subdivision: State or province where holidays differ.
        most: Further away counts as this many days.
    """

    role: ClassVar[Role] = "known_ahead"

    country: str
    subdivision: str | None = None
    most: int = whole(14, least=1, most=366)

    def __post_init__(self) -> None:
        super().__post_init__()
        holidays_of(self.country, self.subdivision, 2024)

    @property
    @abstractmethod
    def direction(self) -> int:
        """1 looks ahead, -1 back."""

    def values(self, rows: Rows) -> list[FloatArray]:
        """By target period."""

        def distance(day: date) -> int:
            for days in range(self.most):
                other = day + self.direction * days * _DAY
                if other in holidays_of(self.country, self.subdivision, other.year):
                    return days
            return self.most

        return [by_period(rows, lambda period: distance(period.local_date))]


class DaysToHoliday(_HolidayDistance):
    """Days until the next public holiday; 0 on one."""

    kind: ClassVar[str] = "days_to_holiday"

    @property
    def direction(self) -> int:
        """Ahead."""
        return 1


class DaysAfterHoliday(_HolidayDistance):
    """Days since the last public holiday; 0 on one."""

    kind: ClassVar[str] = "days_after_holiday"

    @property
    def direction(self) -> int:
        """Back."""
        return -1

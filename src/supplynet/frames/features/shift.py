"""Features of the shift and of how far ahead the row looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError
from supplynet.frames.features.calendar import by_period
from supplynet.frames.features.feature import Categories, Feature, Role
from supplynet.frames.features.pairs import microseconds_of
from supplynet.frames.features.rows import Rows
from supplynet.frames.features.settings import whole

_HOUR = 3.6e9  # microseconds


@dataclass(frozen=True, kw_only=True)
class ShiftName(Feature):
    """Name of the shift; null for daily data."""

    kind: ClassVar[str] = "shift_name"
    role: ClassVar[Role] = "known_ahead"

    @property
    def is_category(self) -> bool:
        """A name."""
        return True

    def values(self, rows: Rows) -> list[Categories]:
        """By target period."""
        periods = rows.pairs.periods
        names = tuple(sorted({period.shift for period in periods} - {""}))
        place = {name: i for i, name in enumerate(names)}
        codes = np.array([place.get(period.shift, -1) for period in periods], dtype=np.int64)
        return [Categories(codes[rows.pairs.targets], names)]


@dataclass(frozen=True, kw_only=True)
class ShiftHours(Feature):
    """Length of the period, hours: 11 or 13 for the night in which the clocks change."""

    kind: ClassVar[str] = "shift_hours"
    role: ClassVar[Role] = "known_ahead"

    def values(self, rows: Rows) -> list[FloatArray]:
        """By target period."""
        return [by_period(rows, lambda period: period.minutes / 60)]


@dataclass(frozen=True, kw_only=True)
class StartHour(Feature):
    """Hour of the local clock at which the period starts, 0 to 24.

    Attributes:
        time_zone: IANA name of the site's zone.
    """

    kind: ClassVar[str] = "start_hour"
    role: ClassVar[Role] = "known_ahead"

    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConfigError(
                f"feature start_hour: time_zone is {self.time_zone!r}; it takes a name such as "
                "'Europe/Berlin'"
            ) from None

    def values(self, rows: Rows) -> list[FloatArray]:
        """By target period."""
        zone = ZoneInfo(self.time_zone)
        locals_ = {period.start: period.start.astimezone(zone) for period in rows.pairs.periods}
        return [
            by_period(
                rows, lambda period: locals_[period.start].hour + locals_[period.start].minute / 60
            )
        ]


@dataclass(frozen=True, kw_only=True)
class GapHours(Feature):
    """Idle hours between the period before and this one: 0 when shifts follow each other.

    Attributes:
        most: Longer gaps count as this many hours.
    """

    kind: ClassVar[str] = "gap_hours"
    role: ClassVar[Role] = "known_ahead"

    most: int = whole(168, least=1, most=10_000)

    def values(self, rows: Rows) -> list[FloatArray]:
        """By target period."""
        pairs = rows.pairs
        ends = microseconds_of([period.end for period in pairs.periods])
        gaps = np.minimum((pairs.starts[1:] - ends[:-1]) / _HOUR, self.most)
        return [np.append(np.zeros(1), gaps)[pairs.targets]]


@dataclass(frozen=True, kw_only=True)
class StepsAhead(Feature):
    """How many periods ahead of the cutoff the target is: the row's ``step``."""

    kind: ClassVar[str] = "steps_ahead"
    role: ClassVar[Role] = "known_ahead"

    def values(self, rows: Rows) -> list[FloatArray]:
        """By pair."""
        return [rows.pairs.steps.astype(float)]


@dataclass(frozen=True, kw_only=True)
class HoursAhead(Feature):
    """Hours from the cutoff to the start of the target; below 0 inside a running period."""

    kind: ClassVar[str] = "hours_ahead"
    role: ClassVar[Role] = "known_ahead"

    def values(self, rows: Rows) -> list[FloatArray]:
        """By pair."""
        pairs = rows.pairs
        return [(pairs.starts[pairs.targets] - pairs.cutoffs) / _HOUR]

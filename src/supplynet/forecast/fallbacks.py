"""What stands in for a forecast that cannot be used, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Rung(StrEnum):
    """What stands in for a forecast that cannot be used."""

    LAST_GOOD = "last_good"
    MEAN = "mean"
    STATIC = "min_max"


_WORDS = {
    Rung.LAST_GOOD: "the last good forecast stands in",
    Rung.MEAN: "the mean of recent shifts stands in",
    Rung.STATIC: "nothing is known of demand, static thresholds order",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """What stands in for the forecast of some series, and why.

    Attributes:
        reason: What was wrong with the forecast before it, of the first of the series.
        series, of: For how many series of how many.
        made_at: Cutoff of the forecast that was kept; None for other rungs.
    """

    rung: Rung
    reason: str
    series: int
    of: int
    made_at: datetime | None = None

    def __str__(self) -> str:
        some = "" if self.series == self.of else f" of {self.series} of {self.of} series"
        when = "" if self.made_at is None else f" (of {self.made_at:%Y-%m-%d %H:%M}Z)"
        return f"The forecast{some} cannot be used ({self.reason}): {_WORDS[self.rung]}{when}."

"""From probability to alarm: a budget for the whole plant, or a share of false discoveries.

``mean + 2 standard deviations`` flags one normal value in 44: hundreds a day on 10,000 series.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

from supplynet.anomaly.calibrated import Scored
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.frames.panel import Period

BoolArray = npt.NDArray[np.bool_]
PER_WEEK = 35.0
"""Alarms a week in a whole plant that nobody minds: five a day."""
_MOST_P = 1e-3  # no value that is commoner than this alarms, however large the budget
_KEPT = 0.95  # share of the weeks in which the budget is kept
_WEEK_SECONDS = 7 * 86_400


class Alarms(Protocol):
    """Says which values are odd enough to call somebody."""

    def alarms(self, scored: Scored, periods: Sequence[Period]) -> BoolArray:
        """Shape (series, period). ``periods`` are those of ``scored``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """So many false alarms in a week, over all series together, are not exceeded in 19 of 20.

    False alarms come as they like (Poisson), so fewer are expected: 26.7 where 35 are allowed.

    Args:
        alarms_per_week: > 0.

    Raises:
        InvalidInput: It is not above 0.
    """

    alarms_per_week: float = PER_WEEK

    def __post_init__(self) -> None:
        if not self.alarms_per_week > 0:
            raise InvalidInput(f"alarms_per_week is {self.alarms_per_week}; give more than 0")

    def limit(self, series: int, periods: Sequence[Period]) -> float:
        """The p-value up to which a value alarms."""
        if not periods or not series:
            return _MOST_P
        seconds = np.median([(period.end - period.start).total_seconds() for period in periods])
        gaps = np.diff([period.start.timestamp() for period in periods])
        step = float(np.median(gaps)) if len(gaps) else float(seconds)
        values = series * _WEEK_SECONDS / max(step, 1.0)
        return min(self.expected_per_week / values, _MOST_P)

    @property
    def expected_per_week(self) -> float:
        """The largest mean of a Poisson number that stays within the budget so often."""
        return float(gammaincinv(self.alarms_per_week + 1, 1 - _KEPT))

    def alarms(self, scored: Scored, periods: Sequence[Period]) -> BoolArray:
        """Values that are rarer than the budget allows for."""
        limit = self.limit(len(scored.p_value), periods)
        return np.asarray(np.nan_to_num(scored.p_value, nan=1.0) <= limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseDiscoveryRate:
    """Of the alarms of each period at most this share is false (Benjamini and Hochberg 1995).

    Args:
        rate: In (0, 1).

    Raises:
        InvalidInput: It is not in (0, 1).
    """

    rate: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise InvalidInput(f"false_discovery_rate is {self.rate}; give a share in (0, 1)")

    def alarms(self, scored: Scored, periods: Sequence[Period]) -> BoolArray:  # noqa: ARG002
        """Step-up over all series of a period: the largest k with p(k) <= k rate / series."""
        return np.stack([self._of_period(p) for p in scored.p_value.T], axis=1)

    def _of_period(self, p: FloatArray) -> BoolArray:
        order = np.argsort(p)  # NaN last
        count = int(np.isfinite(p).sum())
        below = p[order[:count]] <= self.rate * np.arange(1, count + 1) / max(count, 1)
        found = np.zeros(len(p), dtype=bool)
        if below.any():
            found[order[: int(np.flatnonzero(below)[-1]) + 1]] = True
        return found

"""What a forecast made at the start of each week expected of the week.

The last value is no part of what it is judged by, and neither are those of the days before: what
is odd since Monday does not become usual before the next one. Single values that were far from what
their own week expected are put right before the weeks after it are forecast: an odd value must not
make the usual ones after it look odd.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.batches import predict_in_batches
from supplynet.forecast.forecast_cache import ForecastCache
from supplynet.forecast.model import Predictor
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.timelines import timeline

LEVELS = (0.05, 0.5, 0.95, 0.99)
LOOKED_AT = 4
"""Weeks before a week in which odd values are put right."""
_MOST_KEPT = 16_000_000  # quantiles: ten weeks of 10,000 series in two shifts, 128 MB
_FAR = 4.0  # times from the median to the outer quantile: no longer believed
_LONGEST = 3  # values in a row beyond which they are a new level, and believed
_LEAST = 2.0  # parts: what must be expected for a 0 to be odd


@dataclass(frozen=True, kw_only=True, eq=False)
class Expected:
    """Quantiles of what was expected, each of shape (series, period), in parts; NaN = nothing."""

    low: FloatArray
    middle: FloatArray
    high: FloatArray
    highest: FloatArray

    @classmethod
    def of(cls, values: FloatArray) -> Expected:
        """From shape (series, period, ``LEVELS``)."""
        low, middle, high, highest = np.moveaxis(values, -1, 0)
        return cls(low=low, middle=middle, high=high, highest=highest)


@dataclass(frozen=True, kw_only=True, eq=False)
class WeeklyForecast:
    """A forecaster that is asked at the start of every week.

    Args:
        predictor: A fitted model.
        look_back: Periods of history that it is given.
        least: Periods of history without which nothing is expected.
    """

    predictor: Predictor
    look_back: int
    least: int
    _kept: ForecastCache = field(default_factory=lambda: ForecastCache(_MOST_KEPT), repr=False)

    def expected(self, panel: Panel, last: int) -> Expected:
        """What was expected of the last periods of ``panel``.

        Args:
            panel: History with the periods that are judged at its end.
            last: How many periods.
        """
        since = len(panel.periods) - last
        weeks = list(_weeks(panel))
        first_wanted = next(i for i, (_, end) in enumerate(weeks) if end > since)
        values = np.full((*panel.demand.shape, len(LEVELS)), np.nan)
        for week in weeks[max(0, first_wanted - LOOKED_AT) :]:
            values[:, week[0] : week[1]] = self._week(panel, week)
        believed = _believed(panel.demand, Expected.of(values))
        result = values[:, since:].copy()
        for place, week in enumerate(weeks[first_wanted:], first_wanted):
            begin = weeks[max(0, place - LOOKED_AT)][0]
            self._put_right(panel, week, believed, begin, result, since)
        return Expected.of(result)

    def _put_right(
        self,
        panel: Panel,
        week: tuple[int, int],
        believed: FloatArray,
        begin: int,
        result: FloatArray,
        since: int,
    ) -> None:
        """Forecast the week again of the lines in which a value since ``begin`` was put right."""
        recent = slice(begin, week[0])
        changed = (believed[:, recent] != panel.demand[:, recent]) & ~np.isnan(believed[:, recent])
        lines = {panel.series[row][0] for row in np.flatnonzero(changed.any(axis=1))}
        if not lines:
            return
        rows = np.flatnonzero([location in lines for location, _ in panel.series])
        demand = panel.demand[rows]
        demand[:, recent] = believed[np.ix_(rows, np.arange(begin, week[0]))]
        some = replace(panel, series=tuple(panel.series[row] for row in rows), demand=demand)
        shown = slice(max(week[0], since) - since, week[1] - since)
        result[rows, shown] = self._week(some, week)[:, max(since - week[0], 0) :]

    def _week(self, panel: Panel, week: tuple[int, int]) -> FloatArray:
        """Quantiles of one week, shape (series, period, level); NaN without enough history."""
        first, end = week
        if first < self.least:
            return np.full((len(panel.series), end - first, len(LEVELS)), np.nan)
        start = max(0, first - self.look_back)
        known = replace(
            panel, periods=panel.periods[start:first], demand=panel.demand[:, start:first]
        )
        ahead = panel.periods[first:end]
        return self._kept.predict(_InBatches(self.predictor), "", known, ahead, LEVELS)


@dataclass(frozen=True)
class _InBatches:
    """The forecaster for as many series as there are."""

    predictor: Predictor

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        return predict_in_batches(self.predictor, panel, future, quantiles)

    def state(self) -> ModelState:
        return self.predictor.state()


def _believed(demand: FloatArray, expected: Expected) -> FloatArray:
    """Demand with the median in the place of single values that are too far from it."""
    up = _FAR * np.maximum(expected.high - expected.middle, 0.05 * expected.middle)
    down = _FAR * np.maximum(expected.middle - expected.low, 0.05 * expected.middle)
    middle = expected.middle
    far = (demand > middle + up) | (demand < middle - down)  # NaN is never far
    stopped = (demand == 0) & (expected.low > 0) & (middle >= _LEAST)
    odd = (far & (_run_lengths(far) <= _LONGEST)) | stopped
    return np.where(odd, middle, demand)


def _run_lengths(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """How many flags in a row there are up to each period."""
    length = np.zeros(flags.shape, dtype=np.int64)
    for column in range(flags.shape[1]):
        before = length[:, column - 1] if column else 0
        length[:, column] = np.where(flags[:, column], before + 1, 0)
    return length


def _weeks(panel: Panel) -> Iterator[tuple[int, int]]:
    """First and end of each week; of each day for hours and less."""
    line = timeline(panel.periods)
    blocks = line.days if line.frequency == "hour" else (line.days - 1) // 7  # 1 was a Monday
    if line.frequency in {"week", "month"}:
        blocks = np.arange(len(blocks))
    edges = np.flatnonzero(np.diff(blocks, prepend=blocks[:1] - 1))
    ends = np.append(edges[1:], len(blocks))
    yield from zip(edges.tolist(), ends.tolist(), strict=True)

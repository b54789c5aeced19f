"""Moving average: every period ahead is the mean of the last ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.closed_days import ClosedDays, usual_demand
from supplynet.forecast.model import Progress, check_history
from supplynet.forecast.naive import errors_at
from supplynet.forecast.quantiles import normal_levels, observed_quantiles, tidy
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.scaling import typical_level
from supplynet.learning.windows import trailing_unit


@dataclass(frozen=True, kw_only=True)
class MovingAverage:
    """Mean of what was observed in a trailing window, the same for every period ahead.

    Knows neither weekday nor shift: ``shift_mean`` is the one that does. Quantiles are those of
    the errors that the rule made on the series, one step ahead and at the middle and the end of
    the horizon, linear in between.

    Args:
        units: Window in units of ``windows.trailing_unit``: 4 weeks of shifts, days or hours, 16
            weeks, 12 months.
        spread_units: Periods whose errors are counted, in the same units.
        least_errors: With fewer errors than this a Poisson spread stands in for them.
    """

    units: int = 4
    spread_units: int = 26
    least_errors: int = 20

    def fit(
        self,
        panel: Panel,
        future: Sequence[Period] = (),  # noqa: ARG002  # one shape for all models
        *,
        progress: Progress | None = None,  # noqa: ARG002
    ) -> FittedMovingAverage:
        """Learn the typical level and what closed days do.

        Raises:
            HistoryTooShort: No period at all.
        """
        check_history(panel, 1)
        return FittedMovingAverage(
            settings=self, typical=typical_level(panel), closed=ClosedDays.of(panel)
        )

    @classmethod
    def restore(cls, state: ModelState) -> FittedMovingAverage:
        """Bring a saved model back."""
        return FittedMovingAverage(
            settings=cls(**state.settings),
            typical=state.scaler["typical"],
            closed=ClosedDays(share=state.scaler["closed"]),
        )


@dataclass(frozen=True, kw_only=True)
class FittedMovingAverage:
    """Settings, the level of a series never observed, and the share of closed days."""

    settings: MovingAverage
    typical: float
    closed: ClosedDays

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles, shape (series, step, quantile); see ``model.Predictor``."""
        unit = trailing_unit(panel.periods[-400:])
        window = self.settings.units * unit
        history = panel.tail(2 * window + self.settings.spread_units * unit)
        demand = usual_demand(history)
        means = trailing_means(demand, window)
        level = self._level(means)
        steps = np.arange(len(future), dtype=float)
        measured = sorted({0, len(future) // 2, max(0, len(future) - 1)})
        spreads = [self._spread(demand, means, step, level, quantiles) for step in measured]
        around = _between(np.stack(spreads), measured, steps)
        values = tidy(level[:, None, None] + around)
        return tidy(values * self.closed.factors(panel, future)[:, :, None])

    def mean(self, panel: Panel, future: Sequence[Period]) -> FloatArray:
        """Point forecast, shape (series, step)."""
        window = self.settings.units * trailing_unit(panel.periods[-400:])
        level = self._level(trailing_means(usual_demand(panel.tail(2 * window)), window))
        return np.asarray(level[:, None] * self.closed.factors(panel, future))

    def _level(self, means: FloatArray) -> FloatArray:
        return np.where(np.isnan(means[:, -1]), self.typical, means[:, -1])

    def _spread(
        self,
        demand: FloatArray,
        means: FloatArray,
        step: int,
        level: FloatArray,
        quantiles: Sequence[float],
    ) -> FloatArray:
        """Quantiles of the errors at one step, shape (series, quantile)."""
        errors, _ = errors_at(demand, means, step)
        few = (~np.isnan(errors)).sum(axis=1) < self.settings.least_errors
        poisson = np.sqrt(np.maximum(level, 0.0) + 0.25)[:, None] * normal_levels(quantiles)
        return np.where(few[:, None], poisson, observed_quantiles(errors, quantiles))

    def state(self) -> ModelState:
        """The model as plain data."""
        return ModelState(
            model="moving_average",
            settings=asdict(self.settings),
            scaler={"typical": self.typical, "closed": self.closed.share},
        )


def trailing_means(demand: FloatArray, window: int) -> FloatArray:
    """Mean of the observed among the last ``window`` before each period, (series, period + 1).

    The mean before it goes on where none of them was observed; NaN before the first.
    """
    seen = ~np.isnan(demand)
    sums = np.pad(np.cumsum(np.where(seen, demand, 0.0), axis=1), ((0, 0), (1, 0)))
    counts = np.pad(np.cumsum(seen, axis=1), ((0, 0), (1, 0)))
    ends = np.arange(demand.shape[1] + 1)
    begins = np.maximum(ends - window, 0)
    total, count = sums - sums[:, begins], counts - counts[:, begins]
    means = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    latest = np.maximum.accumulate(np.where(count > 0, ends, 0), axis=1)
    return np.asarray(np.take_along_axis(means, latest, axis=1))


def _between(spreads: FloatArray, measured: Sequence[int], steps: FloatArray) -> FloatArray:
    """Spreads at every step, (measured, series, quantile) -> (series, step, quantile)."""
    place = np.interp(steps, measured, np.arange(len(measured)))
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, len(measured) - 1)
    share = (place - low)[:, None, None]
    return np.moveaxis(spreads[low] * (1 - share) + spreads[high] * share, 0, 1)

"""Naive: every period ahead is what the last one was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.closed_days import ClosedDays, usual_demand
from supplynet.forecast.model import Progress, check_history
from supplynet.forecast.quantiles import normal_levels, observed_quantiles, tidy
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.scaling import typical_level


@dataclass(frozen=True, kw_only=True)
class Naive:
    """The last observed period goes on, whatever its weekday or shift.

    The yardstick of published tables, and the best forecast of a random walk. Quantiles are those
    of the errors that the rule made on the series at the same distance; beyond ``window / 2``
    periods they grow with the square root of the step, as a random walk's do.

    Args:
        window: Periods of history whose errors are counted.
        least_errors: With fewer errors than this a Poisson spread, growing with the square root
            of the step, stands in for them.
    """

    window: int = 400
    least_errors: int = 20

    def fit(
        self,
        panel: Panel,
        future: Sequence[Period] = (),  # noqa: ARG002  # one shape for all models
        *,
        progress: Progress | None = None,  # noqa: ARG002
    ) -> FittedNaive:
        """Learn the typical level and what closed days do.

        Raises:
            HistoryTooShort: No period at all.
        """
        check_history(panel, 1)
        return FittedNaive(settings=self, typical=typical_level(panel), closed=ClosedDays.of(panel))

    @classmethod
    def restore(cls, state: ModelState) -> FittedNaive:
        """Bring a saved model back."""
        return FittedNaive(
            settings=cls(**state.settings),
            typical=state.scaler["typical"],
            closed=ClosedDays(share=state.scaler["closed"]),
        )


@dataclass(frozen=True, kw_only=True)
class FittedNaive:
    """Settings, the level of a series never observed, and the share of closed days."""

    settings: Naive
    typical: float
    closed: ClosedDays

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles, shape (series, step, quantile); see ``model.Predictor``."""
        demand = usual_demand(panel.tail(self.settings.window))
        carried = carried_forward(demand, np.nan)
        last = self._last(panel)[:, None]
        values = np.empty((len(panel.series), len(future), len(quantiles)))
        for step in range(len(future)):
            errors, wider = errors_at(demand, carried, step)
            few = (~np.isnan(errors)).sum(axis=1) < self.settings.least_errors
            poisson = np.sqrt((np.maximum(last, 0.0) + 0.25) * (step + 1)) * normal_levels(
                quantiles
            )
            own = wider * observed_quantiles(errors, quantiles)
            values[:, step] = last + np.where(few[:, None], poisson, own)
        return tidy(tidy(values) * self.closed.factors(panel, future)[:, :, None])

    def mean(self, panel: Panel, future: Sequence[Period]) -> FloatArray:
        """Point forecast, shape (series, step)."""
        return np.asarray(self._last(panel)[:, None] * self.closed.factors(panel, future))

    def _last(self, panel: Panel) -> FloatArray:
        return np.asarray(carried_forward(usual_demand(panel), self.typical)[:, -1])

    def state(self) -> ModelState:
        """The model as plain data."""
        return ModelState(
            model="naive",
            settings=asdict(self.settings),
            scaler={"typical": self.typical, "closed": self.closed.share},
        )


def carried_forward(demand: FloatArray, start: float) -> FloatArray:
    """The last observed demand before each period, shape (series, period + 1).

    ``start`` where nothing had been observed; the last column is what is known now.
    """
    place = np.where(np.isnan(demand), 0, np.arange(1, demand.shape[1] + 1))
    latest = np.maximum.accumulate(np.pad(place, ((0, 0), (1, 0))), axis=1)
    padded = np.pad(demand, ((0, 0), (1, 0)), constant_values=start)
    return np.asarray(np.take_along_axis(padded, latest, axis=1))


def errors_at(demand: FloatArray, forecasts: FloatArray, step: int) -> tuple[FloatArray, float]:
    """What a flat forecast missed by, ``step`` periods after the one next to it.

    Args:
        demand: Shape (series, period), NaN = not observed.
        forecasts: Made before each period and after the last, shape (series, period + 1).
        step: 0 is the next period.

    Returns:
        Errors, shape (series, origin); those of half the history stand for steps beyond it, with
        the square root of the ratio of the distances, else 1.
    """
    lag = min(step + 1, max(1, demand.shape[1] // 2))
    errors = demand[:, lag:] - forecasts[:, 1 : demand.shape[1] - lag + 1]
    return errors, float(np.sqrt((step + 1) / lag))

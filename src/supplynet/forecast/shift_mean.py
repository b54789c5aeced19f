"""Shift mean: a moving average per (weekday class, shift), the simplest forecast that holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.model import Progress, check_history
from supplynet.forecast.quantiles import normal_levels, observed_quantiles, tidy
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.scaling import typical_level
from supplynet.learning.timelines import timeline
from supplynet.learning.windows import trailing_unit


@dataclass(frozen=True, kw_only=True)
class ShiftMean:
    """Mean of recent periods of the same shift on the same class of weekday.

    Classes are Monday to Friday, Saturday, and Sunday or holiday; hours count as shifts, and weeks
    and months have no classes. Quantiles come from the
    deviations from that mean in the same window. Works from the first observation on, so it is
    what a plant falls back on when a model fails.

    Args:
        weeks: Length of the window; for weeks and months see ``windows.trailing_unit``.
        least_errors: With fewer deviations than this a Poisson spread stands in for them.
    """

    weeks: int = 8
    least_errors: int = 20

    def fit(
        self,
        panel: Panel,
        future: Sequence[Period] = (),  # noqa: ARG002  # one shape for all models
        *,
        progress: Progress | None = None,  # noqa: ARG002
    ) -> FittedShiftMean:
        """Learn the typical level.

        Raises:
            HistoryTooShort: No period at all.
        """
        check_history(panel, 1)
        return FittedShiftMean(settings=self, typical=typical_level(panel))

    @classmethod
    def restore(cls, state: ModelState) -> FittedShiftMean:
        """Bring a saved model back."""
        return FittedShiftMean(settings=cls(**state.settings), typical=state.scaler["typical"])


@dataclass(frozen=True, kw_only=True)
class FittedShiftMean:
    """Settings and the level of a series of which nothing is known."""

    settings: ShiftMean
    typical: float

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles, shape (series, step, quantile); see ``model.Predictor``."""
        line = timeline(panel.periods)
        window = panel.tail(self.settings.weeks * trailing_unit(line.tail(400)))
        past, ahead = _codes(line.tail(len(window.periods)), future)
        level = _mean(window.demand, np.ones(len(past), dtype=bool), self.typical)
        result = np.empty((len(panel.series), len(future), len(quantiles)))
        for shift in np.unique(ahead[:, 1]):
            means, errors = self._of_shift(window.demand, past, shift, level)
            around = self._around(errors, level, quantiles)
            for step in np.flatnonzero(ahead[:, 1] == shift):
                result[:, step] = means[ahead[step, 0]][:, None] + around
        return tidy(result)

    def _of_shift(
        self, demand: FloatArray, past: npt.NDArray[np.int64], shift: int, level: FloatArray
    ) -> tuple[list[FloatArray], FloatArray]:
        """Mean of each weekday class and the deviations from it, for one shift."""
        in_shift = past[:, 1] == shift
        whole = _mean(demand, in_shift, level)
        means = [_mean(demand, in_shift & (past[:, 0] == kind), whole) for kind in range(3)]
        expected = np.stack(means)[past[in_shift, 0]].T
        return means, demand[:, in_shift] - expected

    def _around(
        self, errors: FloatArray, level: FloatArray, quantiles: Sequence[float]
    ) -> FloatArray:
        count = (~np.isnan(errors)).sum(axis=1)[:, None]
        poisson = np.sqrt(level + 0.25)[:, None] * normal_levels(quantiles)
        if not errors.shape[1]:
            return poisson
        own = observed_quantiles(errors, quantiles)
        return np.where(count < self.settings.least_errors, poisson, own)

    def state(self) -> ModelState:
        """The model as plain data."""
        return ModelState(
            model="shift_mean", settings=asdict(self.settings), scaler={"typical": self.typical}
        )


def _codes(
    past: Sequence[Period], future: Sequence[Period]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(weekday class, shift) of every period, shape (period, 2)."""
    line = timeline(timeline(past).then(future))
    of = line.frequency
    shifts = line.minutes_of_day if of == "hour" else line.shift_codes(line.shift_names)
    kinds = np.where(line.holidays, 2, np.maximum(line.weekdays - 4, 0))
    table = np.stack([kinds * (of not in {"week", "month"}), shifts], axis=1)
    return table[: len(past)], table[len(past) :]


def _mean(
    demand: FloatArray, columns: npt.NDArray[np.bool_], otherwise: FloatArray | float
) -> FloatArray:
    """Mean of observed values in some columns, shape (series,); ``otherwise`` without any."""
    values = demand[:, columns]
    seen = ~np.isnan(values)
    count = seen.sum(axis=1)
    total = np.where(seen, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), otherwise)

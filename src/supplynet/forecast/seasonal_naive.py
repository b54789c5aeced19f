"""Seasonal naive: the next period repeats the last one of the same weekday and shift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.model import Progress, check_history
from supplynet.forecast.quantiles import normal_levels, observed_quantiles, tidy
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.scaling import Scaling, scaling_of, tail_of, typical_level
from supplynet.learning.windows import Index, season_length, shift_names


@dataclass(frozen=True, kw_only=True)
class SeasonalNaive:
    """Baseline that every other model must beat.

    The season is a week as the calendar has it: 14 periods for two shifts a day, 7 for daily
    data. Quantiles come from the errors that the rule made on the series itself.

    Args:
        least_errors: With fewer errors than this the trailing spread stands in for them.
    """

    least_errors: int = 20

    def fit(
        self,
        panel: Panel,
        future: Sequence[Period] = (),  # noqa: ARG002  # one shape for all models
        *,
        progress: Progress | None = None,  # noqa: ARG002
    ) -> FittedSeasonalNaive:
        """Learn the shifts and the typical level.

        Raises:
            HistoryTooShort: Fewer than two seasons.
        """
        check_history(panel, 2 * season_length(panel.periods))
        return FittedSeasonalNaive(
            settings=self, shifts=shift_names(panel.periods), typical=typical_level(panel)
        )

    @classmethod
    def restore(cls, state: ModelState) -> FittedSeasonalNaive:
        """Bring a saved model back."""
        scaler = state.scaler
        return FittedSeasonalNaive(
            settings=cls(**state.settings),
            shifts=tuple(scaler["shifts"]),
            typical=scaler["typical"],
        )


@dataclass(frozen=True, kw_only=True)
class FittedSeasonalNaive:
    """What it knows is the calendar; the rest is in the panel it is given."""

    settings: SeasonalNaive
    shifts: tuple[str, ...]
    typical: float

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles, shape (series, step, quantile); see ``model.Predictor``."""
        history = tail_of(panel)
        scaling = scaling_of(history, future, self.shifts, self.typical)
        now = np.arange(len(history.periods))
        errors = history.demand - last_in_slot(scaling, now, now)
        spread = observed_quantiles(errors, quantiles)
        targets = len(now) + np.arange(len(future))
        origins = np.full(len(future), len(now))
        few = (~np.isnan(errors)).sum(axis=1) < self.settings.least_errors
        _, deviation = scaling.at(targets, origins)
        wide = deviation[:, :, None] * normal_levels(quantiles)
        around = np.where(few[:, None, None], wide, spread[:, None, :])
        return tidy(last_in_slot(scaling, targets, origins)[:, :, None] + around)

    def state(self) -> ModelState:
        """The model as plain data."""
        return ModelState(
            model="seasonal_naive",
            settings=asdict(self.settings),
            scaler={"shifts": list(self.shifts), "typical": self.typical},
        )


def last_in_slot(scaling: Scaling, targets: Index, origins: Index, weeks: int = 4) -> FloatArray:
    """The last observed demand of the target's slot, shape (series, pair).

    Where none of the last ``weeks`` was observed, the trailing profile.
    """
    values = scaling.profile.slot_lags(targets, origins, weeks)
    seen = ~np.isnan(values)
    newest = np.take_along_axis(values, seen.argmax(axis=2)[:, :, None], axis=2)[:, :, 0]
    return np.where(seen.any(axis=2), newest, scaling.profile.location(targets, origins))

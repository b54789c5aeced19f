"""What neural models are given, as arrays: no torch in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.covariates import Covariates, CovariateValues
from supplynet.forecast.features import (
    calendar_table,
    line_codes,
    line_surprises,
    surprises,
)
from supplynet.frames.panel import Panel, Period
from supplynet.learning.scaling import Scaling, scaling_of
from supplynet.learning.timelines import timeline
from supplynet.learning.windows import Index

Float32 = npt.NDArray[np.float32]

# A name changes with the unit of its input: a model that was saved with another is refused.
PAST = ("surprise", "scaled_line_surprise", "observed", "centred_log_level", "centred_calendar")
KNOWN = (
    *("centred_calendar", "centred_step", "slot_lag_1", "slot_lag_2"),
    *("scaled_profile_ratio", "centred_log_location"),
)
OWN_PAST, OWN_KNOWN = len(PAST) - 1, len(KNOWN) - 1
"""How many features a series has of its own, beside the calendar's and the covariates."""
# Figures that give inputs a mean near 0 and a spread near 1, with which a network learns in half
# the steps; rounded from daily sales and a plant's shifts, and no matter of exactness.
_USUAL_LOG, _LINE, _STEP, _RATIO = 3.0, 3.0, 3.5, 4.0
_MOST_SPREADS = 10.0  # inputs and targets are cut here: one typing error must not rule


def calendar_width(shifts: int) -> int:
    """Calendar features: weekday and shift one-hot, holiday, length, idle time."""
    return 7 + shifts + 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Inputs:
    """Inputs of a panel and the periods after it, in units of the trailing spread.

    Attributes:
        calendar: Shape (period, calendar feature), future included.
        lines: Line of each series, shape (series,).
        horizon: Longer leads are told as the longest that was trained.
        beside: The covariates.
    """

    scaling: Scaling
    calendar: Float32
    lines: Index
    horizon: int
    beside: CovariateValues

    @classmethod
    def of(
        cls,
        panel: Panel,
        future: Sequence[Period],
        *,
        names: Sequence[str],
        typical: float,
        covariates: Covariates,
        horizon: int,
    ) -> Inputs:
        """Scale a panel; arguments as for ``learning.scaling.Profile.of``."""
        scaling = scaling_of(panel, future, names, typical)
        return cls(
            scaling=scaling,
            calendar=calendar_inputs(timeline(panel.periods).then(future), names),
            lines=line_codes(panel.series),
            horizon=horizon,
            beside=CovariateValues.of(covariates, panel, future, scaling),
        )

    def past(self) -> Float32:
        """Own inputs of finished periods and covariates, shape (series, period, own feature).

        A period that was not observed says 0, and that it was not observed.
        """
        shocks = surprises(self.scaling)
        now = np.arange(shocks.shape[1])
        level = np.log1p(self.scaling.profile.level(now, now)) - _USUAL_LOG
        of_line = line_surprises(shocks, self.lines)
        columns = [_cut(shocks), _LINE * _cut(of_line), ~np.isnan(shocks), level]
        own = np.stack(columns, axis=2).astype(np.float32)
        return np.concatenate([own, _cut(self.beside.past())], axis=2, dtype=np.float32)

    def known(self, targets: Index, origins: Index) -> tuple[Float32, FloatArray, FloatArray]:
        """Own inputs known ahead of each pair and covariates; what undoes the scaling.

        Returns:
            Shapes (series, pair, own feature); location and spread, each (series, pair).
        """
        location, spread = self.scaling.at(targets, origins)
        lags = self.scaling.profile.slot_lags(targets, origins, 2)
        shifts = _cut((lags - location[:, :, None]) / spread[:, :, None])
        level = self.scaling.profile.level(targets, origins)
        step = np.minimum(targets - origins, self.horizon - 1) / self.horizon
        columns = [
            np.broadcast_to(_STEP * (step - 0.5), location.shape),
            shifts[:, :, 0],
            shifts[:, :, 1],
            _RATIO * np.log((location + 0.5) / (level + 0.5)),
            np.log1p(location) - _USUAL_LOG,
        ]
        own = np.stack(columns, axis=2).astype(np.float32)
        numbers = np.broadcast_to(
            self.beside.numbers[:, None], (*location.shape, self.beside.numbers.shape[1])
        )
        rest = [_cut(self.beside.at(targets, origins)), _cut(numbers)]
        return np.concatenate([own, *rest], axis=2, dtype=np.float32), location, spread

    def examples(self, origins: Index) -> tuple[Float32, Float32]:
        """Own known inputs and scaled targets of every step from each origin.

        Args:
            origins: Shape (stretch, origin).

        Returns:
            Shapes (series, stretch, origin, step, own feature) and (series, stretch, origin, step);
            a target that was not observed is NaN.
        """
        steps = np.arange(self.horizon)
        targets = (origins[:, :, None] + steps).ravel()
        starts = np.repeat(origins.ravel(), len(steps))
        known, location, spread = self.known(targets, starts)
        scaled = (self.scaling.profile.demand[:, targets] - location) / spread
        scaled = np.clip(scaled, -_MOST_SPREADS, _MOST_SPREADS).astype(np.float32)
        shape = (len(scaled), *origins.shape, len(steps))
        return known.reshape(*shape, known.shape[-1]), scaled.reshape(shape)


def calendar_inputs(periods: Sequence[Period], names: Sequence[str]) -> Float32:
    """Calendar features of each period, shape (period, calendar feature)."""
    table = calendar_table(periods, names)
    weekday, shift = table[:, 0].astype(int), table[:, 1].astype(int)
    usual_hours = float(np.median(table[:, 3]))
    rest = [table[:, 2], table[:, 3] / usual_hours - 1, np.log1p(table[:, 4]) / 5]
    one_hot = [_one_hot(weekday, 7), _one_hot(shift, len(names))]
    return np.hstack([*one_hot, np.stack(rest, axis=1)]).astype(np.float32)


def _one_hot(places: Index, count: int) -> FloatArray:
    """One column per place, of mean 0 and spread near 1 where all come up alike."""
    return np.asarray((np.eye(count) - 1 / count)[places] * np.sqrt(count))


def _cut(values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """0 where not observed, else within +-10 spreads."""
    return np.clip(np.where(np.isnan(values), 0.0, values), -_MOST_SPREADS, _MOST_SPREADS)

"""Rows of the feature table, as the tree models learn from them and predict for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import HistoryTooShort
from supplynet.forecast.covariates import HIDDEN, Covariates, CovariateValues
from supplynet.forecast.features import FEATURES, calendar_table, feature_table, line_codes
from supplynet.frames.panel import Panel, Period
from supplynet.learning.scaling import Profile, Scaling, scaling_of, tail_of
from supplynet.learning.timelines import timeline
from supplynet.learning.windows import Index

_STEP, _OBSERVED = FEATURES.index("step"), FEATURES.index("observed")


@dataclass(frozen=True, kw_only=True, eq=False)
class TreeRows:
    """Rows with what undoes their scaling.

    Attributes:
        table: Columns ``FEATURES`` and those of the covariates, NaN where nothing was observed or
            known, shape (row, feature).
        location, spread: Of the trailing weekly profile, parts, shape (row,); spread > 0.
        series: Place of each row's series in the panel, shape (row,).
        demand: What happened, parts, shape (row,); NaN for periods ahead.
    """

    table: npt.NDArray[np.float32]
    location: FloatArray
    spread: FloatArray
    series: Index
    demand: FloatArray

    @property
    def target(self) -> FloatArray:
        """Demand in units of the spread around the profile, shape (row,)."""
        return np.asarray((self.demand - self.location) / self.spread)


def training_rows(
    panel: Panel,
    names: Sequence[str],
    typical: float,
    covariates: Covariates,
    *,
    horizon: int,
    most_rows: int,
    seed: int,
) -> TreeRows:
    """Every target at one random lead below ``horizon``, observed ones only, thinned out.

    Rows of a series without any observation before the origin are left out: they would teach
    what the scaling's prior is, not what demand does.

    Raises:
        HistoryTooShort: No such target.
    """
    rng = np.random.default_rng(seed)
    scaling = Scaling.of(Profile.of(panel, (), names, typical))
    targets = np.arange(1, len(panel.periods))
    origins = np.maximum(targets - rng.integers(0, horizon, len(targets)), 1)
    calendar = calendar_table(panel.periods, names)
    lines = line_codes(panel.series)
    table, location, spread = feature_table(scaling, calendar, lines, targets, origins)
    beside = CovariateValues.of(covariates, panel, (), scaling)
    table = _beside(table, beside, targets, origins)
    timed = slice(len(FEATURES), len(FEATURES) + len(covariates.timed))
    if covariates.timed:
        table[rng.random(table.shape[:2]) < HIDDEN, timed] = np.nan
    demand = panel.demand[:, targets]
    usable = np.flatnonzero(~np.isnan(demand) & (table[:, :, _OBSERVED] > 0))
    if not usable.size:
        raise HistoryTooShort(0, 2)
    if usable.size > most_rows:
        usable = np.sort(rng.choice(usable, most_rows, replace=False))
    return TreeRows(
        table=table.reshape(-1, table.shape[2])[usable],
        location=location.ravel()[usable],
        spread=spread.ravel()[usable],
        series=usable // max(1, len(targets)),
        demand=demand.ravel()[usable],
    )


def future_rows(
    panel: Panel,
    future: Sequence[Period],
    names: Sequence[str],
    typical: float,
    covariates: Covariates,
    horizon: int,
) -> TreeRows:
    """One row per (series, step), series first; leads beyond ``horizon`` count as its last."""
    history = tail_of(panel)
    scaling = scaling_of(history, future, names, typical)
    calendar = calendar_table(timeline(history.periods).then(future), names)
    now = len(history.periods)
    targets, origins = now + np.arange(len(future)), np.full(len(future), now)
    lines = line_codes(panel.series)
    table, location, spread = feature_table(scaling, calendar, lines, targets, origins)
    beside = CovariateValues.of(covariates, history, future, scaling)
    table = _beside(table, beside, targets, origins)
    steps = table[:, :, _STEP]
    np.minimum(steps, horizon - 1, out=steps)
    return TreeRows(
        table=table.reshape(-1, table.shape[2]),
        location=location.ravel(),
        spread=spread.ravel(),
        series=np.repeat(np.arange(len(panel.series)), len(future)),
        demand=np.full(location.size, np.nan),
    )


def _beside(
    table: npt.NDArray[np.float32], values: CovariateValues, targets: Index, origins: Index
) -> npt.NDArray[np.float32]:
    if not values.covariates.columns:
        return table
    return np.concatenate([table, values.table(targets, origins)], axis=2)

"""Rows of the feature table, as the tree models learn from them and predict for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import HistoryTooShort
from supplynet.forecast.batches import batches
from supplynet.forecast.covariates import HIDDEN, Covariates, CovariateValues
from supplynet.forecast.features import FEATURES, calendar_table, feature_table, line_codes
from supplynet.frames.panel import Panel, Period
from supplynet.learning.scaling import Profile, Scaling, scaling_of, tail_of
from supplynet.learning.timelines import timeline
from supplynet.learning.windows import Index

_SPARE = 2  # rows made for each that is wanted: some are not usable
_THIN = 0.5  # share of the rows below which targets are drawn before rows are made
_LEAST_PARTS = 128  # in which they are drawn, so that they lie everywhere
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

    def take(self, rows: Index) -> TreeRows:
        """Some of the rows."""
        return TreeRows(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

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
    what the scaling's prior is, not what demand does. Of very many rows some targets are drawn for
    a few lines at a time, before anything is computed.

    Raises:
        HistoryTooShort: No such target.
    """
    rng = np.random.default_rng(seed)
    share = _SPARE * most_rows / max(1, int(np.count_nonzero(~np.isnan(panel.demand))))
    thin, few = share < _THIN, max(1, len(panel.series) // _LEAST_PARTS)
    parts = []
    for lines in batches(panel.series, few) if thin else [slice(None)]:
        part = replace(panel, series=panel.series[lines], demand=panel.demand[lines])
        targets = np.arange(1, len(panel.periods))
        if thin:
            targets = targets[rng.random(len(targets)) < share]
        if targets.size:
            parts.append(_rows_of(part, targets, names, typical, covariates, horizon, rng, lines))
    rows = _joined(parts) if parts else None
    if rows is None or not rows.series.size:
        raise HistoryTooShort(0, 2)
    if rows.series.size > most_rows:
        return rows.take(np.sort(rng.choice(rows.series.size, most_rows, replace=False)))
    return rows


def _rows_of(
    panel: Panel,
    targets: Index,
    names: Sequence[str],
    typical: float,
    covariates: Covariates,
    horizon: int,
    rng: np.random.Generator,
    place: slice,
) -> TreeRows:
    """The usable rows of these targets; ``place`` is that of the series in the whole panel."""
    scaling = Scaling.of(Profile.of(panel, (), names, typical))
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
    return TreeRows(
        table=table.reshape(-1, table.shape[2]),
        location=location.ravel(),
        spread=spread.ravel(),
        series=(place.start or 0) + np.arange(demand.size) // len(targets),
        demand=demand.ravel(),
    ).take(usable)


def _joined(parts: Sequence[TreeRows]) -> TreeRows:
    if len(parts) == 1:
        return parts[0]
    names = [field.name for field in fields(TreeRows)]
    return TreeRows(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in names})


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

"""Errors of a forecast: per series, class and step, and over all; what a percentage cannot say.

``actual`` is NaN where demand was not observed: nothing is counted there. With ``e = actual -
point`` over the observed cells of a series:

=============  =====================================================================================
``mae``        mean of ``|e|``
``rmse``       square root of the mean of ``e**2``
``mape``       mean of ``|e| / actual`` over cells with ``actual > 0``; ``zero_share`` says how many
               it cannot judge; NaN where there is none
``smape``      mean of ``2 |e| / (actual + point)``, 0 where both are 0 (Makridakis 1993)
``wape``       sum of ``|e|`` over the sum of ``actual``
``r2``         1 less the sum of ``e**2`` over that about the mean of ``actual``; NaN where constant
``bias``       sum of ``point - actual`` over the sum of ``actual``; above 0 = too much
``mase``       ``mae`` over the seasonal naive error of the history (Hyndman and Koehler 2006)
``rmsse``      the same of squares, under a root (Makridakis et al. 2022, eq. 1)
``pinball``    mean of the quantile loss over the levels
``coverage``   share of cells inside the central interval of that width
=============  =====================================================================================

``mae, mape, smape, wape, mase`` judge the median, ``rmse, r2, rmsse, bias`` the mean: each error is
least for one of the two (Gneiting 2011).

Over several series the cells are pooled, with three exceptions. ``mase`` and ``rmsse`` are means of
the series' own, and ``wrmsse`` is that of ``rmsse`` weighted by demand (Makridakis et al. 2022,
eq. 2). ``r2`` is about each series' own mean: that series differ in size explains nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.error_terms import Cells
from supplynet.frames.demand_classes import DEMAND_CLASSES

METRICS = (
    *("mape", "smape", "wape", "mae", "rmse", "r2", "bias", "mase", "rmsse", "pinball"),
    *("coverage_80", "coverage_95", "zero_share", "observed"),
)
"""Columns in order; ``observed`` is the number of cells."""
POOLED = (*METRICS[:9], "wrmsse", *METRICS[9:])
"""The same over several series."""
_RATIOS = {
    "mape": ("relative", "positive"),
    "smape": ("symmetric", "observed"),
    "wape": ("absolute", "demand"),
    "mae": ("absolute", "observed"),
    "bias": ("surplus", "demand"),
    "pinball": ("loss", "observed"),
    "coverage_80": ("inside_80", "observed"),
    "coverage_95": ("inside_95", "observed"),
    "zero_share": ("zero", "observed"),
}
"""Metrics that are the sum of one term over that of another."""
_SCALED = {
    "mase": ("scaled", "scalable"),
    "rmsse": ("scaled_square", "scalable_square"),
    "wrmsse": ("scaled_square", "scalable_square"),
}

Groups = npt.NDArray[np.int64]
Term = Callable[[str], FloatArray]


@dataclass(frozen=True, kw_only=True, eq=False)
class Errors:
    """The errors of one model; only what is asked for is computed, and nothing twice.

    Attributes:
        cells: Forecasts beside what happened.
        weights: Of the series in ``wrmsse``, >= 0, shape (series,); None = all alike.
    """

    cells: Cells
    weights: FloatArray | None = None

    def overall(self, metrics: Sequence[str] = POOLED) -> dict[str, float]:
        """Each metric over all cells; NaN where it does not exist."""
        found = self._of_groups(self._all, 1, metrics)
        return {name: float(values[0]) for name, values in found.items()}

    def by_series(self, metrics: Sequence[str] = METRICS) -> dict[str, FloatArray]:
        """Each metric of every series, each of shape (series,); NaN where it does not exist."""
        return self._of_groups(np.arange(len(self._all)), len(self._all), metrics)

    def by_class(self, classes: Groups, metrics: Sequence[str] = POOLED) -> dict[str, FloatArray]:
        """Each metric of every class of demand, each of shape (class,); NaN without a series.

        Args:
            classes: Place in ``DEMAND_CLASSES`` of each series, shape (series,).
            metrics: Names in ``POOLED``.
        """
        return self._of_groups(classes, len(DEMAND_CLASSES), metrics)

    def by_step(self, metrics: Sequence[str] = POOLED) -> dict[str, FloatArray]:
        """Each metric of every step, each of shape (step,)."""
        found = {name: self._figure(name, self.cells.total, self._all, 1) for name in metrics}
        return {name: values[0] for name, values in found.items()}

    @cached_property
    def _all(self) -> Groups:
        return np.zeros(self.cells.actual.shape[1], dtype=np.int64)

    def _of_groups(
        self, groups: Groups, count: int, metrics: Sequence[str]
    ) -> dict[str, FloatArray]:
        def term(name: str) -> FloatArray:
            return np.asarray(self.cells.total(name).sum(axis=1, keepdims=True))

        found = {name: self._figure(name, term, groups, count) for name in metrics}
        return {name: values[:, 0] for name, values in found.items()}

    def _figure(self, metric: str, term: Term, groups: Groups, count: int) -> FloatArray:
        """One metric, shape (group, column), from terms of shape (series, column)."""

        def pooled(name: str) -> FloatArray:
            return _added(term(name), groups, count)

        if metric in _RATIOS:
            above, below = _RATIOS[metric]
            return _ratio(pooled(above), pooled(below))
        if metric in _SCALED:
            above, below = _SCALED[metric]
            own = _ratio(term(above), term(below))
            own = own if metric == "mase" else np.sqrt(own)
            return _mean_of(own, groups, count, self.weights if metric == "wrmsse" else None)
        if metric == "rmse":
            return np.asarray(np.sqrt(_ratio(pooled("square"), pooled("observed"))))
        if metric == "r2":
            return np.asarray(1 - _ratio(pooled("square"), pooled("about")))
        assert metric == "observed", metric
        return pooled("observed")


def errors_of(
    quantiles: FloatArray,
    actual: FloatArray,
    scale: FloatArray,
    square_scale: FloatArray,
    weights: FloatArray | None = None,
) -> Errors:
    """The errors of one model's forecasts; see ``Cells`` for the shapes."""
    cells = Cells(quantiles=quantiles, actual=actual, scale=scale, square_scale=square_scale)
    return Errors(cells=cells, weights=weights)


def series_metrics(
    quantiles: FloatArray, actual: FloatArray, scale: FloatArray, square_scale: FloatArray
) -> dict[str, FloatArray]:
    """Every metric per series, each of shape (series,); NaN where it does not exist.

    Args:
        quantiles: At ``QUANTILES``, shape (origin, series, step, quantile).
        actual: Shape (origin, series, step), NaN = not observed.
        scale: Mean absolute error of the seasonal naive forecast in the history, shape (series,).
        square_scale: Mean squared error of the same.
    """
    return errors_of(quantiles, actual, scale, square_scale).by_series()


def metrics_frame(
    found: dict[str, FloatArray], series: tuple[tuple[str, str], ...]
) -> pl.DataFrame:
    """``series_metrics`` as a frame: ``location_id, part_id`` and ``METRICS``; NaN becomes null."""
    names = {
        "location_id": pl.Series([line for line, _ in series], dtype=pl.String),
        "part_id": pl.Series([part for _, part in series], dtype=pl.String),
    }
    return without_nan(pl.DataFrame({**names, **found}))


def without_nan(figures: pl.DataFrame) -> pl.DataFrame:
    """Figures with null for NaN, and ``observed`` as a whole number."""
    return figures.fill_nan(None).with_columns(pl.col("observed").cast(pl.Int64))


def _added(values: FloatArray, groups: Groups, count: int) -> FloatArray:
    """Sums over the series of each group: (series, column) -> (group, column)."""
    total = np.zeros((count, values.shape[1]))
    np.add.at(total, groups, values)
    return total


def _mean_of(
    values: FloatArray, groups: Groups, count: int, weights: FloatArray | None
) -> FloatArray:
    """Mean over the series of each group that have a value, weighted where weights are given."""
    share = np.ones(len(values)) if weights is None else weights
    share = np.where(np.isnan(values), 0.0, share[:, None])
    return _ratio(
        _added(np.nan_to_num(values) * share, groups, count), _added(share, groups, count)
    )


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """``above / below``, NaN where there is nothing to divide by."""
    result: FloatArray = np.full(above.shape, np.nan)
    np.divide(above, below, out=result, where=below > 0)
    return result

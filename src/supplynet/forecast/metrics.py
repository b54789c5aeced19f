"""Errors of a forecast: per series, over all, and by step; what a percentage cannot say is said.

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
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.quantiles import QUANTILES, coverage, mean

METRICS = (
    *("mape", "smape", "wape", "mae", "rmse", "r2", "bias", "mase", "rmsse", "pinball"),
    *("coverage_80", "coverage_95", "zero_share", "observed"),
)
"""Columns in order; ``observed`` is the number of cells."""
LEVELS = np.array(QUANTILES)


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
    return _reduced(quantiles, actual, (0, 2), scale, square_scale)


def step_metrics(quantiles: FloatArray, actual: FloatArray) -> dict[str, FloatArray]:
    """Every metric but the scaled ones per step, pooled over series, each of shape (step,)."""
    none = np.array(np.nan)
    return _reduced(quantiles, actual, (0, 1), none, none)


def metrics_frame(
    found: dict[str, FloatArray], series: tuple[tuple[str, str], ...]
) -> pl.DataFrame:
    """``series_metrics`` as a frame: ``location_id, part_id`` and ``METRICS``; NaN becomes null."""
    names = {
        "location_id": pl.Series([line for line, _ in series], dtype=pl.String),
        "part_id": pl.Series([part for _, part in series], dtype=pl.String),
    }
    return pl.DataFrame({**names, **found}).with_columns(
        pl.col(METRICS[:-1]).fill_nan(None), pl.col("observed").cast(pl.Int64)
    )


def _reduced(
    quantiles: FloatArray,
    actual: FloatArray,
    axis: tuple[int, int],
    scale: FloatArray,
    square_scale: FloatArray,
) -> dict[str, FloatArray]:
    seen = ~np.isnan(actual)
    truth = np.where(seen, actual, 0.0)
    median, middle = quantiles[..., QUANTILES.index(0.5)], mean(quantiles, QUANTILES)
    absolute = np.where(seen, np.abs(truth - median), 0.0)
    square = np.where(seen, (truth - middle) ** 2, 0.0)
    error = truth[..., None] - quantiles
    loss = np.maximum(LEVELS * error, (LEVELS - 1) * error).mean(axis=-1)
    count, total = seen.sum(axis=axis), truth.sum(axis=axis)
    positive = truth > 0
    level = _ratio(total, count)
    about = np.where(seen, (truth - np.expand_dims(level, axis)) ** 2, 0.0).sum(axis=axis)
    both = np.maximum(truth + median, 1e-12)
    mae, mse = _ratio(absolute.sum(axis=axis), count), _ratio(square.sum(axis=axis), count)
    relative = np.divide(absolute, truth, out=np.zeros(truth.shape), where=positive)
    inside = {
        width: np.where(seen, coverage(quantiles, QUANTILES, actual, width), 0.0).sum(axis=axis)
        for width in (0.8, 0.95)
    }
    return {
        "mape": _ratio(relative.sum(axis=axis), positive.sum(axis=axis)),
        "smape": _ratio(np.where(seen, 2 * absolute / both, 0.0).sum(axis=axis), count),
        "wape": _ratio(absolute.sum(axis=axis), total),
        "mae": mae,
        "rmse": np.sqrt(mse),
        "r2": 1 - _ratio(square.sum(axis=axis), about),
        "bias": _ratio(np.where(seen, middle - truth, 0.0).sum(axis=axis), total),
        "mase": _ratio(mae, scale),
        "rmsse": np.sqrt(_ratio(mse, square_scale)),
        "pinball": _ratio(np.where(seen, loss, 0.0).sum(axis=axis), count),
        "coverage_80": _ratio(inside[0.8], count),
        "coverage_95": _ratio(inside[0.95], count),
        "zero_share": _ratio((seen & ~positive).sum(axis=axis), count),
        "observed": count.astype(float),
    }


def _ratio(above: npt.ArrayLike, below: npt.ArrayLike) -> FloatArray:
    """``above / below``, NaN where there is nothing to divide by."""
    top, bottom = np.broadcast_arrays(np.asarray(above, float), np.asarray(below, float))
    result: FloatArray = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=result, where=bottom > 0)
    return result

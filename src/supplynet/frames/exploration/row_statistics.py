"""Means, variances and medians of the rows of an array, leaving out NaN; shape (row,) each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray

NORMAL = 1.4826
"""Standard deviation over median absolute deviation of a normal distribution."""


def row_means(values: FloatArray) -> FloatArray:
    """Mean of each row; 0 for a row without values."""
    seen = np.isfinite(values)
    made: FloatArray = np.where(seen, values, 0.0).sum(axis=1) / np.maximum(1, seen.sum(axis=1))
    return made


def row_squares(values: FloatArray) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Sum of squared differences from the mean of each row, and the number of values."""
    seen = np.isfinite(values)
    away = np.where(seen, values - row_means(values)[:, None], 0.0)
    made: FloatArray = (away**2).sum(axis=1)
    return made, seen.sum(axis=1)


def row_medians(values: FloatArray) -> FloatArray:
    """Median of each row; NaN for a row without values."""
    made = np.full(len(values), np.nan)
    if values.shape[1] == 0:
        return made
    ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=1)  # NaN come last
    many = np.isfinite(ordered).sum(axis=1)
    some = np.flatnonzero(many)
    low, high = (many[some] - 1) // 2, many[some] // 2
    made[some] = (ordered[some, low] + ordered[some, high]) / 2
    return made


def row_noise(values: FloatArray) -> FloatArray:
    """Robust standard deviation of each row: 1.4826 x the median distance from the median."""
    away = np.abs(values - row_medians(values)[:, None])
    made: FloatArray = NORMAL * np.nan_to_num(row_medians(away))
    return made

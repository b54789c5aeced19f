"""Medians of what was observed, quicker than numpy's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray


def median_seen(values: FloatArray) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Median along the last axis and how many values it is of; NaN where there is none.

    Args:
        values: Shape (..., value), NaN = not observed; at least one value.
    """
    ordered = np.sort(values, axis=-1)  # NaN last
    count = (~np.isnan(values)).sum(axis=-1)
    lower = np.maximum(count - 1, 0)[..., None] // 2
    upper = np.minimum(count // 2, values.shape[-1] - 1)[..., None]
    both = np.take_along_axis(ordered, lower, -1) + np.take_along_axis(ordered, upper, -1)
    return np.where(count > 0, both[..., 0] / 2, np.nan), count

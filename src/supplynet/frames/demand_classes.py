"""The limits of the planners' classes, and the class by interval and size of demand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

ABC_LIMITS = (0.80, 0.95)
"""Shares of the whole up to which an item is A, then B."""
XYZ_LIMITS = (0.5, 1.0)
"""Coefficients of variation up to which an item is X, then Y."""
ADI_LIMIT, CV2_LIMIT = 1.32, 0.49
"""Intermittent from this interval, erratic from this squared coefficient of variation.

Syntetos, Boylan and Croston (2005), J. Operational Research Society 56, 495-503.
"""
DEMAND_CLASSES = ("smooth", "erratic", "intermittent", "lumpy")


def demand_class(interval: npt.ArrayLike, variation: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Place in ``DEMAND_CLASSES``.

    Args:
        interval: Observed periods per period with demand (ADI).
        variation: Squared coefficient of variation of the sizes (CV2), of the same shape; NaN, as
            one size alone has, counts as even.
    """
    erratic = np.asarray(variation) >= CV2_LIMIT
    return np.asarray(2 * (np.asarray(interval) >= ADI_LIMIT) + erratic, dtype=np.int64)

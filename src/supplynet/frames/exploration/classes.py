"""The three classifications of planners: ABC, XYZ, and the demand class by interval and size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.demand_classes import (
    ABC_LIMITS,
    DEMAND_CLASSES,
    XYZ_LIMITS,
    demand_class,
)
from supplynet.frames.exploration.row_statistics import row_means, row_squares

CLASSES = (*DEMAND_CLASSES, "unclear", "no demand")
_FEWEST = 4  # columns with demand from which a class is said
Text = npt.NDArray[np.str_]


def abc(values: FloatArray) -> Text:
    """A, B or C for each value >= 0, shape (item,); C where nothing is.

    Items are taken from the largest down; an item is A while those before it hold less than 80 %
    of the whole, and B while they hold less than 95 %.
    """
    made = np.full(len(values), "C", dtype="<U1")
    total = float(values.sum())
    if not total > 0:
        return made
    order = np.argsort(-values, kind="stable")
    before = (np.cumsum(values[order]) - values[order]) / total
    letters = np.where(
        before < ABC_LIMITS[0] - 1e-9, "A", np.where(before < ABC_LIMITS[1] - 1e-9, "B", "C")
    )
    made[order] = np.where(values[order] > 0, letters, "C")
    return made


def variation(values: FloatArray) -> FloatArray:
    """Standard deviation (n - 1) over mean of each row without its NaN, shape (item,).

    NaN for a row with fewer than two values or without demand.
    """
    squares, many = row_squares(values)
    mean = row_means(values)
    made = np.full(len(values), np.nan)
    spread = np.sqrt(squares / np.maximum(1, many - 1))
    np.divide(spread, mean, out=made, where=(many > 1) & (mean > 0))
    return made


def xyz(cv: FloatArray) -> Text:
    """X, Y or Z for each coefficient of variation; Z where it is not known."""
    with np.errstate(invalid="ignore"):
        return np.where(cv <= XYZ_LIMITS[0], "X", np.where(cv <= XYZ_LIMITS[1], "Y", "Z"))


def interval_and_size(used: FloatArray) -> tuple[FloatArray, FloatArray]:
    """ADI and CV2 of each row of ``used``, shape (series, column); NaN = not observed.

    ADI = observed columns per column with demand; CV2 = squared coefficient of variation of the
    demand of those columns (n - 1). NaN where they are not defined.
    """
    seen, some = np.isfinite(used), used > 0
    adi = np.full(len(used), np.nan)
    np.divide(seen.sum(axis=1), some.sum(axis=1), out=adi, where=some.any(axis=1))
    return adi, variation(np.where(some, used, np.nan)) ** 2


def demand_classes(used: FloatArray) -> tuple[Text, FloatArray, FloatArray]:
    """Class, ADI and CV2 of each series; ``unclear`` under four columns with demand."""
    adi, cv2 = interval_and_size(used)
    made = np.array(DEMAND_CLASSES)[demand_class(adi, cv2)]
    some = (used > 0).sum(axis=1)
    made = np.where(some < _FEWEST, "unclear", made)
    return np.where(some == 0, "no demand", made), adi, cv2

"""Which kind of demand a series has: models differ in what they are good at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.demand_classes import demand_class


def demand_classes(demand: FloatArray) -> npt.NDArray[np.int64]:
    """Place in ``frames.demand_classes.DEMAND_CLASSES`` of each series, shape (series,).

    By the observed periods per period with demand (1.32) and the squared coefficient of variation
    of the sizes (0.49), both at the series' own pace: days on which it never sells count as gaps.
    A series without demand counts as intermittent.

    Args:
        demand: Shape (series, period), NaN = not observed.
    """
    wanted = demand > 0  # NaN is not
    count = wanted.sum(axis=1)
    some = np.maximum(count, 1)
    interval = np.where(count > 0, (~np.isnan(demand)).sum(axis=1) / some, np.inf)
    sizes = np.where(wanted, demand, 0.0)
    mean = sizes.sum(axis=1) / some
    variance = (np.where(wanted, demand - mean[:, None], 0.0) ** 2).sum(axis=1) / some
    variation = variance / np.where(mean > 0, mean, 1.0) ** 2
    return demand_class(interval, variation)

"""How long stock lasts, in shifts: from the forecast of the very shifts that are to come."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray


def cover_shifts(
    on_hand: npt.NDArray[np.integer], demand: FloatArray, share: FloatArray
) -> FloatArray:
    """Shifts until expected demand has used up the stock, counting part of a shift as a part.

    Beyond the forecast demand goes on at its mean per shift.

    Args:
        on_hand: Parts, below 0 counts as 0; shape (pair,).
        demand: Expected demand of each shift ahead, >= 0, shape (pair, shift).
        share: How much of each shift is ahead, 1 = all of it; shape (shift,).

    Returns:
        Shape (pair,); infinite where no demand is expected at all.
    """
    pairs, shifts = demand.shape
    stock = np.maximum(on_hand, 0).astype(np.float64)
    if not shifts:
        return np.full(pairs, np.inf)
    used = np.cumsum(demand, axis=1)
    ahead = np.concatenate([[0.0], np.cumsum(share)])
    step = (used <= stock[:, None]).sum(axis=1)  # shifts that the stock lasts whole
    inside = np.minimum(step, shifts - 1)
    row = np.arange(pairs)
    before = np.where(inside > 0, used[row, inside - 1], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = (stock - before) / demand[row, inside] * share[inside]
        beyond = (stock - used[:, -1]) * ahead[-1] / used[:, -1]
    lasting = np.where(used[:, -1] > 0, ahead[-1] + beyond, np.inf)
    return np.asarray(np.where(step < shifts, ahead[inside] + part, lasting))

"""The label of a moment: whether stock falls below its threshold in the window, and by how much.

With the demand that came it is what a rule should have said; with a sample path, what one possible
future would make of it. Nothing here may be an input of a rule.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.refill_moments import RefillMoments


def lack(moments: RefillMoments, demand: FloatArray) -> FloatArray:
    """By how much stock falls below the threshold in the window, were nothing ordered; parts.

    ``max over the window of (demand so far - what came so far) + threshold - on_hand``: above 0 it
    falls below, and this many parts more would have prevented it.

    Args:
        moments: Of decision.
        demand: Shape (*path, series, period of the panel or more), NaN = not known. Periods
            beyond it are not known.

    Returns:
        Shape (*path, series, moment); NaN where the window holds a demand, or the moment a
        figure, that is not known.
    """
    known = demand.shape[-1]
    padded = np.concatenate([demand, np.full((*demand.shape[:-1], 1), np.nan)], axis=-1)
    used = np.zeros((*demand.shape[:-1], len(moments.moments)))
    worst = np.full(used.shape, -np.inf)
    for step in range(moments.steps):
        share = moments.share[:, :, step]
        wanted = padded[..., np.minimum(moments.moments + step, known)]
        used = np.where(share > 0, used + share * wanted - moments.due[:, :, step], used)
        worst = np.where(share > 0, np.maximum(worst, used), worst)
    return _beyond(moments, worst)


def lack_on_paths(moments: RefillMoments, place: int, paths: npt.NDArray[np.integer]) -> FloatArray:
    """The same at one moment on sample paths that begin there.

    Args:
        moments: Of decision.
        place: Place of the moment in ``moments.moments``.
        paths: Demand, shape (path, series, step).

    Returns:
        Shape (path, series).
    """
    share, due = moments.share[:, place], moments.due[:, place]
    used = np.cumsum(share * paths - np.where(share > 0, due, 0.0), axis=2)
    worst = np.where(share > 0, used, -np.inf).max(axis=2)
    return _beyond(moments.at(np.array([place])), worst[:, :, None])[:, :, 0]


def refill_labels(moments: RefillMoments) -> tuple[FloatArray, FloatArray]:
    """Whether a refill was due at each moment, and the lack behind it.

    Returns:
        1, 0 or NaN = not known, shape (series, moment). A window with demand that was not
        observed is 1 where the least that demand can have been is already too much, else NaN.
        The lack is NaN there.
    """
    exact = lack(moments, moments.panel.demand)
    ahead = len(moments.periods) + moments.steps - moments.floor.shape[1]
    least = lack(moments, np.pad(moments.floor, ((0, 0), (0, ahead))))
    due = np.where(np.isnan(exact), np.nan, (exact > 0).astype(float))
    return np.where(least > 0, 1.0, due), exact


def _beyond(moments: RefillMoments, worst: FloatArray) -> FloatArray:
    windowless = ~(moments.share > 0).any(axis=2)
    return np.where(windowless, np.nan, worst + moments.threshold - moments.on_hand)

"""Sameness: a counter that says the same again and again, though its series never did."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray

BoolArray = npt.NDArray[np.bool_]
MEMORY = 112
"""Periods before a value that tell how often its series repeats itself."""
LONGEST = 8
"""Repeats that are counted; more say no more."""
_LEAST = 28  # values before which nobody knows what a series repeats
_PRIOR_RATE, _PRIOR = 0.05, 10.0  # share of repeats, and periods that this assumption counts as


def sameness_of(demand: FloatArray) -> FloatArray:
    """``-log10`` of the chance that a series repeats itself as often as it just did.

    The chance of one repeat is the share of repeats in the periods before the run, zeros and other
    values apart: a part that is wanted every other week repeats 0 and never 83.

    Args:
        demand: Shape (series, period), NaN = not observed, which ends a run.

    Returns:
        Same shape, 0 where a value is no repeat or too little came before, NaN where it is not
        observed.
    """
    found = np.zeros(demand.shape)
    same = np.zeros(demand.shape, dtype=bool)
    same[:, 1:] = demand[:, 1:] == demand[:, :-1]
    zero, seen = demand == 0, np.isfinite(demand)
    for kind in (zero, ~zero & seen):
        repeats = _runs(same & kind)
        rate = _rate_before(same & kind, kind)
        found += np.where(repeats > 0, -np.minimum(repeats, LONGEST) * np.log10(rate), 0.0)
    known, _ = _before(seen, seen)
    return np.where(seen, np.where(known >= _LEAST, found, 0.0), np.nan)


def _runs(same: BoolArray) -> FloatArray:
    """Repeats in a row up to each period."""
    repeats = np.zeros(same.shape)
    for column in range(1, same.shape[1]):
        repeats[:, column] = np.where(same[:, column], repeats[:, column - 1] + 1, 0)
    return repeats


def _rate_before(same: BoolArray, kind: BoolArray) -> FloatArray:
    """Share of repeats among the values of a kind, before the run that may be going on."""
    count, hits = _before(kind, same)
    return np.asarray((hits + _PRIOR * _PRIOR_RATE) / (count + _PRIOR))


def _before(*flags: BoolArray) -> tuple[FloatArray, ...]:
    """How many of each there were in the memory before a run that ends with each period."""
    end = np.maximum(np.arange(flags[0].shape[1]) - LONGEST, 0)
    start = np.maximum(end - MEMORY, 0)
    totals = (np.cumsum(np.pad(each, ((0, 0), (1, 0))), axis=1, dtype=float) for each in flags)
    return tuple(total[:, end] - total[:, start] for total in totals)

"""Weights of forecasts that are averaged quantile by quantile (Vincent 1912).

The average of quantile functions keeps their shape where the mixture of distributions would widen
them (Lichtendahl, Grushka-Cockayne and Winkler 2013). Its pinball loss is convex in the weights.
"""

from __future__ import annotations

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.quantiles import QUANTILES

_ROUNDS = 300
_RATE = 0.6
_SAMPLE = 4_000  # cells drawn to seek weights on: more change them in the second digit


def best_weights(quantiles: FloatArray, actual: FloatArray) -> FloatArray:
    """Weights, >= 0 with sum 1, of the least mean pinball loss, shape (member,).

    Exponentiated gradient (Kivinen and Warmuth 1997) from equal weights; the mean over the second
    half of its rounds.

    Args:
        quantiles: At ``QUANTILES``, shape (member, cell, quantile).
        actual: Shape (cell,), observed, in the same units.
    """
    members, cells, _ = quantiles.shape
    if members == 1 or not cells:
        return np.full(members, 1 / members)
    chosen = np.arange(cells)
    if cells > _SAMPLE:
        chosen = np.random.default_rng(0).choice(cells, _SAMPLE, replace=False)
    values = np.moveaxis(quantiles[:, chosen], 0, -1)  # (cell, quantile, member)
    flat = np.ascontiguousarray(values.reshape(-1, members))
    truth = np.repeat(actual[chosen], len(QUANTILES))
    level = np.tile(QUANTILES, len(chosen))
    weights = np.full(members, 1 / members)
    total = np.zeros(members)
    for done in range(_ROUNDS):
        slope = np.where(flat @ weights > truth, 1 - level, -level) @ flat
        slope = slope - slope.mean()
        size = np.abs(slope).max()
        if size == 0:
            return weights
        weights = weights * np.exp(-_RATE / np.sqrt(done + 1) * slope / size)
        weights /= weights.sum()
        if 2 * done >= _ROUNDS:
            total += weights
    return np.asarray(total / total.sum())


def shrunk(weights: FloatArray, towards: FloatArray, cells: float, prior: float) -> FloatArray:
    """Weights found on ``cells`` and others that count for ``prior`` cells, averaged."""
    share = cells / (cells + prior)
    return np.asarray(share * weights + (1 - share) * towards)


def renormalised(weights: FloatArray) -> FloatArray:
    """Rows that sum to 1; equal weights where nothing is left of a row."""
    total = weights.sum(axis=1, keepdims=True)
    equal = 1 / max(1, weights.shape[1])
    return np.where(total > 0, weights / np.where(total > 0, total, 1.0), equal)

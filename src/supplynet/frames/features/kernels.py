"""Statistics over sliding windows whose every figure depends on its own window and nothing else.

A running sum that adds the new and subtracts the old carries rounding of all that came before, so
a table made today and one made from the last month would differ in the last bits. Here a window is
always summed in the same order, by doubling: windows of 1, 2, 4, ... periods are put together, as
the binary digits of its length say (van Herk's idea for minima, for any associative operation).

Every function takes values of shape (series, width + window - 1) with NaN = not observed and gives
(series, width): the figure of each window of ``window`` neighbours, oldest first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray

Stretch: TypeAlias = tuple[FloatArray, ...]
"""What is kept of stretches of one length: arrays of shape (series, stretch)."""
Join: TypeAlias = Callable[[Stretch, Stretch, int, int], Stretch]
"""Of an older and a newer stretch and their lengths, the stretch of both."""


def fold(state: Stretch, window: int, join: Join) -> Stretch:
    """Put every ``window`` neighbours together.

    Args:
        state: Stretches of one period each.
        window: Length, >= 1.
        join: Puts two stretches together; must be associative.
    """
    width = state[0].shape[1] - window + 1
    block, size, done = state, 1, 0
    result: Stretch | None = None
    while True:
        if window & size:
            piece = _cut(block, done, done + width)
            result = piece if result is None else join(result, piece, done, size)
            done += size
        if result is not None and done == window:
            return result
        length = block[0].shape[1]
        block = join(_cut(block, 0, length - size), _cut(block, size, length), size, size)
        size *= 2


def _cut(stretch: Stretch, first: int, last: int) -> Stretch:
    return tuple(array[:, first:last] for array in stretch)


def total(values: FloatArray, window: int) -> FloatArray:
    """Sum of what was observed; 0 where nothing was."""
    return fold((np.where(np.isnan(values), 0.0, values),), window, _add)[0]


def count(values: FloatArray, window: int) -> FloatArray:
    """How many periods were observed."""
    return fold(((~np.isnan(values)).astype(float),), window, _add)[0]


def _add(old: Stretch, new: Stretch, _older: int, _newer: int) -> Stretch:
    return (old[0] + new[0],)


def mean(values: FloatArray, window: int) -> FloatArray:
    """Mean of what was observed; NaN where nothing was."""
    return ratio(total(values, window), count(values, window))


def ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """``above / below``; NaN where that is no number."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        made = above / below
    return np.where(np.isfinite(made), made, np.nan)


def smallest(values: FloatArray, window: int) -> FloatArray:
    """Minimum of what was observed."""
    return fold((values,), window, lambda old, new, _o, _n: (np.fmin(old[0], new[0]),))[0]


def largest(values: FloatArray, window: int) -> FloatArray:
    """Maximum of what was observed."""
    return fold((values,), window, lambda old, new, _o, _n: (np.fmax(old[0], new[0]),))[0]


def deviation(values: FloatArray, window: int) -> FloatArray:
    """Standard deviation (divisor n - 1); NaN with fewer than two observed.

    Moments of two stretches are joined as by Chan, Golub and LeVeque (1979), which keeps its
    digits where a sum of squares would lose them.
    """
    seen = (~np.isnan(values)).astype(float)
    first = (seen, np.where(seen > 0, values, 0.0), np.zeros_like(values))
    number, _, squares = fold(first, window, _join_moments)
    spread = ratio(squares, np.where(number > 1, number - 1, np.nan))
    return np.asarray(np.sqrt(np.maximum(spread, 0.0)))


def _join_moments(old: Stretch, new: Stretch, _older: int, _newer: int) -> Stretch:
    """Number, mean, and sum of squared differences from the mean."""
    (number, mean_, squares), (more, its_mean, its_squares) = old, new
    both = number + more
    # Where one stretch saw nothing the share is 0 or 1, which keeps the other's mean exactly.
    share = more / np.maximum(both, 1.0)
    apart = its_mean - mean_
    return (
        both,
        mean_ + apart * share,
        squares + its_squares + apart * apart * (number * share),
    )


def decayed(values: FloatArray, window: int, decay: float) -> FloatArray:
    """Mean with weights ``1, decay, decay**2, ...`` from the newest back, of what was observed."""

    def join(old: Stretch, new: Stretch, _older: int, newer: int) -> Stretch:
        faded = decay**newer
        return old[0] * faded + new[0], old[1] * faded + new[1]

    seen = ~np.isnan(values)
    weighted, weights = fold((np.where(seen, values, 0.0), seen.astype(float)), window, join)
    return ratio(weighted, weights)


def slope(values: FloatArray, window: int) -> FloatArray:
    """Least-squares change per period; NaN with fewer than two observed."""
    seen = (~np.isnan(values)).astype(float)
    empty = np.zeros_like(values)
    first = (seen, np.where(seen > 0, values, 0.0), empty, empty, empty)
    number, value, time, time_square, time_value = fold(first, window, _join_lines)
    above = number * time_value - time * value
    below = number * time_square - time * time
    return ratio(above, np.where(number > 1, below, np.nan))


def _join_lines(old: Stretch, new: Stretch, older: int, _newer: int) -> Stretch:
    """Number, sums of value, time, time squared and time x value; time counts from the oldest.

    The newer stretch begins ``older`` periods after the older one.
    """
    number, value, time, time_square, _ = new
    moved = (
        number,
        value,
        time + older * number,
        time_square + 2 * older * time + older * older * number,
        new[4] + older * value,
    )
    return tuple(a + b for a, b in zip(old, moved, strict=True))


def last_place(happened: FloatArray, window: int) -> FloatArray:
    """How many periods ago it last happened: 1 = in the newest; NaN where it did not.

    Args:
        happened: 1 where it did, 0 or NaN where not.
        window: Length.
    """
    place = np.arange(happened.shape[1], dtype=float)
    places = np.where(happened > 0, place, np.nan)
    newest = largest(places, window)
    return np.asarray(place[window - 1 :] + 1.0 - newest)


def quantile(values: FloatArray, window: int, level: float) -> FloatArray:
    """Quantile of what was observed, with linear interpolation between neighbours."""
    column = pl.Series(np.ascontiguousarray(values).ravel(), nan_to_null=True)
    rolled = column.rolling_quantile(
        level, interpolation="linear", window_size=window, min_samples=1
    )
    # Windows that reach over the end of one series into the next are cut off here.
    return rolled.to_numpy().reshape(values.shape)[:, window - 1 :]

"""From money or a promise to alpha: how sure a part has to be.

Two ways to say what is wanted. *Money*: what a part costs per day and a minute of a line; alpha is
the critical ratio. *A promise*: at most one halt per line in so many months; the risk that this
leaves is shared out over the parts of the line so that the next halt avoided costs the same
whichever part avoids it. Steady, cheap parts then carry hardly any of the risk, and volatile,
expensive ones most of it.

Both are where the search by simulation starts, not where it ends. The critical ratio belongs to a
single period: under lost sales with a lead time the best alpha is a little lower (for a ratio of
0.95 between 0.925 and 0.9425, for 0.80 between 0.68 and 0.76). The promise counts every part that
runs out as a halt of its own, though several may halt a line once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.replenish.tail import moment_matched_quantile, moment_matched_tail

_LEVELS = 256
"""Levels of stock that are weighed per part."""
_SUREST = 1e-10
"""No part is made surer than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """At most so many halts of one line in so many months.

    Attributes:
        halts: > 0.
        months: > 0.
    """

    halts: float
    months: float

    def __post_init__(self) -> None:
        if not (0.0 < self.halts < np.inf and 0.0 < self.months < np.inf):
            raise InvalidInput(
                f"a promise of {self.halts} halts in {self.months} months; use numbers above 0"
            )

    @property
    def halts_per_month(self) -> float:
        """Halts per line-month."""
        return self.halts / self.months

    def risk_per_window(self, parts: int, windows_per_month: float) -> float:
        """Stock-out probability per part and window, shared out equally.

        With 20 parts, 60.8 shifts a month and one halt a year it is 6.9e-5.

        Args:
            parts: Parts of the line, >= 1.
            windows_per_month: Vehicles, or shifts, in a month.
        """
        return min(self.halts_per_month / (parts * windows_per_month), 1.0)


def alpha_of_costs(
    holding_per_day: FloatArray,
    minute_cost: float | FloatArray,
    minutes_per_part: FloatArray,
    days: float | FloatArray,
) -> FloatArray:
    """Critical ratio ``p / (p + h)`` of each pair, in (0, 1): where tuning starts.

    ``p`` is what one missing part costs, ``minute_cost * minutes_per_part``; ``h`` what one part
    too many costs until the next order, ``holding_per_day * days``.

    Args:
        holding_per_day: Cost of one part in stock for a day, >= 0, shape (pair,).
        minute_cost: Cost of a lost minute of the line, >= 0.
        minutes_per_part: Production that stops with one missing part, minutes, shape (pair,); see
            ``replenish.gains.minutes_per_part``.
        days: Days between two orders, > 0.

    Raises:
        InvalidInput: A cost is below 0 or not a number.
    """
    missing = np.asarray(minute_cost * minutes_per_part, dtype=np.float64)
    spare = np.asarray(holding_per_day * days, dtype=np.float64)
    if not (np.isfinite(missing).all() and np.isfinite(spare).all()):
        raise InvalidInput("costs are not all numbers; give holding cost, minute cost and days")
    if missing.min(initial=0.0) < 0.0 or spare.min(initial=0.0) < 0.0:
        raise InvalidInput(
            "a cost is below 0; give holding cost, minute cost and days of 0 or more"
        )
    total = missing + spare
    ratio = np.divide(missing, total, out=np.full_like(total, 0.5), where=total > 0.0)
    return np.asarray(np.clip(ratio, _SUREST, 1.0 - _SUREST))


def share_promise(
    promise: Promise,
    mean: FloatArray,
    variance: FloatArray,
    holding: FloatArray,
    windows_per_month: FloatArray,
    line: IntArray,
) -> FloatArray:
    """Alpha of every series, so that each line keeps the promise with the least holding cost.

    Lagrange: at the optimum one more halt avoided costs the same with every part of a line,
    ``holding / (windows * P(Y = level))``. Found greedily: from the median up, the cheapest step
    first, until the expected stock-outs of the line are within the promise.

    Args:
        promise: For every line.
        mean: Of the demand in an exposure window, parts, shape (series,).
        variance: Likewise; a fitted distribution with both stands for it, see ``replenish.tail``.
        holding: Cost of one part in stock, > 0; any unit, shape (series,).
        windows_per_month: Exposure windows (vehicles) in a month, shape (series,).
        line: Index of the line of each series, shape (series,).

    Returns:
        Shape (series,), in (0, 1).
    """
    if not len(mean):
        return np.zeros(0)
    start = np.floor(mean)
    surest = moment_matched_quantile(mean, variance, 1.0 - _SUREST)
    step = np.maximum(np.ceil((surest - start) / _LEVELS), 1.0)
    level = start[:, None] + step[:, None] * np.arange(_LEVELS + 1)
    wide = np.stack(np.broadcast_arrays(mean[:, None], variance[:, None], level))
    flat = wide.reshape(3, -1)
    risk = moment_matched_tail(flat[0], flat[1], flat[2]).reshape(level.shape)
    avoided = -np.diff(risk, axis=1)
    halts = np.maximum(avoided * windows_per_month[:, None], 1e-300)
    # Below the mode a step avoids more than the one before: take such steps together.
    price = np.maximum.accumulate((holding * step)[:, None] / halts, axis=1)
    taken = _cheapest(price, halts, line, risk[:, 0] * windows_per_month, promise.halts_per_month)
    left = risk[:, 0] - np.where(taken, avoided, 0.0).sum(axis=1)
    return np.asarray(np.clip(1.0 - left, _SUREST, 1.0 - _SUREST))


def _cheapest(
    price: FloatArray, halts: FloatArray, line: IntArray, before: FloatArray, allowed: float
) -> npt.NDArray[np.bool_]:
    """Steps that are taken, cheapest first, until a line is within what is allowed."""
    series = np.repeat(np.arange(len(price)), price.shape[1])
    order = np.lexsort((price.ravel(), line[series]))
    of_line = line[series[order]]
    total = np.cumsum(halts.ravel()[order])
    begins = np.flatnonzero(np.diff(of_line, prepend=-1))
    offset = np.repeat(np.append(0.0, total)[begins], np.diff(np.append(begins, len(of_line))))
    avoided_before = total - halts.ravel()[order] - offset
    lacking = np.bincount(line, weights=before, minlength=int(line.max()) + 1) - allowed
    taken = np.zeros(price.size, dtype=np.bool_)
    taken[order] = avoided_before < lacking[of_line]
    chosen: npt.NDArray[np.bool_] = taken.reshape(price.shape)
    return chosen


def alphas_by_pair(
    pairs: Sequence[tuple[str, str]], alpha: FloatArray
) -> dict[tuple[str, str], float]:
    """Alphas for ``NoStockout(by_pair=...)``; of lines that share a pair the surest counts.

    Args:
        pairs: ``(stock_point_id, part_id)`` of each series.
        alpha: Of each series, shape (series,).
    """
    found: dict[tuple[str, str], float] = {}
    for pair, value in zip(pairs, alpha.tolist(), strict=True):
        found[pair] = max(value, found.get(pair, 0.0))
    return found

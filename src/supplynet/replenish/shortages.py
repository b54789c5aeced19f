"""Shortages that no transfer can cure: the whole echelon runs dry before a purchase can arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray, IntArray

NOTEWORTHY = 0.05
"""Shortages less likely than this are not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Parts that a supplier is going to bring.

    Attributes:
        part: Index of the warehouse part.
        minutes: From now.
        quantity: Parts, > 0.
    """

    part: int
    minutes: float
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EchelonShortage:
    """A warehouse part whose echelon does not last.

    Attributes:
        part: Index of the warehouse part.
        probability: That it runs out before a purchase made now can be used.
        early_minutes, likely_minutes: From now until it runs out: 5 % and 50 % quantile of the
            paths on which it does.
        missing: Parts that will be missing by then: the median of those paths, > 0.
        purchase_minutes: From now until a purchase can be used; None = it is never bought.
    """

    part: int
    probability: float
    early_minutes: float
    likely_minutes: float
    missing: int
    purchase_minutes: float | None


def echelon_shortages(
    stock: IntArray,
    receipts: Sequence[Receipt],
    demand: npt.NDArray[np.integer],
    moments: FloatArray,
    purchase_minutes: FloatArray,
) -> tuple[EchelonShortage, ...]:
    """Parts that run out on at least 5 % of the paths before a purchase can help, worst first.

    Args:
        stock: Everything in the echelon that is not bought: warehouse, stock points, in transit;
            shape (part,).
        receipts: Open purchases.
        demand: Summed demand of the echelon from now until each moment, on joint paths; shape
            (moment, path, part).
        moments: Minutes from now, ascending, shape (moment,). Between two of them demand is even.
        purchase_minutes: From now until a purchase made now can be used; infinite where there is
            no supplier; shape (part,).
    """
    moments = np.append(0.0, moments)
    demand = np.concatenate([np.zeros_like(demand[:1]), demand])
    expected = np.zeros((len(moments), len(stock)))
    for receipt in receipts:
        expected[moments >= receipt.minutes, receipt.part] += receipt.quantity
    held = np.maximum(stock, 0) + expected
    found = []
    for part, purchase in enumerate(purchase_minutes.tolist()):
        near = moments <= purchase
        missing = demand[near, :, part] - held[near, part][:, None]
        chance = float((missing > 0).any(axis=0).mean())
        if chance >= NOTEWORTHY:
            found.append(_shortage(part, chance, missing, moments[near], purchase))
    return tuple(sorted(found, key=lambda each: (-each.probability, each.likely_minutes)))


def _shortage(
    part: int, chance: float, missing: FloatArray, moments: FloatArray, purchase: float
) -> EchelonShortage:
    dry = (missing > 0).any(axis=0)
    lacks = missing[:, dry]
    first = (lacks > 0).argmax(axis=0)
    path = np.arange(lacks.shape[1])
    after, before, begin = lacks[first, path], lacks[first - 1, path], moments[first - 1]
    share = np.clip(-before / (after - before), 0.0, 1.0)
    when = begin + share * (moments[first] - begin)
    early, likely = np.quantile(when, (0.05, 0.5))
    return EchelonShortage(
        part=part,
        probability=chance,
        early_minutes=float(early),
        likely_minutes=float(likely),
        missing=int(np.ceil(np.median(lacks.max(axis=0)))),
        purchase_minutes=float(purchase) if np.isfinite(purchase) else None,
    )

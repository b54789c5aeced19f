"""Searches for the parameters of ordering rules: on whole numbers, and on a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise, product
from math import inf

from supplynet.study.lost_sales_model import LostSales

Point = tuple[int, ...]


def descend(cost: Callable[[Point], float], start: Point, least: Point) -> Point:
    """From neighbour to cheaper neighbour on whole numbers, in steps that become smaller.

    Args:
        cost: Asked once per point.
        start: Where to begin.
        least: Lowest value of each number.
    """
    known: dict[Point, float] = {}

    def look(point: Point) -> float:
        if point not in known:
            inside = all(map(int.__ge__, point, least))
            known[point] = cost(point) if inside else inf
        return known[point]

    best, step = start, 4
    while step:
        around = product((-step, 0, step), repeat=len(start))
        nearest = min((tuple(map(int.__add__, best, each)) for each in around), key=look)
        if look(nearest) < look(best) - 1e-9:
            best = nearest
        else:
            step //= 2
    return best


def best_alpha(model: LostSales, cost: Callable[[float], float]) -> float:
    """The cheapest alpha of ``no_stockout``, or of any policy that takes such a probability.

    It lies at or below the critical ratio: a part that is lost needs no parts later.
    """
    short = 1.0 - model.critical_ratio

    def by_factor(factor: float) -> float:
        alpha = 1.0 - short * factor
        return cost(alpha) if factor >= 1.0 and alpha > 0.0 else inf

    return round(1.0 - short * zoom(by_factor, 1.0, (0.25, 0.05, 0.01), 16), 12)


def zoom(cost: Callable[[float], float], low: float, steps: Sequence[float], count: int) -> float:
    """The cheapest point of a grid from ``low`` on, then of finer grids about the best so far.

    The first grid ends where three points in a row are dearer than the best before.
    """
    known: dict[float, float] = {}

    def look(point: float) -> None:
        point = round(point, 9)
        if point not in known:
            known[point] = cost(point)

    for index in range(count):
        look(low + index * steps[0])
        if min(list(known.values())[-3:]) > min(known.values()):
            break
    for coarse, fine in pairwise(steps):
        centre, reach = min(known, key=known.__getitem__), round(coarse / fine)
        for index in range(1 - reach, reach):
            look(centre + index * fine)
    return min(known, key=known.__getitem__)

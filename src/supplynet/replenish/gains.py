"""What one more container saves: the drop in expected lost production."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from supplynet.core.protocols import DecisionState, Outlook
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.replenish.exposure import blocks_of_cells, effective_of_cells
from supplynet.replenish.supply import Supply
from supplynet.replenish.tail import PATHS_BEYOND, moment_matched_excess

Index = npt.NDArray[np.intp]


def minutes_per_part(outlook: Outlook, supply: Supply) -> FloatArray:
    """Weighted line-minutes that are lost with one missing part, shape (pair,).

    A window without the part loses the window's production, so one part is worth the window's
    minutes over the demand of a window that has any: a part that is needed once a month halts a
    line until the next vehicle comes, and not for a month.
    """
    demand = outlook.window_demand
    some = np.maximum(np.count_nonzero(demand, axis=0), 1)
    usual = np.maximum(demand.sum(axis=0, dtype=np.float64) / some, 1.0)
    minutes = np.ones(demand.shape[1]) if supply.window_minutes is None else supply.window_minutes
    weight = 1.0 if supply.line_weight is None else supply.line_weight
    worth: FloatArray = minutes * weight / usual
    return worth


def effective_demand_of(
    state: DecisionState, outlook: Outlook, replication: Index, pair: Index
) -> IntArray:
    """Effective demand of some cells, whether vehicles are known or not; shape (path, cell)."""
    known = state.due is not None and len(state.due)
    if not known or outlook.until_due is None or outlook.until_arrival is None:
        return outlook.window_demand[:, pair]
    return effective_of_cells(state, outlook, replication, pair)


def expected_savings(
    state: DecisionState,
    outlook: Outlook,
    cells: tuple[Index, Index],
    start: IntArray,
    packs: IntArray,
    size: IntArray,
) -> FloatArray:
    """Missing parts that each container of a cell saves in expectation, container by container.

    ``E[(Y - s)+] - E[(Y - s - c)+]`` with the effective demand ``Y`` of ``replenish.exposure``,
    the level ``s`` reached so far and the container ``c``: counted on the paths, and by the
    fitted tail of ``replenish.tail`` where fewer than 10 of them lie beyond ``s``. It never rises
    from one container to the next.

    Args:
        state: Of the decision.
        outlook: Of the decision.
        cells: (replication, pair) of each cell.
        start: Position before the first container, shape (cell,).
        packs: Containers to be valued, >= 1, shape (cell,).
        size: Parts of one container, shape (cell,).

    Returns:
        Shape (sum of ``packs``,), cell by cell.
    """
    blocks = []
    for part in blocks_of_cells(len(packs), outlook):
        effective = effective_demand_of(state, outlook, cells[0][part], cells[1][part])
        blocks.append(savings_of(effective, start[part], packs[part], size[part]))
    return np.concatenate(blocks) if blocks else np.zeros(0)


def savings_of(effective: IntArray, start: IntArray, packs: IntArray, size: IntArray) -> FloatArray:
    """``expected_savings`` of given effective demand, shape (path, cell)."""
    paths = effective.shape[0]
    begin = np.concatenate([[0], np.cumsum(packs + 1)]).astype(np.intp)
    over = np.clip(effective - start, 0, packs * size)
    full, rest = np.divmod(over, size)
    place = (full + begin[:-1]).ravel()
    ends = np.bincount(place, minlength=begin[-1])
    rests = np.bincount(place, weights=rest.ravel(), minlength=begin[-1])
    cell = np.repeat(np.arange(len(packs)), packs + 1)
    rank = np.arange(begin[-1]) - begin[cell]
    # Paths that use up a whole container: all that end in a later one.
    beyond = np.cumsum(ends[::-1])[::-1] - ends
    beyond -= (np.append(beyond, 0) + np.append(ends, 0))[begin[1:]][cell]
    saved: FloatArray = (beyond * size[cell] + rests) / paths
    needing = beyond + np.bincount(place, weights=rest.ravel() > 0, minlength=begin[-1])
    rare = np.flatnonzero((needing < PATHS_BEYOND) & (rank < packs[cell]))
    if len(rare):
        saved[rare] = _fitted(effective, start, size, cell[rare], rank[rare])
        before = np.where(rank[rare] > 0, saved[np.maximum(rare - 1, 0)], np.inf)
        known = np.where(needing[np.maximum(rare - 1, 0)] >= PATHS_BEYOND, before, np.inf)
        saved[rare] = np.minimum(saved[rare], _carried(cell[rare], known))
    wanted: FloatArray = saved[rank < packs[cell]]
    return wanted


def _fitted(
    effective: IntArray, start: IntArray, size: IntArray, cell: Index, rank: Index
) -> FloatArray:
    """The same under the distribution that has the mean and variance of the paths."""
    cells, inverse = np.unique(cell, return_inverse=True)
    sums = effective[:, cells].astype(np.float64)
    mean, variance = sums.mean(axis=0)[inverse], sums.var(axis=0)[inverse]
    level = (start[cell] + rank * size[cell]).astype(np.float64)
    low = moment_matched_excess(mean, variance, level)
    high = moment_matched_excess(mean, variance, level + size[cell])
    saved: FloatArray = np.maximum(low - high, 0.0)
    return saved


def _carried(cell: Index, known: FloatArray) -> FloatArray:
    """The finite value of a cell, carried over all its entries (at most one each)."""
    begins = np.flatnonzero(np.diff(cell, prepend=-1))
    least: FloatArray = np.minimum.reduceat(known, begins)
    return np.repeat(least, np.diff(np.append(begins, len(cell))))

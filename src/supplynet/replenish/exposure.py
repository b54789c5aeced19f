"""What stock has to cover until the next order can arrive, on paths that lose unserved demand.

An order that is decided now can be used from its *arrival* on and must last until the *end* of its
window, when the order after it can be used. Vehicles that are due bring their parts in between.
Before the arrival nothing can be changed: what is not in stock is lost, and what is lost needs no
parts later. So along each path the stock ``r`` runs ``r = (r - demand)+ + receipt`` until the
arrival, and the order must be at least the largest shortfall after it. Order-up-to levels from the
plain window sum leave the lost demand in, and so order too much when stock is low (the mistake that
makes base-stock policies 1 to 30 % dearer than the optimum under lost sales).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from supplynet.core.protocols import DecisionState, Outlook
from supplynet.core.sample_paths import IntArray

BoolArray = npt.NDArray[np.bool_]
_AT_ONCE = 2**18
"""Numbers that are pushed through the recursion at once: they stay in the cache."""


def effective_demand(
    on_hand: IntArray,
    due: IntArray,
    until_due: IntArray,
    until_arrival: IntArray,
    window_demand: IntArray,
) -> IntArray:
    """The level that the position must reach on each path, so that nothing runs out in the window.

    ``effective demand - position`` is the smallest order without a stock-out between its arrival
    and the end of the window on this path; negative where stock is left over. With enough stock it
    is the window's demand, else less by what is lost before the arrival, or more where a vehicle
    comes too late in the window to help.

    Args:
        on_hand: Shape (cell,); a cell is a pair, or a pair of one replication.
        due: Quantities of vehicles, in order of arrival, shape (vehicle, cell).
        until_due: Demand from now until each vehicle, shape (vehicle, path, cell).
        until_arrival: Demand until this order can be used, shape (path, cell).
        window_demand: Demand until the next order can be used, shape (path, cell).

    Returns:
        Shape (path, cell), int32. Its ``alpha``-quantile minus the position is the order of
        ``no_stockout``.
    """
    stock = np.broadcast_to(on_hand, window_demand.shape).astype(np.int32)
    passed = np.zeros_like(window_demand)
    position = on_hand.astype(np.int32)
    for quantity, moment in zip(due, until_due, strict=True):
        position = position + quantity
        seen = np.minimum(moment, until_arrival)
        stock += passed
        stock -= seen
        np.maximum(stock, 0, out=stock)
        stock += quantity * (moment <= until_arrival)
        np.maximum(passed, seen, out=passed)
    stock += passed
    stock -= until_arrival
    np.maximum(stock, 0, out=stock)
    stock += until_arrival
    shortfall: IntArray | None = None
    for quantity, moment in zip(due, until_due, strict=True):
        late = moment > until_arrival
        if not late.any():
            continue
        gap = np.where(late, np.minimum(moment, window_demand) - stock, np.iinfo(np.int32).min)
        shortfall = gap if shortfall is None else np.maximum(shortfall, gap)
        stock += quantity * late
    last = window_demand - stock
    worst = last if shortfall is None else np.maximum(shortfall, last)
    return np.asarray(worst + position, dtype=np.int32)


def may_lose(state: DecisionState, outlook: Outlook) -> BoolArray:
    """Where a path can run out before the arrival, or a vehicle comes after it.

    Everywhere else the effective demand is the plain window demand, the same for all
    replications, which is most of the work saved.

    Returns:
        Shape (replication, pair).
    """
    if state.due is None or outlook.until_due is None or outlook.until_arrival is None:
        return np.zeros(state.on_hand.shape, dtype=np.bool_)
    stock, lost = state.on_hand, np.zeros(state.on_hand.shape, dtype=np.bool_)
    for quantity, moment in zip(state.due, outlook.until_due, strict=True):
        after = (moment > outlook.until_arrival).any(axis=0)
        lost |= (quantity > 0) & ((stock < moment.max(axis=0)) | after)
        stock = stock + quantity
    return np.asarray(lost | (stock < outlook.until_arrival.max(axis=0)))


def effective_of(state: DecisionState, outlook: Outlook, replication: int) -> IntArray:
    """Effective demand of every pair in one replication, shape (path, pair).

    Without vehicles and moments it is the window demand as it is.
    """
    cells = np.flatnonzero(may_lose(state, outlook)[replication])
    if not len(cells):
        return outlook.window_demand
    found = outlook.window_demand.copy()
    rows = np.full(len(cells), replication)
    for block in blocks_of_cells(len(cells), outlook):
        found[:, cells[block]] = effective_of_cells(state, outlook, rows[block], cells[block])
    return found


def blocks_of_cells(cells: int, outlook: Outlook) -> list[slice]:
    """Slices of so many cells that their paths stay in the cache."""
    size = max(_AT_ONCE // len(outlook.window_demand), 16)
    return [slice(first, first + size) for first in range(0, cells, size)]


def effective_of_cells(
    state: DecisionState,
    outlook: Outlook,
    replication: npt.NDArray[np.integer],
    pair: npt.NDArray[np.integer],
) -> IntArray:
    """Effective demand of some (replication, pair) cells, shape (path, cell)."""
    assert state.due is not None
    assert outlook.until_due is not None
    assert outlook.until_arrival is not None
    return effective_demand(
        state.on_hand[replication, pair],
        state.due[:, replication, pair],
        outlook.until_due[:, :, pair],
        outlook.until_arrival[:, pair],
        outlook.window_demand[:, pair],
    )

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.protocols import DecisionState, Outlook
from supplynet.core.sample_paths import IntArray
from supplynet.replenish.exposure import (
    effective_demand,
    effective_of,
    effective_of_cells,
    may_lose,
)

NOW = datetime(2026, 1, 5, 6, tzinfo=UTC)
Vehicles = list[tuple[int, int]]
"""(parts on board, demand until it can be used), the first to come in front."""

vehicles = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 5)), max_size=3)
moments = st.integers(0, 8)


def later(found: Vehicles) -> Vehicles:
    """Each vehicle comes so much demand after the one before it."""
    until, made = 0, []
    for parts, wait in found:
        until += wait
        made.append((parts, until))
    return made


def runs_out(on_hand: int, due: Vehicles, arrival: int, end: int, order: int) -> bool:
    """Part by part: whether demand after the order's arrival ever finds nothing."""
    stock, waiting = on_hand, list(due)
    for used in range(end + 1):
        while waiting and waiting[0][1] <= used <= arrival:
            stock += waiting.pop(0)[0]
        if used == arrival:
            stock += order
            if stock < 0:  # more was taken away than there was
                return True
        while waiting and waiting[0][1] <= used:
            stock += waiting.pop(0)[0]
        if used == end:
            return False
        if stock > 0:
            stock -= 1
        elif used >= arrival:
            return True
    return False


def smallest_order(on_hand: int, due: Vehicles, arrival: int, end: int) -> int:
    enough = range(-on_hand - sum(parts for parts, _ in due), end + 1)
    return next(q for q in enough if not runs_out(on_hand, due, arrival, end, q))


def effective(on_hand: int, due: Vehicles, arrival: int, end: int) -> int:
    """The fast one, for one path of one pair."""
    found = effective_demand(
        np.array([on_hand], dtype=np.int32),
        np.array([parts for parts, _ in due], dtype=np.int32).reshape(-1, 1),
        np.array([until for _, until in due], dtype=np.int32).reshape(-1, 1, 1),
        np.array([[arrival]], dtype=np.int32),
        np.array([[end]], dtype=np.int32),
    )
    return int(found[0, 0])


@given(st.integers(0, 9), vehicles, moments, moments)
def test_the_level_is_reached_by_the_smallest_order_that_never_runs_out(
    on_hand: int, due: Vehicles, arrival: int, rest: int
) -> None:
    due, end = later(due), arrival + rest
    position = on_hand + sum(parts for parts, _ in due)
    assert effective(on_hand, due, arrival, end) - position == smallest_order(
        on_hand, due, arrival, end
    )


def test_with_enough_stock_it_is_the_demand_of_the_window() -> None:
    assert effective(on_hand=10, due=[(5, 4)], arrival=8, end=12) == 12


def test_what_is_lost_before_the_arrival_needs_no_parts_later() -> None:
    # 3 in stock meet 8: 5 are lost. The window's 12 need 12 - 5.
    assert effective(on_hand=3, due=[], arrival=8, end=12) == 7


def test_a_vehicle_that_comes_late_in_the_window_does_not_help_before_it() -> None:
    # Nothing is left at the arrival; the vehicle with 6 comes 3 parts later, and 4 are used in all.
    assert effective(on_hand=8, due=[(6, 11)], arrival=8, end=12) - 14 == 3


def test_no_demand_and_no_stock_need_nothing() -> None:
    assert effective(on_hand=0, due=[], arrival=0, end=0) == 0


def test_it_never_exceeds_window_demand_when_all_vehicles_come_before_the_order() -> None:
    state, outlook = several()
    cells = np.indices(state.on_hand.shape).reshape(2, -1)
    found = effective_of_cells(state, outlook, *cells)
    assert (found <= outlook.window_demand[:, cells[1]]).all()
    assert (found < outlook.window_demand[:, cells[1]]).any()


def several(
    paths: int = 40, replications: int = 5, pairs: int = 3
) -> tuple[DecisionState, Outlook]:
    """Random stock from nothing to plenty, two vehicles, order in period 3 of 4."""
    rng = np.random.default_rng(7)
    until = np.cumsum(rng.poisson(4, (4, paths, pairs)), axis=0, dtype=np.int32)
    due = rng.integers(0, 7, (2, replications, pairs)).astype(np.int32)
    on_hand = np.linspace(0, 30, replications).astype(np.int32)[:, None] + np.arange(pairs)
    state = DecisionState(
        now=NOW, on_hand=on_hand.astype(np.int32), on_order=due.sum(axis=0, dtype=np.int32), due=due
    )
    outlook = Outlook(window_demand=until[3], until_arrival=until[2], until_due=until[:2])
    return state, outlook


def test_all_cells_at_once_are_each_cell_by_itself() -> None:
    state, outlook = several()
    assert state.due is not None
    assert outlook.until_due is not None
    assert outlook.until_arrival is not None
    for replication in range(5):
        found = effective_of(state, outlook, replication)
        for path, pair in np.ndindex(found.shape):
            parts = state.due[:, replication, pair].tolist()
            until = outlook.until_due[:, path, pair].tolist()
            assert found[path, pair] == effective(
                int(state.on_hand[replication, pair]),
                list(zip(parts, until, strict=True)),
                int(outlook.until_arrival[path, pair]),
                int(outlook.window_demand[path, pair]),
            )


def test_where_nothing_can_be_lost_window_demand_stands() -> None:
    state, outlook = several()
    safe = ~may_lose(state, outlook)
    assert safe.any()
    assert not safe.all()
    cells = np.nonzero(safe)
    found: IntArray = effective_of_cells(state, outlook, *cells)
    assert np.array_equal(found, outlook.window_demand[:, cells[1]])


def test_without_vehicles_known_it_is_window_demand() -> None:
    state, outlook = several()
    bare = DecisionState(now=NOW, on_hand=state.on_hand, on_order=state.on_order)
    assert effective_of(bare, outlook, 0) is outlook.window_demand
    only_window = Outlook(window_demand=outlook.window_demand)
    assert not may_lose(state, only_window).any()

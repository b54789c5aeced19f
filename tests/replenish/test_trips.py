from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import IntArray
from supplynet.replenish.decide import Decision, Supply, decide
from supplynet.replenish.order_up_to import OrderUpTo

NOW = datetime(2026, 1, 5, 6, tzinfo=UTC)


def ints(*values: int) -> IntArray:
    return np.array(values, dtype=np.int32)


def sent(
    on_hand: list[int],
    demand: list[list[int]],
    *,
    minimum_litres: float,
    room: float | None = None,
    available: int = 1_000,
    size: int = 1,
    bin_maximum: int = 10**6,
    alpha: float = 0.5,
) -> Decision:
    """Pairs on one vehicle, of a warehouse part each; a part is a litre."""
    count = len(on_hand)
    return decide(
        OrderUpTo(alpha=alpha),
        DecisionState(now=NOW, on_hand=ints(*on_hand)[None], on_order=ints(*[0] * count)[None]),
        Outlook(window_demand=np.array(demand, dtype=np.int32)),
        SupplyTerms(
            pairs=tuple(("R1", f"P{index}") for index in range(count)),
            container_size=np.full(count, size, dtype=np.int32),
            minimum_order=np.zeros(count, dtype=np.int32),
            bin_maximum=np.full(count, bin_maximum, dtype=np.int32),
        ),
        Supply(
            available=np.full((1, count), available, dtype=np.int32),
            source_of_pair=np.arange(count, dtype=np.int32),
            trip_of_pair=np.zeros(count, dtype=np.int32),
            room_litres=(room,),
            litres=np.ones(count),
            minimum_litres=(minimum_litres,),
        ),
    )


VARIED = [[10, 10]] * 60 + [[14, 20]] * 40


def test_a_vehicle_with_enough_on_board_leaves_as_it_is() -> None:
    decision = sent([0, 0], [[10, 10]] * 20, minimum_litres=20)
    assert decision.granted.tolist() == [[10, 10]]
    assert decision.limits() == ("", "")


def test_an_urgent_vehicle_is_filled_up_with_what_saves_most() -> None:
    # Both want up to 10; of 4 paths in 10 the second needs 10 more, the first only 4.
    decision = sent([4, 4], VARIED, minimum_litres=18)
    assert decision.wanted.tolist() == [[6, 6]]
    assert decision.granted.sum() == 18
    assert decision.granted[0, 1] > 6
    assert "minimum trip" in decision.limits()


def test_a_vehicle_with_nothing_urgent_waits() -> None:
    demand = [[10, 10]] * 997 + [[12, 10]] * 3  # runs out once in 300 windows
    decision = sent([10, 10], demand, minimum_litres=30, alpha=0.999)
    assert decision.wanted.sum() > 0
    assert decision.granted.tolist() == [[0, 0]]
    assert decision.waiting.tolist() == [[True]]
    assert decision.limits()[0] == "minimum trip"


def test_an_empty_vehicle_neither_waits_nor_leaves() -> None:
    decision = sent([30, 30], [[10, 10]] * 20, minimum_litres=30)
    assert decision.granted.sum() == 0
    assert not decision.waiting.any()


def test_a_vehicle_that_cannot_be_filled_up_leaves_if_it_is_urgent() -> None:
    decision = sent([4, 4], VARIED, minimum_litres=90, bin_maximum=12)
    assert decision.granted.tolist() == [[8, 8]]


def test_where_nothing_is_known_of_demand_every_vehicle_leaves() -> None:
    decision = sent([0, 0], [[0, 0]], minimum_litres=30)
    assert not decision.waiting.any()


@given(
    on_hand=st.lists(st.integers(0, 30), min_size=3, max_size=3),
    minimum_litres=st.floats(0, 120),
    room=st.none() | st.floats(60, 130),
    available=st.integers(0, 60),
    size=st.integers(1, 7),
    bin_maximum=st.integers(1, 60),
    seed=st.integers(0, 2**32 - 1),
)
def test_what_is_added_fits_bins_stock_and_room_and_is_no_more_than_it_takes(
    on_hand: list[int],
    minimum_litres: float,
    room: float | None,
    available: int,
    size: int,
    bin_maximum: int,
    seed: int,
) -> None:
    demand = np.random.default_rng(seed).poisson(15, size=(50, 3)).tolist()
    decision = sent(
        on_hand,
        demand,
        minimum_litres=minimum_litres,
        room=room,
        available=available,
        size=size,
        bin_maximum=bin_maximum,
    )
    granted, wanted = decision.granted[0], decision.wanted[0]
    assert (granted % size == 0).all()
    assert (granted <= available).all()
    assert ((granted <= wanted) | (np.array(on_hand) + granted <= bin_maximum)).all()
    assert room is None or granted.sum() <= room + 1e-5
    if (granted > wanted).any():  # the last container made it pay
        assert granted.sum() < minimum_litres + size

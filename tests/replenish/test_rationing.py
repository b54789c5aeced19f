from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import IntArray
from supplynet.errors import NotFound
from supplynet.replenish.rationing import RATIONINGS, min_shortage, share
from supplynet.replenish.supply import Shared, Supply

NOW = datetime(2026, 1, 5, 6, tzinfo=UTC)


def ints(*values: int) -> IntArray:
    return np.array(values, dtype=np.int32)


def rationed(
    wanted: list[int],
    demand: list[list[int]],
    *,
    rule: str = "marginal",
    on_hand: list[int] | None = None,
    available: list[int] | None = None,
    source: list[int] | None = None,
    trip: list[int] | None = None,
    room: tuple[float | None, ...] = (None,),
    size: int = 1,
    minimum: int = 0,
    weight: list[float] | None = None,
) -> Shared:
    """Pairs of one replication; ``demand`` has one row per path."""
    count = len(wanted)
    state = DecisionState(
        now=NOW,
        on_hand=ints(*(on_hand or [0] * count))[None],
        on_order=ints(*[0] * count)[None],
    )
    terms = SupplyTerms(
        pairs=tuple((f"R{index}", "bolt") for index in range(count)),
        container_size=np.full(count, size, dtype=np.int32),
        minimum_order=np.full(count, minimum, dtype=np.int32),
        bin_maximum=np.full(count, 10**6, dtype=np.int32),
    )
    supply = Supply(
        available=ints(*(available or [10**6]))[None],
        source_of_pair=ints(*(source or [0] * count)),
        trip_of_pair=ints(*(trip or [0] * count)),
        room_litres=room,
        litres=np.ones(count),
        window_minutes=np.full(count, 480.0),
        line_weight=None if weight is None else np.array(weight),
    )
    outlook = Outlook(window_demand=np.array(demand, dtype=np.int32))
    return share(rule, ints(*wanted)[None], state, outlook, terms, supply)


def test_the_part_goes_where_its_lack_stops_more_production() -> None:
    # 5 of 10 missing parts stop half a window of the first, 5 of 50 a tenth of the second.
    shared = rationed([10, 10], [[10, 50]] * 20, available=[10])
    assert shared.granted.tolist() == [[10, 0]]
    assert shared.next_minutes.tolist() == [[0.0, 480 / 50]]


def test_the_priority_of_lines_counts() -> None:
    shared = rationed([10, 10], [[10, 50]] * 20, available=[10], weight=[1.0, 6.0])
    assert shared.granted.tolist() == [[0, 10]]


def test_a_vehicle_takes_what_saves_most_per_litre_and_the_warehouse_is_asked_at_once() -> None:
    # The vehicle has room for 10. What the warehouse lacks of the first is no reason to travel
    # with less of the second.
    shared = rationed(
        [10, 10],
        [[10, 10]] * 20,
        available=[4, 100],
        source=[0, 1],
        room=(10.0,),
        weight=[2.0, 1.0],
    )
    assert shared.granted.tolist() == [[4, 6]]
    assert shared.loaded.tolist() == [[10, 6]]  # the first is short, the second has no room


def test_less_than_the_minimum_order_is_not_sent() -> None:
    shared = rationed([6, 6], [[6, 6]] * 20, available=[8], minimum=4, size=2)
    assert shared.granted.tolist() == [[6, 0]]
    assert shared.next_minutes[0, 1] == pytest.approx(480 * 4 / 6)


def test_a_want_of_a_million_parts_is_shared_without_waste() -> None:
    shared = rationed([900_000, 900_000], [[900_000, 900_000]] * 20, available=[1_000_000])
    assert 980_000 < shared.granted.sum() <= 1_000_000
    plenty = rationed([900_001, 5], [[900_001, 5]] * 20, available=[900_005])
    assert plenty.granted[0, 1] == 5


def test_where_nothing_is_known_of_demand_the_share_is_proportional() -> None:
    unknown = rationed([7, 7, 7], [[0, 0, 0]], available=[10])
    assert unknown.granted.tolist() == [[4, 3, 3]]
    assert not unknown.next_minutes.any()


def test_who_lacks_most_comes_first_by_minimum_shortage() -> None:
    assert rationed([9, 4], [[9, 4]], rule="min_shortage", available=[7]).granted.tolist() == [
        [6, 1]  # both lack 3
    ]
    wanted = np.array([[9, 4], [9, 4], [0, 0]], dtype=np.int32)
    assert min_shortage(wanted, ints(7, 99, 5), ints(1, 1)).tolist() == [[6, 1], [9, 4], [0, 0]]


def test_an_unknown_rule_is_named_with_those_that_exist() -> None:
    with pytest.raises(NotFound, match="choose one of marginal, min_shortage, proportional"):
        rationed([1], [[1]], rule="fair")


@pytest.mark.parametrize("rule", RATIONINGS)
def test_replications_and_sources_that_are_not_short_are_left_alone(rule: str) -> None:
    wanted = np.array([[5, 5, 9], [5, 5, 9]], dtype=np.int32)
    count = np.zeros((2, 3), dtype=np.int32)
    terms = SupplyTerms(
        pairs=(("R1", "bolt"), ("R2", "bolt"), ("R1", "nut")),
        container_size=ints(1, 1, 1),
        minimum_order=ints(0, 0, 0),
        bin_maximum=ints(99, 99, 99),
    )
    supply = Supply(
        available=np.array([[10, 9], [6, 9]], dtype=np.int32),
        source_of_pair=ints(0, 0, 1),
        trip_of_pair=ints(0, 0, 0),
        room_litres=(100.0,),
        litres=np.ones(3),
    )
    shared = share(
        rule,
        wanted,
        DecisionState(now=NOW, on_hand=count, on_order=count),
        Outlook(window_demand=np.array([[5, 5, 9]] * 20, dtype=np.int32)),
        terms,
        supply,
    )
    assert shared.granted[0].tolist() == [5, 5, 9]
    assert shared.granted[1, :2].sum() == 6
    assert shared.granted[1, 2] == 9


def _saved(parts: tuple[int, ...], demand: IntArray, weight: list[float]) -> float:
    """Weighted minutes that are not lost, by the definition."""
    usual = demand.sum(axis=0) / np.maximum((demand > 0).sum(axis=0), 1)
    missing = np.maximum(demand - np.array(parts), 0).mean(axis=0)
    before = demand.mean(axis=0)
    return float(((before - missing) * 480 * weight / np.maximum(usual, 1)).sum())


@given(
    wanted=st.lists(st.integers(0, 4), min_size=2, max_size=3),
    size=st.integers(1, 3),
    packs=st.integers(0, 8),
    by_room=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_other_share_of_equal_containers_saves_more(
    wanted: list[int], size: int, packs: int, by_room: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    # More than 12 on every path: counted, not fitted.
    demand = (rng.poisson(8, size=(12, len(wanted))) + 12).astype(np.int32)
    weight = rng.uniform(0.5, 2.0, len(wanted)).tolist()
    limits = {"room": (float(packs * size),)} if by_room else {"available": [packs * size + 1]}
    shared = rationed(
        [each * size for each in wanted], demand.tolist(), size=size, weight=weight, **limits
    )
    shares = (
        tuple(each * size for each in some)
        for some in product(*(range(each + 1) for each in wanted))
        if sum(some) <= packs + (size == 1 and not by_room)
    )
    best = max(_saved(some, demand, weight) for some in shares)
    assert _saved(tuple(shared.granted[0].tolist()), demand, weight) == pytest.approx(best)


@given(
    rule=st.sampled_from(RATIONINGS),
    wanted=st.lists(st.integers(0, 12), min_size=4, max_size=4),
    size=st.integers(1, 5),
    minimum=st.integers(0, 12),
    available=st.lists(st.integers(0, 60), min_size=2, max_size=2),
    room=st.tuples(*[st.none() | st.floats(0, 80)] * 2),
)
def test_no_rule_gives_what_is_not_there(
    rule: str,
    wanted: list[int],
    size: int,
    minimum: int,
    available: list[int],
    room: tuple[float | None, float | None],
) -> None:
    asked = [each * size if each * size >= minimum else 0 for each in wanted]
    source, trip = [0, 0, 1, -1], [0, 1, 0, 1]
    shared = rationed(
        asked,
        [[9, 9, 9, 9]] * 12,
        rule=rule,
        available=available,
        source=source,
        trip=trip,
        room=room,
        size=size,
        minimum=minimum,
    )
    granted, loaded = shared.granted[0], shared.loaded[0]
    assert (granted % size == 0).all()
    assert ((granted == 0) | (granted >= minimum)).all()
    assert (granted <= loaded).all()
    assert (loaded <= asked).all()
    for index, stock in enumerate(available):
        assert granted[np.array(source) == index].sum() <= stock
    for index, litres in enumerate(room):
        assert litres is None or granted[np.array(trip) == index].sum() <= litres + 1e-5

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import IntArray
from supplynet.errors import InvalidInput, NotFound
from supplynet.replenish.kanban import Kanban, kanban_cards

PAIR = ("R1", "bolt")
NOTHING = Outlook(window_demand=np.zeros((1, 1), dtype=np.int32))


def ints(*values: int) -> IntArray:
    return np.array(values, dtype=np.int32)


def terms(size: int = 10, maximum: int = 10**6) -> SupplyTerms:
    return SupplyTerms(
        pairs=(PAIR,),
        container_size=ints(size),
        minimum_order=ints(0),
        bin_maximum=ints(maximum),
    )


def orders(policy: Kanban, on_hand: list[int], of: SupplyTerms, on_order: int = 0) -> list[int]:
    stock = np.array(on_hand, dtype=np.int32)[:, None]
    state = DecisionState(
        now=datetime(2026, 1, 5, tzinfo=UTC),
        on_hand=stock,
        on_order=np.full_like(stock, on_order),
    )
    return [int(each) for each in policy.wanted(state, NOTHING, of)[:, 0]]


def test_cards_are_the_demand_until_replenishment_with_safety_in_containers() -> None:
    windows = np.array([[80.0, 0.0, 3.0], [120.0, 0.0, 5.0]])
    pairs = [PAIR, ("R1", "never"), ("R1", "rare")]
    # 100 * 1.25 / 12 = 10.4; nothing; 4 * 1.25 / 12 = 0.4.
    assert list(kanban_cards(pairs, windows, ints(12, 12, 12), 0.25).values()) == [11, 0, 1]


def test_an_exact_number_of_containers_needs_no_card_more() -> None:
    assert kanban_cards([PAIR], np.array([[100.0]]), ints(11), 0.1) == {PAIR: 10}


def test_a_card_comes_free_when_its_container_is_empty() -> None:
    two_bins = Kanban(cards={PAIR: 2})
    assert orders(two_bins, [20, 11, 10, 1, 0], terms()) == [0, 0, 10, 10, 20]
    assert two_bins.reorder_points(terms()).tolist() == [10]


def test_containers_on_their_way_hold_their_cards() -> None:
    assert orders(Kanban(cards={PAIR: 3}), [5], terms(), on_order=10) == [10]


def test_more_stock_than_cards_orders_nothing_and_the_bin_limits() -> None:
    assert orders(Kanban(cards={PAIR: 2}), [500], terms()) == [0]
    assert orders(Kanban(cards={PAIR: 9}), [0], terms(maximum=35)) == [30]


def test_no_history_no_cards() -> None:
    assert kanban_cards([PAIR], np.zeros((0, 1)), ints(5), 1.0) == {PAIR: 0}


def test_a_pair_without_cards_is_named_and_fewer_than_none_are_refused() -> None:
    with pytest.raises(NotFound, match="R1/bolt"):
        orders(Kanban(cards={}), [0], terms())
    with pytest.raises(InvalidInput, match="-1 cards"):
        Kanban(cards={PAIR: -1})

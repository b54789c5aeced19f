from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import IntArray
from supplynet.errors import InvalidInput
from supplynet.replenish.exposure import effective_of
from supplynet.replenish.no_stockout import NoStockout
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.study.lost_sales import sampled
from supplynet.study.lost_sales_model import LostSales, demand_of
from supplynet.study.lost_sales_rules import NoStockoutExact

NOW = datetime(2026, 1, 5, 6, tzinfo=UTC)
PAIRS = (("R1", "bolt"), ("R1", "nut"), ("R2", "bolt"))


def terms(container: int = 1, maximum: int = 10**6, classes: str = "") -> SupplyTerms:
    return SupplyTerms(
        pairs=PAIRS,
        container_size=np.full(3, container, dtype=np.int32),
        minimum_order=np.zeros(3, dtype=np.int32),
        bin_maximum=np.full(3, maximum, dtype=np.int32),
        criticality=tuple(classes),
    )


def moment(*on_hand: int, on_the_way: int = 0, paths: int = 101) -> tuple[DecisionState, Outlook]:
    """Three pairs whose demand is 0, 1, ... 100 before the order arrives and 10 after it."""
    before = np.tile(np.arange(paths, dtype=np.int32)[:, None], 3)
    due = np.full((1, 1, 3), on_the_way, dtype=np.int32)
    state = DecisionState(
        now=NOW, on_hand=np.array([on_hand], dtype=np.int32), on_order=due[0], due=due
    )
    outlook = Outlook(
        window_demand=before + 10, until_arrival=before, until_due=(before // 2)[None]
    )
    return state, outlook


def test_the_order_keeps_the_chance_of_enough_at_alpha() -> None:
    # 30 in stock: after 20 or less of demand 10 or more are left. Nothing helps before the arrival.
    state, outlook = moment(30, 30, 30)
    found = NoStockout(alpha=0.5).wanted(state, outlook, terms())
    assert found.tolist() == [[10, 10, 10]]
    assert NoStockout(alpha=20 / 101).wanted(state, outlook, terms()).tolist() == [[0, 0, 0]]
    assert NoStockout(alpha=25 / 101).wanted(state, outlook, terms()).tolist() == [[4, 4, 4]]


def test_it_does_not_order_back_what_will_have_been_lost() -> None:
    state, outlook = moment(0, 0, 0)
    assert NoStockout(alpha=0.9).wanted(state, outlook, terms()).tolist() == [[10, 10, 10]]
    assert OrderUpTo(alpha=0.9).wanted(state, outlook, terms())[0, 0] == 100


def test_alpha_of_a_pair_comes_before_that_of_its_class_and_both_before_the_usual() -> None:
    policy = NoStockout(alpha=0.5, by_class={"A": 0.9}, by_pair={PAIRS[2]: 0.25})
    assert policy.alphas(terms(classes="AAA")).tolist() == [0.9, 0.9, 0.25]
    assert policy.alphas(terms(classes="ABC")).tolist() == [0.9, 0.5, 0.25]
    assert policy.alphas(terms()).tolist() == [0.5, 0.5, 0.25]
    state, outlook = moment(200, 200, 200)
    assert policy.levels(state, outlook, terms(classes="ABC")).tolist() == [[100, 60, 35]]


def test_a_class_that_no_pair_has_changes_nothing() -> None:
    state, outlook = moment(5, 50, 500)
    plain = NoStockout(alpha=0.8).levels(state, outlook, terms())
    assert np.array_equal(
        NoStockout(alpha=0.8, by_class={"C": 0.99}).levels(state, outlook, terms()), plain
    )


def test_whole_containers_within_the_bin() -> None:
    state, outlook = moment(0, 0, 0)
    assert NoStockout(alpha=0.9).wanted(state, outlook, terms(container=4)).tolist() == [[12] * 3]
    assert NoStockout(alpha=0.9).wanted(state, outlook, terms(4, maximum=9)).tolist() == [[8] * 3]


def test_spread_widens_the_distance_from_the_mean() -> None:
    state, outlook = moment(500, 500, 500)  # nothing is lost: mean 60, level 110 * 0.9
    level = NoStockout(alpha=0.9).levels(state, outlook, terms())[0, 0]
    wider = NoStockout(alpha=0.9, spread=1.5).levels(state, outlook, terms())[0, 0]
    assert (level, wider) == (100, 120)
    assert NoStockout(alpha=0.9, spread=0.0).levels(state, outlook, terms())[0, 0] == 60


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, float("nan"), float("inf")])
def test_an_alpha_that_is_no_probability_is_refused(alpha: float) -> None:
    for settings_of in (
        {"alpha": alpha},
        {"alpha": 0.9, "by_class": {"A": alpha}},
        {"alpha": 0.9, "by_pair": {PAIRS[0]: alpha}},
    ):
        with pytest.raises(InvalidInput, match="between 0 and 1"):
            NoStockout(**settings_of)


@given(st.lists(st.integers(0, 130), min_size=3, max_size=3), st.integers(0, 40))
@settings(max_examples=40)
def test_the_level_is_the_same_whether_the_recursion_is_skipped_or_not(
    on_hand: list[int], on_the_way: int
) -> None:
    state, outlook = moment(*on_hand, on_the_way=on_the_way)
    found = NoStockout(alpha=0.7).levels(state, outlook, terms())[0]
    effective: IntArray = effective_of(state, outlook, 0)
    rank = int(np.ceil(0.7 * len(effective))) - 1
    assert found.tolist() == np.sort(effective, axis=0)[rank].tolist()


def test_with_many_paths_it_orders_what_the_exact_distribution_says() -> None:
    model = LostSales(demand=demand_of("poisson", 5.0), lead_time=2, penalty=19.0)
    states = np.array([[x, q] for x in range(12) for q in range(9)], dtype=np.int32)
    policy = sampled(model, NoStockout(alpha=0.93), 20_000, np.random.default_rng(1))
    found = policy.orders(states)
    exact = NoStockoutExact(model=model, alpha=0.93).orders(states)
    assert np.abs(found - exact).max() <= 1
    assert (found == exact).mean() > 0.9

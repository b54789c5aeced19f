from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.replenish.decide import Supply, decide
from supplynet.replenish.explain import explain
from supplynet.replenish.min_max import MinMax
from supplynet.replenish.no_stockout import NoStockout
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.replenish.per_rule import PerRule

PAIRS = (("R1", "bolt"), ("R1", "nut"), ("R2", "bolt"))


def test_each_pair_is_decided_by_the_policy_that_its_rule_names() -> None:
    rng = np.random.default_rng(0)
    terms = SupplyTerms(
        pairs=PAIRS,
        container_size=np.array([7, 3, 1], dtype=np.int32),
        minimum_order=np.zeros(3, dtype=np.int32),
        bin_maximum=np.full(3, 500, dtype=np.int32),
        criticality=("A", "B", "C"),
    )
    on_hand = rng.integers(0, 60, size=(20, 3)).astype(np.int32)
    due = rng.integers(0, 20, size=(1, 20, 3)).astype(np.int32)
    state = DecisionState(
        now=datetime(2026, 1, 5, tzinfo=UTC), on_hand=on_hand, on_order=due[0], due=due
    )
    window = np.cumsum(rng.poisson(12, size=(3, 200, 3)), axis=0).astype(np.int32)
    outlook = Outlook(window_demand=window[2], until_arrival=window[1], until_due=window[:1])
    usual = NoStockout(alpha=0.95, by_class={"A": 0.99})
    static = MinMax(thresholds=dict.fromkeys(PAIRS, (20, 40)))
    mixed = PerRule(usual=usual, others={"min_max": static}, named={PAIRS[1]: "min_max"})
    wanted = mixed.wanted(state, outlook, terms)
    assert mixed.name == "no_stockout"
    assert (wanted[:, 1] == static.wanted(state, outlook, terms)[:, 1]).all()
    assert (wanted[:, [0, 2]] == usual.wanted(state, outlook, terms)[:, [0, 2]]).all()
    levels = mixed.levels(state, outlook, terms)
    assert (levels[:, 1] == 40).all()
    assert (levels[:, 0] == usual.levels(state, outlook, terms)[:, 0]).all()


def test_why_shows_the_risk_that_each_pairs_own_policy_allows() -> None:
    """2 % of the usual policy, 5 % of the one that a rule names; min/max allows none."""
    count = len(PAIRS)
    terms = SupplyTerms(
        pairs=PAIRS,
        container_size=np.ones(count, dtype=np.int32),
        minimum_order=np.zeros(count, dtype=np.int32),
        bin_maximum=np.full(count, 500, dtype=np.int32),
    )
    empty = np.zeros((1, count), dtype=np.int32)
    mixed = PerRule(
        usual=NoStockout(alpha=0.98),
        others={
            "order_up_to": OrderUpTo(alpha=0.95),
            "min_max": MinMax(thresholds=dict.fromkeys(PAIRS, (20, 40))),
        },
        named={PAIRS[1]: "order_up_to", PAIRS[2]: "min_max"},
    )
    decision = decide(
        mixed,
        DecisionState(now=datetime(2026, 1, 5, tzinfo=UTC), on_hand=empty, on_order=empty),
        Outlook(window_demand=np.full((20, count), 7, dtype=np.int32)),
        terms,
        Supply(
            available=np.full((1, 1), 1000, dtype=np.int32),
            source_of_pair=np.zeros(count, dtype=np.int32),
            trip_of_pair=np.zeros(count, dtype=np.int32),
            room_litres=(None,),
            litres=np.ones(count),
        ),
    )
    assert [each.target for each in explain(decision)] == [0.02, 0.05, None]

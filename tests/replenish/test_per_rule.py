from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.replenish.min_max import MinMax
from supplynet.replenish.no_stockout import NoStockout
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

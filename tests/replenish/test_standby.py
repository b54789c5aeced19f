"""Static thresholds order for pairs of which nothing is known; the policy for all others."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.replenish.min_max import plant_thresholds
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.replenish.standby import WithStandby, thresholds_of_rules

PAIRS = (("R1", "bolt"), ("R1", "nut"), ("R1", "pin"))
TERMS = SupplyTerms(
    pairs=PAIRS,
    container_size=np.array([10, 10, 25], dtype=np.int32),
    minimum_order=np.zeros(3, dtype=np.int32),
    bin_maximum=np.full(3, 1000, dtype=np.int32),
)
STATE = DecisionState(
    now=datetime(2026, 1, 5, tzinfo=UTC),
    on_hand=np.array([[5, 5, 5]], dtype=np.int32),
    on_order=np.zeros((1, 3), dtype=np.int32),
)
OUTLOOK = Outlook(window_demand=np.full((20, 3), 95, dtype=np.int32))


def policy(*unknown: tuple[str, str]) -> WithStandby:
    return WithStandby(
        policy=OrderUpTo(alpha=0.5),
        thresholds=lambda: {("R1", "bolt"): (10, 35)},
        unknown=lambda: set(unknown),
    )


def test_the_policy_decides_as_long_as_demand_is_known() -> None:
    known = policy()
    assert known.wanted(STATE, OUTLOOK, TERMS).tolist() == [[90, 90, 100]]
    assert (known.name, known.levels(STATE, OUTLOOK, TERMS).tolist()) == ("order_up_to", [[95] * 3])


def test_thresholds_decide_where_nothing_is_known_and_containers_where_nobody_set_any() -> None:
    some = policy(("R1", "bolt"), ("R1", "pin"))
    assert some.wanted(STATE, OUTLOOK, TERMS).tolist() == [[30, 90, 50]]
    assert some.levels(STATE, OUTLOOK, TERMS).tolist() == [[35, 95, 50]]


def test_the_thresholds_of_a_plant_are_those_of_its_rules_else_two_containers() -> None:
    plant = tiny_plant()
    found = thresholds_of_rules(plant)
    assert found.keys() == plant.supply_rule.keys()
    kept = plant_thresholds(plant)
    for pair, (low, high) in found.items():
        size = plant.supply_rule[pair].container_size
        assert (low, high) == kept.get(pair, (size, 2 * size))


def test_thresholds_allow_no_risk_in_numbers() -> None:
    assert np.isnan(policy(PAIRS[1]).alphas(TERMS)).tolist() == [False, True, False]

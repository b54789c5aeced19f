from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.errors import InvalidInput, NotFound
from supplynet.replenish.ddmrp import Buffer
from supplynet.replenish.purchasing import PurchaseTerms, purchase_quantity
from supplynet.replenish.registry import POLICIES, policy

PAIRS = (("R1", "bolt"), ("R1", "nut"))
SETTINGS: dict[str, dict[str, object]] = {
    "capped_order_up_to": {"alpha": 0.99, "cap": 1.5},
    "ddmrp": {"buffers": dict.fromkeys(PAIRS, Buffer(red=20, yellow=20, green=20))},
    "kanban": {"cards": dict.fromkeys(PAIRS, 6)},
    "min_max": {"thresholds": dict.fromkeys(PAIRS, (20, 40))},
    "no_stockout": {"alpha": 0.99},
    "order_up_to": {"alpha": 0.99},
}


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_every_policy_orders_whole_containers_and_never_less_than_nothing(name: str) -> None:
    rng = np.random.default_rng(0)
    made = policy(name, **SETTINGS[name])
    terms = SupplyTerms(
        pairs=PAIRS,
        container_size=np.array([7, 3], dtype=np.int32),
        minimum_order=np.array([0, 12], dtype=np.int32),
        bin_maximum=np.array([50, 60], dtype=np.int32),
    )
    state = DecisionState(
        now=datetime(2026, 1, 5, tzinfo=UTC),
        on_hand=rng.integers(0, 80, size=(50, 2)).astype(np.int32),
        on_order=rng.integers(0, 20, size=(50, 2)).astype(np.int32),
    )
    outlook = Outlook(window_demand=rng.poisson(30, size=(300, 2)).astype(np.int32))
    wanted = made.wanted(state, outlook, terms)
    assert made.name == name
    assert wanted.shape == (50, 2)
    assert wanted.dtype == np.int32
    assert (wanted % terms.container_size == 0).all()
    assert wanted.min() == 0 < wanted.max()
    full = state.on_hand + state.on_order + wanted <= terms.bin_maximum
    assert (full | (wanted == 0)).all()


def test_an_unknown_policy_is_named_with_those_that_exist() -> None:
    with pytest.raises(NotFound, match=r"choose one of .*min_max.*order_up_to"):
        policy("magic")


def test_a_misspelt_setting_is_refused() -> None:
    with pytest.raises(InvalidInput, match="alhpa"):
        policy("order_up_to", alhpa=0.9)


def test_a_purchase_fills_up_in_multiples_once_the_reorder_point_is_reached() -> None:
    def one(value: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        return np.array([value], dtype=np.int32)

    terms = PurchaseTerms(
        reorder_point=one(10), order_up_to_level=one(25), minimum_order=one(20), multiple=one(6)
    )
    position = np.array([[11], [10], [2], [-5]], dtype=np.int32)
    assert purchase_quantity(position, terms).tolist() == [[0], [24], [24], [30]]

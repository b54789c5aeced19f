from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.errors import InvalidInput, NotFound
from supplynet.replenish.min_max import MinMax, static_levels

EMPTY = DecisionState(
    now=datetime(2026, 1, 5, tzinfo=UTC),
    on_hand=np.zeros((1, 1), dtype=np.int32),
    on_order=np.zeros((1, 1), dtype=np.int32),
)
NOTHING = Outlook(window_demand=np.zeros((1, 1), dtype=np.int32))


def terms(*pairs: tuple[str, str]) -> SupplyTerms:
    count = len(pairs)
    return SupplyTerms(
        pairs=pairs,
        container_size=np.full(count, 5, dtype=np.int32),
        minimum_order=np.zeros(count, dtype=np.int32),
        bin_maximum=np.full(count, 1000, dtype=np.int32),
    )


def test_it_orders_up_to_the_level_at_or_below_the_reorder_point() -> None:
    policy = MinMax(thresholds={("R1", "bolt"): (10, 30)})
    stock = np.array([[11], [10], [0]], dtype=np.int32)
    state = DecisionState(
        now=datetime(2026, 1, 5, tzinfo=UTC), on_hand=stock, on_order=np.zeros_like(stock)
    )
    assert policy.wanted(state, NOTHING, terms(("R1", "bolt"))).tolist() == [[0], [20], [30]]


def test_a_pair_without_thresholds_is_named() -> None:
    with pytest.raises(NotFound, match="R1/nut"):
        MinMax(thresholds={}).levels(EMPTY, NOTHING, terms(("R1", "nut")))


def test_a_level_below_its_reorder_point_is_refused() -> None:
    with pytest.raises(InvalidInput, match="reorder point 5 and level 4"):
        MinMax(thresholds={("R1", "bolt"): (5, 4)})


def test_static_levels_are_mean_and_deviations_of_past_windows() -> None:
    windows = np.array([[8.0, 0.0], [12.0, 0.0]])  # mean 10, deviation 2
    reorder_point, level = static_levels(windows, z=1.5, extra_cover=0.5)
    assert reorder_point.tolist() == [13, 0]
    assert level.tolist() == [18, 0]

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from supplynet.core.protocols import SupplyTerms
from supplynet.errors import NotFound
from supplynet.replenish.pair_settings import by_class, settings_of

NONE = np.zeros(2, dtype=np.int32)
TERMS = SupplyTerms(
    pairs=(("R1", "nut"), ("R1", "bolt")),
    container_size=NONE + 1,
    minimum_order=NONE,
    bin_maximum=NONE + 9,
)


def test_settings_come_in_the_order_of_the_pairs() -> None:
    assert settings_of(TERMS, {("R1", "bolt"): 1, ("R1", "nut"): 2}, "cards") == [2, 1]


def test_a_pair_without_settings_is_named() -> None:
    with pytest.raises(NotFound, match="no cards of 'R1/bolt'; tune the policy first"):
        settings_of(TERMS, {("R1", "nut"): 2}, "cards")


def test_a_class_has_its_own_value_and_all_are_b_where_nobody_said() -> None:
    classed = replace(TERMS, criticality=("A", "B"))
    assert by_class(classed, 0.9, {"A": 0.99}).tolist() == [0.99, 0.9]
    assert by_class(TERMS, 0.9, {"A": 0.99, "B": 0.8}).tolist() == [0.8, 0.8]

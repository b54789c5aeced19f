from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.protocols import SupplyTerms
from supplynet.core.sample_paths import IntArray
from supplynet.replenish.packs import whole_containers


def ints(*values: int) -> IntArray:
    return np.array(values, dtype=np.int32)


def order(need: int, position: int, size: int, minimum: int = 0, maximum: int = 10**6) -> int:
    terms = SupplyTerms(
        pairs=(("R1", "bolt"),),
        container_size=ints(size),
        minimum_order=ints(minimum),
        bin_maximum=ints(maximum),
    )
    return int(whole_containers(ints(need)[None], ints(position)[None], terms)[0, 0])


def test_need_is_rounded_up_to_containers() -> None:
    assert [order(need, 0, 12) for need in (-3, 0, 1, 12, 13)] == [0, 0, 12, 12, 24]


def test_the_minimum_order_raises_small_orders() -> None:
    assert order(1, 0, 10, minimum=25) == 30
    assert order(0, 0, 10, minimum=25) == 0


def test_the_bin_limits_position_and_order_together() -> None:
    assert order(50, 30, 10, maximum=65) == 30
    assert order(50, 70, 10, maximum=65) == 0


def test_room_for_less_than_the_minimum_means_no_order() -> None:
    assert order(50, 50, 10, minimum=20, maximum=65) == 0


@given(
    need=st.integers(-50, 500),
    position=st.integers(0, 300),
    size=st.integers(1, 40),
    minimum=st.integers(0, 100),
    maximum=st.integers(1, 500),
)
def test_an_order_is_whole_and_fits(
    need: int, position: int, size: int, minimum: int, maximum: int
) -> None:
    quantity = order(need, position, size, minimum, maximum)
    assert quantity % size == 0
    assert quantity == 0 or (need > 0 and quantity >= minimum and position + quantity <= maximum)
    assert quantity < max(need, minimum, 0) + size

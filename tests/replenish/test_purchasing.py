from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.sample_paths import IntArray
from supplynet.replenish.purchasing import PurchaseTerms, echelon_position, purchase_up_to


def ints(*values: int) -> IntArray:
    return np.array(values, dtype=np.int32)


def test_the_echelon_is_the_warehouse_what_it_bought_and_the_stock_points_below() -> None:
    below = np.array([[10, 20, 1000]], dtype=np.int32)
    position = echelon_position(ints(5, 7)[None], ints(100, 0)[None], below, ints(0, 0, -1))
    assert position.tolist() == [[135, 7]]


def test_an_echelon_without_stock_points_is_the_warehouse() -> None:
    none = np.zeros((2, 0), dtype=np.int32)
    assert echelon_position(
        np.full((2, 1), 4, dtype=np.int32), np.full((2, 1), 3, dtype=np.int32), none, ints()
    ).tolist() == [[7], [7]]


def test_huge_stock_stays_a_whole_number() -> None:
    most = np.full((1, 1), 2**31 - 1, dtype=np.int32)
    assert echelon_position(most, most, most, ints(0)).tolist() == [[2**31 - 1]]


def test_what_has_no_purchase_rule_is_never_bought() -> None:
    terms = PurchaseTerms(
        reorder_point=ints(-1, 0),
        order_up_to_level=ints(0, 0),
        minimum_order=ints(0, 0),
        multiple=ints(1, 1),
    )
    assert purchase_up_to(ints(0, 0)[None], ints(9, 9), terms).tolist() == [[0, 9]]


@given(
    position=st.integers(-50, 500),
    level=st.integers(0, 400),
    minimum=st.integers(0, 90),
    multiple=st.integers(1, 24),
)
def test_a_purchase_reaches_the_level_in_as_few_multiples_as_it_takes(
    position: int, level: int, minimum: int, multiple: int
) -> None:
    terms = PurchaseTerms(
        reorder_point=ints(0),
        order_up_to_level=ints(0),
        minimum_order=ints(minimum),
        multiple=ints(multiple),
    )
    bought = int(purchase_up_to(ints(position)[None], ints(level), terms)[0, 0])
    assert bought % multiple == 0
    assert (bought > 0) == (position < level)
    if bought:
        assert position + bought >= level
        assert bought >= minimum
        assert bought - multiple < max(level - position, minimum)

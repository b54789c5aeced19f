from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.sample_paths import IntArray
from supplynet.replenish.proportional import fit_truck, ration


def ints(*values: int) -> IntArray:
    return np.array(values, dtype=np.int32)


def proportional(wanted: list[int], available: int, size: int | list[int] = 1) -> list[int]:
    sizes = np.broadcast_to(np.asarray(size, dtype=np.int32), (len(wanted),))
    return [int(q) for q in ration(ints(*wanted)[None], ints(available), sizes)[0]]


def test_who_wants_little_of_much_gets_all() -> None:
    assert proportional([5, 3], 8) == [5, 3]


def test_shares_are_proportional_and_the_largest_remainder_goes_first() -> None:
    # 10 for wants of 7, 7 and 7 are 3.33 each; for 6, 5 and 4 they are 4, 3.33 and 2.67.
    assert proportional([7, 7, 7], 10) == [4, 3, 3]
    assert proportional([6, 5, 4], 10) == [4, 3, 3]


def test_only_whole_containers_are_given() -> None:
    assert proportional([40, 40], 50, size=20) == [20, 20]
    assert proportional([40, 40], 39, size=20) == [20, 0]


def test_cases_are_independent() -> None:
    wanted = np.array([[4, 4], [4, 4]], dtype=np.int32)
    assert ration(wanted, ints(8, 3), ints(1, 1)).tolist() == [[4, 4], [2, 1]]


@given(
    containers=st.lists(st.integers(0, 50), min_size=1, max_size=6),
    size=st.integers(1, 12),
    available=st.integers(0, 2000),
)
def test_equal_containers_are_given_to_the_last_one(
    containers: list[int], size: int, available: int
) -> None:
    granted = proportional([c * size for c in containers], available, size)
    assert sum(granted) == min(sum(containers), available // size) * size
    assert all(g <= c * size and g % size == 0 for g, c in zip(granted, containers, strict=True))


@given(
    claims=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), min_size=1, max_size=6),
    available=st.integers(0, 400),
)
def test_different_containers_leave_nothing_that_would_fit(
    claims: list[tuple[int, int]], available: int
) -> None:
    wanted = [count * size for count, size in claims]
    granted = proportional(wanted, available, [size for _, size in claims])
    left = available - sum(granted)
    assert left >= 0
    for got, want, (_, size) in zip(granted, wanted, claims, strict=True):
        assert got <= want
        assert got % size == 0
        assert got == want or size > left


def test_a_truck_takes_whole_containers_up_to_its_room() -> None:
    wanted = np.array([[40, 40], [10, 0]], dtype=np.int32)
    loaded = fit_truck(wanted, np.array([1.0, 2.0]), ints(10, 10), 65.0)
    assert loaded.tolist() == [[20, 20], [10, 0]]

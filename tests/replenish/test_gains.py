from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from supplynet.core.protocols import Outlook
from supplynet.core.sample_paths import IntArray
from supplynet.replenish.gains import minutes_per_part, savings_of
from supplynet.replenish.supply import Supply


def ints(*values: int) -> IntArray:
    return np.array(values, dtype=np.int32)


def supply(minutes: list[float] | None = None, weight: list[float] | None = None) -> Supply:
    return Supply(
        available=ints(5)[None],
        source_of_pair=ints(0, 0),
        trip_of_pair=ints(0, 0),
        room_litres=(None,),
        litres=np.zeros(2),
        window_minutes=None if minutes is None else np.array(minutes),
        line_weight=None if weight is None else np.array(weight),
    )


def test_a_container_saves_what_lies_between_its_ends_on_every_path() -> None:
    # 20 paths need 3 more than there is, 20 need 8: containers of 5 save 3 and 5, then 0 and 3.
    effective = np.repeat(ints(13, 18), 20)[:, None]
    saved = savings_of(effective, ints(10), ints(2), ints(5))
    assert saved == pytest.approx([(3 + 5) / 2, (0 + 3) / 2])


def test_the_fitted_tail_values_what_no_path_shows() -> None:
    effective = np.random.default_rng(1).poisson(50, size=(1_000, 1)).astype(np.int32)
    effective[:2, 0] = 55  # the sample mean and variance stay near 50
    saved = savings_of(effective, ints(75), ints(3), ints(5))
    exact = [sum(stats.poisson.sf(range(s, s + 5), 50)) for s in (75, 80, 85)]
    assert saved == pytest.approx(exact, rel=0.9)
    assert (saved > 0).all()


def test_one_path_is_taken_as_it_is() -> None:
    assert savings_of(ints(7)[None], ints(0), ints(3), ints(3)) == pytest.approx([3, 3, 1])


def test_no_demand_saves_nothing() -> None:
    effective = np.zeros((50, 2), dtype=np.int32)
    assert savings_of(effective, ints(0, 5), ints(2, 1), ints(4, 4)).tolist() == [0.0, 0.0, 0.0]


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 40), st.integers(1, 6), st.integers(1, 9)),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 2**32 - 1),
)
def test_savings_never_rise_and_equal_the_obvious_sum(
    cells: list[tuple[int, int, int, int]], seed: int
) -> None:
    mean, start, packs, size = (ints(*column) for column in zip(*cells, strict=True))
    effective = np.random.default_rng(seed).poisson(mean, size=(60, len(cells))).astype(np.int32)
    saved = np.split(savings_of(effective, start, packs, size), np.cumsum(packs)[:-1])
    for cell, each in enumerate(saved):
        assert (np.diff(each) <= 1e-12).all()
        for rank, value in enumerate(each):
            level = start[cell] + rank * size[cell]
            if (effective[:, cell] > level).sum() >= 10:  # as many as count
                obvious = np.clip(effective[:, cell] - level, 0, size[cell]).mean()
                assert value == pytest.approx(obvious)


def test_a_part_is_worth_the_minutes_that_it_keeps_the_lines_running() -> None:
    outlook = Outlook(window_demand=np.array([[40, 0], [60, 0], [50, 0], [50, 4]], dtype=np.int32))
    # 480 minutes need 50 parts; of the other one they need 4 if any, or nothing.
    assert minutes_per_part(outlook, supply([480, 480])) == pytest.approx([9.6, 120])
    assert minutes_per_part(outlook, supply([480, 480], [2, 1])) == pytest.approx([19.2, 120])


def test_a_part_that_is_rarely_needed_costs_at_most_the_window() -> None:
    outlook = Outlook(window_demand=np.array([[0, 0]] * 99 + [[1, 0]], dtype=np.int32))
    assert minutes_per_part(outlook, supply([480, 480])) == pytest.approx([480, 480])

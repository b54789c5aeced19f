"""Cover in shifts: from the shifts that are to come, not from an average."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.monitor.cover import cover_shifts

WHOLE = np.ones(4)


def cover(stock: int, demand: list[float], share: list[float] | None = None) -> float:
    ahead = np.ones(len(demand)) if share is None else np.array(share)
    return float(cover_shifts(np.array([stock]), np.array([demand]), ahead)[0])


@pytest.mark.parametrize(
    ("stock", "demand", "shifts"),
    [
        (0, [10, 10, 10, 10], 0.0),
        (15, [10, 10, 10, 10], 1.5),
        (15, [30, 10, 10, 10], 0.5),  # the average of 15 a shift would say 1
        (10, [10, 0, 0, 10], 3.0),  # nothing is used in the two shifts between
        (-5, [10, 10, 10, 10], 0.0),
        (60, [10, 10, 10, 10], 6.0),  # beyond the forecast at its mean
        (5, [0, 0, 0, 0], np.inf),
    ],
)
def test_stock_lasts_as_long_as_the_forecast_of_these_shifts_says(
    stock: int, demand: list[float], shifts: float
) -> None:
    assert cover(stock, demand) == pytest.approx(shifts)


def test_a_shift_that_runs_counts_for_what_is_left_of_it() -> None:
    assert cover(5, [5, 10], [0.25, 1.0]) == pytest.approx(0.25)
    assert cover(10, [5, 10], [0.25, 1.0]) == pytest.approx(0.75)


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=8),
    st.integers(0, 200),
    st.integers(0, 200),
)
def test_more_stock_never_lasts_shorter(demand: list[int], first: int, second: int) -> None:
    low, high = sorted((first, second))
    wanted = [float(each) for each in demand]
    assert cover(low, wanted) <= cover(high, wanted)


def test_without_a_forecast_nobody_knows() -> None:
    assert np.isinf(cover_shifts(np.array([3]), np.zeros((1, 0)), np.zeros(0))).all()

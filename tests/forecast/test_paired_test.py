from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.paired_test import LEAST_CUTOFFS, PairedDifference, paired_difference


def differing(away: FloatArray) -> PairedDifference:
    """Models whose mean losses of a cutoff differ by ``away``."""
    losses = np.broadcast_to(away[:, None, None], (len(away), 3, 2))
    return paired_difference(losses + 5, np.full(losses.shape, 5.0), np.ones(losses.shape, bool))


def test_a_worked_example() -> None:
    """8 cutoffs: two ordinates, four degrees of freedom."""
    away = np.array([3.0, 1, 2, 2, 3, 1, 2, 2])
    found = differing(away)
    # The deviations 1 -1 0 0 1 -1 0 0 have no part at the lowest frequency; at the next the
    # ordinate is |2 + 2i|^2 / 8 = 1. Mean 1/2, over 8 cutoffs: error 1/4. t(4) at 97.5 %: 2.776.
    assert found.difference == pytest.approx(2.0)
    assert (found.low, found.high) == pytest.approx((2 - 2.7764 / 4, 2 + 2.7764 / 4), abs=1e-4)
    assert found.p_value == pytest.approx(0.0013, abs=1e-4)  # t = 8 with 4 degrees of freedom


def test_equal_models_differ_by_nothing() -> None:
    found = differing(np.zeros(12))
    assert (found.difference, found.p_value, found.low, found.high) == (0.0, 1.0, 0.0, 0.0)


def test_too_few_cutoffs_tell_no_chance() -> None:
    found = differing(np.arange(LEAST_CUTOFFS - 1.0))
    assert found.difference == pytest.approx(3.0)
    assert np.isnan([found.p_value, found.low, found.high]).all()


def test_what_was_not_observed_does_not_count() -> None:
    first, second = np.ones((10, 2, 3)), np.zeros((10, 2, 3))
    seen = np.ones(first.shape, dtype=bool)
    seen[:4], seen[:, 0] = False, False
    first[~seen] = np.nan
    found = paired_difference(first, second, seen)
    assert (found.first, found.second, found.cutoffs) == (1.0, 0.0, 6)
    nothing = paired_difference(first, second, np.zeros(first.shape, dtype=bool))
    assert nothing.cutoffs == 0
    assert np.isnan([nothing.first, nothing.p_value]).all()


@given(shift=st.floats(-3, 3), seed=st.integers(0, 99))
def test_the_other_way_round_it_says_the_opposite(shift: float, seed: int) -> None:
    away = np.random.default_rng(seed).normal(shift, 1.0, 20)
    one, other = differing(away), differing(-away)
    assert one.p_value == pytest.approx(other.p_value)
    assert one.difference == pytest.approx(-other.difference)
    assert one.low == pytest.approx(-other.high)


@pytest.mark.parametrize(("persistence", "most"), [(0.0, 0.08), (0.5, 0.13)])
def test_luck_is_called_a_difference_about_as_often_as_it_says(
    persistence: float, most: float
) -> None:
    rng = np.random.default_rng(1)
    wrong = 0
    for _ in range(400):
        away = rng.standard_normal(60)
        for t in range(1, 60):
            away[t] += persistence * away[t - 1]
        wrong += differing(away[-20:]).p_value < 0.05
    assert wrong / 400 < most

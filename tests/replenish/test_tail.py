from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.replenish.tail import (
    PATHS_BEYOND,
    exceedance,
    moment_matched_excess,
    moment_matched_quantile,
    moment_matched_tail,
    upper_quantile,
)


def column(values: list[int]) -> IntArray:
    return np.array(values, dtype=np.int32)[:, None]


samples = st.lists(st.integers(0, 60), min_size=20, max_size=80).map(column)


@given(samples, st.floats(0.01, 0.99))
@settings(max_examples=50)
def test_what_can_be_counted_is_counted(sums: IntArray, alpha: float) -> None:
    paths = len(sums)
    if alpha > 1 - PATHS_BEYOND / paths:
        return
    level = int(upper_quantile(sums, alpha)[0])
    assert (sums <= level).mean() >= alpha - 1e-9
    assert (sums <= level - 1).mean() < alpha


@given(samples, st.floats(0.05, 0.99999))
@settings(max_examples=60)
def test_exceedance_is_the_inverse_of_the_quantile(sums: IntArray, alpha: float) -> None:
    level = upper_quantile(sums, alpha)
    counted = 1 - PATHS_BEYOND / len(sums)
    # At the edge of what can be counted the last counted share is all that is promised.
    promised = 1 - alpha if alpha <= counted else max(1 - alpha, PATHS_BEYOND / len(sums))
    assert exceedance(sums, level)[0] <= promised + 1e-9
    if level[0] > 0 and alpha <= counted:
        assert exceedance(sums, level - 1)[0] > 1 - alpha - 1e-9


@pytest.mark.parametrize("spread", ["poisson", "wide", "narrow"])
@pytest.mark.parametrize("alpha", [0.995, 0.999, 0.9999, 0.999999])
def test_the_fitted_tail_is_inverted_too(spread: str, alpha: float) -> None:
    rng = np.random.default_rng(4)
    sums = {
        "poisson": rng.poisson(40, (1000, 6)),
        "wide": rng.negative_binomial(4, 0.1, (1000, 6)),
        "narrow": rng.binomial(80, 0.7, (1000, 6)),
    }[spread].astype(np.int32)
    level = upper_quantile(sums, alpha)
    assert (exceedance(sums, level) <= 1 - alpha + 1e-12).all()
    assert (exceedance(sums, level - 1) > 1 - alpha).all()


def test_beyond_the_paths_levels_go_on_rising() -> None:
    sums = np.random.default_rng(5).poisson(20, (500, 3)).astype(np.int32)
    levels = [upper_quantile(sums, 1 - 10.0**-power) for power in range(1, 8)]
    assert all((low < high).all() for low, high in pairwise(levels))
    assert (levels[-1] > sums.max(axis=0)).all()
    assert (exceedance(sums, levels[-1]) > 0).all()


def test_a_fit_never_promises_less_than_was_counted() -> None:
    # Demand of 0 or 100, 1 in 5: a fit to its mean and variance would end at 95 % below 100.
    sums = column([0] * 80 + [100] * 20)
    assert moment_matched_quantile(sums.mean(0), sums.var(0), 0.91)[0] < 100
    assert upper_quantile(sums, 0.91)[0] == 100


def test_demand_that_is_certain_has_no_tail() -> None:
    sums = np.array([[7, 0]] * 50, dtype=np.int32)
    assert upper_quantile(sums, 0.999999).tolist() == [7, 0]
    assert exceedance(sums, np.array([7, 0], dtype=np.int32)).tolist() == [0.0, 0.0]
    assert exceedance(sums, np.array([6, -1], dtype=np.int32)).tolist() == [1.0, 1.0]


def test_each_pair_has_its_own_alpha() -> None:
    sums = np.tile(np.arange(1, 101, dtype=np.int32)[:, None], 3)
    assert upper_quantile(sums, np.array([0.1, 0.5, 0.9])).tolist() == [10, 50, 90]
    assert upper_quantile(sums, 0.5).tolist() == [50, 50, 50]


def test_levels_may_be_several_per_pair() -> None:
    sums = np.tile(np.arange(100, dtype=np.int32)[:, None], 2)
    levels = np.array([[49, 69], [59, 79]], dtype=np.int32)
    assert np.allclose(exceedance(sums, levels), [[0.5, 0.3], [0.4, 0.2]])


def test_one_path_is_enough_to_say_something() -> None:
    # Its only value is mean and, with variance 0, the whole distribution.
    assert upper_quantile(np.array([[5]], dtype=np.int32), 0.99).tolist() == [5]


MOMENTS = st.tuples(st.floats(0.1, 50.0), st.floats(0.3, 3.0))


@given(MOMENTS, st.floats(0.5, 0.999))
@settings(max_examples=40)
def test_fitted_quantile_and_tail_belong_together(
    moments: tuple[float, float], alpha: float
) -> None:
    mean = np.array([moments[0]])
    variance = mean * moments[1]
    level = moment_matched_quantile(mean, variance, alpha)
    if level[0] > 0:
        assert moment_matched_tail(mean, variance, level)[0] <= 1 - alpha + 1e-9
        assert moment_matched_tail(mean, variance, level - 1)[0] >= 1 - alpha - 1e-9


def test_the_expected_excess_is_the_sum_over_the_distribution() -> None:
    mean, level = np.array([6.0, 6.0, 6.0]), np.array([4.0, 9.0, 20.0])
    counts = np.arange(400)

    def by_hand(chance: FloatArray) -> list[float]:
        return [float(chance @ np.maximum(counts - each, 0)) for each in level]

    poisson = moment_matched_excess(mean, mean, level)
    assert np.allclose(poisson, by_hand(stats.poisson.pmf(counts, 6.0)))
    wide = moment_matched_excess(mean, 3 * mean, level)
    assert np.allclose(wide, by_hand(stats.nbinom.pmf(counts, 3.0, 1 / 3)))

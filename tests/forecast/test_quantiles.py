import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gamma, norm

from supplynet.forecast.quantiles import (
    QUANTILES,
    at_levels,
    at_scores,
    coverage,
    mean,
    normal_scores,
    observed_quantiles,
    standard_deviation,
    tidy,
)

NORMAL = 100 + 10 * norm.ppf(QUANTILES)


def test_a_normal_distribution_is_kept_between_the_levels_and_in_the_lower_tail() -> None:
    scores = np.array([-3.0, -2.0, -0.3, 0.0, 1.0, 2.3])
    np.testing.assert_allclose(at_scores(NORMAL, QUANTILES, scores), 100 + 10 * scores)


def test_the_upper_tail_is_exponential_and_continuous() -> None:
    z = norm.ppf([0.99, 0.999, 0.9999])
    at_99, at_999, at_9999 = at_scores(NORMAL, QUANTILES, z)
    assert at_99 == pytest.approx(NORMAL[-1])
    # each further nine adds the same excess, ln(10) times the scale of the last segment
    assert at_9999 - at_999 == pytest.approx(at_999 - at_99)
    assert at_999 - at_99 == pytest.approx((NORMAL[-1] - NORMAL[-2]) * np.log(10) / np.log(5))


def test_moments_of_a_gamma_distribution_are_met_within_two_percent() -> None:
    values = gamma(4, scale=25).ppf(QUANTILES)
    assert mean(values, QUANTILES) == pytest.approx(100, rel=0.02)
    assert standard_deviation(values, QUANTILES) == pytest.approx(50, rel=0.05)


def test_nothing_is_below_zero() -> None:
    values = tidy(np.array([-3.0, -1, 0, 0, 1, 2, 3, 4, 5]))
    assert values[0] == 0
    assert at_scores(values, QUANTILES, np.array([-8.0])) == 0


@given(
    st.lists(st.floats(0, 1e6), min_size=9, max_size=9),
    st.lists(st.floats(0.001, 0.999), min_size=1, max_size=9, unique=True),
)
def test_a_quantile_function_never_falls(values: list[float], wanted: list[float]) -> None:
    found = at_levels(np.sort(values), QUANTILES, sorted(wanted))
    assert (np.diff(found) >= -1e-9 * max(values)).all()
    assert (found >= 0).all()


def test_the_grid_itself_comes_back_unchanged_from_an_interpolation() -> None:
    found = at_levels(NORMAL, QUANTILES, QUANTILES[2:5])
    np.testing.assert_allclose(found, NORMAL[2:5])


def test_scores_tell_how_surprising_a_value_was() -> None:
    cells = np.stack([NORMAL] * 4)
    scores = normal_scores(cells, QUANTILES, np.array([100, 110, 60, np.nan]))
    np.testing.assert_allclose(scores[:3], [0, 1, -3], atol=0.06)
    assert np.isnan(scores[3])


def test_many_zeros_are_met_in_the_middle_of_their_stretch() -> None:
    zeros = np.array([0, 0, 0, 0, 0, 0, 4.0, 8, 12])  # three in four are zero
    score = normal_scores(zeros[None], QUANTILES, np.array([0.0]))
    assert -1.3 < score[0] < -0.9


def test_coverage_of_a_calibrated_forecast_of_counts_is_exact() -> None:
    rng = np.random.default_rng(5)
    counts = rng.poisson(3.0, 40_000).astype(float)
    grid = (np.arange(1, 200)) / 200
    values = np.quantile(counts + rng.random(len(counts)) - 0.5, grid)
    cells = np.broadcast_to(np.maximum(values, 0), (len(counts) // 8, len(grid)))
    found = coverage(cells, tuple(grid), counts[: len(cells)], 0.8)
    assert found.mean() == pytest.approx(0.8, abs=0.02)


def test_observed_quantiles_equal_numpys_without_the_gaps() -> None:
    rng = np.random.default_rng(2)
    values = rng.random((3, 50))
    values[1, 10:30] = np.nan
    values[2] = np.nan
    found = observed_quantiles(values, QUANTILES)
    np.testing.assert_allclose(found[:2], np.nanquantile(values[:2], QUANTILES, axis=1).T)
    assert np.isnan(found[2]).all()

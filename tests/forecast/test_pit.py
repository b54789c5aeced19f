import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, norm, poisson

from supplynet.forecast.pit import (
    PIT_SCHEMA,
    exceedance,
    level_of,
    pit_coverage,
    pit_frame,
    pit_interval,
    randomised_pit,
)
from supplynet.forecast.quantiles import QUANTILES, at_scores

NORMAL = 100 + 10 * norm.ppf(QUANTILES)
FINE = tuple(np.linspace(0.0005, 0.9995, 1999).tolist())


def test_the_level_of_a_normal_demand_is_that_of_the_table() -> None:
    values = np.array([100.0, 110.0, 80.0])
    found = level_of(np.broadcast_to(NORMAL, (3, 9)), QUANTILES, values, reached=True)
    # between the levels of the grid the function is linear in the normal score, which is exact here
    np.testing.assert_allclose(found, [0.5, 0.8413, 0.0228], atol=1e-4)


@given(
    st.lists(st.integers(0, 500), min_size=9, max_size=9),
    st.floats(-4, 4),
)
def test_it_undoes_reading_a_quantile_function_at_a_score(values: list[int], score: float) -> None:
    quantiles = np.sort(np.array(values, dtype=float))[None]
    read = at_scores(quantiles, QUANTILES, np.array([score]))
    below = level_of(quantiles, QUANTILES, read, reached=False)
    until = level_of(quantiles, QUANTILES, read, reached=True)
    assert below[0] <= norm.cdf(score) + 1e-6
    assert until[0] >= norm.cdf(score) - 1e-6


def test_a_single_level_is_a_step() -> None:
    step = np.array([[5.0]])
    levels = [
        level_of(step, (0.5,), np.array([value]), reached=True).item() for value in (4.0, 5.0, 6.0)
    ]
    assert levels == [0.0, 1.0, 1.0]


def test_a_forecast_of_nothing_holds_zero_and_nothing_else() -> None:
    nothing = np.zeros((2, 9))
    low, high = pit_interval(nothing, QUANTILES, np.array([0.0, 1.0]))
    assert (low.tolist(), high.tolist()) == ([0.0, 1.0], [1.0, 1.0])


def test_what_was_not_observed_has_no_level() -> None:
    low, high = pit_interval(NORMAL[None], QUANTILES, np.array([np.nan]))
    assert np.isnan(low).all()
    assert np.isnan(high).all()
    assert np.isnan(pit_coverage(low, 0.8))


def test_counts_drawn_from_the_forecast_have_an_even_pit() -> None:
    """Poisson counts of 1.5: quantiles are whole numbers, yet the levels are even."""
    rng = np.random.default_rng(1)
    actual = rng.poisson(1.5, 4000).astype(float)
    # a quantile function that is flat at every count, as that of a count is
    quantiles = np.broadcast_to(poisson(1.5).ppf(FINE), (4000, len(FINE)))
    pit = randomised_pit(quantiles, FINE, actual, rng)
    assert kstest(pit, "uniform").pvalue > 0.01
    assert pit_coverage(pit, 0.8) == pytest.approx(0.8, abs=0.02)
    assert exceedance(pit, 0.9) == pytest.approx(0.1, abs=0.015)


def test_coverage_counts_what_lies_inside_the_central_interval() -> None:
    pit = np.array([[0.05, 0.5, 0.95, np.nan], [0.2, 0.3, 0.4, 0.6]])
    assert pit_coverage(pit, 0.8) == pytest.approx(5 / 7)
    np.testing.assert_allclose(pit_coverage(pit, 0.8, axis=1), [1 / 3, 1.0])
    assert exceedance(pit, 0.9) == pytest.approx(1 / 7)


def test_the_frame_has_a_row_for_all_every_class_that_occurs_and_every_step() -> None:
    pit = np.full((2, 3, 2), 0.5)
    pit[:, 2] = 0.99
    pit[:, 1, 0] = np.nan
    frame = pit_frame(pit, np.array([0, 0, 3]))
    assert dict(frame.schema) == dict(PIT_SCHEMA)
    assert frame.select("by", "of").rows() == [
        ("all", ""),
        ("class", "smooth"),
        ("class", "lumpy"),
        ("step", "0"),
        ("step", "1"),
    ]
    assert frame["observed"].to_list() == [10, 6, 4, 4, 6]
    assert frame["coverage_80"].to_list() == pytest.approx([0.6, 1.0, 0.0, 0.5, 2 / 3])


def test_a_frame_of_nothing_observed_has_nulls() -> None:
    frame = pit_frame(np.full((1, 1, 1), np.nan), np.array([0]))
    assert frame["coverage_80"].null_count() == len(frame) == 2

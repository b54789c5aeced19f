import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from supplynet.forecast.calibration_maps import SCORES, Kinship, measured, read_at, shrunk
from supplynet.forecast.pit import pit_coverage, randomised_pit
from supplynet.forecast.quantiles import QUANTILES


def forecast(cells: int, spread: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.broadcast_to(1000 + 100 * spread * SCORES, (cells, 9))


def test_a_forecast_too_narrow_by_a_quarter_is_read_further_out() -> None:
    actual = np.random.default_rng(1).normal(1000, 100, 20_000)
    found = measured(forecast(20_000, 0.75), actual, 20_000)
    # 1.28 / 0.75 at 90 %; the 99 % lies in the exponential tail, beyond the last level
    np.testing.assert_allclose(found[1:8], SCORES[1:8] / 0.75, atol=0.06)


def test_zeros_that_the_model_has_too_few_of_are_found() -> None:
    """Four in ten periods need nothing, the model says one."""
    rng = np.random.default_rng(2)
    actual = np.where(rng.random(5000) < 0.4, 0.0, 1 + rng.poisson(2, 5000))
    model = np.broadcast_to([0, 0, 0, 1.5, 2.5, 4, 5, 6, 7.5], (5000, 9))
    found = read_at(model, measured(model, actual, 5000))
    before, after = (
        pit_coverage(randomised_pit(q, QUANTILES, actual, rng), 0.8) for q in (model, found)
    )
    assert abs(after - 0.8) < 0.03 < abs(before - 0.8)


def test_a_level_without_a_rank_keeps_its_score() -> None:
    """Among 20 cells the 95 % has rank 20 of 20, the 99 % would have 21."""
    actual = np.random.default_rng(3).normal(1000, 100, 20)
    found = measured(forecast(20, 3.0), actual, 20)
    assert (found[0], found[-1]) == (SCORES[0], SCORES[-1])
    assert found[6] < SCORES[6]


def test_few_cells_change_little_and_tails_the_least() -> None:
    wide = 1.5 * SCORES
    share = {
        n: (shrunk(wide, SCORES, n, 0.15) - SCORES) / (wide - SCORES + 1e-12) for n in (9, 9e6)
    }
    assert share[9][[5, 8]] == pytest.approx([0.10, 0.01], abs=0.02)
    np.testing.assert_allclose(share[9e6][[0, 1, 7, 8]], 1, atol=1e-3)


def test_a_shift_is_believed_less_than_a_spread() -> None:
    shifted, wider = (shrunk(own, SCORES, 100, 0.15) for own in (SCORES + 0.3, 1.3 * SCORES))
    moved, widened = (shifted - SCORES)[4] / 0.3, (wider - SCORES)[6] / (0.3 * SCORES[6])
    # 0.075^2 / (0.075^2 + 1/100) = 0.36; 0.15^2 / (0.15^2 + 0.0292) = 0.43
    assert moved == pytest.approx(0.36, abs=0.01)
    assert widened == pytest.approx(0.43, abs=0.01)


@given(st.lists(st.floats(-4, 4), min_size=9, max_size=9), st.floats(1, 1e6))
def test_a_map_never_falls(own: list[float], worth: float) -> None:
    found = shrunk(np.sort(own), SCORES, worth, 0.2)
    assert (np.diff(found) >= 0).all()


def test_independent_cells_are_worth_almost_their_number() -> None:
    rng = np.random.default_rng(4)
    actual = rng.normal(1000, 100, (40, 30, 5))
    quantiles = np.broadcast_to(1000 + 100 * SCORES, (*actual.shape, 9))
    found = Kinship.of(quantiles, actual)
    assert found.worth(np.ones(actual.shape, bool)) > 0.25 * actual.size
    assert found.cutoff < 0.01


def test_a_week_that_runs_fast_for_all_is_one_week() -> None:
    rng = np.random.default_rng(5)
    common = np.repeat(rng.normal(0, 1, 10), 4)[:, None, None]  # the same for four cutoffs
    actual = 1000 + 100 * (0.8 * common + 0.6 * rng.normal(0, 1, (40, 30, 5)))
    quantiles = np.broadcast_to(1000 + 100 * SCORES, (*actual.shape, 9))
    worth = Kinship.of(quantiles, actual).worth(np.ones(actual.shape, bool))
    assert worth < 60  # of 6,000


def test_one_cutoff_and_one_series_have_what_is_usual() -> None:
    actual = np.full((1, 1, 4), 3.0)
    quantiles = np.broadcast_to(np.arange(9.0), (1, 1, 4, 9))
    assert Kinship.of(quantiles, actual) == Kinship()
    assert Kinship.of(quantiles, actual * np.nan) == Kinship()


def test_reading_at_the_same_scores_changes_nothing() -> None:
    values = np.sort(np.random.default_rng(6).gamma(2, 5, (3, 2, 9)), axis=-1)
    np.testing.assert_allclose(read_at(values, SCORES), values)
    np.testing.assert_allclose(norm.cdf(SCORES), QUANTILES)

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.calibration_maps import SCORES
from supplynet.forecast.dependence import MOST_PERSISTENT, Dependence
from supplynet.forecast.paths import path_scores
from supplynet.forecast.pit import exceedance, pit_coverage
from supplynet.forecast.window_sums import dependence_of, fit_window_sums, window_pit

Groups = npt.NDArray[np.int64]
SERIES = tuple((f"L{line}", f"p{part}") for line in range(20) for part in range(5))
ALONE = Dependence(plant=0.0, line=0.0, own_persistence=0.0)
KEPT = Dependence(plant=0.0, line=0.0, own_persistence=0.6)


def happened(dependence: Dependence, seed: int = 1) -> tuple[FloatArray, FloatArray]:
    """40 forecasts of four steps that are right by themselves, with such errors."""
    scores = path_scores(SERIES, dependence, steps=4, paths=40, seed=seed)
    actual = np.rint(1000 + 100 * scores)
    return np.broadcast_to(1000 + 100 * SCORES, (*actual.shape, 9)), actual


def pit_of(dependence: Dependence, errors: Dependence, groups: Groups | None = None) -> FloatArray:
    quantiles, actual = happened(errors)
    rng = np.random.default_rng(0)
    return window_pit(
        quantiles, actual, SERIES, dependence, paths=200, seed=9, rng=rng, groups=groups
    )


def test_sums_on_paths_with_the_right_dependence_are_calibrated() -> None:
    pit = pit_of(KEPT, KEPT)
    assert pit.shape == (40, len(SERIES), 4)
    assert pit_coverage(pit[:, :, 3], 0.8) == pytest.approx(0.8, abs=0.02)
    for level in (0.9, 0.99):
        assert exceedance(pit[:, :, 3], level) == pytest.approx(1 - level, abs=0.015)


def test_sums_are_exceeded_too_often_where_persistence_is_not_seen() -> None:
    pit = pit_of(ALONE, KEPT)
    assert exceedance(pit[:, :, 0], 0.9) == pytest.approx(0.1, abs=0.015)  # the margins are right
    # the variance of the sum of 4 is 4 + 6 * 0.6 + 4 * 0.36 + 2 * 0.22 = 9.5, not 4
    assert exceedance(pit[:, :, 3], 0.9) > 0.18


@pytest.mark.parametrize("persistence", [0.6, -0.4])
def test_persistence_is_found_from_the_sums(persistence: float) -> None:
    errors = replace(ALONE, own_persistence=persistence)
    found = fit_window_sums(ALONE, *happened(errors), SERIES)
    # 4,000 windows stand beside the 4,000 of what was there: half of the way
    assert found.own_persistence == pytest.approx(0.5 * persistence, abs=0.05)
    assert replace(found, own_persistence=0.0) == ALONE


def test_sums_that_no_persistence_explains_give_the_extreme() -> None:
    """The same error at every step, three times as large as the forecast says."""
    quantiles, actual = happened(ALONE)
    same = np.broadcast_to(actual[:, :, :1], actual.shape)
    found = fit_window_sums(ALONE, quantiles, 1000 + 3 * (same - 1000), SERIES)
    assert found.own_persistence == pytest.approx(0.5 * MOST_PERSISTENT, abs=0.01)


def test_few_windows_or_one_step_change_nothing() -> None:
    quantiles, actual = happened(KEPT)
    assert fit_window_sums(ALONE, quantiles[:1], actual[:1], SERIES) == ALONE
    assert fit_window_sums(ALONE, quantiles[:, :, :1], actual[:, :, :1], SERIES) == ALONE
    hidden = np.where(np.arange(4) == 2, np.nan, actual)
    assert fit_window_sums(ALONE, quantiles, hidden, SERIES) == ALONE


def test_a_sum_with_an_unobserved_step_is_not_judged_nor_is_any_after_it() -> None:
    quantiles, actual = happened(ALONE)
    actual[:, 5, 2] = np.nan
    rng = np.random.default_rng(0)
    pit = window_pit(quantiles, actual, SERIES, ALONE, paths=50, seed=1, rng=rng)
    assert np.isnan(pit[:, 5]).all(axis=0).tolist() == [False, False, True, True]
    assert np.isnan(pit).sum() == 80


def test_lines_that_draw_from_one_stock_point_are_added_up_path_by_path() -> None:
    """Half of the error is the line's: the parts of a line vary together, those of others not."""
    errors = Dependence(plant=0.0, line=0.5, line_persistence=0.0, own_persistence=0.0)
    lines = np.repeat(np.arange(20), 5)
    known, unknown = (pit_of(one, errors, groups=lines) for one in (errors, ALONE))
    assert known.shape == (40, 20, 4)
    assert pit_coverage(known[:, :, 0], 0.8) == pytest.approx(0.8, abs=0.05)
    assert pit_coverage(unknown[:, :, 0], 0.8) < 0.65


def test_pieces_give_what_all_at_once_give(monkeypatch: pytest.MonkeyPatch) -> None:
    from supplynet.forecast import window_sums

    interleaved = np.arange(len(SERIES)) % 7
    whole = pit_of(KEPT, KEPT, groups=interleaved)
    monkeypatch.setattr(window_sums, "_BLOCK", 200 * 4 * 30)
    pieces = pit_of(KEPT, KEPT, groups=interleaved)
    np.testing.assert_allclose(pieces, whole, atol=0.02)  # the same paths, other draws between


def test_the_whole_dependence_is_found() -> None:
    errors = Dependence(
        plant=0.0, line=0.4, line_persistence=0.5, plant_persistence=0.0, own_persistence=0.3
    )
    found = dependence_of(*happened(errors), SERIES)
    assert found.line == pytest.approx(0.4, abs=0.06)
    assert found.own_persistence == pytest.approx(0.3, abs=0.1)

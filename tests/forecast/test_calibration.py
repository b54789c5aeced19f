import json
from dataclasses import asdict

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ModelError
from supplynet.forecast.calibration import Calibration, fit_calibration
from supplynet.forecast.calibration_maps import SCORES
from supplynet.forecast.pit import pit_coverage, randomised_pit
from supplynet.forecast.quantiles import QUANTILES

ORIGINS, SERIES, STEPS = 12, 150, 4
CLASSES = np.repeat([0, 3], [100, 50])


def made(seed: int, spread: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Quantiles that say a spread of 100, and demand that has ``spread`` times that."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(500, 5000, (1, SERIES, 1))
    actual = level + 100 * spread * rng.normal(0, 1, (ORIGINS, SERIES, STEPS))
    quantiles = np.broadcast_to(level[..., None] + 100 * SCORES, (ORIGINS, SERIES, STEPS, 9))
    return quantiles, np.rint(actual)


def covered(quantiles: FloatArray, actual: FloatArray, width: float) -> float:
    pit = randomised_pit(quantiles, QUANTILES, actual, np.random.default_rng(0))
    return float(pit_coverage(pit, width))


def wrong_by_class() -> FloatArray:
    return np.where(CLASSES == 0, 0.85, 1.25)[:, None]


def test_held_out_coverage_is_nominal_in_every_class() -> None:
    found = fit_calibration(*made(1, wrong_by_class()), CLASSES)
    quantiles, actual = made(2, wrong_by_class())
    calibrated = found.apply(quantiles, CLASSES)
    for place, before in ((0, 0.87), (3, 0.69)):
        inside = place == CLASSES
        assert covered(quantiles[:, inside], actual[:, inside], 0.8) == pytest.approx(
            before, abs=0.02
        )
        assert covered(calibrated[:, inside], actual[:, inside], 0.8) == pytest.approx(
            0.8, abs=0.03
        )
        assert covered(calibrated[:, inside], actual[:, inside], 0.95) == pytest.approx(
            0.95, abs=0.02
        )


def test_pinball_falls_where_the_spread_was_wrong_and_stays_where_it_was_right() -> None:
    levels = np.array(QUANTILES)

    def pinball(quantiles: FloatArray, actual: FloatArray) -> float:
        error = actual[..., None] - quantiles
        return float(np.maximum(levels * error, (levels - 1) * error).mean())

    for spread, least, most in ((1.6, 0.0, 0.98), (1.0, 0.99, 1.002)):
        found = fit_calibration(*made(3, np.array(spread)), CLASSES)
        quantiles, actual = made(4, np.array(spread))
        ratio = pinball(found.apply(quantiles, CLASSES), actual) / pinball(quantiles, actual)
        assert least < ratio < most


def test_steps_differ_where_there_is_much_to_tell_it_by() -> None:
    found = fit_calibration(*made(5, np.array([0.8, 0.9, 1.1, 1.2])), CLASSES)
    at_90 = [row[6] for row in found.scores[0]]
    assert at_90 == sorted(at_90)
    assert at_90[-1] - at_90[0] > 0.03


def test_unobserved_and_broken_cells_say_nothing() -> None:
    quantiles, actual = made(6, np.array(1.4))
    holes, broken = actual.copy(), np.array(quantiles)
    holes[:, ::2], broken[:, ::2] = np.nan, np.nan
    by_actual = fit_calibration(quantiles, holes, CLASSES)
    assert by_actual == fit_calibration(broken, actual, CLASSES)
    assert by_actual.observed == (ORIGINS * 50 * STEPS, 0, 0, ORIGINS * 25 * STEPS)


@pytest.mark.parametrize("shape", [(3, 2, 4), (3, 0, 4), (0, 2, 4)])
def test_nothing_observed_changes_nothing(shape: tuple[int, int, int]) -> None:
    found = fit_calibration(
        np.zeros((*shape, 9)), np.full(shape, np.nan), np.zeros(shape[1], dtype=np.int64)
    )
    np.testing.assert_allclose(found.scores[2][3], SCORES)
    assert found.steps == 4


def test_a_class_that_was_never_met_is_read_as_all_are() -> None:
    found = fit_calibration(*made(7, np.array(1.5)), np.zeros(SERIES, dtype=np.int64))
    assert found.scores[2][0][6] > 1.1 * SCORES[6]
    assert found.observed[2] == 0


@settings(max_examples=15)  # each measures a dozen maps
@given(st.lists(st.integers(0, 40), min_size=24, max_size=24), st.integers(0, 9))
def test_what_is_calibrated_is_ordered_and_not_below_zero(counts: list[int], level: int) -> None:
    actual = np.array(counts, dtype=float).reshape(4, 3, 2)
    quantiles = np.broadcast_to(np.maximum(level + 5 * SCORES, 0), (4, 3, 2, 9))
    found = fit_calibration(quantiles, actual, np.array([0, 2, 3]))
    values = found.apply(quantiles, np.array([0, 2, 3]))
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert (np.diff(values, axis=-1) >= 0).all()


def test_steps_beyond_those_measured_are_read_as_the_last() -> None:
    found = fit_calibration(*made(8, np.array(1.5)), CLASSES)
    one = np.broadcast_to(1000 + 100 * SCORES, (SERIES, 9, 9))
    values = found.apply(one, CLASSES)
    np.testing.assert_array_equal(values[:, 3], values[:, 8])
    picked = found.apply(one[:, :2], CLASSES, steps=[1, 7])
    np.testing.assert_array_equal(picked, values[:, [1, 7]])


def test_it_goes_through_json_unchanged() -> None:
    found = fit_calibration(*made(9, wrong_by_class()), CLASSES)
    assert Calibration(**json.loads(json.dumps(asdict(found)))) == found


def test_no_calibration_leaves_the_quantiles_alone() -> None:
    quantiles, _ = made(10, np.array(1.0))
    np.testing.assert_allclose(Calibration.none().apply(quantiles, CLASSES), quantiles)


def _falling() -> tuple[tuple[tuple[float, ...], ...], ...]:
    return ((tuple(SCORES[::-1].tolist()),),) * 4


def _of_three() -> tuple[tuple[tuple[float, ...], ...], ...]:
    return ((tuple(SCORES.tolist()),),) * 3


@pytest.mark.parametrize("scores", [_falling(), _of_three(), (), ((),) * 4])
def test_scores_that_are_no_calibration_are_refused(
    scores: tuple[tuple[tuple[float, ...], ...], ...],
) -> None:
    with pytest.raises(ModelError, match="calibrate the model again"):
        Calibration(scores=scores)


def test_other_series_do_not_change_what_is_read() -> None:
    found = fit_calibration(*made(11, wrong_by_class()), CLASSES)
    quantiles, _ = made(12, wrong_by_class())
    rows: npt.NDArray[np.int64] = np.array([3, 120])
    np.testing.assert_array_equal(
        found.apply(quantiles[:, rows], CLASSES[rows]), found.apply(quantiles, CLASSES)[:, rows]
    )

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.metrics import (
    METRICS,
    POOLED,
    Errors,
    errors_of,
    metrics_frame,
    series_metrics,
)
from supplynet.forecast.quantiles import QUANTILES


def sure(points: FloatArray) -> FloatArray:
    """A forecast without any doubt, from points of shape (origin, series, step)."""
    return np.repeat(points[..., None], len(QUANTILES), axis=-1)


def judged(points: list[float], actual: list[float], scale: float = 2.0) -> dict[str, float]:
    found = series_metrics(
        sure(np.array([[points]])), np.array([[actual]]), np.array([scale]), np.array([scale**2])
    )
    return {name: float(values[0]) for name, values in found.items()}


def test_every_error_is_what_its_definition_says() -> None:
    # errors +2, -2, 0 of 10, 20, 30
    found = judged([8.0, 22.0, 30.0], [10.0, 20.0, 30.0])
    assert found["mae"] == pytest.approx(4 / 3)
    assert found["rmse"] == pytest.approx(math.sqrt(8 / 3))
    assert found["mape"] == pytest.approx((0.2 + 0.1) / 3)
    assert found["smape"] == pytest.approx((4 / 18 + 4 / 42) / 3)
    assert found["wape"] == pytest.approx(4 / 60)
    assert found["r2"] == pytest.approx(1 - 8 / 200)
    assert found["bias"] == pytest.approx(0.0)
    assert found["mase"] == pytest.approx(4 / 3 / 2)
    assert found["rmsse"] == pytest.approx(math.sqrt(8 / 3) / 2)


def test_a_percentage_says_nothing_of_zeros_and_how_many_they_are() -> None:
    found = judged([5.0, 5.0, 5.0, 5.0], [0.0, 0.0, 10.0, 0.0])
    assert (found["mape"], found["zero_share"]) == (0.5, 0.75)
    assert math.isnan(judged([1.0], [0.0])["mape"])


def test_what_does_not_exist_is_nan_and_null_in_the_frame() -> None:
    found = judged([3.0, 3.0], [3.0, 3.0], scale=float("nan"))
    assert math.isnan(found["r2"])
    assert math.isnan(found["mase"])
    arrays_found = {name: np.array([value]) for name, value in found.items()}
    row = metrics_frame(arrays_found, (("L", "P"),)).row(0, named=True)
    assert (row["r2"], row["mase"], row["mae"], row["observed"]) == (None, None, 0.0, 2)
    assert list(row)[2:] == list(METRICS)


def test_what_was_not_observed_counts_for_nothing() -> None:
    whole = judged([8.0, 22.0, 30.0], [10.0, 20.0, 30.0])
    hidden = judged([8.0, 22.0, 30.0, 500.0], [10.0, 20.0, 30.0, float("nan")])
    assert hidden == pytest.approx(whole)


def of(points: FloatArray, actual: FloatArray, scale: list[float]) -> Errors:
    unit = np.array(scale)
    return errors_of(sure(points), actual, unit, unit**2, weights=np.array([3.0, 1.0]))


def test_steps_are_pooled_over_series_and_origins() -> None:
    points = np.array([[[1.0, 10.0], [3.0, 30.0]]])  # (origin, series, step)
    actual = np.array([[[2.0, 10.0], [6.0, 10.0]]])
    found = of(points, actual, [1.0, 2.0]).by_step()
    np.testing.assert_allclose(found["mae"], [2.0, 10.0])
    np.testing.assert_allclose(found["wape"], [0.5, 1.0])
    np.testing.assert_allclose(found["mase"], [(1 / 1 + 3 / 2) / 2, (0 + 20 / 2) / 2])


def test_over_several_series_scaled_errors_are_means_of_the_series_own() -> None:
    points = np.array([[[10.0, 10.0], [100.0, 100.0]]])
    actual = np.array([[[12.0, np.nan], [80.0, 110.0]]])  # errors 2; 20 and 10
    found = of(points, actual, [2.0, 10.0]).overall()
    assert found["mae"] == pytest.approx(32 / 3)
    assert found["mase"] == pytest.approx((1.0 + 1.5) / 2)
    rmsse = (1.0, math.sqrt((4 + 1) / 2))
    assert found["rmsse"] == pytest.approx(sum(rmsse) / 2)
    assert found["wrmsse"] == pytest.approx((3 * rmsse[0] + rmsse[1]) / 4)
    assert found["observed"] == 3


def test_that_series_differ_in_size_explains_nothing() -> None:
    actual = np.array([[[9.0, 11.0], [900.0, 1100.0]]])
    means = np.array([[[10.0, 10.0], [1000.0, 1000.0]]])
    assert of(means, actual, [1.0, 1.0]).overall()["r2"] == pytest.approx(0.0)


def test_a_class_is_judged_by_its_own_series_and_an_empty_one_not_at_all() -> None:
    points, actual = np.full((1, 2, 3), 5.0), np.array([[[4.0] * 3, [8.0] * 3]])
    found = of(points, actual, [1.0, 1.0]).by_class(np.array([0, 3]))
    np.testing.assert_allclose(found["mae"], [1.0, np.nan, np.nan, 3.0])
    assert list(found) == list(POOLED)


def test_each_origin_is_scaled_by_its_own_history() -> None:
    points, actual = np.zeros((2, 1, 1)), np.array([[[6.0]], [[6.0]]])
    unit = np.array([[3.0], [1.0]])  # (origin, series)
    found = errors_of(sure(points), actual, unit, unit**2).by_series()
    assert found["mase"][0] == pytest.approx((6 / 3 + 6 / 1) / 2)


def test_a_constant_series_has_no_r2_however_its_mean_is_rounded() -> None:
    assert math.isnan(judged([0.2] * 3, [0.1] * 3)["r2"])


@given(arrays(float, (2, 3, 4), elements=st.integers(0, 9).map(float)))
def test_the_whole_is_the_sum_of_its_series_steps_and_classes(actual: FloatArray) -> None:
    unit = np.ones(3)
    found = errors_of(sure(np.roll(actual, 1, axis=-1)), actual, unit, unit)
    whole = found.overall(["mae"])["mae"]
    for parts in (found.by_series(["mae", "observed"]), found.by_step(["mae", "observed"])):
        assert np.average(parts["mae"], weights=parts["observed"]) == pytest.approx(whole)
    classes = found.by_class(np.array([0, 0, 2]), ["mae", "observed"])
    some = classes["observed"] > 0
    weights = classes["observed"][some]
    assert np.average(classes["mae"][some], weights=weights) == pytest.approx(whole)


@settings(max_examples=30)
@given(arrays(float, (2, 3, 4), elements=st.integers(0, 50).map(float)), st.integers(1, 9))
def test_errors_in_shares_do_not_change_with_the_unit(actual: FloatArray, factor: int) -> None:
    points = np.roll(actual, 1, axis=-1)
    scale = np.array([1.0, 2.0, 3.0])
    one = series_metrics(sure(points), actual, scale, scale**2)
    many = series_metrics(
        sure(points * factor), actual * factor, scale * factor, (scale * factor) ** 2
    )
    for name in ("mape", "smape", "wape", "r2", "bias", "mase", "rmsse"):
        np.testing.assert_allclose(one[name], many[name], rtol=1e-9, err_msg=name)
    np.testing.assert_allclose(one["mae"] * factor, many["mae"], rtol=1e-9)

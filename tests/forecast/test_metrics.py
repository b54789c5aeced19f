from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.metrics import METRICS, metrics_frame, series_metrics, step_metrics
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


def test_steps_are_pooled_over_series_and_origins() -> None:
    points = np.array([[[1.0, 10.0], [3.0, 30.0]]])  # (origin, series, step)
    actual = np.array([[[2.0, 10.0], [6.0, 10.0]]])
    found = step_metrics(sure(points), actual)
    np.testing.assert_allclose(found["mae"], [2.0, 10.0])
    np.testing.assert_allclose(found["wape"], [0.5, 1.0])


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

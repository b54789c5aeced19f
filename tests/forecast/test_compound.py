import numpy as np
import pytest
from scipy.stats import nbinom

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.compound import compound_quantiles, last_sizes

NAN = float("nan")


def quantiles(
    occurrence: float, size: float, sizes: list[float], levels: tuple[float, ...]
) -> FloatArray:
    ordered = np.sort(np.array([sizes], dtype=float), axis=1)
    found = compound_quantiles(np.array([occurrence]), np.array([size]), ordered, levels)
    return np.asarray(found[0])


def test_the_last_sizes_in_order_without_gaps_and_zeros() -> None:
    demand = np.array([[9.0, 0, 7, NAN, 3, 0], [0.0, 0, 0, 0, 0, NAN]])
    np.testing.assert_array_equal(last_sizes(demand, 2), [[3, 7], [NAN, NAN]])
    assert last_sizes(np.empty((2, 0)), 4).shape == (2, 0)


def test_nothing_comes_with_the_probability_of_no_demand() -> None:
    values = quantiles(0.3, 4.0, [4.0] * 30, (0.1, 0.69, 0.71, 0.99))
    np.testing.assert_array_equal(values, [0, 0, 4, 4])


def test_sizes_that_pass_for_it_are_negative_binomial() -> None:
    rng = np.random.default_rng(0)
    sizes = 1 + rng.negative_binomial(2, 0.25, 64)  # mean 7, variance 24 about it
    values = quantiles(1.0, 7.0, sizes.tolist(), (0.1, 0.5, 0.9, 0.99))
    np.testing.assert_allclose(values, 1 + nbinom.ppf((0.1, 0.5, 0.9, 0.99), 2, 0.25), atol=4)
    assert quantiles(1.0, 7.0, sizes.tolist(), (0.9999,))[0] > sizes.max()


def test_sizes_that_do_not_are_taken_as_they_were() -> None:
    boxes = [12.0] * 40 + [24.0] * 20
    assert set(quantiles(1.0, 16.0, boxes, (0.1, 0.5, 0.8, 0.99))) == {12.0, 24.0}


@pytest.mark.parametrize("mean", [13.0, 16.0, 22.0])
def test_their_weights_are_tilted_until_the_mean_is_right(mean: float) -> None:
    levels = tuple((np.arange(4000) + 0.5) / 4000)
    found = quantiles(0.5, mean, [12.0] * 40 + [24.0] * 20, levels)
    assert found.mean() == pytest.approx(0.5 * mean, rel=0.01)


def test_a_mean_beyond_all_observed_sizes_scales_them() -> None:
    values = quantiles(1.0, 50.0, [2.5, 2.5, 2.5], (0.2, 0.8))
    np.testing.assert_allclose(values, 50.0)


def test_without_any_size_the_spread_is_geometric_or_a_point() -> None:
    values = quantiles(1.0, 5.0, [NAN, NAN], (0.05, 0.5, 0.95))
    assert values[0] < values[1] < values[2]
    assert quantiles(1.0, 0.4, [], (0.5,))[0] == pytest.approx(0.4)
    assert quantiles(0.0, 5.0, [3.0], (0.5, 0.99)).max() == 0

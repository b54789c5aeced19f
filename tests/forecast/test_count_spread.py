import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.count_spread import CountSpread
from supplynet.forecast.features import FEATURES
from supplynet.forecast.tree_rows import TreeRows

SERIES = (("L1", "calm"), ("L1", "wild"))
LEVELS = (0.1, 0.5, 0.9)


def rows(demand: FloatArray, mean: float, variance: float) -> TreeRows:
    """Rows, half of each series, whose window says this mean and variance."""
    count = len(demand)
    return TreeRows(
        table=np.zeros((count, len(FEATURES)), dtype=np.float32),
        location=np.full(count, mean),
        spread=np.full(count, variance**0.5),
        series=np.repeat([0, 1], count // 2),
        demand=demand,
    )


def test_each_series_gets_the_variance_of_its_own_residuals() -> None:
    calm, wild = np.tile([9.0, 11.0], 2000), np.tile([4.0, 16.0], 2000)  # variance 1 and 36
    made = rows(np.concatenate([calm, wild]), 10.0, 10.0)
    spread = CountSpread.of(made, np.full(8000, 10.0), SERIES)
    assert spread.common == pytest.approx((0.1 + 3.6) / 2)
    assert spread.own[SERIES[0]] == pytest.approx(0.1, abs=0.02)
    assert spread.own[SERIES[1]] == pytest.approx(3.6, abs=0.02)


def test_counts_are_negative_binomial_with_that_variance() -> None:
    one = rows(np.full(2, np.nan), 4.0, 4.0)
    spread = CountSpread(own={SERIES[0]: 1.0, SERIES[1]: 3.0})
    found = spread.quantiles(one, np.full(2, 4.0), SERIES, LEVELS)
    np.testing.assert_array_equal(found[0], poisson.ppf(LEVELS, 4))
    np.testing.assert_array_equal(found[1], nbinom.ppf(LEVELS, 2, 1 / 3))  # variance 4 + 16 / 2


def test_large_demand_that_hardly_varies_is_not_called_poisson() -> None:
    one = rows(np.full(2, np.nan), 100.0, 4.0)
    found = CountSpread().quantiles(one, np.full(2, 100.0), SERIES, LEVELS)
    np.testing.assert_allclose(found[0], [97.4, 100, 102.6], atol=0.1)  # nearly normal


def test_a_mean_of_nothing_gives_nothing() -> None:
    one = rows(np.full(2, np.nan), 0.0, 0.25)
    assert (CountSpread().quantiles(one, np.zeros(2), SERIES, LEVELS) == 0).all()

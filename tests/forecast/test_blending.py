import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.forecast.blending import best_weights, shrunk
from supplynet.forecast.quantiles import QUANTILES, normal_levels

RNG = np.random.default_rng(2)
ACTUAL = RNG.normal(size=3000)
RIGHT = np.tile(normal_levels(QUANTILES), (3000, 1))


def test_the_right_forecast_gets_nearly_all_the_weight() -> None:
    weights = best_weights(np.stack([RIGHT + 3, RIGHT, 3 * RIGHT]), ACTUAL)
    assert weights[1] > 0.95


def test_errors_that_cancel_share_the_weight() -> None:
    weights = best_weights(np.stack([RIGHT + 1, RIGHT - 1]), ACTUAL)
    np.testing.assert_allclose(weights, 0.5, atol=0.05)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5), st.integers(0, 30), st.integers(0, 10))
def test_weights_are_shares(members: int, cells: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    quantiles = np.sort(rng.gamma(1, 1, (members, cells, len(QUANTILES))), axis=-1)
    weights = best_weights(quantiles, rng.gamma(1, 1, cells))
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(), 1)


def test_few_cells_change_little() -> None:
    own, common = np.array([1.0, 0.0]), np.array([0.5, 0.5])
    np.testing.assert_allclose(shrunk(own, common, 0, 400), common)
    np.testing.assert_allclose(shrunk(own, common, 400, 400), [0.75, 0.25])

from __future__ import annotations

import numpy as np
import pytest

from supplynet.core.network import Duration
from supplynet.simulate.keyed import triangular, triangular_share, uniform


def test_a_number_depends_on_its_key_and_on_nothing_else() -> None:
    many = uniform(1, "transit", 7, np.arange(100))
    assert uniform(1, "transit", 7, np.arange(40, 60)).tolist() == many[40:60].tolist()
    assert uniform(1, "transit", 7, 3)[0] == many[3]
    for other in (
        uniform(2, "transit", 7, 3),
        uniform(1, "phase", 7, 3),
        uniform(1, "transit", 8, 3),
    ):
        assert other[0] != many[3]


def test_numbers_are_uniform_and_uncorrelated() -> None:
    grid = uniform(1, "test", np.arange(300)[:, None], np.arange(300)[None, :])
    assert grid.min() >= 0
    assert grid.max() < 1
    assert grid.mean() == pytest.approx(0.5, abs=0.005)
    assert grid.var() == pytest.approx(1 / 12, abs=0.002)
    assert abs(np.corrcoef(grid[:-1].ravel(), grid[1:].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(grid[:, :-1].ravel(), grid[:, 1:].ravel())[0, 1]) < 0.02


def test_a_triangular_time_has_its_bounds_its_mean_and_its_inverse() -> None:
    duration = Duration(low=40, mode=60, high=150)
    share = uniform(1, "test", np.arange(20_000))
    minutes = triangular(duration, share)
    assert minutes.min() >= 40
    assert minutes.max() <= 150
    assert minutes.mean() == pytest.approx(duration.mean, rel=0.01)
    np.testing.assert_allclose(triangular_share(duration, minutes), share, atol=1e-9)


@pytest.mark.parametrize(("low", "mode", "high"), [(5, 5, 9), (5, 9, 9), (5, 5, 5)])
def test_a_triangle_may_be_one_sided_or_a_point(low: int, mode: int, high: int) -> None:
    duration = Duration(low=low, mode=mode, high=high)
    ends = triangular(duration, np.array([0.0, 1 - 1e-12]))
    assert ends.tolist() == pytest.approx([low, high], abs=1e-4)
    assert triangular_share(duration, np.array([low - 1.0, high + 0.0])).tolist() == [0, 1]

from __future__ import annotations

import numpy as np
import pytest

from supplynet.core.keyed import uniform
from supplynet.core.network import Duration
from supplynet.simulate.triangular import triangular, triangular_share


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

from __future__ import annotations

import numpy as np
import pytest

from supplynet.frames.quality.expected import stabilise


@pytest.mark.parametrize("mean", [5, 40, 400])
@pytest.mark.parametrize("spread", [0.01, 0.1, 0.3])
@pytest.mark.parametrize("lump", [1, 6])
def test_the_variance_of_counts_becomes_about_1(mean: int, spread: float, lump: int) -> None:
    rng = np.random.default_rng(1)
    counts = lump * rng.poisson(mean * rng.gamma(1 / spread, spread, 50_000))
    made = stabilise(counts.astype(float), np.array(spread), np.array(float(lump)))
    assert made.std() == pytest.approx(1, abs=0.12)


def test_without_overdispersion_it_is_twice_the_square_root() -> None:
    made = stabilise(np.array([100.0]), np.array(1e-9), np.array(1.0))
    assert made[0] == pytest.approx(2 * 100.375**0.5, rel=1e-6)

"""Row statistics against numpy's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from supplynet.frames.exploration.row_statistics import (
    row_means,
    row_medians,
    row_noise,
    row_squares,
)

ROWS = nps.arrays(
    float, nps.array_shapes(min_dims=2, max_dims=2), elements=st.floats(-1e6, 1e6) | st.just(np.nan)
)


@given(ROWS)
def test_they_are_those_of_the_values_that_are_there(rows: np.ndarray) -> None:
    squares, many = row_squares(rows)
    for i, row in enumerate(rows):
        seen = row[np.isfinite(row)]
        assert many[i] == seen.size
        if seen.size:
            assert row_medians(rows)[i] == np.median(seen)
            assert row_means(rows)[i] == pytest.approx(seen.mean(), abs=1e-6)
            assert squares[i] == pytest.approx(seen.var() * seen.size, rel=1e-6, abs=1e-3)
        else:
            assert np.isnan(row_medians(rows)[i])
            assert row_means(rows)[i] == 0


def test_noise_is_robust() -> None:
    row = np.array([[1.0, 2.0, 3.0, 4.0, 1000.0]])
    assert row_noise(row)[0] == pytest.approx(1.4826)

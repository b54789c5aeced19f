"""ABC, XYZ and the demand class, by numbers that a reader can check."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from supplynet.frames.exploration.classes import (
    abc,
    demand_classes,
    interval_and_size,
    variation,
    xyz,
)


def test_a_is_what_makes_80_per_cent_and_the_part_that_crosses_still_belongs() -> None:
    # Before each, of 100: 0, 50, 80, 95, 99.
    assert list(abc(np.array([50.0, 30.0, 15.0, 4.0, 1.0]))) == ["A", "A", "B", "C", "C"]
    assert list(abc(np.array([79.0, 2.0, 14.0, 5.0]))) == ["A", "C", "A", "B"]


def test_what_is_never_used_is_c_and_so_is_everything_when_nothing_is_used() -> None:
    assert list(abc(np.array([100.0, 0.0]))) == ["A", "C"]
    assert list(abc(np.zeros(3))) == ["C", "C", "C"]


@given(nps.arrays(float, st.integers(1, 30), elements=st.floats(0, 1e9)))
def test_no_part_of_a_lower_class_is_larger(values: np.ndarray) -> None:
    letters = abc(values)
    order = np.argsort(-values, kind="stable")
    assert list(letters[order]) == sorted(letters)


def test_variation_is_the_sample_standard_deviation_over_the_mean() -> None:
    cv = variation(np.array([[2.0, 4.0, np.nan, 6.0], [5.0, 5.0, 5.0, 5.0], [0.0, 0.0, 0.0, 0.0]]))
    assert cv[0] == pytest.approx(2 / 4)
    assert cv[1] == 0
    assert np.isnan(cv[2])


def test_x_goes_up_to_a_half_and_y_up_to_one() -> None:
    assert list(xyz(np.array([0.5, 0.51, 1.0, 1.01, np.nan]))) == ["X", "Y", "Y", "Z", "Z"]


def test_interval_is_periods_per_demand_and_size_varies_over_demands_only() -> None:
    adi, cv2 = interval_and_size(np.array([[0.0, 0.0, 2.0, 0.0, 4.0, np.nan, 6.0, 0.0]]))
    assert adi[0] == pytest.approx(7 / 3)  # seven observed days, three with demand
    assert cv2[0] == pytest.approx((2 / 4) ** 2)


def test_the_four_classes_of_syntetos_boylan_and_croston() -> None:
    always, even = [1.0] * 12, [5.0] * 12
    wild = [1.0, 1.0, 1.0, 9.0] * 3  # mean 3, CV2 about 1.5
    used = np.array(
        [
            even,
            wild,
            [v * (i % 2) for i, v in enumerate(even)],
            [v if i % 2 else 0.0 for i, v in enumerate([1.0, 1.0, 1.0, 9.0] * 3)],
            [*[0.0] * 9, *always[:3]],
            [0.0] * 12,
        ]
    )
    kinds, adi, cv2 = demand_classes(used)
    assert list(kinds) == ["smooth", "erratic", "intermittent", "lumpy", "unclear", "no demand"]
    assert adi[:4] == pytest.approx([1, 1, 2, 2])
    assert cv2[0] < 0.49 <= cv2[1]


def test_the_limits_themselves_belong_to_the_rarer_and_wilder_class() -> None:
    # 33 days and 25 demands: an interval of 1.32 exactly.
    used = np.array([[5.0] * 25 + [0.0] * 8])
    assert demand_classes(used)[0][0] == "intermittent"

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from supplynet.frames.synthetic.rules import CONTAINERS
from supplynet.frames.synthetic.scenario import SupplyShape
from supplynet.frames.synthetic.thresholds import LeadTime, thresholds

if TYPE_CHECKING:
    from tests.frames.synthetic.conftest import World

BOLT = ("A", "bolt")
FIXED = SupplyShape(
    lead_periods_low=3,
    lead_periods_mode=3,
    lead_periods_high=3,
    night_factor=1,
    safety_z=2,
    cover_periods=5,
)


def test_the_reorder_point_covers_lead_time_and_spread(world: World) -> None:
    """100 in four periods, twice their deviation sqrt(4 * 25) = 10; 21 boxes of 6 last for five."""
    found = thresholds(world({BOLT: 25}), FIXED)
    assert (found.reorder_point == 100 + 2 * 10).all()
    assert set(found.order_quantity.ravel().tolist()) == {126}


def test_uncertain_lead_times_and_slow_nights_ask_for_more(world: World) -> None:
    """Triangle 1, 2, 6: mean 3, variance 7/6; the night's factor 2 makes that 6 and 14/3."""
    shape = SupplyShape(
        lead_periods_low=1, lead_periods_mode=2, lead_periods_high=6, night_factor=2, safety_z=1
    )
    found = thresholds(world({BOLT: 100}), shape)
    expected = 100 * 7 + np.sqrt(7 * 100 + 100**2 * 14 / 3)
    assert (found.reorder_point == np.ceil(expected)).all()


def test_thresholds_follow_a_ramp_within_a_week(world: World) -> None:
    """30 a period in the second week: the mean of seven days rises by 10 / 7 a day to 30."""
    made = world({BOLT: [20] * 14 + [30] * 14 + [30] * 14}, 42)
    shape = SupplyShape(
        lead_periods_low=0, lead_periods_mode=0, lead_periods_high=0, safety_z=0, night_factor=1
    )
    found = thresholds(made, shape).reorder_point[:, 0].tolist()
    assert found[:7] == [20] * 7
    assert found[7:14] == [22, 23, 25, 26, 28, 29, 30]
    assert found[14:] == [30] * 7


def test_a_line_that_starts_later_is_sized_by_its_own_first_week(world: World) -> None:
    closed = {"B": lambda shift: shift.day.day < 9}
    made = world({BOLT: 10, ("B", "bolt"): 40}, 28, closed=closed)
    found = thresholds(made, FIXED).reorder_point
    assert found[0, 0] == found[-1, 0]
    assert (found[3:, 1] == found[-1, 1]).all()
    assert found[3, 1] == 40 * 4 + np.ceil(2 * np.sqrt(4 * 40))


def test_a_rare_part_comes_by_the_smallest_box(world: World) -> None:
    found = thresholds(world({BOLT: [0] * 27 + [1]}), FIXED)
    assert set(found.order_quantity.ravel().tolist()) == {min(CONTAINERS)}


def test_a_triangle_has_the_moments_of_its_formula() -> None:
    time = LeadTime(1.0, 2.0, 5.0)
    drawn = time.at((np.arange(100_000) + 0.5) / 100_000)
    assert drawn.min() == pytest.approx(1, abs=0.01)
    assert drawn.max() == pytest.approx(5, abs=0.02)
    assert drawn.mean() == pytest.approx(time.mean, abs=1e-3)
    assert drawn.var() == pytest.approx(time.variance, rel=1e-3)
    assert (LeadTime(3, 3, 3).at(np.array([0.1, 0.9])) == 3).all()

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from supplynet.errors import InvalidInput
from supplynet.replenish.min_max import MinMax
from supplynet.simulate.run import run
from supplynet.simulate.scorecard import paired_difference, pooled, score

Build = Callable[..., Any]
LINES = {"R1.A": ["bolt"], "R1.B": ["nut"]}


def played(small: Build, level: int, shifts: int = 4) -> Any:
    """Two lines of 12 parts per shift, each ordered up to ``level`` at 08:00 and 20:00."""
    plant = small(LINES, shifts=shifts)
    pairs = plant.model.pairs
    twin = plant.twin([[12] * shifts] * 2, [12, 12], seed=1)
    return run(twin, MinMax(thresholds=dict.fromkeys(pairs, (level, level))))


def test_a_run_without_halts_is_scored(small: Build) -> None:
    # 13 at 08:00 last until 21:00, when the delivery after the next is there.
    card = score(played(small, 13), "min_max")
    assert (card.halts, card.halts_per_line_month, card.low, card.high) == (0, 0, 0, 0)
    assert (card.lost_minutes, card.fill_rate) == (0, 1)
    assert card.line_months == pytest.approx(2 * 2 / 30.4)
    assert (card.orders, card.trips) == (8, 4)
    # Of 24 a day all but 2 in the first order are on the road for an hour.
    assert card.in_transit_days == pytest.approx((3 + 12 * 3) / 48 / 24)


def test_cover_is_average_stock_over_daily_demand(small: Build) -> None:
    plant = small(LINES, shifts=2)
    twin = plant.twin([[0, 0], [12, 12]], [240, 0])
    while not twin.done:
        twin.step()
    # 240 unused bolts against 24 nuts a day.
    assert score(twin.result(), "none").cover_days == pytest.approx(10)


def test_halts_and_lost_minutes_are_counted_per_line_month(small: Build) -> None:
    # After the first shift 6 of 12 parts come per shift: half of the time is lost. Each line
    # halts at 18:00, at 03:00 and, after the delivery of 09:00, at 15:00 and 03:00.
    card = score(played(small, 6), "min_max", warm_up_shifts=1)
    assert card.line_months == pytest.approx(2 * 1.5 / 30.4)
    assert card.halts == 8
    assert card.halts_per_line_month == pytest.approx(8 / card.line_months)
    assert card.lost_minutes == 6 * 360
    assert card.fill_rate == pytest.approx(0.5)
    assert card.orders == 6


def test_the_interval_covers_the_rate_and_is_the_same_for_the_same_seed(small: Build) -> None:
    result = played(small, 6, shifts=60)
    first, again = score(result, "a", seed=3), score(result, "a", seed=3)
    assert first.low <= first.halts_per_line_month <= first.high
    assert (first.low, first.high) == (again.low, again.high)
    assert len(first.block_halts) == 2 * 5  # two lines, five weeks begun


def test_a_difference_is_paired_by_line_and_week(small: Build) -> None:
    tight, ample = score(played(small, 6, 28), "tight"), score(played(small, 13, 28), "ample")
    found = paired_difference(tight, ample)
    assert (found.policy, found.against) == ("tight", "ample")
    assert found.halts == pytest.approx(tight.halts_per_line_month)
    assert 0 < found.halts_low <= found.halts <= found.halts_high
    assert found.cover_days < 0
    same = paired_difference(tight, tight)
    assert (same.halts, same.halts_low, same.halts_high) == (0, 0, 0)


def test_replications_are_averaged(small: Build) -> None:
    plant = small({"R1.A": ["bolt"]}, shifts=2)
    twin = plant.twin([[12, 12]], [6], replications=3)
    while not twin.done:
        twin.step()
    card = score(twin.result(), "none")
    assert (card.halts, card.lost_minutes) == (1, 18 * 60)
    assert card.block_halts.tolist() == [1, 1, 1]


def test_a_warm_up_that_leaves_nothing_is_refused(small: Build) -> None:
    with pytest.raises(InvalidInput, match="nothing to score"):
        score(played(small, 12), "min_max", warm_up_shifts=4)


def test_starved_minutes_are_blamed_completely(small: Build) -> None:
    result = played(small, 6)
    np.testing.assert_allclose(result.blamed_minutes, result.starved_minutes)


def test_a_halt_that_goes_on_from_the_warm_up_counts(small: Build) -> None:
    # Never delivered: both lines halt once, in the warm-up, and stand for ever.
    assert score(played(small, 0), "nothing", warm_up_shifts=2).halts == 2


def test_stretches_of_days_are_pooled_month_by_month(small: Build) -> None:
    calm = score(played(small, 13, shifts=2), "a")
    scarce = score(played(small, 6, shifts=6), "a", warm_up_shifts=1)
    both = pooled([calm, scarce])
    months = calm.line_months + scarce.line_months
    assert both.line_months == pytest.approx(months)
    assert both.halts == scarce.halts > calm.halts == 0
    assert both.halts_per_line_month == pytest.approx(scarce.halts / months)
    assert both.lost_minutes == scarce.lost_minutes
    share = scarce.line_months / months  # 2.5 of 3.5 days
    assert both.cover_days == pytest.approx(
        share * scarce.cover_days + (1 - share) * calm.cover_days
    )
    assert both.low <= both.halts_per_line_month <= both.high
    assert pooled([calm]) is calm

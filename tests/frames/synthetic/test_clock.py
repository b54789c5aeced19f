from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from supplynet.core.shifts import Shift
from supplynet.frames.synthetic.clock import clock_of

if TYPE_CHECKING:
    from tests.frames.synthetic.conftest import World

SIX_ON_MONDAY = 28_935_720  # minutes from 1970 to 2025-01-06 06:00


def night(shift: Shift) -> bool:
    return shift.name == "night"


def test_periods_are_minutes_since_1970(world: World) -> None:
    clock = clock_of(world({("A", "bolt"): 1}, 4))
    assert clock.start.tolist() == [SIX_ON_MONDAY + 720 * n for n in range(4)]
    assert clock.minutes.tolist() == [720] * 4


def test_goods_are_unloaded_in_the_period_in_which_they_come(world: World) -> None:
    """Line B works by day only: what comes at 20:00 waits for 06:00."""
    made = world({("A", "bolt"): 1, ("B", "bolt"): 1}, 4, closed={"B": night})
    clock = clock_of(made)
    ready = np.array([SIX_ON_MONDAY + 14 * 60] * 2)
    period, minute = clock.unloaded(np.array([0, 1]), ready)
    assert period.tolist() == [1, 2]
    assert (minute - SIX_ON_MONDAY).tolist() == [14 * 60, 24 * 60]


def test_what_comes_after_the_last_period_is_open(world: World) -> None:
    made = world({("A", "bolt"): 1, ("B", "bolt"): 1}, 4, closed={"B": night})
    clock = clock_of(made)
    ready = np.array([SIX_ON_MONDAY + 48 * 60, SIX_ON_MONDAY + 36 * 60])
    period, minute = clock.unloaded(np.array([0, 1]), ready)
    assert period.tolist() == [4, 4]
    assert minute.tolist() == [-1, -1]


def test_the_only_shift_of_a_day_is_no_night(world: World) -> None:
    made = world({("A", "bolt"): 1, ("B", "bolt"): 1}, 4, closed={"B": night})
    clock = clock_of(made)
    lines = np.array([0, 1])
    assert [clock.is_last_shift(lines, n).tolist() for n in range(4)] == [
        [False, False],
        [True, False],
        [False, False],
        [True, False],
    ]
    assert clock.running.tolist() == [[720] * 4, [720, 0, 720, 0]]

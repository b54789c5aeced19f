from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Any

import numpy as np

from supplynet.core.network import Shortage
from supplynet.simulate.model import compile_plant
from supplynet.simulate.state import PlantState
from supplynet.simulate.twin import Twin

Build = Callable[..., Any]
CATCH_UP = {"R1.A": Shortage.CATCH_UP}
BUILD_SHORT = {"R1.A": Shortage.BUILD_SHORT}
TWO_PARTS = {"R1.A": ["bolt", "nut"]}


def play(twin: Twin, deliveries: dict[int, list[int]]) -> list[list[int]]:
    """Send what is said in each slot in which a vehicle leaves; parts drawn by slot."""
    drawn = []
    while not twin.done:
        for batch in twin.due():
            amount = np.array([deliveries.get(twin.slot, [0] * len(batch.pairs))], dtype=np.int32)
            twin.dispatch_batch(batch, amount)
        drawn.append(twin.step().drawn[0].tolist())
    return drawn


def test_a_line_that_catches_up_makes_up_a_quarter_of_an_hour_in_every_hour(small: Build) -> None:
    # 4 bolts an hour. Two hours are missed until the vehicle of 07:00 brings more; 15 minutes of
    # every hour make up for 120: eight hours with one bolt more.
    plant = small({"R1.A": ["bolt"]}, on_shortage=CATCH_UP, departures=(time(7),))
    twin = plant.twin([[48]], [0])
    drawn = play(twin, {1: [100]})
    assert [each for (each,) in drawn] == [0, 0, 5, 5, 5, 5, 5, 5, 5, 5, 4, 4]
    result = twin.result()
    assert result.consumed.tolist() == [[[48]]]
    assert (result.starved_minutes.sum(), result.halts.sum()) == (120.0, 1)
    assert result.lost_minutes.tolist() == [[0.0]]


def test_what_is_not_made_up_in_time_stays_owed(small: Build) -> None:
    plant = small({"R1.A": ["bolt"]}, on_shortage=CATCH_UP, departures=(time(15),))
    twin = plant.twin([[48]], [0])
    play(twin, {9: [100]})  # there at 16:00, for two hours of work and half an hour more
    result = twin.result()
    assert (result.consumed.sum(), result.owed.sum()) == (2 * 4 + 2, 10 * 4 - 2)
    assert result.lost_minutes.tolist() == [[600.0 - 30.0]]


def test_a_shift_without_a_plan_is_all_there_to_catch_up(small: Build) -> None:
    plant = small({"R1.A": ["bolt"]}, on_shortage=CATCH_UP, departures=(time(16),), shifts=2)
    twin = plant.twin([[48, 0]], [0])
    drawn = [each for (each,) in play(twin, {10: [100]})]
    # At 17:00 one hour is left of the day: 4 bolts and 1 more; the other 43 of 48 in whole hours.
    assert drawn[10:15] == [0, 5, 4, 4, 4]
    assert sum(drawn) == 48
    assert twin.result().starved_minutes.tolist() == [[[660.0, 0.0]]]


def test_nothing_is_made_up_where_that_is_the_setting(small: Build) -> None:
    plant = small({"R1.A": ["bolt"]}, on_shortage=CATCH_UP, departures=(time(7),))
    model = plant.model
    strict = compile_plant(
        model.plant, start=model.slots.start, end=model.slots.end, catch_up_percent=0
    )
    state = PlantState(on_hand=np.array([0]), source_on_hand=np.array([100]))
    twin = Twin(strict, np.array([[[48]]]), state, seed=0)
    play(twin, {1: [100]})
    assert twin.result().owed.tolist() == [[8]]


def test_a_line_that_builds_short_owes_the_missing_part_and_goes_on(small: Build) -> None:
    plant = small(TWO_PARTS, on_shortage=BUILD_SHORT, departures=(time(9),))
    twin = plant.twin([[12], [12]], [2, 100])
    drawn = play(twin, {3: [100, 0]})
    # Bolts end at 08:00 and are back at 10:00; two are owed by then.
    assert [bolts for bolts, _ in drawn] == [1, 1, 0, 0, 3, 1, 1, 1, 1, 1, 1, 1]
    assert [nuts for _, nuts in drawn] == [1] * 12
    result = twin.result()
    assert (result.starved_minutes.sum(), result.halts.sum()) == (120.0, 1)
    assert result.blamed_minutes[0, :, 0].tolist() == [120.0, 0.0]
    assert result.lost_minutes.tolist() == [[0.0]]
    assert result.owed.tolist() == [[0, 0]]


def test_a_line_that_loses_production_owes_nothing(small: Build) -> None:
    twin = small({"R1.A": ["bolt"]}).twin([[12]], [5])
    play(twin, {})
    assert twin.result().owed.tolist() == [[0]]
    assert twin.result().lost_minutes.tolist() == [[420.0]]

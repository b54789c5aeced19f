"""The clock on the wall runs on between the slots of a twin."""

from __future__ import annotations

from supplynet.api.clock import SmoothClock

SLOT_1, SLOT_2 = "2026-01-05T21:00:00Z", "2026-01-05T22:00:00Z"


class Seconds:
    """Real time that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def stored(now: str, *, simulated: bool = True) -> dict[str, object]:
    return {"now": now, "speed": 600.0, "simulated": simulated}


def test_a_clock_that_nobody_moves_stands_still() -> None:
    seconds = Seconds()
    clock = SmoothClock(seconds)
    for seconds.now in (0.0, 5.0, 500.0):
        assert clock.show(stored(SLOT_1)) == stored(SLOT_1) | {"speed": 0.0}


def test_it_runs_on_between_slots_and_waits_at_the_end_of_one() -> None:
    seconds = Seconds()
    clock = SmoothClock(seconds)
    clock.show(stored(SLOT_1))
    clock.show(stored(SLOT_2))
    shown = []
    for seconds.now in (0.0, 1.0, 3.0, 6.0, 60.0):
        row = clock.show(stored(SLOT_2))
        shown.append((row["now"][11:16], row["speed"]))
    running = [("22:00", 600.0), ("22:10", 600.0), ("22:30", 600.0)]
    assert shown == [*running, ("23:00", 0.0), ("23:00", 0.0)]


def test_the_time_of_a_real_plant_is_shown_as_it_is() -> None:
    clock = SmoothClock(Seconds())
    assert clock.show(stored(SLOT_1, simulated=False)) == stored(SLOT_1, simulated=False)

"""A plan is made anew when a line uses more than the newest plan thought possible."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.services import pace, planning
from supplynet.services.books import CLOCK, Books, open_books
from supplynet.storage import values

HOUR = timedelta(hours=1)


@pytest.fixture
def books(demo_workspace: Path) -> Books:
    return open_books(demo_workspace)


def test_the_limit_is_the_median_and_twice_the_spread_of_what_is_over() -> None:
    """A quarter of the shift: 100 a shift and 140 at most make 25 + 2 * 40 / 2 = 65."""
    expected = {("A", "bolt"): (100.0, 140.0)}
    assert pace._beyond(expected, Counter({("A", "bolt"): 67}), 0.25) == []
    assert pace._beyond(expected, Counter({("A", "bolt"): 68}), 0.25) == [("A", "bolt")]
    assert pace._beyond(expected, Counter({("B", "new part"): 10**6}), 0.25) == []


def test_a_line_that_runs_away_breaks_the_pace_and_a_usual_one_does_not(books: Books) -> None:
    assert pace.broken(books, books.now()) == []  # no plan yet
    planning.plan_now(books, actor="test")
    start = books.now()

    def use(number: int, quantity: int) -> None:
        event = Event(
            source="plc-7",
            event_id=f"e{number}",
            type=EventType.CONSUMED,
            occurred_at=start + HOUR,
            location_id="SR1.ST1.A",
            part_id="P-001",
            quantity=quantity,
        )
        cycle.take_in(books.store, books.plant, [event], actor="plc", now=start + HOUR)

    use(1, 5)
    assert pace.broken(books, start + HOUR) == []
    use(2, 5000)
    assert pace.broken(books, start + HOUR) == [("SR1.ST1.A", "P-001")]
    later = start + 12 * HOUR
    with books.store.write("clock", later) as tx:
        values.set_value(tx, CLOCK, {"now": later.isoformat(), "speed": 1.0})
    planning.plan_now(books, actor="test")
    assert pace.broken(books, later + HOUR) == []  # the new plan knows of it

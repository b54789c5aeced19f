"""From a leader's word to the plan of a workspace: one event, and the screens show it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from supplynet.core.events import Event, EventType
from supplynet.services import forecasting, intake, overview, planning
from supplynet.services.books import Books, open_books
from supplynet.storage import audit, events
from supplynet.worker.loop import TELLING

Json = dict[str, Any]


@pytest.fixture
def books(demo_workspace: Path) -> Iterator[Books]:
    opened = open_books(demo_workspace)
    yield opened
    opened.store.close()


def announce(books: Books, line: str, at: datetime, percent: float, hours: float) -> Event:
    event = Event(
        source="board-7",
        event_id=f"e-{percent}-{at:%H%M}",
        type=EventType.RATE_CHANGED,
        occurred_at=at,
        location_id=line,
        data={"percent": percent, "until": (at + timedelta(hours=hours)).isoformat()},
    )
    intake.take_in(books, [event], actor="lena")
    return event


def grid_line(books: Books, line: str) -> Json:
    document = overview.current_plan(books)
    return next(row for row in document["lines"] if row["line_id"] == line)


def test_an_announcement_wakes_the_planner_and_raises_the_risk_of_its_line(books: Books) -> None:
    planning.plan_now(books, actor="test")
    line, now = books.plant.lines[0].location_id, books.now()
    calm = grid_line(books, line)
    with books.store.read() as tx:
        seen = events.newest_seq(tx)
    said = announce(books, line, now, 300, 72)
    with books.store.read() as tx:
        assert events.places_after(tx, seen, TELLING) == {line}
    planning.plan_now(books, actor="test")
    shown = grid_line(books, line)
    assert [(row["percent"], row["by"]) for row in shown["announced"]] == [(300.0, "lena")]
    risk = [sum(cell["risk_committed"] for cell in row["cells"]) for row in (calm, shown)]
    assert risk[1] > risk[0]
    with books.store.read() as tx:
        (entry,) = audit.entries(tx, subject=said.key)
    assert (entry.actor, entry.action) == ("lena", "events_recorded")


def test_a_stop_in_the_past_is_not_learned_as_no_use(books: Books) -> None:
    line = books.plant.lines[0].location_id
    plain = forecasting.history_panel(books)
    last = plain.periods[-1]
    announce(books, line, last.start, 0, (last.end - last.start) / timedelta(hours=1))
    told = forecasting.history_panel(books)
    ours = np.array([name == line for name, _ in plain.series])
    assert np.isnan(told.demand[ours, -1]).all()
    assert np.array_equal(told.demand[:, :-1], plain.demand[:, :-1], equal_nan=True)
    assert np.array_equal(told.demand[~ours], plain.demand[~ours], equal_nan=True)

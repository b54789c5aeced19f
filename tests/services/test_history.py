"""The moment at which a workspace with data stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.services import history
from supplynet.services.books import Books, open_books

DAY = timedelta(days=1)
END = datetime(2026, 1, 29, tzinfo=UTC)


def at(books: Books, now: datetime) -> Books:
    return replace(books, wall_clock=lambda: now)


def test_a_workspace_stands_where_its_history_ends_until_its_lines_report(sold: Path) -> None:
    books = open_books(sold)
    assert history.as_of(at(books, END + 2 * DAY)) == END + 2 * DAY
    assert history.as_of(at(books, END + 9 * DAY)) == END
    used = Event(
        source="plc-1",
        event_id="1",
        type=EventType.CONSUMED,
        occurred_at=END + 9 * DAY,
        location_id="W1",
        part_id="bolt",
        quantity=3,
    )
    cycle.take_in(books.store, books.plant, [used], actor="plc-1", now=END + 9 * DAY)
    holidays_over = END + 20 * DAY
    assert history.as_of(at(books, holidays_over)) == holidays_over

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from supplynet.core.events import Event, EventType
from supplynet.storage import Store, WriteTx, events


@pytest.fixture
def event(now: datetime) -> Callable[..., Event]:
    def make(event_id: str, quantity: int = 12, **other: Any) -> Event:
        values: dict[str, Any] = {
            "source": "plc-7",
            "type": EventType.CONSUMED,
            "occurred_at": now,
            "location_id": "SR2.ST1.B",
            "part_id": "P-1397",
            "data": {"shift": "night"},
        }
        return Event(event_id=event_id, quantity=quantity, **values | other)

    return make


def record(tx: WriteTx, *batch: Event) -> list[Event]:
    found = events.sort_out(tx, batch)
    events.add_events(tx, found.new)
    return found.new


def test_an_event_counts_once_however_often_it_is_sent(
    store: Store, now: datetime, event: Callable[..., Event]
) -> None:
    one, two = event("1"), event("2", source="plc-8")
    with store.write("gateway", now) as tx:
        assert record(tx, one, one) == [one]
    with store.write("gateway", now) as tx:
        assert record(tx, one, two) == [two]
        assert record(tx) == []
    with store.read() as tx:
        assert events.events_between(tx) == [one, two]


def test_the_same_id_of_another_source_is_another_event(
    store: Store, now: datetime, event: Callable[..., Event]
) -> None:
    with store.write("gateway", now) as tx:
        assert len(record(tx, event("1"), event("1", 13, source="plc-8"))) == 2


def test_a_batch_is_sorted_into_what_is_new_known_and_conflicting(
    store: Store, now: datetime, event: Callable[..., Event]
) -> None:
    with store.write("gateway", now) as tx:
        record(tx, event("1"))
    batch = [event("2"), event("1"), event("1", 13), event("2", 13), event("2")]
    with store.read() as tx:
        found = events.sort_out(tx, batch)
    assert found.new == [event("2")]
    assert found.known == 2
    assert found.conflicting == [event("1", 13), event("2", 13)]


def test_events_are_found_by_time_and_type(
    store: Store, now: datetime, event: Callable[..., Event]
) -> None:
    hour = timedelta(hours=1)
    late = event("1", occurred_at=now + hour)
    halt = event("2", None, type=EventType.LINE_STARVED, part_id=None)
    with store.read() as tx:
        assert events.last_event_at(tx) is None
    with store.write("gateway", now) as tx:
        record(tx, late, halt)
    with store.read() as tx:
        assert events.events_between(tx, now, now + hour) == [halt]
        assert events.events_between(tx, types=[EventType.CONSUMED]) == [late]
        assert events.last_event_at(tx) == now + hour

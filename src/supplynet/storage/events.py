"""Events as they came in: each once, however often it is sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, insert, select

from supplynet.core.events import Event, EventType
from supplynet.errors import ConflictingContent
from supplynet.storage.tables import events as table
from supplynet.storage.transaction import ReadTx, WriteTx

_CHUNK = 1000


def record_events(tx: WriteTx, events: Iterable[Event]) -> list[Event]:
    """Record a batch and return the events that are new, in the order given.

    An event that is already there, or twice in the batch, is skipped, so a sender may retry.

    Raises:
        ConflictingContent: A key is already there with other content; nothing is written.
    """
    batch = list(events)
    known = _known_hashes(tx, batch)
    new = []
    for event in batch:
        key, found = (event.source, event.event_id), event.content_hash
        if key not in known:
            known[key] = found
            new.append(event)
        elif known[key] != found:
            raise ConflictingContent("event", event.key)
    if new:
        first = tx.take_seq(table, len(new))
        rows = [{"seq": first + i, **_row(tx, event, known)} for i, event in enumerate(new)]
        tx.connection.execute(insert(table), rows)
        tx.note("events_recorded", new[0].key, after={"count": len(new), "first_seq": first})
        tx.change("event", new[-1].key)
    return new


def events_between(
    tx: ReadTx,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    types: Sequence[EventType] | None = None,
) -> list[Event]:
    """Events that occurred in ``[start, end)``, oldest first; an end left out is open."""
    query = select(table).order_by(table.c.occurred_at, table.c.seq)
    if start is not None:
        query = query.where(table.c.occurred_at >= start)
    if end is not None:
        query = query.where(table.c.occurred_at < end)
    if types is not None:
        query = query.where(table.c.type.in_([type_.value for type_ in types]))
    return [_event(row) for row in tx.connection.execute(query).mappings()]


def places_with_stock(tx: ReadTx) -> set[tuple[str, str]]:
    """(location, part) that were ever counted or received: elsewhere stock is unknown, not 0."""
    kinds = [EventType.COUNTED.value, EventType.RECEIVED.value]
    query = select(table.c.location_id, table.c.part_id).distinct()
    rows = tx.connection.execute(query.where(table.c.type.in_(kinds)))
    return {(location, part) for location, part in rows}


def last_event_at(tx: ReadTx) -> datetime | None:
    """When the newest event occurred; None before the first."""
    latest: datetime | None = tx.connection.scalar(select(func.max(table.c.occurred_at)))
    return latest


def newest_seq(tx: ReadTx, types: Collection[EventType]) -> int:
    """Number of the newest event of some types; 0 when there is none."""
    query = select(func.max(table.c.seq)).where(table.c.type.in_([each.value for each in types]))
    return tx.connection.scalar(query) or 0


def _known_hashes(tx: ReadTx, batch: Sequence[Event]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    query = select(table.c.event_id, table.c.content_hash)
    for source in sorted({event.source for event in batch}):
        ids = [event.event_id for event in batch if event.source == source]
        for start in range(0, len(ids), _CHUNK):
            some = table.c.event_id.in_(ids[start : start + _CHUNK])
            for event_id, content in tx.connection.execute(
                query.where(table.c.source == source, some)
            ):
                found[source, event_id] = content
    return found


def _row(tx: WriteTx, event: Event, hashes: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    return {
        "source": event.source,
        "event_id": event.event_id,
        "type": event.type.value,
        "occurred_at": event.occurred_at,
        "recorded_at": tx.now,
        "location_id": event.location_id,
        "part_id": event.part_id,
        "quantity": event.quantity,
        "data": dict(event.data),
        "content_hash": hashes[event.source, event.event_id],
    }


def _event(row: RowMapping) -> Event:
    return Event(
        source=row["source"],
        event_id=row["event_id"],
        type=EventType(row["type"]),
        occurred_at=row["occurred_at"],
        location_id=row["location_id"],
        part_id=row["part_id"],
        quantity=row["quantity"],
        data=row["data"],
    )

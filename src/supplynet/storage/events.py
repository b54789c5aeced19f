"""Events as they came in: each once, however often it is sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter

from sqlalchemy import RowMapping, Text, func, or_, select, type_coerce

from supplynet.core.events import Event, EventType
from supplynet.storage.bulk import Insert, Lookup
from supplynet.storage.tables import events as table
from supplynet.storage.transaction import ReadTx, WriteTx

_GIVEN = (
    "source",
    "event_id",
    "type",
    "occurred_at",
    "location_id",
    "part_id",
    "quantity",
    "data",
    "content_hash",
)
_plain = attrgetter(*("type.value" if name == "type" else name for name in _GIVEN))
_insert = Insert(table, ("seq", "recorded_at", *_GIVEN))
_find = Lookup(table, ("event_id", "content_hash"), by="event_id", within="source")


@dataclass(frozen=True, kw_only=True)
class SortedOut:
    """A batch by what is there already.

    Attributes:
        new: In the order given, each key once.
        conflicting: Under a key that is there, or is before it in the batch, with other content.
        known: How many are there, or before them in the batch, just so.
    """

    new: list[Event] = field(default_factory=list)
    conflicting: list[Event] = field(default_factory=list)
    known: int = 0


def sort_out(tx: ReadTx, batch: Sequence[Event]) -> SortedOut:
    """Which events of a batch are new: a sender may retry."""
    hashes = _known_hashes(tx, batch)
    new, conflicting, known = [], [], 0
    for event in batch:
        key, content = (event.source, event.event_id), event.content_hash
        if key not in hashes:
            hashes[key] = content
            new.append(event)
        elif hashes[key] == content:
            known += 1
        else:
            conflicting.append(event)
    return SortedOut(new=new, conflicting=conflicting, known=known)


def add_events(tx: WriteTx, new: Sequence[Event]) -> None:
    """Record events that ``sort_out`` found to be new, in the order given."""
    if not new:
        return
    first = tx.take_seq(table, len(new))
    _insert(tx, [(first + i, tx.now, *_plain(event)) for i, event in enumerate(new)])
    tx.note("events_recorded", new[0].key, after={"count": len(new), "first_seq": first})
    tx.change("event", new[-1].key)


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


def announcing(tx: ReadTx, since: datetime) -> list[Event]:
    """Events from ``since`` on that may announce what a line will do, oldest first.

    Stops that machines report say nothing of how long; that lines go on matters where one was
    announced to stand still.
    """
    text = type_coerce(table.c.data, Text)
    says = or_(*(text.like(f'%"{name}":%') for name in ("from", "until")))
    planned = table.c.type.in_([EventType.RATE_CHANGED.value, EventType.PLAN_CHANGED.value])
    stopped = (table.c.type == EventType.LINE_STOPPED.value) & says
    query = select(table).where(table.c.occurred_at >= since, or_(planned, stopped))
    found = [_event(row) for row in tx.connection.execute(query).mappings()]
    lines = {event.location_id for event in found}
    went_on = events_between(tx, since, types=[EventType.LINE_RESUMED]) if found else []
    found += [event for event in went_on if event.location_id in lines]
    return sorted(found, key=lambda event: event.occurred_at)


def find(tx: ReadTx, key: str) -> Event | None:
    """The event of a key ``source/event_id``; None = there is none."""
    source, _, event_id = key.partition("/")
    query = select(table).where(table.c.source == source, table.c.event_id == event_id)
    row = tx.connection.execute(query).mappings().first()
    return None if row is None else _event(row)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How a source has reported in a stretch of time.

    Attributes:
        first, last: When it first and last reported.
        reports: At how many different moments: what came in one burst is one report.
    """

    source: str
    first: datetime
    last: datetime
    reports: int

    @property
    def usual_pause(self) -> timedelta:
        """Mean time between two reports."""
        return (self.last - self.first) / max(self.reports - 1, 1)


def heard(tx: ReadTx, start: datetime, end: datetime, types: Collection[EventType]) -> list[Heard]:
    """Who has reported events of these types in ``[start, end)``, by source."""
    query = (
        select(
            table.c.source,
            func.min(table.c.occurred_at),
            func.max(table.c.occurred_at),
            func.count(table.c.occurred_at.distinct()),
        )
        .where(table.c.occurred_at >= start, table.c.occurred_at < end)
        .where(table.c.type.in_([each.value for each in types]))
        .group_by(table.c.source)
        .order_by(table.c.source)
    )
    return [
        Heard(source=source, first=first, last=last, reports=reports)
        for source, first, last, reports in tx.connection.execute(query)
    ]


def newest_seq(tx: ReadTx) -> int:
    """Number of the newest event; 0 when there is none."""
    return tx.connection.scalar(select(func.max(table.c.seq))) or 0


def places_after(tx: ReadTx, seq: int, types: Collection[EventType]) -> set[str]:
    """Where events of these types happened that were recorded after number ``seq``."""
    query = select(table.c.location_id).where(table.c.seq > seq)
    query = query.where(table.c.type.in_([each.value for each in types])).distinct()
    return set(tx.connection.scalars(query))


def _known_hashes(tx: ReadTx, batch: Sequence[Event]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    by_source: dict[str, list[str]] = {}
    for event in batch:
        by_source.setdefault(event.source, []).append(event.event_id)
    for source, ids in by_source.items():
        for event_id, content in _find(tx, ids, source):
            found[source, event_id] = content
    return found


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

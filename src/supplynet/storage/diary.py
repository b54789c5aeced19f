"""The shadow diary: beside each proposal what was done, and afterwards who was right.

One entry per order, with the last word on it, and one per delivery that nobody asked us for.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select, update

from supplynet.storage.tables import diary as table
from supplynet.storage.transaction import ReadTx, WriteTx
from supplynet.storage.within import Within, lies_in


class DiaryAction(StrEnum):
    """What somebody did with a proposal, or beside it."""

    APPROVE = "approve"
    CHANGE = "change"
    REJECT = "reject"
    SNOOZE = "snooze"
    SPLIT = "split"
    ADD = "add"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryEntry:
    """What was proposed for one part and departure, and what was done.

    Attributes:
        entry_id: The order's id; made from the event's key for what happened without an order.
        proposed, done: Parts, >= 0.
        policy, model_version: What proposed it; None where nothing was proposed.
        scored_at, score: When it was judged, and the judgement; see ``cycle.order_diary``.
    """

    entry_id: str
    at: datetime
    actor: str
    action: DiaryAction
    order_id: str | None
    location_id: str
    part_id: str
    departure_at: datetime
    proposed: int
    done: int
    reason: str = ""
    policy: str | None = None
    model_version: str | None = None
    scored_at: datetime | None = None
    score: dict[str, Any] | None = None


_FIELDS = tuple(field.name for field in fields(DiaryEntry))


def write_entry(tx: WriteTx, entry: DiaryEntry) -> None:
    """Write an entry in place of the one with its id, if there is one; not yet scored."""
    tx.connection.execute(delete(table).where(table.c.entry_id == entry.entry_id))
    values = {name: getattr(entry, name) for name in _FIELDS} | {"action": entry.action.value}
    tx.connection.execute(insert(table).values(**values))
    tx.change("diary", entry.entry_id)


def get_entry(tx: ReadTx, entry_id: str) -> DiaryEntry | None:
    """One entry; None where there is none."""
    row = tx.connection.execute(select(table).where(table.c.entry_id == entry_id)).mappings()
    return next((_entry(each) for each in row), None)


def unscored(tx: ReadTx, before: datetime, limit: int = 1000) -> list[DiaryEntry]:
    """Entries not judged yet whose departure was before a moment, the oldest first."""
    query = select(table).where(table.c.scored_at.is_(None), table.c.departure_at < before)
    query = query.order_by(table.c.departure_at, table.c.entry_id).limit(limit)
    return [_entry(row) for row in tx.connection.execute(query).mappings()]


def set_score(tx: WriteTx, entry_id: str, score: dict[str, Any]) -> None:
    """Keep the judgement of one entry."""
    done = update(table).where(table.c.entry_id == entry_id)
    tx.connection.execute(done.values(scored_at=tx.now, score=score))
    tx.note("diary_scored", entry_id, after={"better": score["better"]})
    tx.change("diary", entry_id)


def list_entries(
    tx: ReadTx,
    *,
    location_id: str | None = None,
    part_id: str | None = None,
    within: Within = None,
    after: tuple[datetime, str] | None = None,
    limit: int | None = None,
) -> list[DiaryEntry]:
    """Entries, the newest first, ``within`` some places if given.

    ``after`` is ``(at, entry_id)`` of the last one seen.
    """
    query = select(table).order_by(table.c.at.desc(), table.c.entry_id.desc())
    if within is not None:
        query = query.where(lies_in(within, table.c.location_id))
    if location_id is not None:
        query = query.where(table.c.location_id == location_id)
    if part_id is not None:
        query = query.where(table.c.part_id == part_id)
    if after is not None:
        at, entry_id = after
        earlier = (table.c.at == at) & (table.c.entry_id < entry_id)
        query = query.where((table.c.at < at) | earlier)
    if limit is not None:
        query = query.limit(limit)
    return [_entry(row) for row in tx.connection.execute(query).mappings()]


def _entry(row: RowMapping) -> DiaryEntry:
    values = {name: row[name] for name in _FIELDS}
    return DiaryEntry(**values | {"action": DiaryAction(values["action"])})

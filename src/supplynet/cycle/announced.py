"""What the books say of announcements: what holds, who said it, and what cannot be announced."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from supplynet.core.announcements import Announced, Announcements, announcements
from supplynet.core.events import Event
from supplynet.core.network import LocationKind, Plant
from supplynet.core.statements import FARTHEST, Says, Statement, statement_of
from supplynet.cycle.standstill import next_consumption
from supplynet.errors import InvalidInput
from supplynet.monitor.grid import iso
from supplynet.storage import ReadTx, audit, events

Json = dict[str, Any]
STILL_USES = timedelta(minutes=30)
"""So long after the begin of a stop what a line uses may be of before it."""


def read_announced(tx: ReadTx, plant: Plant, since: datetime, now: datetime) -> Announcements:
    """What holds from ``since`` on, as far as it has been said.

    Who said it is looked up of what is not over ``now``.
    """
    said = [_read(event) for event in events.announcing(tx, since - FARTHEST)]
    found = announcements([each for each in said if each is not None], plant.calendar_of)
    return Announcements(
        by_line={
            line: tuple(_as_seen(tx, row, now) for row in rows)
            for line, rows in found.by_line.items()
        }
    )


def _as_seen(tx: ReadTx, row: Announced, now: datetime) -> Announced:
    """What the books know beside it: who said it, and that a line which uses parts does not stop.

    A line that consumes runs, even if nobody said that it does.
    """
    if row.factor == 0 and row.start < now:
        ran = next_consumption(tx, row.line_id, row.start + STILL_USES, min(row.end, now))
        row = row if ran is None else replace(row, end=ran)
    return replace(row, by=_teller(tx, row)) if row.end > now else row


def check_announcement(tx: ReadTx, event: Event, plant: Plant, batch: Collection[Event]) -> None:
    """Refuse an event that announces what cannot be.

    Args:
        tx: The books.
        event: As it was sent.
        plant: Its lines.
        batch: What comes with it and is in the books in a moment.

    Raises:
        NotFound: There is no such place.
        InvalidInput: It is no line, the payload makes no sense, or what it withdraws is nothing
            that was announced of the same line.
    """
    statement = statement_of(event)
    if statement is None:
        return
    if plant.location(event.location_id).kind is not LocationKind.LINE:
        raise InvalidInput(
            f"event {event.key} ({event.type.value} at {event.location_id}) is not at a line; "
            "name the line that it is about"
        )
    if statement.says is Says.WITHDRAWN:
        _check_withdrawn(tx, statement, batch)


def _check_withdrawn(tx: ReadTx, said: Statement, batch: Collection[Event]) -> None:
    wrong = next((each for each in batch if each.key == said.withdraws), None)
    wrong = wrong or events.find(tx, said.withdraws)
    statement = None if wrong is None else _read(wrong)
    if statement is None or statement.says is Says.WITHDRAWN or statement.line_id != said.line_id:
        raise InvalidInput(
            f"event {said.key} withdraws {said.withdraws}, which announces nothing of "
            f"{said.line_id}; give SOURCE/EVENT_ID of what was announced of this line"
        )


def with_announced(document: Json, announced: Announcements | None) -> Json:
    """A grid's document whose lines say what is announced of them within its shifts."""
    ends = [datetime.fromisoformat(shift["end"]) for shift in document["shifts"]]
    starts = [datetime.fromisoformat(shift["start"]) for shift in document["shifts"]]
    lines = [
        line | {"announced": _rows(announced, line["line_id"], starts, ends)}
        for line in document["lines"]
    ]
    return document | {"lines": lines}


def _rows(
    announced: Announcements | None,
    line: str,
    starts: Sequence[datetime],
    ends: Sequence[datetime],
) -> list[Json]:
    if announced is None or not starts:
        return []
    return [row_of(row) for row in announced.during(line, starts[0], ends[-1])]


def row_of(row: Announced) -> Json:
    """For the API: ``percent`` of the usual rate in ``[from, until)``, and by whose word."""
    return {
        "event": row.key,
        "percent": round(100 * row.factor, 2),
        "from": iso(row.start),
        "until": iso(row.end),
        "by": row.by,
        "reason": row.reason,
    }


def _read(event: Event) -> Statement | None:
    """None for what the books took before announcements were checked and nobody can read."""
    try:
        return statement_of(event)
    except InvalidInput:
        return None


def _teller(tx: ReadTx, row: Announced) -> str:
    """Who sent the event; its source where others came with it in one batch."""
    noted = audit.entries(tx, subject=row.key, limit=1)
    return noted[0].actor if noted else row.key.partition("/")[0]

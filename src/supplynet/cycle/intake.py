"""Event -> ledger, and what a delivery does to its order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Movement
from supplynet.core.network import LocationKind, Plant
from supplynet.core.postings import movements_of
from supplynet.cycle.announced import check_announcement
from supplynet.cycle.counting import Counting
from supplynet.cycle.counts import CountedStock
from supplynet.cycle.order_facts import follow_order
from supplynet.errors import (
    ConflictingContent,
    InvalidInput,
    LedgerError,
    SupplyNetError,
)
from supplynet.storage import Store, WriteTx, events, ledger

_LONGEST_ID = 64
_LINE_EVENTS = {EventType.LINE_STARVED, EventType.LINE_STOPPED, EventType.LINE_RESUMED}


Refuse = Callable[[Event, SupplyNetError], None]
"""What becomes of an event that cannot be taken: raise its error, or put it aside."""


@dataclass(frozen=True, kw_only=True)
class TakenIn:
    """What became of a batch of events: how many were new, and how many known already."""

    new: int
    known: int


def take_in(
    store: Store,
    plant: Plant,
    batch: Sequence[Event],
    *,
    actor: str,
    now: datetime,
    skew: timedelta | None = None,
) -> TakenIn:
    """Post a batch of events: all of it in one transaction, or nothing.

    An event that is there already is skipped, so a sender may retry. A fact is never refused for
    lack of stock: the ledger then goes below zero, and an alert asks for a count.

    Args:
        store: The books.
        plant: Where the events happened.
        batch: In the order in which they are to be posted.
        actor: Who sends them.
        now: The books' clock.
        skew: How far ahead of it a sender's clock may go; None = that is not looked at.

    Raises:
        ConflictingContent: A key was used before with other content.
        InvalidInput: An event that cannot be: unknown place or part, no quantity, of tomorrow.
    """
    with store.write(actor, now) as tx:
        return post(tx, plant, batch, skew=skew)


def post(
    tx: WriteTx, plant: Plant, batch: Sequence[Event], *, skew: timedelta | None = None
) -> TakenIn:
    """``take_in`` within the caller's transaction."""

    def refuse(_event: Event, error: SupplyNetError) -> None:
        raise error

    return post_each(tx, plant, batch, refuse, skew=skew)


def post_each(
    tx: WriteTx,
    plant: Plant,
    batch: Sequence[Event],
    refuse: Refuse,
    *,
    skew: timedelta | None = None,
) -> TakenIn:
    """Post what can be posted of a batch; ``refuse`` is told of every other event, and why."""
    stock, counting = CountedStock(tx, batch), Counting(tx, plant, batch)
    sorted_out = events.sort_out(tx, batch)
    for event in sorted_out.conflicting:
        refuse(event, ConflictingContent("event", event.key))
    fresh: list[Event] = []
    movements: list[Movement] = []
    for event in sorted_out.new:
        try:
            _check(event, plant)
            check_announcement(tx, event, plant, fresh)
            if skew is not None and event.occurred_at > tx.now + skew:
                raise _ahead(event, tx.now)
            moves = _movements(tx, event, plant, stock, counting)
        except (InvalidInput, LedgerError) as error:
            refuse(event, error)
            continue
        movements += stock.post(event, moves)
        fresh.append(event)
    events.add_events(tx, fresh)
    ledger.append_movements(tx, movements)
    counting.write(tx)
    for event in fresh:
        follow_order(tx, plant, event)
    return TakenIn(new=len(fresh), known=sorted_out.known)


def _movements(
    tx: WriteTx, event: Event, plant: Plant, stock: CountedStock, counting: Counting
) -> list[Movement]:
    if event.type is EventType.COUNTER:
        return counting.movements(event, tx.now)
    held = None
    if event.type is EventType.COUNTED:
        held = stock.at((event.location_id, event.part_id or ""), event.occurred_at)
    moves = movements_of(event, plant, recorded_at=tx.now, on_hand=held)
    if event.type is EventType.CONSUMED:
        counting.reported(event)
    return moves


def _ahead(event: Event, now: datetime) -> InvalidInput:
    minutes = (event.occurred_at - now).total_seconds() / 60
    return _wrong(event, f"is dated {minutes:,.0f} minutes ahead", "set the sender's clock")


def _check(event: Event, plant: Plant) -> None:
    """What ``movements_of`` does not look at."""
    for name in ("order_id", "lot_id", "container_id"):
        value = event.data.get(name)
        if isinstance(value, str) and len(value) > _LONGEST_ID:
            raise _wrong(event, f"has {len(value)} characters as {name}", f"use {_LONGEST_ID}")
    if event.type in _LINE_EVENTS:
        _check_standstill(event, plant)


def _check_standstill(event: Event, plant: Plant) -> None:
    if plant.location(event.location_id).kind is not LocationKind.LINE:
        raise _wrong(event, "is not at a line", "name the line that stands still")
    minutes = event.data.get("minutes")
    is_number = isinstance(minutes, int | float) and not isinstance(minutes, bool)
    if minutes is not None and not (is_number and 0 <= minutes < inf):
        raise _wrong(event, f"has minutes {minutes!r}", "a number of 0 or more is right")
    parts = event.data.get("parts", [])
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise _wrong(event, f"has parts {parts!r}", "a list of part ids is right")
    if not isinstance(event.data.get("ended", False), bool):
        raise _wrong(event, f"has ended {event.data['ended']!r}", "true or false is right")


def _wrong(event: Event, wrong: str, right: str) -> InvalidInput:
    return InvalidInput(f"event {event.key} ({event.type.value}) {wrong}; {right}")

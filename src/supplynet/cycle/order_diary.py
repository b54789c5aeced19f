"""The shadow diary: what was done beside each proposal, and afterwards which of the two was better.

An entry is judged when its window is over: from the arrival of the goods until the next vehicle's
goods could be there. The pair's stock path of the ledger is replayed twice, as it was and with what
was proposed instead, on the same use; what a line would have used while it waited for the part
counts as wanted. Fewer parts short are better; where that is equal, less stock on average.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import and_, or_, select

from supplynet.core.events import EventType
from supplynet.core.ledger import Account
from supplynet.core.network import Lane, Plant
from supplynet.core.orders import BY_HAND, Order
from supplynet.core.timetable import departures_between
from supplynet.errors import NotFound
from supplynet.storage import ReadTx, Store, WriteTx, diary, events, orders
from supplynet.storage.diary import DiaryAction, DiaryEntry
from supplynet.storage.tables import balances, movements

_DAY = timedelta(days=1)
_FORTNIGHT = timedelta(days=14)
_LASTING = {DiaryAction.CHANGE, DiaryAction.SPLIT, DiaryAction.ADD}
_NOT_DONE = {DiaryAction.REJECT, DiaryAction.SNOOZE}


@dataclass(frozen=True, kw_only=True)
class Step:
    """What happens to a stock at one moment: ``wanted`` when a line uses or waits for parts."""

    at: datetime
    change: int
    wanted: bool = False


@dataclass(frozen=True, kw_only=True)
class Played:
    """One stock path: its least and mean stock, and the parts that were short."""

    minimum: int
    average: float
    short: int


def note_decision(
    tx: WriteTx, before: Order, after: Order, action: DiaryAction, reason: str
) -> None:
    """Write what somebody did with a proposal; the last word on an order is what counts.

    An approval of what was changed, split or added before is no other decision than that.
    """
    known = diary.get_entry(tx, before.order_id)
    proposed = before.quantity if before.proposed_quantity is None else before.proposed_quantity
    if action is DiaryAction.APPROVE:
        if known is not None and known.action in _LASTING:
            action = known.action
        elif after.quantity != proposed:
            action = DiaryAction.CHANGE
    by_hand = before.policy == BY_HAND
    entry = DiaryEntry(
        entry_id=before.order_id,
        at=tx.now,
        actor=tx.actor,
        action=action,
        order_id=before.order_id,
        location_id=before.to_location,
        part_id=before.part_id,
        departure_at=before.departure_at,
        proposed=proposed,
        done=0 if action in _NOT_DONE else after.quantity,
        reason=reason or ("" if known is None else known.reason),
        policy=None if by_hand else before.policy,
        model_version=None if by_hand else before.model_version,
    )
    diary.write_entry(tx, entry)


def score_due(store: Store, plant: Plant, *, actor: str, now: datetime) -> int:
    """Judge the entries whose window is over; returns how many. Twice is once."""
    with store.read() as tx:
        due = diary.unscored(tx, now)
        scores = {entry.entry_id: _score(tx, plant, entry, now) for entry in due}
    ready = {entry_id: score for entry_id, score in scores.items() if score is not None}
    if not ready:
        return 0
    with store.write(actor, now) as tx:
        for entry_id, score in ready.items():
            known = diary.get_entry(tx, entry_id)
            if known is not None and known.scored_at is None:
                diary.set_score(tx, entry_id, score)
    return len(ready)


def play(stock: int, steps: list[Step], start: datetime, end: datetime) -> Played:
    """A stock from ``start`` to ``end``: parts that are wanted and not there are short, and lost.

    Args:
        stock: Parts at the start; below 0 counts as 0.
        steps: Within the window, in order of time.
        start: Of the window.
        end: Of the window.
    """
    held, least, short, area, since = max(stock, 0), max(stock, 0), 0, 0.0, start
    for step in steps:
        area += held * (step.at - since).total_seconds()
        missing = max(-(held + step.change), 0)
        held, since = max(held + step.change, 0), step.at
        least, short = min(least, held), short + (missing if step.wanted else 0)
    area += held * (end - since).total_seconds()
    seconds = max((end - start).total_seconds(), 1.0)
    return Played(minimum=least, average=round(area / seconds, 2), short=short)


def _score(tx: ReadTx, plant: Plant, entry: DiaryEntry, now: datetime) -> dict[str, Any] | None:
    """The judgement of one entry; None while its window is open."""
    order = _order(tx, entry)
    start, end = _window(plant, entry, order)
    if end > now or end <= start:
        return None
    stock, steps = _path(tx, plant, entry, start, end)
    came = max(_came_at(tx, entry, order) or start, start)
    instead = Step(at=min(came, end), change=entry.proposed - entry.done)
    # After what came at that moment: less of it came, not less of what was there before.
    other = sorted([*steps, instead], key=lambda step: step.at)
    done, proposed = play(stock, steps, start, end), play(stock, other, start, end)
    better = "equal"
    if (done.short, done.average) != (proposed.short, proposed.average):
        ours = (proposed.short, proposed.average) < (done.short, done.average)
        better = "ours" if ours else "theirs"
    halt = None
    if bool(done.short) != bool(proposed.short):
        halt = "caused" if done.short else "avoided"
    return {
        "from": start,
        "until": end,
        "proposed": _figures(proposed),
        "done": _figures(done),
        "better": better,
        "halt": halt,
    }


def _figures(played: Played) -> dict[str, Any]:
    return {
        "minimum_stock": played.minimum,
        "average_stock": played.average,
        "parts_short": played.short,
    }


def _order(tx: ReadTx, entry: DiaryEntry) -> Order | None:
    try:
        return None if entry.order_id is None else orders.get(tx, entry.order_id)
    except NotFound:
        return None


def _window(plant: Plant, entry: DiaryEntry, order: Order | None) -> tuple[datetime, datetime]:
    """From the arrival of the goods until those of the next vehicle can be there."""
    lane = _lane(plant, entry, order)
    outside = entry.action is DiaryAction.OUTSIDE or order is None
    start = entry.departure_at if outside or order is None else order.arrives_at
    if lane is None:
        return start, start + _DAY
    after = entry.departure_at + timedelta(seconds=1)
    coming = departures_between(lane, after, after + _FORTNIGHT)
    later = [each.arrives_at for each in coming if each.arrives_at > start]
    return start, later[0] if later else start + _DAY


def _lane(plant: Plant, entry: DiaryEntry, order: Order | None) -> Lane | None:
    if order is not None and order.lane_id in plant.lane_by_id:
        return plant.lane_by_id[order.lane_id]
    rule = plant.supply_rule.get((entry.location_id, entry.part_id))
    return None if rule is None else plant.lane_by_id.get(rule.lane_ids[0])


def _came_at(tx: ReadTx, entry: DiaryEntry, order: Order | None) -> datetime | None:
    """When goods of the order were first received; None when none were."""
    if order is None or entry.action is DiaryAction.OUTSIDE:
        return None
    query = (
        select(movements.c.occurred_at)
        .where(movements.c.order_id == order.order_id)
        .where(movements.c.to_location == order.to_location)
        .where(movements.c.to_account == Account.ON_HAND.value)
        .order_by(movements.c.occurred_at)
    )
    found: datetime | None = tx.connection.scalar(query.limit(1))
    return found


def _path(
    tx: ReadTx, plant: Plant, entry: DiaryEntry, start: datetime, end: datetime
) -> tuple[int, list[Step]]:
    """Stock of the pair at ``start``, and what happened to it until ``end``."""
    every = list(_steps(tx, entry, start))
    now_held = tx.connection.scalar(
        select(balances.c.quantity).where(
            balances.c.part_id == entry.part_id,
            balances.c.location_id == entry.location_id,
            balances.c.account == Account.ON_HAND.value,
        )
    )
    stock = int(now_held or 0) - sum(step.change for step in every)
    inside = [step for step in every if step.at < end]
    used = -sum(step.change for step in inside if step.wanted)
    pace = used / max((end - start).total_seconds() / 60, 1.0)
    waited = _waited(tx, plant, entry, start, end)
    lost = [
        Step(at=at, change=-max(ceil(minutes * pace), 1), wanted=True) for at, minutes in waited
    ]
    return stock, sorted([*inside, *lost], key=lambda step: step.at)


def _steps(tx: ReadTx, entry: DiaryEntry, start: datetime) -> Iterator[Step]:
    """Every change of the stock on hand from ``start`` on."""
    here, shelf = entry.location_id, Account.ON_HAND.value
    out = and_(movements.c.from_location == here, movements.c.from_account == shelf)
    into = and_(movements.c.to_location == here, movements.c.to_account == shelf)
    query = (
        select(movements)
        .where(movements.c.part_id == entry.part_id, movements.c.occurred_at >= start)
        .where(or_(out, into))
        .order_by(movements.c.occurred_at, movements.c.seq)
    )
    for row in tx.connection.execute(query):
        leaves = (row.from_location, row.from_account) == (here, shelf)
        yield Step(
            at=row.occurred_at,
            change=-row.quantity if leaves else row.quantity,
            wanted=leaves and row.to_account == Account.CONSUMED.value,
        )


def _waited(
    tx: ReadTx, plant: Plant, entry: DiaryEntry, start: datetime, end: datetime
) -> Iterator[tuple[datetime, float]]:
    """When lines of the stock point waited for the part, and for how many minutes."""
    for event in events.events_between(tx, start, end, types=[EventType.LINE_STARVED]):
        if entry.part_id not in event.data.get("parts", ()):
            continue
        try:
            place = plant.stock_point_of(event.location_id)
        except NotFound:  # the line has left the plant since
            continue
        if place == entry.location_id:
            yield event.occurred_at, float(event.data.get("minutes") or 0)

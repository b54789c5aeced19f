"""Deliveries: one per outgoing message and channel, sent at least once, with a log of every try.

A sender claims deliveries for a while. One that dies loses the claim when the while is over, and
another sends them again under the same message id. Only the holder of a claim says how it ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, Select, and_, delete, func, insert, select, update

from supplynet.errors import DeliveryStateError, NotFound
from supplynet.storage import alert_messages, outbox
from supplynet.storage.outbox import Message
from supplynet.storage.tables import deliveries as table
from supplynet.storage.tables import delivery_attempts as tries
from supplynet.storage.tables import outbox as messages
from supplynet.storage.transaction import ReadTx, WriteTx

UNDELIVERED = "undelivered"
"""Kind of the alert that is open while deliveries are dead."""
_LONGEST_SAID = 500


class DeliveryState(StrEnum):
    """Where a delivery is in its life; a dead one is not tried again by itself."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message on its way to one channel.

    Attributes:
        attempts: How often it has been tried, a running try included.
        due_at: Not tried before that; while it is claimed, when the claim ends.
        leased_by: Who is sending it; None when nobody is.
        created_at: Since when it is tried: a replay begins anew.
        error: Why the last try failed; None when none has or the last one did not.
    """

    message_id: str
    channel: str
    kind: str
    payload: dict[str, Any]
    state: DeliveryState
    attempts: int
    due_at: datetime
    leased_by: str | None
    created_at: datetime
    message_at: datetime
    sent_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try of one delivery.

    Attributes:
        said: What the receiver answered, or why there was no answer.
        seconds: How long it took.
    """

    at: datetime
    ok: bool
    said: str
    seconds: float


def route(
    tx: WriteTx, channels_of: Callable[[Message], Mapping[str, datetime]], *, limit: int = 100
) -> int:
    """Hand due messages to their channels; returns how many messages.

    A message and its deliveries change in the same transaction, so none is routed twice.

    Args:
        tx: A transaction at the plant's time.
        channels_of: Names of the channels that want a message, each with the moment from which
            it may be sent.
        limit: Most messages of one call.
    """
    found = outbox.claim(tx, limit=limit)
    for message in found:
        rows = [
            {
                "message_id": message.message_id,
                "channel": channel,
                "state": DeliveryState.WAITING.value,
                "attempts": 0,
                "due_at": due_at,
                "created_at": due_at,
            }
            for channel, due_at in channels_of(message).items()
        ]
        if rows:
            tx.connection.execute(insert(table), rows)
        outbox.mark_routed(tx, message.message_id)
    return len(found)


def due_channels(tx: ReadTx, now: datetime) -> list[str]:
    """Channels for which something is due."""
    query = select(table.c.channel).distinct().where(_waiting(), table.c.due_at <= now)
    return sorted(tx.connection.scalars(query))


def claim(tx: WriteTx, channel: str, *, lease: timedelta, limit: int = 20) -> list[Delivery]:
    """Take up to ``limit`` due deliveries of a channel for ``tx.actor``, oldest first."""
    query = _query().where(_waiting(), table.c.channel == channel, table.c.due_at <= tx.now)
    query = query.order_by(messages.c.created_at, table.c.message_id).limit(limit)
    rows = tx.connection.execute(query.with_for_update(skip_locked=True, of=table)).mappings().all()
    taken = {"leased_by": tx.actor, "due_at": tx.now + lease}
    if rows:
        tx.connection.execute(
            update(table)
            .where(
                table.c.channel == channel,
                table.c.message_id.in_([row["message_id"] for row in rows]),
            )
            .values(attempts=table.c.attempts + 1, **taken)
        )
    return [_delivery({**row, **taken, "attempts": row["attempts"] + 1}) for row in rows]


def mark_sent(tx: WriteTx, delivery: Delivery, tried: Try) -> bool:
    """The receiver has it; False when the claim was lost meanwhile (the try is logged)."""
    values = {"state": DeliveryState.SENT.value, "sent_at": tried.at, "error": None}
    return _settle(tx, delivery, tried, values)


def mark_failed(tx: WriteTx, delivery: Delivery, tried: Try, *, due_at: datetime) -> bool:
    """Try again at ``due_at``; False when the claim was lost meanwhile."""
    return _settle(tx, delivery, tried, {"due_at": due_at, "error": _short(tried.said)})


def mark_dead(tx: WriteTx, delivery: Delivery, tried: Try) -> bool:
    """Never try again by itself; False when the claim was lost meanwhile."""
    values = {"state": DeliveryState.DEAD.value, "error": _short(tried.said)}
    return _settle(tx, delivery, tried, values)


def give_back(tx: WriteTx, delivery: Delivery, *, due_at: datetime) -> None:
    """Release a claim without a try."""
    tx.connection.execute(
        update(table)
        .where(_same(delivery.message_id, delivery.channel), table.c.leased_by == tx.actor)
        .values(leased_by=None, due_at=due_at, attempts=table.c.attempts - 1)
    )
    _changed(tx, delivery.message_id)


def supersede(
    tx: WriteTx, channel: str, overtaken: Callable[[Message], bool], *, by: str
) -> list[Message]:
    """Drop what waits untried for ``channel`` and is ``overtaken`` by the message ``by``.

    It is written into the log of tries, so that nothing disappears without a word.
    """
    query = _query().where(_waiting(), table.c.channel == channel, table.c.attempts == 0)
    dropped = []
    for row in tx.connection.execute(query).mappings().all():
        message = outbox.get(tx, row["message_id"])
        if not overtaken(message):
            continue
        tx.connection.execute(delete(table).where(_same(message.message_id, channel)))
        said = f"not sent: overtaken by {by} while it waited"
        _log(tx, message.message_id, channel, Try(at=tx.now, ok=False, said=said, seconds=0.0))
        _changed(tx, message.message_id)
        dropped.append(message)
    return dropped


def told(tx: ReadTx, alert_id: str, *, since: datetime) -> set[str]:
    """Channels that heard of an alert ``since`` it was raised, or that are about to."""
    query = _query().where(
        messages.c.kind == alert_messages.MESSAGE,
        messages.c.created_at >= since,
        table.c.state != DeliveryState.DEAD.value,
    )
    rows = tx.connection.execute(query).mappings()
    return {row["channel"] for row in rows if row["payload"]["alert_id"] == alert_id}


def replay(tx: WriteTx, message_id: str, channel: str | None = None) -> list[Delivery]:
    """Send a sent or dead message once more, under the same id; on one channel or on all.

    Raises:
        NotFound: There is no such message, or it never went to this channel.
        DeliveryStateError: It still waits to be sent.
    """
    found = of_message(tx, message_id)
    if not found:
        outbox.get(tx, message_id)
        raise NotFound("delivery of message", message_id, "no channel wanted it")
    chosen = [each for each in found if channel in {None, each.channel}]
    if not chosen:
        known = ", ".join(each.channel for each in found)
        raise NotFound("channel of this message", str(channel), f"it went to {known}")
    again = [each for each in chosen if each.state is not DeliveryState.WAITING]
    if not again:
        raise DeliveryStateError(message_id, chosen[0].channel)
    for each in again:
        values = {"state": DeliveryState.WAITING.value, "attempts": 0, "leased_by": None}
        moments = {"due_at": tx.now, "created_at": tx.now, "sent_at": None}
        where = _same(message_id, each.channel)
        tx.connection.execute(update(table).where(where).values(**values, **moments))
        tx.note("delivery_replayed", message_id, before=each.state.value, after=each.channel)
    _changed(tx, message_id)
    return of_message(tx, message_id)


def of_message(tx: ReadTx, message_id: str) -> list[Delivery]:
    """Deliveries of one message, by channel."""
    query = _query().where(table.c.message_id == message_id).order_by(table.c.channel)
    return [_delivery(row) for row in tx.connection.execute(query).mappings()]


def list_deliveries(
    tx: ReadTx,
    *,
    state: DeliveryState | None = None,
    channel: str | None = None,
    before: tuple[datetime, str, str] | None = None,
    limit: int = 200,
) -> list[Delivery]:
    """Deliveries, the newest first.

    ``before`` is ``(created_at, message_id, channel)`` of the last one seen.
    """
    columns = (table.c.created_at, table.c.message_id, table.c.channel)
    query = _query().order_by(*(column.desc() for column in columns)).limit(limit)
    if state is not None:
        query = query.where(table.c.state == state.value)
    if channel is not None:
        query = query.where(table.c.channel == channel)
    if before is not None:
        at, message_id, name = before
        later_name = and_(table.c.message_id == message_id, table.c.channel < name)
        same_moment = and_(table.c.created_at == at, (table.c.message_id < message_id) | later_name)
        query = query.where((table.c.created_at < at) | same_moment)
    return [_delivery(row) for row in tx.connection.execute(query).mappings()]


def tries_of(tx: ReadTx, message_id: str) -> dict[str, list[Try]]:
    """Every try of a message by channel, oldest first."""
    query = select(tries).where(tries.c.message_id == message_id).order_by(tries.c.seq)
    found: dict[str, list[Try]] = {}
    for row in tx.connection.execute(query):
        one = Try(at=row.at, ok=row.ok, said=row.said, seconds=row.seconds)
        found.setdefault(row.channel, []).append(one)
    return found


def dead(tx: ReadTx) -> dict[str, tuple[int, str]]:
    """How many deliveries are dead, and the reason of one of them, by channel."""
    query = select(table.c.channel, func.count(), func.max(table.c.error))
    query = query.where(table.c.state == DeliveryState.DEAD.value).group_by(table.c.channel)
    return {channel: (count, why or "") for channel, count, why in tx.connection.execute(query)}


def prune(tx: WriteTx, before: datetime) -> int:
    """Forget what was over before that, with its tries and messages; returns deliveries gone."""
    over = table.c.state != DeliveryState.WAITING.value
    last = func.coalesce(table.c.sent_at, table.c.due_at)
    gone = tx.connection.execute(delete(table).where(over, last < before)).rowcount
    tx.connection.execute(delete(tries).where(tries.c.at < before))
    outbox.prune(tx, before)
    return gone


def _settle(tx: WriteTx, delivery: Delivery, tried: Try, values: Mapping[str, Any]) -> bool:
    _log(tx, delivery.message_id, delivery.channel, tried)
    query = update(table).where(
        _same(delivery.message_id, delivery.channel), table.c.leased_by == tx.actor, _waiting()
    )
    held = tx.connection.execute(query.values(leased_by=None, **values)).rowcount == 1
    _changed(tx, delivery.message_id)
    return held


def _log(tx: WriteTx, message_id: str, channel: str, tried: Try) -> None:
    tx.connection.execute(
        insert(tries).values(
            seq=tx.take_seq(tries),
            message_id=message_id,
            channel=channel,
            at=tried.at,
            ok=tried.ok,
            said=_short(tried.said),
            seconds=tried.seconds,
        )
    )


def _changed(tx: WriteTx, message_id: str) -> None:
    tx.change("delivery", message_id)


def _short(text: str) -> str:
    """What a receiver said, as far as a database and a person can take it."""
    printable = "".join(each if each.isprintable() else " " for each in text)
    return printable[:_LONGEST_SAID]


def _waiting() -> Any:
    return table.c.state == DeliveryState.WAITING.value


def _same(message_id: str, channel: str) -> Any:
    return and_(table.c.message_id == message_id, table.c.channel == channel)


def _query() -> Select[Any]:
    message_at = messages.c.created_at.label("message_at")
    return select(table, messages.c.kind, messages.c.payload, message_at).join(
        messages, messages.c.message_id == table.c.message_id
    )


def _delivery(row: RowMapping | Mapping[str, Any]) -> Delivery:
    return Delivery(**{**row, "state": DeliveryState(row["state"])})

"""Reservations: a promise of parts until a moment. A command, so it may be refused.

No two callers get the same part: a reservation takes from ``free`` by one conditional update, and
a CHECK of the table stands behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from sqlalchemy import RowMapping, bindparam, insert, select, update

from supplynet.errors import ConflictingContent, InsufficientStock, InvalidInput, NotFound
from supplynet.storage import balances
from supplynet.storage.tables import reservations as table
from supplynet.storage.transaction import ReadTx, WriteTx


class ReservationState(StrEnum):
    """``used``: the parts have left, a movement says so; ``released``: no longer wanted."""

    HELD = "held"
    USED = "used"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """``quantity`` of one part at one location is promised until ``expires_at``.

    Attributes:
        reservation_id: Made by the caller, so that a retry is the same reservation.
        order_id: For which order; None for others.
    """

    reservation_id: str
    part_id: str
    location_id: str
    quantity: int
    expires_at: datetime
    order_id: str | None = None
    state: ReservationState = ReservationState.HELD


_FIELDS = tuple(field.name for field in fields(Reservation))
_FIND = select(table).where(table.c.reservation_id == bindparam("wanted"))


def reserve(tx: WriteTx, wanted: Reservation) -> Reservation:
    """Reserve all of it or nothing; the same again returns what is there, in its state by now.

    Raises:
        InsufficientStock: Less is free than wanted; nothing is written.
        ConflictingContent: The id was used for another reservation.
        InvalidInput: A quantity that is not > 0, or a moment that has passed.
    """
    known = _find(tx, wanted.reservation_id)
    if known is not None:
        if _content(known) != _content(wanted):
            raise ConflictingContent("reservation", wanted.reservation_id)
        return known
    if wanted.quantity <= 0 or wanted.expires_at <= tx.now:
        raise InvalidInput(
            f"reservation {wanted.reservation_id} is for {wanted.quantity} until "
            f"{wanted.expires_at.isoformat()}; it needs more than 0 and a later moment"
        )
    if not balances.take_free(tx, (wanted.part_id, wanted.location_id), wanted.quantity):
        free = balances.free(tx, wanted.part_id, wanted.location_id)
        raise InsufficientStock(wanted.part_id, wanted.location_id, free, wanted.quantity)
    tx.connection.execute(
        insert(table),
        {
            **{name: getattr(wanted, name) for name in _FIELDS},
            "state": ReservationState.HELD.value,
            "created_at": tx.now,
        },
    )
    after = {"part_id": wanted.part_id, "location_id": wanted.location_id}
    tx.note("reserved", wanted.reservation_id, after=after | {"quantity": wanted.quantity})
    return wanted


def resize(tx: WriteTx, order_id: str, quantity: int) -> None:
    """Let the reservation that an order holds be for ``quantity`` > 0; none held, none changed.

    Raises:
        InsufficientStock: Less is free than is wanted more; nothing is written.
    """
    for known in held(tx, order_id=order_id):
        more = quantity - known.quantity
        place = (known.part_id, known.location_id)
        if more > 0 and not balances.take_free(tx, place, more):
            free = known.quantity + balances.free(tx, *place)
            raise InsufficientStock(*place, free, quantity)
        if more < 0:
            balances.shift_free(tx, {place: -more})
        if more:
            tx.connection.execute(
                update(table)
                .where(table.c.reservation_id == known.reservation_id)
                .values(quantity=quantity)
            )
            after = {"quantity": quantity}
            tx.note("reservation_resized", known.reservation_id, after=after)


def end(
    tx: WriteTx, reservation_id: str, state: ReservationState = ReservationState.RELEASED
) -> None:
    """End a reservation; ``USED`` in the transaction of the movement that takes the parts away.

    One that has ended already stays as it ended.

    Raises:
        NotFound: There is none with this id.
    """
    known = _find(tx, reservation_id)
    if known is None:
        raise NotFound("reservation", reservation_id)
    _end(tx, known, state)


def end_of_order(
    tx: WriteTx, order_id: str, state: ReservationState = ReservationState.RELEASED
) -> None:
    """End every reservation that an order still holds."""
    for known in held(tx, order_id=order_id):
        _end(tx, known, state)


def expire_due(tx: WriteTx) -> list[Reservation]:
    """End what has expired by ``tx.now`` and return it."""
    due = held(tx, due_at=tx.now)
    for known in due:
        _end(tx, known, ReservationState.EXPIRED)
    return due


def held(
    tx: ReadTx, *, order_id: str | None = None, due_at: datetime | None = None
) -> list[Reservation]:
    """Reservations that hold parts now, those that expire first, first.

    Only those of one order, or those that have expired by ``due_at``, if given.
    """
    query = select(table).where(table.c.state == ReservationState.HELD.value)
    if order_id is not None:
        query = query.where(table.c.order_id == order_id)
    if due_at is not None:
        query = query.where(table.c.expires_at <= due_at)
    query = query.order_by(table.c.expires_at, table.c.reservation_id)
    return [_reservation(row) for row in tx.connection.execute(query).mappings()]


def _end(tx: WriteTx, known: Reservation, state: ReservationState) -> None:
    assert state is not ReservationState.HELD
    ended = tx.connection.execute(
        update(table)
        .where(table.c.reservation_id == known.reservation_id)
        .where(table.c.state == ReservationState.HELD.value)
        .values(state=state.value)
    )
    if ended.rowcount == 1:
        balances.shift_free(tx, {(known.part_id, known.location_id): known.quantity})
        tx.note("reservation_ended", known.reservation_id, after={"state": state.value})


def _find(tx: ReadTx, reservation_id: str) -> Reservation | None:
    row = tx.connection.execute(_FIND, {"wanted": reservation_id}).mappings().first()
    return None if row is None else _reservation(row)


def _content(reservation: Reservation) -> tuple[object, ...]:
    return (
        reservation.part_id,
        reservation.location_id,
        reservation.quantity,
        reservation.expires_at,
        reservation.order_id,
    )


def _reservation(row: RowMapping) -> Reservation:
    values = {name: row[name] for name in _FIELDS}
    return Reservation(**values | {"state": ReservationState(row["state"])})

"""Orders that a person makes: added by hand, or split off another for a later departure."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from supplynet.core.ids import uuid7
from supplynet.core.network import Lane, LocationKind, Plant, PurchaseRule
from supplynet.core.orders import BY_HAND, Order, OrderKind, OrderState
from supplynet.core.timetable import Departure, departures_between, next_departures
from supplynet.cycle import order_diary as diary
from supplynet.cycle.order_steps import reserve, tell, with_quantity
from supplynet.errors import InvalidInput, OrderStateError
from supplynet.monitor.grid import iso
from supplynet.storage import WriteTx, changes, orders, reservations
from supplynet.storage.diary import DiaryAction

_SPLIT = (OrderState.PROPOSED, OrderState.APPROVED)
_DAY = timedelta(days=1)
_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An order by hand.

    Attributes:
        quantity: In the part's unit, > 0.
        lane_id: Of a transfer; None = the usual one of its supply rule.
        departure_at: Of a transfer; None = the next that can be reached. A purchase has the day.
    """

    kind: OrderKind
    part_id: str
    to_location: str
    quantity: int
    lane_id: str | None = None
    departure_at: datetime | None = None


def add(tx: WriteTx, plant: Plant, wanted: Wanted, *, reason: str = "") -> Order:
    """Add a proposal by hand; the next plan leaves it alone.

    Raises:
        NotFound: No such part, place or lane.
        InvalidInput: The lane does not go there, has no such departure, or nobody supplies it.
        OrderKeyTaken: There is an open order for it with that departure.
    """
    plant.part(wanted.part_id)
    plant.location(wanted.to_location)
    if wanted.kind is OrderKind.PURCHASE:
        order = _purchase(tx, plant, wanted)
    else:
        lane = _lane(plant, wanted)
        order = _transfer(tx, lane, _departure(lane, wanted.departure_at, tx.now), wanted)
        if plant.location(lane.from_location).kind is LocationKind.SUPPLIER:
            order = replace(order, kind=OrderKind.PURCHASE)
    orders.add_order(tx, order, reason=reason)
    diary.note_decision(tx, order, order, DiaryAction.ADD, reason)
    return tell(tx, order)


def split(
    tx: WriteTx,
    plant: Plant,
    order_id: str,
    quantity: int,
    departure_at: datetime,
    *,
    reason: str = "",
) -> tuple[Order, Order]:
    """Let ``quantity`` of an order go with another departure of its lane, in the same state.

    Returns:
        What is left of the order, and the new one.

    Raises:
        NotFound: There is no such order.
        OrderStateError: It is picked, has left or is over.
        InvalidInput: Not less than the whole, or no such departure.
        OrderKeyTaken: There is an open order for it with that departure.
        InsufficientStock: The source has less free stock.
    """
    order = orders.get(tx, order_id)
    if order.state not in _SPLIT:
        raise OrderStateError(order_id, order.state, "split")
    if not 0 < quantity < order.quantity:
        raise InvalidInput(
            f"order {order_id} is for {order.quantity:,}; split off between 1 and "
            f"{order.quantity - 1:,}, or change it"
        )
    lane = plant.lane_by_id.get(order.lane_id)
    if lane is None:
        raise InvalidInput(f"order {order_id} has no lane with departures to split it to")
    departure = _departure(lane, departure_at, tx.now)
    rest = with_quantity(order, order.quantity - quantity)
    rest = replace(rest, explanation=order.explanation | {"split_to": iso(departure.departure_at)})
    moved = replace(
        order,
        order_id=_new_id(tx, f"{order_id} {departure.departure_at.isoformat()}"),
        departure_at=departure.departure_at,
        cutoff_at=departure.cutoff_at,
        arrives_at=departure.arrives_at,
        quantity=quantity,
        proposed_quantity=0,
        created_at=tx.now,
        explanation={"why": f"Split off order {order_id}.", "split_from": order_id},
    )
    orders.revise(tx, order, rest, "order_split", reason=reason)
    reservations.resize(tx, order_id, rest.quantity)
    orders.add_order(tx, moved, reason=reason)
    if moved.state is OrderState.APPROVED:
        reserve(tx, moved)
    for before, after in ((order, rest), (moved, moved)):
        diary.note_decision(tx, before, after, DiaryAction.SPLIT, reason)
    return tell(tx, rest), tell(tx, moved)


def purchase_times(rule: PurchaseRule, now: datetime) -> tuple[datetime, datetime, datetime]:
    """Of a purchase made today: its date (00:00 UTC), until when it can be, and its arrival."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day, day + _DAY, now + timedelta(minutes=round(rule.lead_time.mean))


def _transfer(tx: WriteTx, lane: Lane, departure: Departure, wanted: Wanted) -> Order:
    return _by_hand(
        tx,
        wanted,
        kind=OrderKind.TRANSFER,
        from_location=lane.from_location,
        to_location=lane.to_location,
        lane_id=lane.lane_id,
        departure_at=departure.departure_at,
        cutoff_at=departure.cutoff_at,
        arrives_at=departure.arrives_at,
    )


def _purchase(tx: WriteTx, plant: Plant, wanted: Wanted) -> Order:
    if wanted.lane_id is not None or wanted.departure_at is not None:
        raise InvalidInput("a purchase has no lane and no departure; its date is today")
    rule = plant.purchase_rule.get((wanted.to_location, wanted.part_id))
    if rule is None:
        raise InvalidInput(
            f"nobody is known to supply {wanted.part_id} to {wanted.to_location}; add a row to "
            "purchase_rules.csv"
        )
    day, until, arrives_at = purchase_times(rule, tx.now)
    return _by_hand(
        tx,
        wanted,
        kind=OrderKind.PURCHASE,
        from_location=rule.supplier_id,
        to_location=rule.warehouse_id,
        lane_id=rule.supplier_id,
        departure_at=day,
        cutoff_at=until,
        arrives_at=arrives_at,
    )


def _by_hand(tx: WriteTx, wanted: Wanted, **terms: Any) -> Order:
    """The order that is wanted, on these terms."""
    return Order(
        order_id=_new_id(tx, repr(wanted)),
        part_id=wanted.part_id,
        quantity=wanted.quantity,
        state=OrderState.PROPOSED,
        policy=BY_HAND,
        proposed_quantity=0,
        created_at=tx.now,
        explanation={"why": "Added by hand."},
        **terms,
    )


def _lane(plant: Plant, wanted: Wanted) -> Lane:
    """The lane named, or the usual one; it has to end at the place."""
    lane_id = wanted.lane_id
    if lane_id is None:
        rule = plant.supply_rule.get((wanted.to_location, wanted.part_id))
        if rule is None:
            raise InvalidInput(
                f"{wanted.part_id} has no supply rule at {wanted.to_location}; name the lane"
            )
        lane_id = rule.lane_ids[0]
    lane = plant.lane_by_id.get(lane_id)
    if lane is None or lane.to_location != wanted.to_location:
        going = sorted(
            each.lane_id for each in plant.lanes if each.to_location == wanted.to_location
        )
        raise InvalidInput(
            f"no lane {lane_id!r} goes to {wanted.to_location}; use {', '.join(going) or 'another'}"
        )
    return lane


def _departure(lane: Lane, wanted: datetime | None, now: datetime) -> Departure:
    """The departure at that moment, or the next one, that can still be reached."""
    coming = next_departures(lane, now, _SHOWN)
    if wanted is None:
        if not coming:
            raise InvalidInput(f"lane {lane.lane_id} has no departure within a year")
        return coming[0]
    found = departures_between(lane, wanted, wanted + timedelta(microseconds=1))
    if not found or found[0].cutoff_at < now:
        zone = ZoneInfo(lane.time_zone)
        asked, *others = (
            f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
            for moment in (wanted, *(each.departure_at for each in coming))
        )
        what = "closed" if found else "no such departure"
        raise InvalidInput(
            f"lane {lane.lane_id} at {asked}: {what}; next: {', '.join(others) or 'none'} "
            f"({lane.time_zone})"
        )
    return found[0]


def _new_id(tx: WriteTx, what: str) -> str:
    """An id for an order; in simulation the same for the same books and wish."""
    rng = random.Random(f"{what} {changes.latest_seq(tx)} {tx.now.isoformat()}")  # noqa: S311 - ids
    return uuid7(tx.now, rng)

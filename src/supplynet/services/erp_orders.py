"""Orders that an ERP made itself: counted as under way, so that nobody orders a second time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from supplynet.connectors.erp import ErpOrder
from supplynet.core.ids import check_id
from supplynet.core.network import Lane, LocationKind, Plant
from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.core.timetable import departures_between
from supplynet.cycle import order_steps
from supplynet.errors import InsufficientStock, InvalidInput, NotFound, SupplyNetError
from supplynet.services.import_outcome import Taken
from supplynet.storage import WriteTx, diary, orders
from supplynet.storage.diary import DiaryAction, DiaryEntry

POLICY = "erp"
"""What stands in the place of a policy on orders that the ERP made."""
_FORTNIGHT = timedelta(days=14)
_REPLACED = "the ERP made an order of its own for it"


def order_of_row(row: Mapping[str, Any]) -> ErpOrder:
    """A row of a file of orders; see ``table_kinds.DELIVERIES``."""
    return ErpOrder(
        erp_id=row["order_id"],
        from_location=row["from_location"],
        to_location=row["location_id"],
        part_id=row["part_id"],
        quantity=row["quantity"],
        ordered_at=row["ordered_at"],
        due_at=row["due_at"],
    )


@dataclass(slots=True)
class _Tally:
    """Orders by what became of them."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


def take_orders(
    tx: WriteTx, plant: Plant, wanted: Sequence[ErpOrder]
) -> tuple[Taken, list[SupplyNetError]]:
    """Take the ERP's orders into the books; the same again changes nothing.

    An order of ours that the ERP carries is left alone: we know it. One that the ERP made is
    approved from the start. Where we had a proposal for the same part and departure, that is
    withdrawn, and the shadow diary keeps what both wanted.

    Returns:
        What became of them, and why some cannot be; the caller then undoes all.
    """
    tally = _Tally()
    refused: list[SupplyNetError] = []
    for order in wanted:
        try:
            _take(tx, plant, order, tally)
        except SupplyNetError as error:
            refused.append(InvalidInput(f"order {order.erp_id} of {order.part_id}: {error}"))
    return Taken(new=tally.new, changed=tally.changed, unchanged=tally.unchanged), refused


def _take(tx: WriteTx, plant: Plant, wanted: ErpOrder, tally: _Tally) -> None:
    if any(_known(tx, each) is not None for each in (*wanted.our_ids, wanted.erp_id)):
        tally.unchanged += 1
        return
    order_id = wanted.own_id
    known = _known(tx, order_id)
    if known is not None:
        _update(tx, known, wanted, tally)
        return
    order = _made(tx, plant, wanted, order_id)
    there = _open_beside(tx, order)
    if there is not None and there.state is not OrderState.PROPOSED:
        raise InvalidInput(
            f"our order {there.order_id} for the same departure is {there.state}; "
            "give that as order_id if it is the same one"
        )
    if there is not None:
        orders.advance(tx, there.order_id, OrderState.CANCELLED, reason=_REPLACED)
    orders.add_order(tx, order, reason="made by the ERP")
    _note(tx, order, there)
    _reserve(tx, order)
    order_steps.tell(tx, order)
    tally.new += 1


def _known(tx: WriteTx, order_id: str) -> Order | None:
    try:
        return orders.get(tx, order_id)
    except NotFound:
        return None


def _open_beside(tx: WriteTx, order: Order) -> Order | None:
    """The open order with the same part, way and departure."""
    coming = orders.list_orders(
        tx,
        states=orders.OPEN,
        departing_from=order.departure_at,
        part_id=order.part_id,
        to_location=order.to_location,
    )
    return next((each for each in coming if each.key == order.key), None)


def _update(tx: WriteTx, before: Order, wanted: ErpOrder, tally: _Tally) -> None:
    """Quantity and arrival follow the ERP as long as nothing has left."""
    arrives_at = wanted.due_at or before.arrives_at
    after = replace(before, quantity=wanted.quantity, arrives_at=arrives_at)
    if after == before or before.state is not OrderState.APPROVED:
        tally.unchanged += 1
        return
    orders.revise(tx, before, after, "order_changed", reason="changed in the ERP")
    order_steps.tell(tx, after)
    tally.changed += 1


def _made(tx: WriteTx, plant: Plant, wanted: ErpOrder, order_id: str) -> Order:
    """The order in our shape: a purchase from a supplier, else a transfer on a lane."""
    place = plant.location(wanted.to_location)
    if not place.holds_stock:
        raise InvalidInput(
            f"{place.location_id} holds no stock; name {plant.stock_point_of(place.location_id)}"
        )
    plant.part(wanted.part_id)
    source = plant.location_by_id.get(wanted.from_location)
    bought = source is None or source.kind is LocationKind.SUPPLIER
    times = _purchase_times(plant, wanted) if bought else _transfer_times(plant, wanted)
    lane_id, departure_at, cutoff_at, arrives_at = times
    return Order(
        order_id=order_id,
        kind=OrderKind.PURCHASE if bought else OrderKind.TRANSFER,
        part_id=wanted.part_id,
        from_location=check_id(wanted.from_location, "from_location"),
        to_location=wanted.to_location,
        lane_id=lane_id,
        departure_at=departure_at,
        cutoff_at=cutoff_at,
        arrives_at=arrives_at,
        quantity=wanted.quantity,
        state=OrderState.APPROVED,
        policy=POLICY,
        proposed_quantity=0,
        created_at=tx.now,
        explanation={"why": f"Order {wanted.erp_id} of the ERP.", "erp_id": wanted.erp_id},
    )


def _purchase_times(plant: Plant, wanted: ErpOrder) -> tuple[str, datetime, datetime, datetime]:
    """Lane (the supplier), date, cut-off and arrival of a purchase."""
    ordered = wanted.ordered_at.astimezone(UTC)
    day = ordered.replace(hour=0, minute=0, second=0, microsecond=0)
    arrives_at = wanted.due_at
    if arrives_at is None:
        rule = plant.purchase_rule.get((wanted.to_location, wanted.part_id))
        if rule is None:
            raise InvalidInput("nobody knows its lead time; fill in due_at")
        arrives_at = ordered + timedelta(minutes=round(rule.lead_time.mean))
    return wanted.from_location, day, ordered, arrives_at


def _transfer_times(plant: Plant, wanted: ErpOrder) -> tuple[str, datetime, datetime, datetime]:
    """Lane, departure, cut-off and arrival of a transfer: it goes with the next vehicle."""
    lane = _lane(plant, wanted)
    coming = departures_between(lane, wanted.ordered_at, wanted.ordered_at + _FORTNIGHT)
    if not coming:
        raise InvalidInput(f"lane {lane.lane_id} has no departure within two weeks of ordered_at")
    found = coming[0]
    arrives_at = wanted.due_at or found.arrives_at
    return lane.lane_id, found.departure_at, found.cutoff_at, arrives_at


def _lane(plant: Plant, wanted: ErpOrder) -> Lane:
    way = (wanted.from_location, wanted.to_location)
    going = [lane for lane in plant.lanes if (lane.from_location, lane.to_location) == way]
    if not going:
        raise InvalidInput(f"no lane goes from {way[0]} to {way[1]}; add one to the plant")
    rule = plant.supply_rule.get((wanted.to_location, wanted.part_id))
    usual = rule.lane_ids if rule is not None else ()
    return next((lane for lane in going if lane.lane_id in usual), going[0])


def _note(tx: WriteTx, order: Order, instead_of: Order | None) -> None:
    """What the ERP did, beside what we had proposed."""
    entry = DiaryEntry(
        entry_id=order.order_id,
        at=tx.now,
        actor=tx.actor,
        action=DiaryAction.OUTSIDE,
        order_id=order.order_id,
        location_id=order.to_location,
        part_id=order.part_id,
        departure_at=order.departure_at,
        proposed=0 if instead_of is None else instead_of.quantity,
        done=order.quantity,
        reason=str(order.explanation["why"]),
        policy=None if instead_of is None else instead_of.policy,
        model_version=None if instead_of is None else instead_of.model_version,
    )
    diary.write_entry(tx, entry)


def _reserve(tx: WriteTx, order: Order) -> None:
    """Hold its parts at the source; the ERP's order stands though they are not there."""
    try:
        order_steps.reserve(tx, order)
    except InsufficientStock:
        tx.note("order_without_stock", order.order_id, reason="the source has less free stock")

"""What is on its way by the books, where they may lag behind the trucks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, select

from supplynet.core.ledger import Account
from supplynet.core.network import Plant
from supplynet.core.orders import RELEASED, Order, OrderKind, OrderState
from supplynet.core.timetable import next_departures
from supplynet.monitor import deliveries
from supplynet.monitor.deliveries import LATE, Loose, Stranger
from supplynet.simulate.state import Inbound, InboundPurchase
from supplynet.storage import ReadTx, orders
from supplynet.storage.alerts import AlertCause
from supplynet.storage.tables import movements
from supplynet.storage.tables import orders as order_table

LOOSE_FOR = timedelta(days=14)
STRANGE_FOR = timedelta(hours=48)
MOST = 2**28
"""Larger quantities count as this much: sums of four still fit 32 bits."""


@dataclass(kw_only=True)
class Underway:
    """Goods on their way.

    Attributes:
        inbound: As the twin takes it over.
        gone: By (source, part): parts that have left in all likelihood, though the ledger still
            has them there.
        purchases: Open purchases that come without a lane of the plant, to warehouses.
        late: Orders on the road for longer than ever expected.
        causes: What a person should look at.
    """

    inbound: list[Inbound] = field(default_factory=list)
    gone: Counter[tuple[str, str]] = field(default_factory=Counter)
    purchases: list[InboundPurchase] = field(default_factory=list)
    late: list[Order] = field(default_factory=list)
    causes: list[AlertCause] = field(default_factory=list)


def underway(tx: ReadTx, plant: Plant, open_orders: Sequence[Order], now: datetime) -> Underway:
    """Released orders, and what has left without one.

    A vehicle whose shipment is not posted yet is believed to have left for an hour; after that
    its goods are expected with the next one, and somebody is asked.
    """
    found = Underway()
    left_at = _left_at(tx, open_orders)
    unposted: list[Order] = []
    for order in open_orders:
        if order.state not in RELEASED or order.outstanding <= 0:
            continue
        leaves = left_at.get(order.order_id, order.departure_at)
        if order.state is not OrderState.SHIPPED and order.kind is OrderKind.TRANSFER:
            if leaves < now - LATE:
                unposted.append(order)
                leaves = _next_departure(plant, order, now)
            elif leaves <= now:
                found.gone[order.from_location, order.part_id] += order.outstanding
        elif now > _latest(plant, order, leaves) + LATE:
            found.late.append(order)
        if order.kind is OrderKind.PURCHASE and order.lane_id not in plant.lane_by_id:
            found.purchases.append(_purchase(order, now))
        found.inbound.append(_inbound(order, order.outstanding, leaves))
    loose = _loose(tx, now)
    for each in loose:
        if each.order.state is OrderState.CANCELLED and each.in_transit > 0:
            leaves = each.left_at or each.order.departure_at
            found.inbound.append(_inbound(each.order, each.in_transit, leaves))
    found.causes += deliveries.not_shipped(unposted, plant.time_zone)
    found.causes += deliveries.overdue(found.late, plant.time_zone)
    found.causes += deliveries.loose(loose)
    found.causes += deliveries.strangers(_strangers(tx, now))
    found.inbound = [each for each in found.inbound if each.lane_id in plant.lane_by_id]
    return found


def proposed(order: Order) -> Inbound:
    """A proposal as if it was released."""
    return _inbound(order, order.quantity, order.departure_at)


def _inbound(order: Order, quantity: int, leaves: datetime) -> Inbound:
    return Inbound(
        stock_point_id=order.to_location,
        part_id=order.part_id,
        quantity=min(quantity, MOST),
        lane_id=order.lane_id,
        departure_at=leaves,
    )


def _purchase(order: Order, now: datetime) -> InboundPurchase:
    """One that is late is still to come: at any moment now."""
    return InboundPurchase(
        warehouse_id=order.to_location,
        part_id=order.part_id,
        quantity=min(order.outstanding, MOST),
        arrives_at=max(order.arrives_at, now),
    )


def _next_departure(plant: Plant, order: Order, now: datetime) -> datetime:
    lane = plant.lane_by_id.get(order.lane_id)
    coming = [] if lane is None else next_departures(lane, now, 1)
    return coming[0].departure_at if coming else now


def _latest(plant: Plant, order: Order, leaves: datetime) -> datetime:
    """When what left at ``leaves`` is there at the latest; a supplier said when he will come."""
    lane = plant.lane_by_id.get(order.lane_id)
    if lane is None:
        return order.arrives_at
    return leaves + timedelta(minutes=lane.transit.high)


def _left_at(tx: ReadTx, open_orders: Sequence[Order]) -> dict[str, datetime]:
    """When the goods of shipped orders really left, by order."""
    shipped = order_table.c.state == OrderState.SHIPPED.value
    if not any(order.state is OrderState.SHIPPED for order in open_orders):
        return {}
    query = (
        select(movements.c.order_id, func.max(movements.c.occurred_at))
        .join(order_table, order_table.c.order_id == movements.c.order_id)
        .where(shipped, movements.c.to_account == Account.IN_TRANSIT.value)
        .group_by(movements.c.order_id)
    )
    return {row[0]: row[1] for row in tx.connection.execute(query)}


def _loose(tx: ReadTx, now: datetime) -> list[Loose]:
    """Orders that are over, but whose goods are not out of transit, or are more than left."""
    goes_in = movements.c.to_account == Account.IN_TRANSIT.value
    comes_out = movements.c.from_account == Account.IN_TRANSIT.value
    net = func.sum(case((goes_in, movements.c.quantity), else_=-movements.c.quantity))
    ended = (OrderState.CANCELLED, OrderState.RECEIVED, OrderState.CLOSED, OrderState.REVERSED)
    over = [state.value for state in ended]
    query = (
        select(movements.c.order_id, net, func.max(case((goes_in, movements.c.occurred_at))))
        .join(order_table, order_table.c.order_id == movements.c.order_id)
        .where(order_table.c.state.in_(over), order_table.c.updated_at > now - LOOSE_FOR)
        .where(goes_in | comes_out, _same_goods())
        .group_by(movements.c.order_id)
        .having(net != 0)
        .order_by(movements.c.order_id)
    )
    return [
        Loose(order=orders.get(tx, order_id), in_transit=int(quantity), left_at=left_at)
        for order_id, quantity, left_at in tx.connection.execute(query).all()
    ]


def _same_goods() -> ColumnElement[bool]:
    return and_(
        movements.c.part_id == order_table.c.part_id,
        (movements.c.to_location == order_table.c.to_location)
        | (movements.c.from_location == order_table.c.to_location),
    )


def _strangers(tx: ReadTx, now: datetime) -> list[Stranger]:
    """Movements of the last two days under an order that is not for them."""
    joined = movements.outerjoin(
        order_table, and_(order_table.c.order_id == movements.c.order_id, _same_goods())
    )
    query = (
        select(movements)
        .select_from(joined)
        .where(movements.c.occurred_at > now - STRANGE_FOR, movements.c.order_id.is_not(None))
        .where(order_table.c.order_id.is_(None))
        .order_by(movements.c.seq)
    )
    return [
        Stranger(
            order_id=row.order_id,
            part_id=row.part_id,
            location_id=row.to_location,
            quantity=row.quantity,
        )
        for row in tx.connection.execute(query)
    ]

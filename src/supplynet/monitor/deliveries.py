"""Deliveries that do not go as ordered: each is an alert that says what to post or to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from supplynet.core.moments import moment_at
from supplynet.core.orders import Order, OrderState
from supplynet.storage.alerts import AlertCause, Severity

KINDS = ("not_shipped", "overdue", "shipped_cancelled", "transit_difference", "unknown_order")
LATE = timedelta(hours=1)
"""So long a scan may be late before somebody is asked about it."""


@dataclass(frozen=True, kw_only=True)
class Loose:
    """Goods in transit by the ledger that no order accounts for.

    Attributes:
        order: Cancelled or closed.
        in_transit: Parts; below 0 when more was received than was shipped.
        left_at: When they left; None when no shipment was posted.
    """

    order: Order
    in_transit: int
    left_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Stranger:
    """A movement that names an order which does not exist, or is for other goods."""

    order_id: str
    part_id: str
    location_id: str
    quantity: int


def not_shipped(orders: Iterable[Order], zone: str) -> Iterator[AlertCause]:
    """Approved, the vehicle is long gone, and nobody has posted the shipment; times of ``zone``."""
    for order in orders:
        yield AlertCause(
            severity=Severity.WARNING,
            kind="not_shipped",
            message=(
                f"{order.quantity:,} of {order.part_id} for {order.to_location} were to leave "
                f"{order.from_location} at {moment_at(zone, order.departure_at)} and no shipment "
                "was posted: post it, or cancel the order."
            ),
            location_id=order.to_location,
            part_id=order.part_id,
        )


def overdue(orders: Iterable[Order], zone: str) -> Iterator[AlertCause]:
    """On the road for longer than ever expected; times of ``zone``."""
    for order in orders:
        yield AlertCause(
            severity=Severity.WARNING,
            kind="overdue",
            message=(
                f"{order.outstanding} of {order.part_id} for {order.to_location} were due at "
                f"{moment_at(zone, order.arrives_at)} and are not received: post the receipt, with "
                "what is short."
            ),
            location_id=order.to_location,
            part_id=order.part_id,
        )


def loose(found: Iterable[Loose]) -> Iterator[AlertCause]:
    """Shipped although cancelled; and what a closed order has left in transit."""
    for each in found:
        order = each.order
        cancelled = order.state is OrderState.CANCELLED and each.in_transit > 0
        yield AlertCause(
            severity=Severity.WARNING,
            kind="shipped_cancelled" if cancelled else "transit_difference",
            message=_cancelled(each) if cancelled else _difference(each),
            location_id=order.to_location,
            part_id=order.part_id,
        )


def strangers(found: Iterable[Stranger]) -> Iterator[AlertCause]:
    """Goods moved for an order that is not theirs."""
    for each in found:
        yield AlertCause(
            severity=Severity.INFO,
            kind="unknown_order",
            message=(
                f"{each.quantity:,} of {each.part_id} at {each.location_id} were posted for order "
                f"{each.order_id}, which is not for them; the stock counts, no order was closed."
            ),
            location_id=each.location_id,
            part_id=each.part_id,
        )


def _cancelled(each: Loose) -> str:
    order = each.order
    return (
        f"{each.in_transit} of {order.part_id} left {order.from_location} for "
        f"{order.to_location} although the order was cancelled: they count as on the way; receive "
        "them there, or post them back."
    )


def _difference(each: Loose) -> str:
    order, parts = each.order, abs(each.in_transit)
    if each.in_transit > 0:
        return (
            f"{parts} of {order.part_id} that were shipped to {order.to_location} were neither "
            "received nor reported short: look for them, then post them as received or short."
        )
    return (
        f"{order.to_location} received {parts} more of {order.part_id} than "
        f"{order.from_location} shipped: post the missing shipment, or count."
    )

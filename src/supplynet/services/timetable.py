"""The departures of some days by lane: what the timetable says, and what goes or went with each."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from supplynet.core.network import Lane, Plant
from supplynet.core.orders import Order, OrderState
from supplynet.core.timetable import departures_between
from supplynet.errors import InvalidInput
from supplynet.services import history
from supplynet.services.books import Books
from supplynet.services.shipments import Shipment
from supplynet.storage import orders
from supplynet.storage.within import Within

Row = dict[str, Any]
LONGEST = timedelta(days=8)
"""A timetable is for some days, not for a year of departures."""
_LONGEST_ROAD = timedelta(days=30)
"""What left longer ago and was not received is an alert, and no delivery any more."""
_OVER = (OrderState.CANCELLED, OrderState.REVERSED)
_LIVE = tuple(state for state in OrderState if state not in _OVER)
_WAITING = (OrderState.PROPOSED, OrderState.APPROVED, OrderState.PICKED)


def timetable(books: Books, start: datetime, end: datetime, within: Within = None) -> Row:
    """Departures in ``[start, end)`` and those before that are still on the road.

    Args:
        books: The workspace.
        start: Aware.
        end: Aware, at most ``LONGEST`` after ``start``.
        within: Only lanes that leave one of these places or go to one; None = all.

    Returns:
        ``now`` (the plant's time that lateness is told by) and ``departures``, the earliest
        first; one with nothing on it has the state ``empty``.

    Raises:
        InvalidInput: The days end before they begin, or are too many.
    """
    if not start < end <= start + LONGEST:
        raise InvalidInput(f"end must be after start, and within {LONGEST.days} days of it")
    now, plant = history.as_of(books), books.plant
    since = min(start, now) - _LONGEST_ROAD
    with books.store.read() as tx:
        found = orders.list_orders(tx, states=_LIVE, departing_from=since, within=within)
    loads: dict[tuple[str, datetime], list[Order]] = {}
    for order in found:
        in_days = start <= order.departure_at < end
        under_way = order.state is OrderState.SHIPPED and order.departure_at < end
        if order.lane_id in plant.lane_by_id and (in_days or under_way):
            loads.setdefault((order.lane_id, order.departure_at), []).append(order)
    rows = [_loaded(plant, key, load, now) for key, load in loads.items()]
    for lane in plant.lanes:
        if within is None or lane.from_location in within or lane.to_location in within:
            rows.extend(_planned(lane, start, end, set(loads)))
    return {
        "now": now,
        "departures": sorted(rows, key=lambda row: (row["departure_at"], row["lane_id"])),
    }


def _loaded(plant: Plant, key: tuple[str, datetime], load: list[Order], now: datetime) -> Row:
    lane, departure_at = plant.lane_by_id[key[0]], key[1]
    states = [order.state for order in load]
    parts = plant.part_by_id
    arrives_at = max(order.arrives_at for order in load)
    return _row(lane, departure_at) | {
        "cutoff_at": min(order.cutoff_at for order in load),
        "arrives_at": arrives_at,
        "state": min(states, key=_LIVE.index).value,
        "orders": len(load),
        "by_state": dict(Counter(state.value for state in states)),
        "units": sum(order.quantity for order in load),
        "litres": round(
            sum(
                order.quantity * parts[order.part_id].volume_litres
                for order in load
                if order.part_id in parts
            ),
            3,
        ),
        "short": sum(order.short for order in load),
        "damaged": sum(order.damaged for order in load),
        "late_minutes": _late(states, departure_at, arrives_at, now),
    }


def _late(
    states: list[OrderState], departure_at: datetime, arrives_at: datetime, now: datetime
) -> int:
    """Minutes past the departure of what was released and has not left, or past the arrival.

    A proposal that nobody released missed its departure and is late for nothing.
    """
    if OrderState.SHIPPED in states:
        due = arrives_at
    elif any(state in _WAITING and state is not OrderState.PROPOSED for state in states):
        due = departure_at
    else:
        return 0
    return max(0, int((now - due).total_seconds() // 60))


def _planned(
    lane: Lane, start: datetime, end: datetime, loaded: set[tuple[str, datetime]]
) -> list[Row]:
    """Departures of the timetable with which nothing goes yet."""
    return [
        _row(lane, each.departure_at)
        | {
            "cutoff_at": each.cutoff_at,
            "arrives_at": each.arrives_at,
            "state": "empty",
            "orders": 0,
            "by_state": {},
            "units": 0,
            "litres": 0.0,
            "short": 0,
            "damaged": 0,
            "late_minutes": 0,
        }
        for each in departures_between(lane, start, end)
        if (lane.lane_id, each.departure_at) not in loaded
    ]


def _row(lane: Lane, departure_at: datetime) -> Row:
    trip = Shipment(lane_id=lane.lane_id, departure_at=departure_at, orders=())
    return {
        "shipment_id": trip.shipment_id,
        "lane_id": lane.lane_id,
        "from_location": lane.from_location,
        "to_location": lane.to_location,
        "departure_at": departure_at,
        "room_litres": lane.volume_litres,
    }

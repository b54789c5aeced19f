"""Shipments: the orders of one departure of one lane, picked, shipped and received together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

from supplynet import cycle
from supplynet.core.network import Plant
from supplynet.core.orders import RELEASED, Order, OrderState
from supplynet.cycle import Receipt, order_steps
from supplynet.cycle.order_commands import receive_in
from supplynet.errors import InvalidInput, NotFound, OrderStateError
from supplynet.services import history, reach
from supplynet.services.books import Books
from supplynet.services.orders import Row, Said, as_row, command_of
from supplynet.storage import ReadTx, WriteTx, orders
from supplynet.storage.within import Within

Position = tuple[datetime, str]
"""Where a page ended: departure and lane of its last shipment."""
_OVER = (OrderState.CANCELLED, OrderState.REVERSED)
_LIVE = tuple(state for state in OrderState if state not in _OVER)
_MINUTE = timedelta(minutes=1)
_STEP = Callable[[WriteTx, Order], Order]


@dataclass(frozen=True, kw_only=True)
class Shipment:
    """What goes with one departure of one lane.

    Attributes:
        orders: Neither cancelled nor reversed, in route order.
    """

    lane_id: str
    departure_at: datetime
    orders: tuple[Order, ...]

    @property
    def shipment_id(self) -> str:
        """``{lane_id}@{departure:%Y%m%dT%H%MZ}``."""
        return f"{self.lane_id}@{self.departure_at.astimezone(UTC):%Y%m%dT%H%MZ}"


def list_shipments(
    books: Books,
    *,
    lane_id: str | None = None,
    within: Within = None,
    limit: int = 200,
    after: Position | None = None,
) -> tuple[list[Row], Position | None]:
    """Shipments with open orders, the earliest departure first, without their orders.

    ``within`` some places only: of those that leave one or go to one.
    """
    with books.store.read() as tx:
        found = orders.list_orders(tx, states=orders.OPEN, lane_id=lane_id, within=within)
    made = [each for each in _grouped(books.plant, found) if after is None or _place(each) > after]
    page = made[:limit]
    following = _place(page[-1]) if len(made) > limit else None
    return [_row(books.plant, each) for each in page], following


def get_shipment(books: Books, shipment_id: str, within: Within = None) -> Row:
    """One shipment with its orders; ``within`` some places only, as in ``list_shipments``.

    Raises:
        NotFound: Nothing goes with such a departure.
    """
    with books.store.read() as tx:
        shipment = _read(tx, books.plant, shipment_id, within)
    rows = [as_row(order, within) for order in shipment.orders]
    return _row(books.plant, shipment) | {"orders": rows}


def picking_list(books: Books, *, lane_id: str | None = None, within: Within = None) -> list[Row]:
    """What is still to be picked, the most urgent cut-off first, then in route order.

    Within a stop, what a line halts for soonest comes first.
    """
    now, plant = history.as_of(books), books.plant
    route = _route(plant)
    states = [OrderState.APPROVED]
    with books.store.read() as tx:
        waiting = orders.list_orders(tx, states=states, lane_id=lane_id, within=within)
    tasks = [_task(order, plant, now) for order in waiting if order.lane_id in plant.lane_by_id]
    return sorted(
        tasks,
        key=lambda task: (
            task["cutoff_at"],
            task["lane_id"],
            route.get(task["to_location"], len(route)),
            inf if task["minutes_until_halt"] is None else task["minutes_until_halt"],
            task["part_id"],
        ),
    )


def pick(books: Books, shipment_id: str, said: Said, quantities: Mapping[str, int]) -> list[Row]:
    """Pick all approved orders of a departure; ``quantities`` by order where it is less.

    Raises:
        NotFound, OrderStateError, InvalidInput: Nothing is to be picked, or an order cannot be.
    """

    def step(tx: WriteTx, order: Order) -> Order:
        quantity = quantities.get(order.order_id)
        return order_steps.pick(tx, order.order_id, quantity=quantity, reason=said.reason)

    asked = ("pick shipment", shipment_id, dict(quantities))
    fits = _Fits((OrderState.APPROVED,), set(quantities), hands_out=True)
    return _each(books, said, asked, step, fits)


def ship(books: Books, shipment_id: str, said: Said, quantities: Mapping[str, int]) -> list[Row]:
    """Let a departure leave with its orders; ``quantities`` by order where it is less.

    Raises:
        NotFound, OrderStateError, InvalidInput: Nothing is to be shipped, or an order cannot be.
    """

    def step(tx: WriteTx, order: Order) -> Order:
        quantity, plant = quantities.get(order.order_id), books.plant
        return order_steps.ship(tx, plant, order.order_id, quantity=quantity, reason=said.reason)

    asked = ("ship shipment", shipment_id, dict(quantities))
    states = (OrderState.APPROVED, OrderState.PICKED)
    fits = _Fits(states, set(quantities), hands_out=True)
    return _each(books, said, asked, step, fits)


def receive(
    books: Books, shipment_id: str, said: Said, receipts: Mapping[str, Receipt]
) -> list[Row]:
    """Take in a departure: what is not among ``receipts`` has come whole and good.

    Raises:
        NotFound, OrderStateError, InvalidInput: Nothing is on its way, or a receipt cannot be.
    """

    def step(tx: WriteTx, order: Order) -> Order:
        receipt = receipts.get(order.order_id, Receipt(good=order.outstanding))
        return receive_in(tx, books.plant, order.order_id, receipt, said.reason)

    told = {key: [each.good, each.short, each.damaged] for key, each in receipts.items()}
    asked = ("receive shipment", shipment_id, told)
    fits = _Fits((OrderState.SHIPPED,), set(receipts), hands_out=False)
    return _each(books, said, asked, step, fits)


@dataclass(frozen=True)
class _Fits:
    """Orders of a shipment that a step is for: in these states, or named.

    Attributes:
        hands_out: Whether the step is for those where it leaves, else for those where it goes.
    """

    states: tuple[OrderState, ...]
    named: set[str]
    hands_out: bool

    def chosen(self, shipment: Shipment) -> list[Order]:
        strange = sorted(self.named - {order.order_id for order in shipment.orders})
        if strange:
            raise InvalidInput(f"order {strange[0]} does not go with {shipment.shipment_id}")
        return [
            order
            for order in shipment.orders
            if order.state in self.states or order.order_id in self.named
        ]

    def check(self, within: Within, plant: Plant, order: Order) -> None:
        if self.hands_out:
            reach.must_hand_out(within, plant, order)
        else:
            reach.must_decide(within, order)


def _each(
    books: Books,
    said: Said,
    asked: tuple[str, str, dict[str, Any]],
    step: _STEP,
    fits: _Fits,
) -> list[Row]:
    """A step for all orders of a shipment that it fits, and for those named, or for none."""

    def every(tx: WriteTx) -> list[Order]:
        shipment = _read(tx, books.plant, asked[1], said.within)
        for order in shipment.orders:
            fits.check(said.within, books.plant, order)
        chosen = fits.chosen(shipment)
        if not chosen:
            state = max((order.state for order in shipment.orders), key=_LIVE.index)
            raise OrderStateError(f"of {shipment.shipment_id}", state, asked[0].split()[0])
        return [step(tx, order) for order in chosen]

    if said.within is not None:  # before the key, which knows what they could see once
        with books.store.read() as tx:
            for order in _read(tx, books.plant, asked[1], said.within).orders:
                fits.check(said.within, books.plant, order)
    done = cycle.carry_out(books.store, command_of(books, said), asked, every)
    return [as_row(order, said.within) for order in done]


def _read(tx: ReadTx, plant: Plant, shipment_id: str, within: Within) -> Shipment:
    lane_id, _, text = shipment_id.rpartition("@")
    try:
        departure = datetime.strptime(text, "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
    except ValueError:
        raise NotFound("shipment", shipment_id, "its id is LANE@20260105T0500Z") from None
    found = orders.list_orders(
        tx, states=_LIVE, lane_id=lane_id, departing_from=departure, within=within
    )
    ours = [order for order in found if order.departure_at < departure + _MINUTE]
    if not ours or lane_id not in plant.lane_by_id:
        raise NotFound("shipment", shipment_id)
    return _grouped(plant, ours)[0]


def _grouped(plant: Plant, found: list[Order]) -> list[Shipment]:
    """Orders of lanes by departure and lane; purchases without a lane come as they come."""
    route = _route(plant)
    goods: dict[Position, list[Order]] = {}
    for order in found:
        if order.lane_id in plant.lane_by_id:
            goods.setdefault((order.departure_at, order.lane_id), []).append(order)
    return [
        Shipment(
            lane_id=lane_id,
            departure_at=departure_at,
            orders=tuple(
                sorted(every, key=lambda o: (route.get(o.to_location, len(route)), o.part_id))
            ),
        )
        for (departure_at, lane_id), every in sorted(goods.items())
    ]


def _place(shipment: Shipment) -> Position:
    return shipment.departure_at, shipment.lane_id


def _route(plant: Plant) -> dict[str, int]:
    """Places in the order in which the plant lists them: that of the tour."""
    return {place.location_id: index for index, place in enumerate(plant.locations)}


def _row(plant: Plant, shipment: Shipment) -> Row:
    lane, parts = plant.lane_by_id[shipment.lane_id], plant.part_by_id
    litres = sum(
        order.quantity * parts[order.part_id].volume_litres
        for order in shipment.orders
        if order.part_id in parts
    )
    states = [order.state for order in shipment.orders]
    return {
        "shipment_id": shipment.shipment_id,
        "lane_id": shipment.lane_id,
        "from_location": lane.from_location,
        "to_location": lane.to_location,
        "departure_at": shipment.departure_at,
        "cutoff_at": min(order.cutoff_at for order in shipment.orders),
        "arrives_at": max(order.arrives_at for order in shipment.orders),
        "state": min(states, key=_LIVE.index).value,
        "released": sum(state in RELEASED for state in states),
        "order_count": len(shipment.orders),
        "litres": round(litres, 3),
        "room_litres": lane.volume_litres,
    }


def _task(order: Order, plant: Plant, now: datetime) -> Row:
    rule = plant.supply_rule.get((order.to_location, order.part_id))
    halts = order.explanation.get("runs_out_at")
    until = None
    if isinstance(halts, str):
        until = round((datetime.fromisoformat(halts) - now).total_seconds() / 60)
    return {
        "order_id": order.order_id,
        "shipment_id": Shipment(
            lane_id=order.lane_id, departure_at=order.departure_at, orders=(order,)
        ).shipment_id,
        "lane_id": order.lane_id,
        "part_id": order.part_id,
        "from_location": order.from_location,
        "to_location": order.to_location,
        "quantity": order.quantity,
        "containers": None if rule is None else -(-order.quantity // rule.container_size),
        "departure_at": order.departure_at,
        "cutoff_at": order.cutoff_at,
        "minutes_until_cutoff": round((order.cutoff_at - now).total_seconds() / 60),
        "minutes_until_halt": until,
    }

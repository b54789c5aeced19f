"""A twin that plays the plant: what it does comes in as events, like that of a real plant.

It knows the true demand, which the rest never sees. Orders are read from the books, released ones
leave with their vehicle, and stock in the ledger follows the twin's to the part.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.core.orders import Order, OrderState
from supplynet.services import demo
from supplynet.services.books import CLOCK, Books
from supplynet.simulate.departures import Batch, SlotDeparture
from supplynet.simulate.model import compile_plant
from supplynet.simulate.state import PlantState
from supplynet.simulate.twin import SlotReport, Twin
from supplynet.storage import ledger, orders, values

SOURCE = "twin"
FUTURE_DAYS = 60
_MINUTE = timedelta(minutes=1)
Pair = tuple[str, str]


class LivePlant:
    """The demo's plant, one slot at a time.

    Args:
        books: A demo workspace.
    """

    def __init__(self, books: Books) -> None:
        demand, start = demo.future_demand(books, FUTURE_DAYS)
        model = compile_plant(books.plant, start=start, end=start + timedelta(days=FUTURE_DAYS))
        with books.store.read() as tx:
            held = ledger.on_hand(tx)
        state = PlantState(
            on_hand=np.array([held.get(pair, 0) for pair in model.pairs], dtype=np.int32),
            source_on_hand=np.array([held.get(s, 0) for s in model.sources], dtype=np.int32),
        )
        self._books = books
        self._seed = books.settings.seed
        self.twin = Twin(
            model, demand[None, :, : len(model.shifts)], state, seed=self._seed, record_slots=False
        )
        self._on_road: dict[Pair, deque[Order]] = defaultdict(deque)
        self._supplier_of = {
            (rule.warehouse_id, rule.part_id): rule.supplier_id
            for rule in books.plant.purchase_rules
        }

    @property
    def now(self) -> datetime:
        """The moment at which the next slot begins."""
        return self.twin.now

    def load(self, batch: Batch) -> list[Order]:
        """Put the released orders of these departures on their vehicles."""
        loaded: list[Order] = []
        for departure in batch.departures:
            ready = self._released(departure)
            pairs = [self.twin.model.pair_index[o.to_location, o.part_id] for o in ready]
            if ready:
                amounts = np.array([[order.quantity for order in ready]], dtype=np.int32)
                self.twin.dispatch(departure, amounts, np.array(pairs, dtype=np.int32))
            loaded += ready
        return loaded

    def step(self, speed: float) -> int:
        """Play one slot, send its events, set the clock; returns the number of events."""
        report = self.twin.step()
        events = [*self._shipped(report), *self._worked(report), *self._arrived(report)]
        books = self._books
        cycle.take_in(books.store, books.plant, events, actor=SOURCE, now=report.end)
        clock = {"now": report.end.isoformat(), "speed": speed}
        with books.store.write(SOURCE, report.end, audited=False) as tx:
            values.set_value(tx, CLOCK, clock, audited=False)
        return len(events)

    def _released(self, departure: SlotDeparture) -> list[Order]:
        with self._books.store.read() as tx:
            approved = orders.list_orders(tx, states=[OrderState.APPROVED, OrderState.PICKED])
        return [
            order
            for order in approved
            if order.lane_id == departure.lane.lane_id
            and order.departure_at == departure.departure_at
        ]

    def _shipped(self, report: SlotReport) -> Iterator[Event]:
        for goods in report.left:
            for order in self._released(goods.departure):
                self._on_road[order.to_location, order.part_id].append(order)
                yield Event(
                    source=SOURCE,
                    event_id=f"shipped-{order.order_id}",
                    type=EventType.SHIPPED,
                    occurred_at=order.departure_at,
                    location_id=order.from_location,
                    part_id=order.part_id,
                    quantity=order.quantity,
                    data={"order_id": order.order_id, "to_location": order.to_location},
                )

    def _worked(self, report: SlotReport) -> Iterator[Event]:
        model, at = self.twin.model, report.end - _MINUTE
        slot = report.start.strftime("%Y%m%dT%H%M")
        for series in np.flatnonzero(report.drawn[0]):
            line, part = model.series[series]
            yield Event(
                source=SOURCE,
                event_id=f"consumed-{line}-{part}-{slot}",
                type=EventType.CONSUMED,
                occurred_at=at,
                location_id=line,
                part_id=part,
                quantity=int(report.drawn[0, series]),
            )
        for index in np.flatnonzero(report.starved_minutes[0] > 0):
            halted = bool(report.halted[0, index])
            waiting = np.flatnonzero(report.missing[0] & (model.line_of_series == index))
            yield Event(
                source=SOURCE,
                event_id=f"starved-{model.lines[index]}-{slot}",
                type=EventType.LINE_STARVED,
                occurred_at=at,
                location_id=model.lines[index],
                data={
                    "minutes": int(np.ceil(report.starved_minutes[0, index])),
                    "parts": [model.series[series][1] for series in waiting],
                    "ended": not halted,
                },
            )

    def _arrived(self, report: SlotReport) -> Iterator[Event]:
        """Arrivals as receipts of the orders behind them: vehicles of a lane keep their order."""
        model = self.twin.model
        for index in np.flatnonzero(report.arrived[0]):
            queue, left = self._on_road[model.pairs[index]], int(report.arrived[0, index])
            while left > 0:
                order = queue.popleft()
                left -= order.quantity
                yield self._receipt(report, order.to_location, order.part_id, order.quantity, order)
        for index in np.flatnonzero(report.received[0]):
            place, part = model.sources[index]
            yield self._receipt(report, place, part, int(report.received[0, index]), None)

    def _receipt(
        self, report: SlotReport, place: str, part: str, quantity: int, order: Order | None
    ) -> Event:
        """Goods of an order, or bought ones when there is none."""
        if order is None:
            key = f"{place}-{part}-{report.start:%Y%m%dT%H%M}"
            data = {"supplier_id": self._supplier_of[place, part]}
        else:
            key, data = order.order_id, {"order_id": order.order_id}
        return Event(
            source=SOURCE,
            event_id=f"received-{key}",
            type=EventType.RECEIVED,
            occurred_at=report.end,
            location_id=place,
            part_id=part,
            quantity=quantity,
            data=data,
        )

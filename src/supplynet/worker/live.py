"""A twin that plays the plant: what it does comes in as events, like that of a real plant.

It knows the true demand, which the rest never sees. Orders are read from the books, released ones
leave with their vehicle, and stock in the ledger follows the twin's to the part.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import structlog

from supplynet import cycle
from supplynet.core.events import EventType
from supplynet.core.ledger import Account, post
from supplynet.core.orders import OrderState
from supplynet.services import demo, forecasting
from supplynet.services.books import CLOCK, Books
from supplynet.simulate.departures import Batch, SlotDeparture, transit_minutes, usable_edges
from supplynet.simulate.model import PlantModel, compile_plant
from supplynet.simulate.state import PlantState
from supplynet.simulate.twin import SlotReport, Twin
from supplynet.storage import ReadTx, events, ledger, orders, values
from supplynet.worker import live_events
from supplynet.worker.live_events import SOURCE, Load

log = structlog.get_logger()
_MINUTE = timedelta(minutes=1)
Place = tuple[str, str]


class LivePlant:
    """The demo's plant, one slot at a time.

    It can be made anew at any time, after a restart or a mistake: what it did so far is played
    again from the shipments in the books, and it goes on where the clock stopped.

    Args:
        books: A demo workspace.
    """

    def __init__(self, books: Books) -> None:
        demand, start = demo.future_demand(books)
        calendar = forecasting.common_calendar(books)
        end = calendar.next_shifts(start, demand.shape[1])[-1].end
        model = compile_plant(books.plant, start=start, end=end)
        self._books, self._seed = books, books.settings.seed
        self._arriving: dict[int, list[Load]] = defaultdict(list)
        self._halted: frozenset[str] = frozenset()
        self._supplier_of = {
            place: rule.supplier_id for place, rule in books.plant.purchase_rule.items()
        }
        clock = books.now()
        with books.store.read() as tx:
            self.twin = Twin(
                model,
                demand[None],
                _opening(tx, model),
                seed=self._seed,
                record_slots=False,
            )
            shipped = self._shipments(tx)
        while not self.twin.done and self.twin.now < clock:
            self._play(shipped.get(self.twin.slot, ()))

    @property
    def now(self) -> datetime:
        """The moment at which the next slot begins."""
        return self.twin.now

    @property
    def done(self) -> bool:
        """Whether the future that is known of this demo is over."""
        return self.twin.done

    def due(self) -> tuple[Batch, ...]:
        """Departures whose orders must be released now."""
        return self.twin.due()

    def step(self, speed: float) -> int:
        """Play one slot, post its events and set the clock, or neither; returns their number."""
        books = self._books
        with books.store.read() as tx:
            self._adopt(ledger.on_hand(tx))
            loads = self._approved(tx)
        before = self._halted
        report = self._play(loads)
        arrived = self._arriving.pop(report.slot + 1, [])
        self._check_arrivals(arrived, report)
        batch = [
            *live_events.shipped(loads),
            *live_events.worked(self.twin.model, report, before),
            *live_events.received(arrived, report),
            *live_events.bought(self.twin.model, report, self._supplier_of),
        ]
        clock = {"now": report.end.isoformat(), "speed": speed}
        with books.store.write(SOURCE, report.end, audited=bool(batch)) as tx:
            if batch:
                cycle.post(tx, books.plant, batch)
            values.set_value(tx, CLOCK, clock, audited=False)
        return len(batch)

    def _play(self, loads: Sequence[Load]) -> SlotReport:
        """One slot of the twin with these goods on the vehicles that leave in it."""
        model = self.twin.model
        self._make_room(loads)
        aboard: dict[tuple[str, datetime], list[Load]] = defaultdict(list)
        for load in loads:
            aboard[load.departure.lane.lane_id, load.departure.departure_at].append(load)
            self._arriving[self._edge(load.departure)].append(load)
        for goods in aboard.values():
            pairs = [model.pair_index[each.to_location, each.part_id] for each in goods]
            amounts = np.array([[each.quantity for each in goods]], dtype=np.int32)
            self.twin.dispatch(goods[0].departure, amounts, np.array(pairs, dtype=np.int32))
        report = self.twin.step()
        self._halted = frozenset(model.lines[i] for i in np.flatnonzero(report.halted[0]))
        return report

    def _check_arrivals(self, arrived: Sequence[Load], report: SlotReport) -> None:
        told = Counter[Place]()
        for load in arrived:
            told[load.to_location, load.part_id] += load.quantity
        pairs = [told[pair] for pair in self.twin.model.pairs]
        assert np.array_equal(pairs, report.arrived[0]), "goods arrive that nobody shipped"

    def _make_room(self, loads: Sequence[Load]) -> None:
        """What left was there: a count by hand, played again, must not keep it from leaving."""
        model, warehouse = self.twin.model, self.twin.warehouse
        wanted = np.zeros(len(model.sources), dtype=np.int32)
        for load in loads:
            source = model.source_of_pair[model.pair_index[load.to_location, load.part_id]]
            if 0 <= source < len(wanted):
                wanted[source] += load.quantity
        warehouse.on_hand[0] += np.maximum(wanted - warehouse.available[0], 0)

    def _edge(self, departure: SlotDeparture) -> int:
        """The edge at which its goods can be used: the twin's own random transit time."""
        transit = transit_minutes(departure.lane, departure.departure_at, self._seed, 1)
        return int(usable_edges(self.twin.model.slots, departure.departure_at, transit)[0])

    def _approved(self, tx: ReadTx) -> list[Load]:
        """Released orders for the vehicles of this slot, as far as the warehouse has the parts."""
        leaving = {
            (each.lane.lane_id, each.departure_at): each
            for each in self.twin.model.leaving.get(self.twin.slot, ())
        }
        model = self.twin.model
        left = self.twin.origins.available[0].copy()
        loads = []
        states = [OrderState.APPROVED, OrderState.PICKED]
        for order in orders.list_orders(tx, states=states) if leaving else ():
            departure = leaving.get((order.lane_id, order.departure_at))
            pair = model.pair_index.get((order.to_location, order.part_id))
            if departure is None or pair is None:
                continue
            source = int(model.source_of_pair[pair])
            quantity = order.quantity if source < 0 else min(order.quantity, int(left[source]))
            if quantity <= 0:
                continue
            if source >= 0:
                left[source] -= quantity
            loads.append(
                Load(
                    order_id=order.order_id,
                    departure=departure,
                    part_id=order.part_id,
                    to_location=order.to_location,
                    quantity=quantity,
                )
            )
        return loads

    def _shipments(self, tx: ReadTx) -> dict[int, list[Load]]:
        """What this twin has shipped so far, by slot."""
        departures = {
            (each.lane.lane_id, each.departure_at): each
            for leaving in self.twin.model.leaving.values()
            for each in leaving
        }
        found: dict[int, list[Load]] = defaultdict(list)
        for event in events.events_between(tx, types=[EventType.SHIPPED]):
            if event.source != SOURCE:
                continue
            assert event.part_id is not None
            assert event.quantity is not None
            departure = departures[event.data["lane_id"], event.occurred_at]
            found[departure.depart_slot].append(
                Load(
                    order_id=event.data["order_id"],
                    departure=departure,
                    part_id=event.part_id,
                    to_location=event.data["to_location"],
                    quantity=event.quantity,
                )
            )
        return found

    def _adopt(self, held: dict[Place, int]) -> None:
        """Take over what people posted by hand: a count or scrap is what lies there now."""
        model, twin = self.twin.model, self.twin
        for amounts, places in (
            (twin.on_hand, model.pairs),
            (twin.warehouse.on_hand, model.sources),
        ):
            said = np.array([max(held.get(place, 0), 0) for place in places], dtype=np.int32)
            for index in np.flatnonzero(amounts[0] != said):
                place, part = places[index]
                log.warning(
                    "the twin takes over the books' stock",
                    location_id=place,
                    part_id=part,
                    twin=int(amounts[0, index]),
                    books=int(said[index]),
                )
            amounts[0] = said


def _opening(tx: ReadTx, model: PlantModel) -> PlantState:
    """The stock with which the books were opened."""
    opening = ledger.movements_between(tx, end=model.slots.start + _MINUTE)
    held = post(Counter(), [move for move in opening if move.occurred_at <= model.slots.start])
    return PlantState(
        on_hand=_amounts(held, model.pairs), source_on_hand=_amounts(held, model.sources)
    )


def _amounts(held: Counter[tuple[str, str, Account]], places: Sequence[Place]) -> np.ndarray:
    amounts = [held[part, place, Account.ON_HAND] for place, part in places]
    return np.array(amounts, dtype=np.int32)

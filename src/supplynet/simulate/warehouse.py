"""Stock of warehouses: reserved, shipped, bought; the same rules whatever the policy."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

from supplynet.core.ids import series_id
from supplynet.core.keyed import name_key, uniform
from supplynet.core.network import Duration
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.replenish.purchasing import purchase_quantity
from supplynet.simulate.hooks import Disruptions
from supplynet.simulate.model import PlantModel
from supplynet.simulate.state import PlantState
from supplynet.simulate.triangular import triangular


class Warehouse:
    """All warehouse parts of a plant; arrays have shape (replication, source).

    Purchases are decided once a day (UTC), at its first slot: one order per part and date. A
    purchase of a part never arrives before an earlier one.

    Attributes:
        on_hand: Physical stock, reserved parts included.
        reserved: Promised to departures that have not left.
        on_order: Bought and not yet received.
    """

    def __init__(
        self,
        model: PlantModel,
        state: PlantState,
        seed: int,
        luck: IntArray,
        trouble: Disruptions | None = None,
    ) -> None:
        opening = np.maximum(np.asarray(state.source_on_hand, dtype=np.int32), 0)
        self.on_hand = np.repeat(opening[None, :], len(luck), axis=0)
        self.reserved = np.zeros_like(self.on_hand)
        self.on_order = np.zeros_like(self.on_hand)
        self._model, self._seed, self._luck = model, seed, luck
        self._trouble = trouble
        self._latest = np.zeros(self.on_hand.shape)  # minutes at which the last purchase arrives
        self._receipts: dict[int, IntArray] = {}
        self._planned: IntArray | None = None
        self._lead_times = lead_times(model)
        names = [name_key(series_id(*source)) for source in model.sources]
        self._names = np.array(names, dtype=np.int64)
        for order in state.purchases:
            source = model.source_index.get((order.warehouse_id, order.part_id))
            if source is None:
                continue
            arrival = np.array([model.slots.minutes(order.arrives_at)])
            edge = max(int(np.searchsorted(model.slots.edges, arrival)[0]), 1)
            self._expect(edge, np.array([source]), np.array([order.quantity], dtype=np.int32))
            np.maximum(self._latest[:, source], arrival, out=self._latest[:, source])

    @property
    def available(self) -> IntArray:
        """Free stock."""
        free: IntArray = self.on_hand - self.reserved
        return free

    def reserve(self, wanted: IntArray) -> None:
        """Promise parts, shape (replication, source), to departures."""
        self.reserved += wanted

    def ship(self, gone: IntArray) -> None:
        """Let reserved parts go, shape (replication, source)."""
        self.on_hand -= gone
        self.reserved -= gone

    def release(self, kept: IntArray) -> None:
        """Keep reserved parts that do not go after all, shape (replication, source)."""
        self.reserved -= kept

    def buys_in(self, slot: int) -> bool:
        """Whether purchases are decided in a slot: the first of a day."""
        slots = self._model.slots
        return not slot or slots.moment(slot - 1).date() != slots.moment(slot).date()

    def plan_purchases(self, quantities: IntArray) -> None:
        """Buy these parts next time, shape (replication, source), and not by the static levels."""
        self._planned = quantities

    def buy(self, slot: int) -> IntArray:
        """Order from suppliers at the first slot of a day; parts ordered."""
        if not self.buys_in(slot):
            return np.zeros_like(self.on_hand)
        today = self._model.slots.moment(slot).date()
        quantity, self._planned = self._planned, None
        if quantity is None:
            quantity = purchase_quantity(self.available + self.on_order, self._model.purchase)
        self._order(slot, today, quantity)
        return quantity

    def receive(self, edge: int) -> IntArray:
        """Take in what suppliers bring by an edge."""
        due = self._receipts.pop(edge, None)
        if due is None:
            return np.zeros_like(self.on_hand)
        self.on_hand += due
        self.on_order -= due
        return due

    def _order(self, slot: int, today: date, quantity: IntArray) -> None:
        """Send the orders of a day; no purchase of a part arrives before an earlier one."""
        sources = np.flatnonzero(quantity.any(axis=0))
        if not len(sources):
            return
        bought, edges = quantity[:, sources], self._model.slots.edges
        arrival = edges[slot] + self._lead_minutes(today, sources)
        arrival = np.maximum(arrival, self._latest[:, sources])
        self._latest[:, sources] = np.where(bought > 0, arrival, self._latest[:, sources])
        edge = np.maximum(np.searchsorted(edges, arrival), slot + 1)
        for at in np.unique(edge[bought > 0]).tolist():
            self._expect(at, sources, np.where(edge == at, bought, np.int32(0)))

    def _lead_minutes(self, today: date, sources: npt.NDArray[np.intp]) -> FloatArray:
        """Minutes from an order of today until its receipt, shape (replication, source)."""
        names, day = self._names[sources][None, :], today.toordinal()
        share = uniform(self._seed, "purchase", names, day, self._luck[:, None])
        minutes = np.zeros(share.shape)
        for lead_time in {self._lead_times[source] for source in sources}:
            same = [self._lead_times[source] == lead_time for source in sources]
            minutes[:, same] = triangular(lead_time, share[:, same])
        if self._trouble is not None:
            for column, source in enumerate(sources):
                place = self._model.sources[source]
                delay = self._trouble.purchase_delay_minutes(place, today, self._luck)
                minutes[:, column] += 0.0 if delay is None else delay
        return minutes

    def _expect(self, edge: int, sources: npt.NDArray[np.intp], quantity: IntArray) -> None:
        if edge not in self._receipts:
            self._receipts[edge] = np.zeros_like(self.on_hand)
        self._receipts[edge][:, sources] += quantity
        self.on_order[:, sources] += quantity


def lead_times(model: PlantModel) -> list[Duration]:
    """Of each warehouse part; 0 where it is never bought."""
    rules = model.plant.purchase_rule
    never = Duration(low=0, mode=0, high=0)
    return [rules[key].lead_time if key in rules else never for key in model.sources]

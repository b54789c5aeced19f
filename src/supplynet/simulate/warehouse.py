"""Stock of warehouses: reserved, shipped, bought; the same rules whatever the policy."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

from supplynet.core.ids import series_id
from supplynet.core.keyed import name_key, uniform
from supplynet.core.network import Duration
from supplynet.core.sample_paths import IntArray
from supplynet.errors import InsufficientStock
from supplynet.replenish.purchasing import purchase_quantity
from supplynet.simulate.model import PlantModel
from supplynet.simulate.state import PlantState
from supplynet.simulate.triangular import triangular


class Warehouse:
    """All warehouse parts of a plant; arrays have shape (replication, source).

    Purchases are decided once a day (UTC), at its first slot: one order per part and date.

    Attributes:
        on_hand: Physical stock, reserved parts included.
        reserved: Promised to departures that have not left.
        on_order: Bought and not yet received.
    """

    def __init__(self, model: PlantModel, state: PlantState, seed: int, replications: int) -> None:
        opening = np.maximum(np.asarray(state.source_on_hand, dtype=np.int32), 0)
        self.on_hand = np.repeat(opening[None, :], replications, axis=0)
        self.reserved = np.zeros_like(self.on_hand)
        self.on_order = np.zeros_like(self.on_hand)
        self._model, self._seed = model, seed
        self._receipts: dict[int, IntArray] = {}
        self._lead_times = _lead_times(model)
        for order in state.purchases:
            source = model.source_index.get((order.warehouse_id, order.part_id))
            if source is None:
                continue
            arrival = np.array([model.slots.minutes(order.arrives_at)])
            edge = max(int(np.searchsorted(model.slots.edges, arrival)[0]), 1)
            self._expect(edge, np.arange(replications), source, order.quantity)

    @property
    def available(self) -> IntArray:
        """Free stock."""
        free: IntArray = self.on_hand - self.reserved
        return free

    def reserve(self, pairs: IntArray, quantities: IntArray, *, check: bool = True) -> None:
        """Promise parts, shape (replication, pair), to a departure.

        Raises:
            InsufficientStock: There is less free stock than that (unless ``check`` is off).
        """
        wanted = self._by_source(pairs, quantities)
        short = np.argwhere(wanted > np.maximum(self.available, 0))
        if check and len(short):
            row, source = short[0]
            warehouse, part = self._model.sources[source]
            free = max(int(self.available[row, source]), 0)
            raise InsufficientStock(part, warehouse, free, int(wanted[row, source]))
        self.reserved += wanted

    def ship(self, pairs: IntArray, quantities: IntArray) -> None:
        """Let reserved parts go."""
        gone = self._by_source(pairs, quantities)
        self.on_hand -= gone
        self.reserved -= gone

    def buy(self, slot: int) -> IntArray:
        """Order from suppliers at the first slot of a day; parts ordered."""
        slots = self._model.slots
        today = slots.moment(slot).date()
        if slot and slots.moment(slot - 1).date() == today:
            return np.zeros_like(self.on_hand)
        quantity = purchase_quantity(self.available + self.on_order, self._model.purchase)
        for source in np.flatnonzero(quantity.any(axis=0)):
            self._order(slot, today, int(source), quantity[:, source])
        return quantity

    def receive(self, edge: int) -> IntArray:
        """Take in what suppliers bring by an edge."""
        due = self._receipts.pop(edge, None)
        if due is None:
            return np.zeros_like(self.on_hand)
        self.on_hand += due
        self.on_order -= due
        return due

    def _order(self, slot: int, today: date, source: int, quantity: IntArray) -> None:
        name = name_key(series_id(*self._model.sources[source]))
        count = np.arange(len(quantity))
        share = uniform(self._seed, "purchase", name, today.toordinal(), count)
        edges = self._model.slots.edges
        arrival = edges[slot] + triangular(self._lead_times[source], share)
        edge = np.maximum(np.searchsorted(edges, arrival), slot + 1)
        for at in np.unique(edge[quantity > 0]):
            rows = np.flatnonzero((edge == at) & (quantity > 0))
            self._expect(int(at), rows, source, quantity[rows])

    def _expect(
        self, edge: int, rows: npt.NDArray[np.intp], source: int, quantity: IntArray | int
    ) -> None:
        due = self._receipts.setdefault(edge, np.zeros_like(self.on_hand))
        due[rows, source] += quantity
        self.on_order[rows, source] += quantity

    def _by_source(self, pairs: IntArray, quantities: IntArray) -> IntArray:
        total = np.zeros_like(self.on_hand)
        source = self._model.source_of_pair[pairs]
        for column in np.flatnonzero(source >= 0):  # two pairs may share a source
            total[:, source[column]] += quantities[:, column]
        return total


def _lead_times(model: PlantModel) -> list[Duration]:
    rules = {(rule.warehouse_id, rule.part_id): rule for rule in model.plant.purchase_rules}
    never = Duration(low=0, mode=0, high=0)
    return [rules[key].lead_time if key in rules else never for key in model.sources]

"""What is on the road to stock points, and when it becomes usable."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.simulate.departures import SlotDeparture, transit_share
from supplynet.simulate.indexing import as_slice
from supplynet.simulate.model import PlantModel
from supplynet.simulate.state import Inbound
from supplynet.simulate.triangular import triangular_after

Columns = IntArray | slice


class Pipeline:
    """Parts under way, shape (replication, pair).

    Attributes:
        on_order: Reserved or on the road.
        in_transit: On the road.
    """

    def __init__(self, model: PlantModel, replications: int) -> None:
        shape = (replications, len(model.pairs))
        self.on_order = np.zeros(shape, dtype=np.int32)
        self.in_transit = np.zeros(shape, dtype=np.int32)
        self._nothing = np.zeros(shape, dtype=np.int32)
        self._nothing.setflags(write=False)
        # Only edges at which something arrives: where, how many parts, how many are usable.
        self._due: dict[int, list[tuple[Columns, IntArray, IntArray]]] = defaultdict(list)

    def order(self, pairs: IntArray, quantities: IntArray) -> None:
        """Parts were reserved, shape (replication, pair); negative where they will not come."""
        self.on_order[:, as_slice(pairs)] += quantities

    def ship(
        self, pairs: IntArray, quantities: IntArray, edges: IntArray, usable: IntArray | None = None
    ) -> None:
        """Put goods on the road.

        Args:
            pairs: Shape (pair,), no pair twice.
            quantities: Shape (replication, pair).
            edges: Edge at which they become usable, shape (replication, pair or 1).
            usable: Of the quantities; None = all.
        """
        columns = as_slice(pairs)
        self.in_transit[:, columns] += quantities
        good = quantities if usable is None else usable
        first = int(edges.flat[0])
        if (edges == first).all():
            self._due[first].append((columns, quantities, good))
            return
        for at in np.unique(edges).tolist():
            then = edges == at
            due = np.where(then, quantities, np.int32(0))
            self._due[at].append(
                (columns, due, due if usable is None else np.where(then, usable, np.int32(0)))
            )

    def arrive(self, edge: int) -> tuple[IntArray, IntArray]:
        """Take off the road what arrives by an edge: what is usable, and what is scrap.

        Both have shape (replication, pair) and are not to be changed.
        """
        pieces = self._due.pop(edge, None)
        if pieces is None:
            return self._nothing, self._nothing
        arrived, scrapped = np.zeros_like(self.on_order), self._nothing
        for columns, quantities, good in pieces:
            self.on_order[:, columns] -= quantities
            self.in_transit[:, columns] -= quantities
            arrived[:, columns] += good
            if good is not quantities:
                scrapped = scrapped if scrapped.flags.writeable else scrapped.copy()
                scrapped[:, columns] += quantities - good
        return arrived, scrapped


def inbound_minutes(model: PlantModel, order: Inbound, seed: int, numbers: IntArray) -> FloatArray:
    """When goods on the road arrive, given that they have not; minutes after the start.

    Goods that are overdue by every experience arrive at the end of the first slot.
    """
    lane = model.plant.lane_by_id[order.lane_id]
    elapsed = -model.slots.minutes(order.departure_at)
    share = transit_share(lane, order.departure_at, seed, numbers)
    return triangular_after(lane.transit, share, elapsed) - elapsed


def released_departure(model: PlantModel, order: Inbound, pair: IntArray) -> SlotDeparture:
    """The vehicle of an order that was released before the horizon and leaves in it."""
    return SlotDeparture(
        lane=model.plant.lane_by_id[order.lane_id],
        departure_at=order.departure_at,
        cutoff_at=model.slots.start,
        next_departure_at=order.departure_at,
        decide_slot=0,
        depart_slot=model.slots.at_or_before(order.departure_at),
        pairs=pair,
    )

"""What is on the road to stock points, and when it becomes usable."""

from __future__ import annotations

import numpy as np

from supplynet.core.keyed import name_key, uniform
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.simulate.departures import SlotDeparture
from supplynet.simulate.model import PlantModel
from supplynet.simulate.state import Inbound
from supplynet.simulate.triangular import triangular, triangular_share


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
        self._edges = model.slots.edges
        self._arrivals: dict[int, IntArray] = {}  # only edges at which something arrives

    def ship(
        self, pairs: IntArray, quantities: IntArray, arrival: FloatArray, *, after: int
    ) -> IntArray:
        """Put goods on the road; the edge at which they become usable, shape (replication,).

        Args:
            pairs: Shape (pair,), no pair twice.
            quantities: Shape (replication, pair).
            arrival: Minutes after the horizon's start, shape (replication,).
            after: They arrive at a later edge than this one.
        """
        self.in_transit[:, pairs] += quantities
        edge = np.maximum(np.searchsorted(self._edges, arrival, side="left"), after + 1)
        for at in np.unique(edge):
            rows = np.flatnonzero(edge == at)
            due = self._arrivals.setdefault(int(at), np.zeros_like(self.on_order))
            due[rows[:, None], pairs] += quantities[rows]
        return edge.astype(np.int32)

    def arrive(self, edge: int) -> IntArray:
        """Take off the road what becomes usable at an edge, shape (replication, pair)."""
        due = self._arrivals.pop(edge, None)
        if due is None:
            return np.zeros_like(self.on_order)
        self.on_order -= due
        self.in_transit -= due
        return due


def inbound_minutes(model: PlantModel, order: Inbound, seed: int, count: int) -> FloatArray:
    """When goods on the road arrive, given that they have not; minutes after the start, (count,).

    Goods that are overdue by every experience arrive at the end of the first slot.
    """
    lane = model.plant.lane_by_id[order.lane_id]
    elapsed = -model.slots.minutes(order.departure_at)
    gone = float(triangular_share(lane.transit, np.array([elapsed]))[0])
    minute = int(order.departure_at.timestamp()) // 60
    share = uniform(seed, "transit", name_key(lane.lane_id), minute, np.arange(count))
    return triangular(lane.transit, gone + share * (1.0 - gone)) - elapsed


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

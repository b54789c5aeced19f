"""What is loaded or on the road to stock points, vehicle by vehicle, as a decision sees it.

A decision knows when a vehicle left and how long the way usually takes, not when it will arrive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from supplynet.core.network import Lane
from supplynet.core.sample_paths import IntArray
from supplynet.simulate.model import PlantModel


@dataclass(frozen=True, kw_only=True, eq=False)
class UnderWay:
    """Goods of one vehicle that have not arrived everywhere.

    Attributes:
        pairs: Indices of the pairs on board, shape (pair,).
        quantities: Parts, shape (replication, pair).
        edge: Edge at which they become usable, shape (replication,); None before they leave.
    """

    lane: Lane
    departure_at: datetime
    pairs: IntArray
    quantities: IntArray
    edge: IntArray | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Due:
    """Vehicles by stock point, the one that is expected first in front.

    Attributes:
        quantities: Parts, shape (vehicle, replication, pair).
        vehicles: ``vehicles[place]`` are (lane, departure) of the vehicles to one stock point.
        place_of_pair: Index into ``vehicles``, shape (pair,).
    """

    quantities: IntArray
    vehicles: tuple[tuple[tuple[Lane, datetime], ...], ...]
    place_of_pair: IntArray


def due_of(
    model: PlantModel, goods: Sequence[UnderWay], pairs: IntArray, slot: int, replications: int
) -> Due:
    """What is under way to some pairs at the begin of a slot.

    Args:
        model: The compiled plant.
        goods: Reserved or on the road.
        pairs: Shape (pair,).
        slot: Goods that are usable at its begin are stock, and no longer due.
        replications: Of the twin.
    """
    places = sorted({model.pairs[pair][0] for pair in pairs})
    place = {name: index for index, name in enumerate(places)}
    column = np.full(len(model.pairs), -1, dtype=np.int32)
    column[pairs] = np.arange(len(pairs))
    place_of_column = np.array([place[model.pairs[pair][0]] for pair in pairs], dtype=np.int32)
    found: list[dict[tuple[str, datetime], _Vehicle]] = [defaultdict(_Vehicle) for _ in places]
    for each in goods:
        open_rows = np.ones(replications, dtype=np.int32)
        if each.edge is not None:
            open_rows = (each.edge > slot).astype(np.int32)
        aboard = np.flatnonzero(column[each.pairs] >= 0)
        if not len(aboard) or not open_rows.any():
            continue
        at = column[each.pairs[aboard]]
        load = each.quantities[:, aboard] * open_rows[:, None]
        for where in np.unique(place_of_column[at]):
            here = place_of_column[at] == where
            vehicle = found[where][each.lane.lane_id, each.departure_at]
            vehicle.lane = each.lane
            vehicle.load.append((at[here], load[:, here]))
    ordered = [sorted(each.items(), key=_expected_at) for each in found]
    most = max((len(each) for each in ordered), default=0)
    quantities = np.zeros((most, replications, len(pairs)), dtype=np.int32)
    for vehicles in ordered:
        for rank, (_, vehicle) in enumerate(vehicles):
            for at, amount in vehicle.load:
                quantities[rank][:, at] += amount
    return Due(
        quantities=quantities,
        vehicles=tuple(
            tuple((vehicle.lane, departs) for (_, departs), vehicle in each) for each in ordered
        ),
        place_of_pair=place_of_column,
    )


class _Vehicle:
    """One vehicle while its load is put together."""

    def __init__(self) -> None:
        self.lane: Lane
        self.load: list[tuple[IntArray, IntArray]] = []


def _expected_at(item: tuple[tuple[str, datetime], _Vehicle]) -> tuple[float, str]:
    (lane_id, departure_at), vehicle = item
    return departure_at.timestamp() + 60.0 * vehicle.lane.transit.mean, lane_id

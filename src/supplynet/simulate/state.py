"""Where a simulation starts: stock, what is under way, and who stands still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.simulate.model import NO_LIMIT, PlantModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A released order to a stock point that has not been received.

    Attributes:
        quantity: Parts still to come, > 0.
        lane_id, departure_at: Its vehicle. Before ``departure_at`` the parts are reserved at the
            warehouse, after it they are on the road; the transit time is random, given that they
            have not arrived yet.
    """

    stock_point_id: str
    part_id: str
    quantity: int
    lane_id: str
    departure_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundPurchase:
    """An open purchase of a warehouse, with the moment at which it is expected."""

    warehouse_id: str
    part_id: str
    quantity: int
    arrives_at: datetime


@dataclass(frozen=True, kw_only=True, eq=False)
class PlantState:
    """The plant at the start of a horizon. Quantities in parts.

    Attributes:
        on_hand: Usable stock of each pair, shape (pair,); below 0 counts as 0.
        source_on_hand: Stock of each warehouse part, reserved parts included; shape (source,).
        inbound, purchases: What is under way.
        halted: Parts that each halted line waits for, by line; other lines run.
    """

    on_hand: IntArray
    source_on_hand: IntArray
    inbound: tuple[Inbound, ...] = ()
    purchases: tuple[InboundPurchase, ...] = ()
    halted: Mapping[str, frozenset[str]] = field(default_factory=dict)


def opening_state(model: PlantModel, mean_window: FloatArray, *, factor: float = 1.5) -> PlantState:
    """The same start for every policy: ``factor`` times a mean window's demand everywhere.

    Stock points hold it rounded up to containers, as far as the bin allows; warehouses hold their
    purchase level, and parts that are never bought without limit.

    Args:
        model: The compiled plant.
        mean_window: Mean demand of each pair in a window of lead time plus review period.
        factor: Windows of mean demand to start with.
    """
    size = model.terms.container_size
    containers = np.ceil(factor * mean_window / size)
    room = model.terms.bin_maximum // size
    level = model.purchase.order_up_to_level
    bought = model.purchase.reorder_point >= 0
    return PlantState(
        on_hand=(np.minimum(containers, room) * size).astype(np.int32),
        source_on_hand=np.where(bought, level, NO_LIMIT).astype(np.int32),
    )

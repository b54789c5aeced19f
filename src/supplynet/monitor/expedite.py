"""Late goods that are needed: push the order that is on its way, and do not order a second time.

Needed means: what lies there does not last until goods that are ordered now could be used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from supplynet.core.orders import Order
from supplynet.core.sample_paths import FloatArray
from supplynet.simulate.buying import echelon_of
from supplynet.simulate.departures import Batch
from supplynet.simulate.model import PlantModel
from supplynet.simulate.state import PlantState
from supplynet.storage.alerts import AlertCause, Severity

KINDS = ("expedite",)


@dataclass(frozen=True, kw_only=True)
class Expedite:
    """Push one late order.

    Attributes:
        runs_out_at: When what lies there is used up, at the mean forecast.
        instead_at: When goods that are ordered now could be used.
    """

    order: Order
    runs_out_at: datetime
    instead_at: datetime


def expedites(
    model: PlantModel,
    state: PlantState,
    late: Iterable[Order],
    expected: FloatArray,
    batch: Batch,
) -> tuple[Expedite, ...]:
    """The late orders that are needed before anything else can be there.

    Args:
        model: Compiled for the horizon that begins now.
        state: What lies where.
        late: Orders on the road for longer than ever expected.
        expected: Mean demand of each pair in each shift, shape (pair, shift).
        batch: The departures that are decided now.
    """
    return tuple(
        Expedite(order=order, runs_out_at=found[0], instead_at=found[1])
        for order in late
        if (found := _needed(model, state, order, expected, batch)) is not None
    )


def causes(found: Iterable[Expedite], zone: ZoneInfo) -> Iterator[AlertCause]:
    """One alert per place and part, with the plant's clock times."""
    for each in found:
        order = each.order
        due, out, instead = (
            f"{moment.astimezone(zone):%a %d %b %H:%M}"
            for moment in (order.arrives_at, each.runs_out_at, each.instead_at)
        )
        yield AlertCause(
            severity=Severity.CRITICAL,
            kind="expedite",
            message=(
                f"Push order {order.order_id}: {order.outstanding} of {order.part_id} for "
                f"{order.to_location} were due {due}; the stock there runs out {out}, and what is "
                f"ordered now can be used {instead}."
            ),
            location_id=order.to_location,
            part_id=order.part_id,
        )


def _needed(
    model: PlantModel, state: PlantState, order: Order, expected: FloatArray, batch: Batch
) -> tuple[datetime, datetime] | None:
    """When the stock runs out and when other goods could be there, where the first is sooner."""
    place = (order.to_location, order.part_id)
    if place in model.pair_index:
        pair = model.pair_index[place]
        stock, demand = int(state.on_hand[pair]), expected[pair]
        instead = _next_arrival(batch, pair)
    elif place in model.source_index:
        source = model.source_index[place]
        fed = np.flatnonzero(echelon_of(model).of_pair == source)
        stock, demand = int(state.source_on_hand[source]), expected[fed].sum(axis=0)
        instead = _next_purchase(model, place)
    else:
        return None
    out = runs_out_at(model, stock, demand)
    if out is None or (instead is not None and out >= instead):
        return None
    return out, instead if instead is not None else model.slots.end


def runs_out_at(
    model: PlantModel, stock: int, demand: Sequence[float] | FloatArray
) -> datetime | None:
    """When ``stock`` is used up by the mean demand of each shift; None = not in these shifts."""
    left = float(max(stock, 0))
    for shift, wanted in zip(model.shifts, demand, strict=True):
        if wanted > left:
            start = max(shift.start, model.slots.start)
            return start + (shift.end - start) * (left / float(wanted))
        left -= float(wanted)
    return None


def _next_arrival(batch: Batch, pair: int) -> datetime | None:
    for index in np.flatnonzero(batch.pairs == pair):
        departure = batch.departures[int(batch.departure_of_pair[index])]
        return departure.departure_at + timedelta(minutes=round(departure.lane.transit.mean))
    return None


def _next_purchase(model: PlantModel, place: tuple[str, str]) -> datetime | None:
    rule = model.plant.purchase_rule.get(place)
    if rule is None:
        return None
    return model.slots.start + timedelta(minutes=round(rule.lead_time.mean))

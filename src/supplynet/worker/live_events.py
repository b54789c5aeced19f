"""What a twin's slot looks like from outside: events, as a real plant would send them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from supplynet.core.events import Event, EventType
from supplynet.simulate.departures import SlotDeparture
from supplynet.simulate.model import PlantModel
from supplynet.simulate.twin import SlotReport

SOURCE = "twin"
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Goods of one order on their vehicle."""

    order_id: str
    departure: SlotDeparture
    part_id: str
    to_location: str
    quantity: int


def shipped(loads: Sequence[Load]) -> Iterator[Event]:
    """Goods that left, with the vehicle that took them."""
    for load in loads:
        yield Event(
            source=SOURCE,
            event_id=f"shipped-{load.order_id}",
            type=EventType.SHIPPED,
            occurred_at=load.departure.departure_at,
            location_id=load.departure.lane.from_location,
            part_id=load.part_id,
            quantity=load.quantity,
            data={
                "order_id": load.order_id,
                "to_location": load.to_location,
                "lane_id": load.departure.lane.lane_id,
            },
        )


def received(loads: Sequence[Load], report: SlotReport) -> Iterator[Event]:
    """Goods that arrived, as receipts of the orders behind them."""
    for load in loads:
        yield Event(
            source=SOURCE,
            event_id=f"received-{load.order_id}",
            type=EventType.RECEIVED,
            occurred_at=report.end,
            location_id=load.to_location,
            part_id=load.part_id,
            quantity=load.quantity,
            data={"order_id": load.order_id},
        )


def bought(
    model: PlantModel, report: SlotReport, supplier_of: Mapping[tuple[str, str], str]
) -> Iterator[Event]:
    """What suppliers brought to the warehouses."""
    for index in np.flatnonzero(report.received[0]):
        place, part = model.sources[index]
        yield Event(
            source=SOURCE,
            event_id=f"received-{place}-{part}-{_slot(report)}",
            type=EventType.RECEIVED,
            occurred_at=report.end,
            location_id=place,
            part_id=part,
            quantity=int(report.received[0, index]),
            data={"supplier_id": supplier_of[place, part]},
        )


def worked(model: PlantModel, report: SlotReport, halted_before: Set[str]) -> Iterator[Event]:
    """What the lines used, and where they stood still or went on."""
    at = report.end - _MINUTE
    for series in np.flatnonzero(report.drawn[0]):
        line, part = model.series[series]
        yield Event(
            source=SOURCE,
            event_id=f"consumed-{line}-{part}-{_slot(report)}",
            type=EventType.CONSUMED,
            occurred_at=at,
            location_id=line,
            part_id=part,
            quantity=int(report.drawn[0, series]),
        )
    for index, line in enumerate(model.lines):
        minutes, halted = report.starved_minutes[0, index], bool(report.halted[0, index])
        if minutes > 0:
            waiting = np.flatnonzero(report.missing[0] & (model.line_of_series == index))
            yield Event(
                source=SOURCE,
                event_id=f"starved-{line}-{_slot(report)}",
                type=EventType.LINE_STARVED,
                occurred_at=at,
                location_id=line,
                data={
                    "minutes": int(np.ceil(minutes)),
                    "parts": [model.series[series][1] for series in waiting],
                    "ended": not halted,
                },
            )
        elif line in halted_before and not halted:
            yield Event(
                source=SOURCE,
                event_id=f"resumed-{line}-{_slot(report)}",
                type=EventType.LINE_RESUMED,
                occurred_at=report.start,
                location_id=line,
            )


def _slot(report: SlotReport) -> str:
    return report.start.strftime("%Y%m%dT%H%M")

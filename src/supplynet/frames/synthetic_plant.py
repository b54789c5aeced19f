"""A made-up plant, complete and consistent: lines, bills of material, lanes, rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal

import numpy as np

from supplynet.core.network import (
    Duration,
    Lane,
    Location,
    LocationKind,
    Part,
    Plant,
    Requirement,
)
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.errors import InvalidInput
from supplynet.frames.synthetic_rules import purchase_rules, supply_rules

WAREHOUSE = "WH1"
SUPPLIERS = ("SUP1", "SUP2", "SUP3", "SUP4")
ZONE = "Europe/Berlin"
QUANTITIES = tuple(Decimal(q) for q in ("0.25", "0.5", "1", "1", "1", "2", "2", "4"))
RARE = tuple(Decimal(q) for q in ("0.02", "0.04", "0.08"))
RARE_SHARE = 0.1
TRANSIT = Duration(low=40, mode=60, high=150)
CUTOFF_MINUTES = 60
_GOODS = ("bracket", "screw set", "seal", "cable", "cover", "hinge", "clip", "sensor", "panel")


def demo_plant(
    showrooms: int = 3,
    stations: int = 3,
    lines: str = "ABC",
    parts: int = 60,
    seed: int = 1,
    *,
    holiday_country: str | None = None,
) -> Plant:
    """One warehouse, showrooms of stations of lines, two 12-hour shifts, one truck per shift.

    Every part is used by a line and some by several; each line needs 8 to 12 parts, fewer where
    the plant has fewer, more where it has more parts than its lines would use.

    Args:
        showrooms: How many, each with one truck per shift from the warehouse.
        stations: How many per showroom.
        parts: How many kinds, ``P-001`` and on.
        lines: One letter per line of every station.
        seed: Of the bills of material, costs and lead times.
        holiday_country: ISO code of a country whose public holidays are not worked, or None.

    Raises:
        InvalidInput: A count is below 1, or a line letter is there twice.
    """
    if min(showrooms, stations, len(lines), parts) < 1 or len(set(lines)) < len(lines):
        raise InvalidInput("a plant has at least one showroom, station, line letter and part")
    rng = np.random.default_rng(seed)
    locations = _locations(showrooms, stations, lines)
    line_ids = [place.location_id for place in locations if place.kind is LocationKind.LINE]
    rooms = [f"SR{n}" for n in range(1, showrooms + 1)]
    plant = Plant(
        plant_id="demo",
        name="Demo plant",
        time_zone=ZONE,
        parts=_parts(parts, rng),
        locations=locations,
        requirements=_requirements(line_ids, parts, rng),
        lanes=tuple(_lane(room, place) for place, room in enumerate(rooms)),
        calendars=tuple(_calendar(site, holiday_country) for site in (WAREHOUSE, *rooms)),
    )
    return replace(
        plant,
        supply_rules=supply_rules(plant),
        purchase_rules=purchase_rules(plant, WAREHOUSE, SUPPLIERS, rng),
    )


def tiny_plant(seed: int = 1) -> Plant:
    """One showroom, one station, two lines and four parts: small enough to check by head."""
    return demo_plant(showrooms=1, stations=1, lines="AB", parts=4, seed=seed)


def _locations(showrooms: int, stations: int, lines: str) -> tuple[Location, ...]:
    kind = LocationKind
    places = [
        Location(location_id=name, kind=kind.SUPPLIER, name=f"Supplier {name[3:]}")
        for name in SUPPLIERS
    ]
    places.append(
        Location(
            location_id=WAREHOUSE,
            kind=kind.WAREHOUSE,
            name="Warehouse",
            holds_stock=True,
            calendar_id=WAREHOUSE,
        )
    )
    for n in range(1, showrooms + 1):
        room = f"SR{n}"
        places.append(
            Location(
                location_id=room,
                kind=kind.SHOWROOM,
                name=f"Showroom {n}",
                holds_stock=True,
                calendar_id=room,
            )
        )
        for m in range(1, stations + 1):
            station = f"{room}.ST{m}"
            places.append(Location(location_id=station, kind=kind.STATION, parent_id=room))
            places += [
                Location(location_id=f"{station}.{letter}", kind=kind.LINE, parent_id=station)
                for letter in lines
            ]
    return tuple(places)


def _parts(count: int, rng: np.random.Generator) -> tuple[Part, ...]:
    width = max(3, len(str(count)))
    volumes = np.round(rng.lognormal(-0.5, 0.8, count), 2).clip(0.05)
    costs = np.round(rng.lognormal(1.5, 1.0, count), 2).clip(0.05)
    return tuple(
        Part(
            part_id=f"P-{n:0{width}d}",
            description=f"{_GOODS[n % len(_GOODS)]} {n}",
            volume_litres=float(volumes[n - 1]),
            unit_cost=float(costs[n - 1]),
        )
        for n in range(1, count + 1)
    )


def _requirements(
    lines: list[str], parts: int, rng: np.random.Generator
) -> tuple[Requirement, ...]:
    """Parts are dealt out in turn, so that each is used; the rest of a line's needs is drawn."""
    width = max(3, len(str(parts)))
    dealt = [list(range(start, parts, len(lines))) for start in range(len(lines))]
    quantity = [
        RARE[rng.integers(len(RARE))]
        if rng.random() < RARE_SHARE
        else QUANTITIES[rng.integers(len(QUANTITIES))]
        for _ in range(parts)
    ]
    rows = []
    for line, own in zip(lines, dealt, strict=True):
        wanted = int(rng.integers(min(8, -(-parts // 2)), min(12, parts) + 1))
        rest = rng.permutation([part for part in range(parts) if part not in set(own)])
        for part in sorted([*own, *rest[: max(0, wanted - len(own))].tolist()]):
            name = f"P-{part + 1:0{width}d}"
            rows.append(Requirement(line_id=line, part_id=name, quantity=quantity[part]))
    return tuple(rows)


def _lane(room: str, place: int) -> Lane:
    """One departure per shift, half an hour after the neighbour's: 04:00, 04:30, 05:00, 05:30."""
    minute = 240 + 30 * (place % 4)
    return Lane(
        lane_id=f"{WAREHOUSE}-{room}",
        from_location=WAREHOUSE,
        to_location=room,
        departures=tuple(time(hour + minute // 60, minute % 60) for hour in (0, 12)),
        transit=TRANSIT,
        cutoff_minutes=CUTOFF_MINUTES,
        time_zone=ZONE,
    )


def _calendar(site: str, holiday_country: str | None) -> ShiftCalendar:
    six, eighteen = time(6), time(18)
    return ShiftCalendar(
        calendar_id=site,
        time_zone=ZONE,
        patterns=(
            ShiftPattern(name="day", start=six, end=eighteen),
            ShiftPattern(name="night", start=eighteen, end=six),
        ),
        holiday_country=holiday_country,
    )

"""A made-up plant, complete and consistent: lines, bills of material, lanes, rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal
from string import ascii_uppercase

import numpy as np

from supplynet.core.network import (
    DEFAULT_PRODUCT,
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
from supplynet.frames.synthetic.rules import purchase_rules, supply_rules
from supplynet.frames.synthetic.scenario import Scenario

WAREHOUSE = "WH1"
SUPPLIERS = ("SUP1", "SUP2", "SUP3", "SUP4")
ZONE = "Europe/Berlin"
QUANTITIES = tuple(Decimal(q) for q in ("0.25", "0.5", "1", "1", "1", "2", "2", "4"))
RARE = tuple(Decimal(q) for q in ("0.02", "0.04", "0.08"))
RARE_SHARE = 0.1
TRANSIT = Duration(low=40, mode=60, high=150)
CUTOFF_MINUTES = 60
PATTERNS = {
    2: (
        ShiftPattern(name="day", start=time(6), end=time(18)),
        ShiftPattern(name="night", start=time(18), end=time(6)),
    ),
    3: (
        ShiftPattern(name="early", start=time(6), end=time(14)),
        ShiftPattern(name="late", start=time(14), end=time(22)),
        ShiftPattern(name="night", start=time(22), end=time(6)),
    ),
}
"""Shifts by how many there are a day."""
_GOODS = ("bracket", "screw set", "seal", "cable", "cover", "hinge", "clip", "sensor", "panel")


def demo_plant(
    showrooms: int = 3,
    stations: int = 3,
    lines: str = "ABC",
    parts: int = 60,
    seed: int = 1,
    *,
    holiday_country: str | None = None,
    products: int = 1,
    shifts_per_day: int = 2,
    time_zone: str = ZONE,
) -> Plant:
    """One warehouse, showrooms of stations of lines, two or three shifts, one truck per shift.

    Every part is used by a line and some by several; each line needs 8 to 12 parts, fewer where
    the plant has fewer, more where it has more parts than its lines would use.

    Args:
        showrooms: How many, each with one truck per shift from the warehouse.
        stations: How many per showroom.
        parts: How many kinds, ``P-001`` and on.
        lines: One letter per line of every station.
        seed: Of the bills of material, costs and lead times.
        holiday_country: ISO code of a country whose public holidays are not worked, or None.
        products: How many the plant builds, one on each line in turn.
        shifts_per_day: 2 of 12 hours or 3 of 8.
        time_zone: Of the plant (IANA name).

    Raises:
        InvalidInput: A count is below 1, a line letter is there twice, or there are no such shifts.
    """
    if min(showrooms, stations, len(lines), parts, products) < 1 or len(set(lines)) < len(lines):
        raise InvalidInput("a plant has at least one showroom, station, line letter and part")
    if shifts_per_day not in PATTERNS:
        raise InvalidInput(f"{shifts_per_day} shifts per day; there are plants of 2 or 3")
    rng = np.random.default_rng(seed)
    locations = _locations(showrooms, stations, lines)
    line_ids = [place.location_id for place in locations if place.kind is LocationKind.LINE]
    rooms = [f"SR{n}" for n in range(1, showrooms + 1)]
    plant = Plant(
        plant_id="demo",
        name="Demo plant",
        time_zone=time_zone,
        parts=_parts(parts, rng),
        locations=locations,
        requirements=_requirements(line_ids, parts, products, rng),
        lanes=tuple(
            _lane(room, place, shifts_per_day, time_zone) for place, room in enumerate(rooms)
        ),
        calendars=tuple(
            ShiftCalendar(
                calendar_id=site,
                time_zone=time_zone,
                patterns=PATTERNS[shifts_per_day],
                holiday_country=holiday_country,
            )
            for site in (WAREHOUSE, *rooms)
        ),
    )
    return replace(
        plant,
        supply_rules=supply_rules(plant),
        purchase_rules=purchase_rules(plant, WAREHOUSE, SUPPLIERS, rng),
    )


def scenario_plant(scenario: Scenario, seed: int = 1) -> Plant:
    """The plant that a scenario describes; ``seed`` is of bills of material, costs, lead times."""
    shape = scenario.plant
    plant = demo_plant(
        showrooms=shape.showrooms,
        stations=shape.stations,
        lines=ascii_uppercase[: shape.lines],
        parts=shape.parts,
        seed=seed,
        holiday_country=shape.holiday_country or None,
        products=shape.products,
        shifts_per_day=shape.shifts_per_day,
        time_zone=scenario.time_zone,
    )
    return replace(plant, name=f"Plant of scenario {scenario.name}")


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
    lines: list[str], parts: int, products: int, rng: np.random.Generator
) -> tuple[Requirement, ...]:
    """Parts are dealt out in turn, so that each is used; the rest of a line's needs is drawn."""
    width = max(3, len(str(parts)))
    everything = np.arange(parts)
    names = [f"P-{part + 1:0{width}d}" for part in range(parts)]
    quantity = [
        RARE[rng.integers(len(RARE))]
        if rng.random() < RARE_SHARE
        else QUANTITIES[rng.integers(len(QUANTITIES))]
        for _ in range(parts)
    ]
    rows = []
    for place, line in enumerate(lines):
        own = everything[place :: len(lines)]
        wanted = int(rng.integers(min(8, -(-parts // 2)), min(12, parts) + 1))
        rest = rng.permutation(np.delete(everything, own))
        product = f"model-{place % products + 1}" if products > 1 else DEFAULT_PRODUCT
        chosen = sorted([*own.tolist(), *rest[: max(0, wanted - len(own))].tolist()])
        rows += [
            Requirement(line_id=line, part_id=names[n], quantity=quantity[n], product=product)
            for n in chosen
        ]
    return tuple(rows)


def _lane(room: str, place: int, shifts_per_day: int, time_zone: str) -> Lane:
    """One departure per shift, half an hour after the neighbour's: 04:00, 04:30, 05:00, 05:30."""
    minute = 240 + 30 * (place % 4)
    return Lane(
        lane_id=f"{WAREHOUSE}-{room}",
        from_location=WAREHOUSE,
        to_location=room,
        departures=tuple(
            time(hour + minute // 60, minute % 60) for hour in range(0, 24, 24 // shifts_per_day)
        ),
        transit=TRANSIT,
        cutoff_minutes=CUTOFF_MINUTES,
        time_zone=time_zone,
    )

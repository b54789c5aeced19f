"""Small plants: suppliers or one warehouse, showrooms of lines, 12-hour shifts from 06:00 UTC."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pytest

from supplynet.core.network import (
    Duration,
    Lane,
    Location,
    LocationKind,
    Part,
    Plant,
    PurchaseRule,
    Requirement,
    Shortage,
    SupplyRule,
)
from supplynet.core.sample_paths import IntArray
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.simulate.hooks import Disruptions
from supplynet.simulate.model import PlantModel, compile_plant
from supplynet.simulate.state import PlantState
from supplynet.simulate.twin import Twin

START = datetime(2026, 1, 5, 6, tzinfo=UTC)
AN_HOUR = Duration(low=60, mode=60, high=60)


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a small plant can be told."""

    parts_of_line: Mapping[str, Sequence[str]]
    departures: tuple[time, ...] = (time(8), time(20))
    transit: Duration = AN_HOUR
    cutoff_minutes: int = 0
    container: int = 1
    bin_maximum: int | None = None
    from_supplier: bool = False
    purchase: tuple[int, int, Duration] | None = None
    priority: Mapping[str, int] | None = None
    zone: str = "UTC"
    volume: float | None = None
    on_shortage: Mapping[str, Shortage] = field(default_factory=dict)
    lines_with_bins: Sequence[str] = ()
    rooms_of_two_short_shifts: Sequence[str] = ()


def _plant(setup: Setup) -> Plant:
    lines = list(setup.parts_of_line)
    rooms = sorted({line.split(".")[0] for line in lines})
    parts = sorted({part for each in setup.parts_of_line.values() for part in each})
    origin = "SUP" if setup.from_supplier else "WH"
    kind = LocationKind.SUPPLIER if setup.from_supplier else LocationKind.WAREHOUSE
    used = sorted({(line.split(".")[0], p) for line in lines for p in setup.parts_of_line[line]})
    rank = setup.priority or {}
    return Plant(
        plant_id="small",
        parts=tuple(Part(part_id=part, volume_litres=1.0) for part in parts),
        locations=(
            Location(location_id=origin, kind=kind, holds_stock=True),
            *(
                Location(
                    location_id=room,
                    kind=LocationKind.SHOWROOM,
                    holds_stock=True,
                    calendar_id="short" if room in setup.rooms_of_two_short_shifts else None,
                )
                for room in rooms
            ),
            *(
                Location(
                    location_id=line,
                    kind=LocationKind.LINE,
                    parent_id=line.split(".")[0],
                    priority=rank.get(line, 100),
                    holds_stock=line in setup.lines_with_bins,
                    on_shortage=setup.on_shortage.get(line, Shortage.LOST),
                )
                for line in lines
            ),
        ),
        requirements=tuple(
            Requirement(line_id=line, part_id=part, quantity=Decimal(1))
            for line in lines
            for part in setup.parts_of_line[line]
        ),
        lanes=_tuggers(setup)
        + tuple(
            Lane(
                lane_id=f"{origin}-{room}",
                from_location=origin,
                to_location=room,
                departures=setup.departures,
                transit=setup.transit,
                cutoff_minutes=setup.cutoff_minutes,
                volume_litres=setup.volume,
                time_zone=setup.zone,
            )
            for room in rooms
        ),
        supply_rules=_bins(setup)
        + tuple(
            SupplyRule(
                stock_point_id=room,
                part_id=part,
                lane_ids=(f"{origin}-{room}",),
                container_size=setup.container,
                bin_maximum=setup.bin_maximum,
            )
            for room, part in used
        ),
        purchase_rules=()
        if setup.purchase is None
        else tuple(
            PurchaseRule(
                warehouse_id=origin,
                part_id=part,
                supplier_id="SUP",
                lead_time=setup.purchase[2],
                multiple=5,
                reorder_point=setup.purchase[0],
                order_up_to_level=setup.purchase[1],
            )
            for part in parts
        ),
        calendars=(
            ShiftCalendar(
                calendar_id="site",
                time_zone=setup.zone,
                patterns=(
                    ShiftPattern(name="day", start=time(6), end=time(18)),
                    ShiftPattern(name="night", start=time(18), end=time(6)),
                ),
            ),
            ShiftCalendar(
                calendar_id="short",
                time_zone=setup.zone,
                patterns=(
                    ShiftPattern(name="early", start=time(6), end=time(14)),
                    ShiftPattern(name="late", start=time(14), end=time(22)),
                ),
            ),
        ),
    )


def _tuggers(setup: Setup) -> tuple[Lane, ...]:
    """Every four hours, there within the hour or two, from the showroom to the bins of a line."""
    return tuple(
        Lane(
            lane_id=f"TUG-{line}",
            from_location=line.split(".")[0],
            to_location=line,
            departures=tuple(time(hour) for hour in range(2, 24, 4)),
            transit=Duration(low=20, mode=40, high=100),
        )
        for line in setup.lines_with_bins
    )


def _bins(setup: Setup) -> tuple[SupplyRule, ...]:
    return tuple(
        SupplyRule(
            stock_point_id=line,
            part_id=part,
            lane_ids=(f"TUG-{line}",),
            container_size=setup.container,
            bin_maximum=setup.bin_maximum,
        )
        for line in setup.lines_with_bins
        for part in setup.parts_of_line[line]
    )


@dataclass(frozen=True, kw_only=True)
class Small:
    """A compiled small plant and how to start its twin."""

    model: PlantModel

    def twin(
        self,
        demand: Sequence[Sequence[int]] | IntArray,
        on_hand: Sequence[int],
        source: Sequence[int] | int = 1_000_000,
        *,
        seed: int = 0,
        halted: Mapping[str, frozenset[str]] | None = None,
        replications: int | None = None,
        trouble: Disruptions | None = None,
    ) -> Twin:
        """A twin of one demand, shape (series, shift)."""
        state = PlantState(
            on_hand=np.array(on_hand, dtype=np.int32),
            source_on_hand=np.broadcast_to(
                np.asarray(source, dtype=np.int32), (len(self.model.sources),)
            ),
            halted={} if halted is None else halted,
        )
        array = np.asarray(demand, dtype=np.int32)[None]
        return Twin(self.model, array, state, seed=seed, replications=replications, trouble=trouble)


Build = Callable[..., Small]


@pytest.fixture(scope="session")
def small() -> Build:
    """Compile a small plant: ``small({"R1.A": ["bolt"]}, shifts=2, departures=...)``."""

    def build(
        parts_of_line: Mapping[str, Sequence[str]],
        *,
        shifts: int = 1,
        start: datetime = START,
        slot_minutes: int = 60,
        **settings: object,
    ) -> Small:
        plant = _plant(Setup(parts_of_line=parts_of_line, **settings))  # type: ignore[arg-type]
        end = start + timedelta(hours=12 * shifts)
        return Small(model=compile_plant(plant, start=start, end=end, slot_minutes=slot_minutes))

    return build

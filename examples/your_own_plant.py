"""A plant of your own in Python: write it as a folder, run its twin, print the score.

python examples/your_own_plant.py [FOLDER]

Without FOLDER the plant is not kept. ``supplynet init --plant FOLDER`` takes it over, and a
spreadsheet opens its CSV files.
"""

import sys
import tempfile
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from supplynet.connectors.plant_folder import read_plant, write_plant
from supplynet.core.network import (
    Duration,
    Lane,
    Location,
    LocationKind,
    Part,
    Plant,
    PurchaseRule,
    Requirement,
    SupplyRule,
)
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.frames.panel import panel_from_frame, shift_periods
from supplynet.frames.synthetic import generate_history
from supplynet.study.families import family
from supplynet.study.replay import make_replay, past_of

DAY, HOUR = 24 * 60, 60  # minutes

# What each line takes for one unit that it builds.
BILL_OF_MATERIALS = {
    "HALL.DOORS": {"hinge": 2, "screw-m6": 8},
    "HALL.SEATS": {"rail": 2, "screw-m6": 4},
}
PARTS = {"hinge": 40, "rail": 40, "screw-m6": 200}  # and how many come in a container
ZONE = "Europe/Berlin"
FIRST = datetime(2026, 1, 5, tzinfo=ZoneInfo(ZONE))
HISTORY, PLAYED = timedelta(days=56), timedelta(days=14)


def build_plant() -> Plant:
    """One warehouse, one hall with two lines, two shifts, a truck at 05:00 and at 17:00."""
    return Plant(
        plant_id="my-plant",
        name="My plant",
        time_zone=ZONE,
        parts=tuple(Part(part_id=part) for part in PARTS),
        locations=(
            Location(location_id="ACME", kind=LocationKind.SUPPLIER),
            Location(location_id="DEPOT", kind=LocationKind.WAREHOUSE, holds_stock=True),
            Location(location_id="HALL", kind=LocationKind.SHOWROOM, holds_stock=True),
            *(
                Location(location_id=line, kind=LocationKind.LINE, parent_id="HALL")
                for line in BILL_OF_MATERIALS
            ),
        ),
        requirements=tuple(
            Requirement(line_id=line, part_id=part, quantity=Decimal(quantity))
            for line, parts in BILL_OF_MATERIALS.items()
            for part, quantity in parts.items()
        ),
        lanes=(
            Lane(
                lane_id="DEPOT-HALL",
                from_location="DEPOT",
                to_location="HALL",
                departures=(time(5), time(17)),
                transit=Duration(low=40, mode=60, high=120),
                cutoff_minutes=HOUR,
                time_zone=ZONE,
            ),
        ),
        supply_rules=tuple(
            SupplyRule(
                stock_point_id="HALL",
                part_id=part,
                lane_ids=("DEPOT-HALL",),
                container_size=container,
            )
            for part, container in PARTS.items()
        ),
        purchase_rules=tuple(
            PurchaseRule(
                warehouse_id="DEPOT",
                part_id=part,
                supplier_id="ACME",
                lead_time=Duration(low=2 * DAY, mode=3 * DAY, high=5 * DAY),
                multiple=container,
                reorder_point=40 * container,
                order_up_to_level=80 * container,
            )
            for part, container in PARTS.items()
        ),
        calendars=(
            ShiftCalendar(
                calendar_id="two-shifts",
                time_zone=ZONE,
                patterns=(
                    ShiftPattern(name="early", start=time(6), end=time(14)),
                    ShiftPattern(name="late", start=time(14), end=time(22)),
                ),
            ),
        ),
    )


def main(folder: Path) -> None:
    write_plant(build_plant(), folder)
    plant = read_plant(folder)  # the same, and checked: every mistake is named at once
    print(f"{plant.name}: {len(plant.lines)} lines, {len(plant.parts)} parts")

    # Eight weeks of consumption are known; the two after them are played.
    days = (HISTORY + PLAYED).days
    history = generate_history(plant, start=FIRST.date(), days=days, seed=1)
    periods = shift_periods(plant.calendars[0], FIRST, FIRST + HISTORY + PLAYED)
    panel = panel_from_frame(history.demand, periods)
    known = panel.until(FIRST + HISTORY)
    replay = make_replay(
        plant, panel, start=known.period_ends[-1], end=periods[-1].end, history=known, seed=1
    )
    past = past_of(plant, known)
    for z in (0.0, 1.0, 2.0, 3.0):
        policy = family("min_max").candidate({"z": z, "extra_cover": 0.25}, past).policy
        score = replay.play(policy)
        print(
            f"min_max, z = {z:g}: {score.halts_per_line_month:.2f} halts per line-month, "
            f"{score.lost_minutes:.0f} minutes lost, {score.cover_days:.2f} days of stock"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))

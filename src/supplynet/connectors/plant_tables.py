"""The CSV files of a plant folder: their columns, and how rows become objects and back.

Columns are named like the fields of ``core.network``; a duration is three columns
(``transit_low_minutes``, ``transit_mode_minutes``, ``transit_high_minutes``; low and high may be
empty when the time is fixed). Lists in a cell (lanes, departures, weekdays) are separated by
spaces.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from supplynet.connectors.plant_cells import (
    CLOCKS,
    DAY,
    ID,
    IDS,
    MOMENT,
    QUANTITY,
    SHIFT_ID,
    TEXT,
    WEEKDAY_SET,
    YES_NO,
    ZONE,
    member_of,
    number,
    one_of,
    whole,
)
from supplynet.connectors.plant_sheets import Column, Row
from supplynet.core.network import (
    CountedBy,
    Duration,
    Lane,
    Location,
    LocationKind,
    Part,
    PurchaseRule,
    Requirement,
    Shortage,
    SupplyRule,
)
from supplynet.core.production_plan import PlanRow

AUTOMATION = ("suggest", "auto_below", "auto")
_DURATION_COLUMN = re.compile(r"(\w+)_(low|mode|high)_minutes\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One CSV file.

    Attributes:
        field: Field of ``Plant`` that it fills.
        key: Columns that together occur once; empty where another check looks after it.
        build: Makes the object from values that are not None.
        needed: Whether the folder must have the file.
    """

    file: str
    field: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    build: Callable[..., Any]
    needed: bool = True

    def object_of(self, row: Row, time_zone: str) -> Any:
        """The object of a row without mistakes; an empty cell takes the field's default.

        An empty time zone is ``time_zone``, the plant's.
        """
        values = {name: value for name, value in row.values.items() if value is not None}
        if any(column.name == "time_zone" for column in self.columns):
            values.setdefault("time_zone", time_zone)
        return self.build(**values)

    def row_of(self, item: Any) -> dict[str, Any]:
        """Values by column of one object."""
        return {column.name: _value(item, column.name) for column in self.columns}


def duration_steps(row: Row, name: str) -> tuple[int | None, int | None, int | None]:
    """Low, mode and high of a duration; None where a cell is wrong, the mode where it is empty."""
    low, mode, high = (f"{name}_{step}_minutes" for step in ("low", "mode", "high"))
    usual = row.get(mode)
    first, last = (
        usual if row.is_clear(end) and row.get(end) is None else row.get(end) for end in (low, high)
    )
    return first, usual, last


def holds_stock(kind: LocationKind, cell: bool | None) -> bool:
    """Whether a location is a stock point; warehouses and showrooms are unless they say no."""
    if cell is None:
        return kind in {LocationKind.WAREHOUSE, LocationKind.SHOWROOM}
    return cell


def _value(item: Any, column: str) -> Any:
    match = _DURATION_COLUMN.match(column)
    return getattr(getattr(item, match[1]), match[2]) if match else getattr(item, column)


def _duration_columns(name: str) -> tuple[Column, ...]:
    return (
        Column(name=f"{name}_low_minutes", kind=whole(0)),
        Column(name=f"{name}_mode_minutes", kind=whole(0), required=True),
        Column(name=f"{name}_high_minutes", kind=whole(0)),
    )


def _take_duration(values: dict[str, Any], name: str) -> Duration:
    mode = values.pop(f"{name}_mode_minutes")
    low = values.pop(f"{name}_low_minutes", mode)
    return Duration(low=low, mode=mode, high=values.pop(f"{name}_high_minutes", mode))


def _location(**values: Any) -> Location:
    values["holds_stock"] = holds_stock(values["kind"], values.get("holds_stock"))
    return Location(**values)


def _lane(**values: Any) -> Lane:
    return Lane(transit=_take_duration(values, "transit"), **values)


def _purchase_rule(**values: Any) -> PurchaseRule:
    return PurchaseRule(lead_time=_take_duration(values, "lead_time"), **values)


PARTS = Table(
    file="parts.csv",
    field="parts",
    key=("part_id",),
    build=Part,
    columns=(
        Column(name="part_id", kind=ID, required=True),
        Column(name="description", kind=TEXT),
        Column(name="unit", kind=TEXT),
        Column(name="volume_litres", kind=number(0)),
        Column(name="unit_cost", kind=number(0)),
    ),
)
LOCATIONS = Table(
    file="locations.csv",
    field="locations",
    key=("location_id",),
    build=_location,
    columns=(
        Column(name="location_id", kind=ID, required=True),
        Column(name="kind", kind=member_of(LocationKind, "kind of location"), required=True),
        Column(name="parent_id", kind=ID),
        Column(name="name", kind=TEXT),
        Column(name="holds_stock", kind=YES_NO),
        Column(name="calendar_id", kind=ID),
        Column(name="priority", kind=whole(0)),
        Column(name="on_shortage", kind=member_of(Shortage, "rule for shortage")),
    ),
)
REQUIREMENTS = Table(
    file="requirements.csv",
    field="requirements",
    key=(),
    build=Requirement,
    columns=(
        Column(name="line_id", kind=ID, required=True),
        Column(name="part_id", kind=ID, required=True),
        Column(name="quantity", kind=QUANTITY, required=True),
        Column(name="product", kind=ID),
        Column(name="valid_from", kind=DAY),
        Column(name="valid_to", kind=DAY),
        Column(name="alternative_group", kind=ID),
        Column(name="counted_by", kind=member_of(CountedBy, "way of counting")),
    ),
)
LANES = Table(
    file="lanes.csv",
    field="lanes",
    key=("lane_id",),
    build=_lane,
    columns=(
        Column(name="lane_id", kind=ID, required=True),
        Column(name="from_location", kind=ID, required=True),
        Column(name="to_location", kind=ID, required=True),
        Column(name="departures", kind=CLOCKS, required=True),
        *_duration_columns("transit"),
        Column(name="weekdays", kind=WEEKDAY_SET),
        Column(name="cutoff_minutes", kind=whole(0)),
        Column(name="frozen_minutes", kind=whole(0)),
        Column(name="volume_litres", kind=number(0)),
        Column(name="minimum_trip_litres", kind=number(0)),
        Column(name="time_zone", kind=ZONE),
    ),
)
SUPPLY_RULES = Table(
    file="supply_rules.csv",
    field="supply_rules",
    key=("stock_point_id", "part_id"),
    build=SupplyRule,
    columns=(
        Column(name="stock_point_id", kind=ID, required=True),
        Column(name="part_id", kind=ID, required=True),
        Column(name="lane_ids", kind=IDS, required=True),
        Column(name="container_size", kind=whole(1)),
        Column(name="minimum_order", kind=whole(0)),
        Column(name="bin_maximum", kind=whole(1)),
        Column(name="policy", kind=ID),
        Column(name="reorder_point", kind=whole(0)),
        Column(name="order_up_to_level", kind=whole(0)),
        Column(name="criticality", kind=one_of("ABC", "criticality")),
        Column(name="automation", kind=one_of(AUTOMATION, "way to release orders")),
    ),
)
PURCHASE_RULES = Table(
    file="purchase_rules.csv",
    field="purchase_rules",
    key=("warehouse_id", "part_id"),
    build=_purchase_rule,
    needed=False,
    columns=(
        Column(name="warehouse_id", kind=ID, required=True),
        Column(name="part_id", kind=ID, required=True),
        Column(name="supplier_id", kind=ID, required=True),
        *_duration_columns("lead_time"),
        Column(name="minimum_order", kind=whole(0)),
        Column(name="multiple", kind=whole(1)),
        Column(name="reorder_point", kind=whole(0)),
        Column(name="order_up_to_level", kind=whole(0)),
    ),
)
PRODUCTION_PLAN = Table(
    file="production_plan.csv",
    field="production_plan",
    key=("line_id", "product", "shift_id", "recorded_at"),
    build=PlanRow,
    needed=False,
    columns=(
        Column(name="line_id", kind=ID, required=True),
        Column(name="product", kind=ID, required=True),
        Column(name="shift_id", kind=SHIFT_ID, required=True),
        Column(name="units", kind=whole(0), required=True),
        Column(name="recorded_at", kind=MOMENT, required=True),
    ),
)
TABLES = (
    PARTS,
    LOCATIONS,
    REQUIREMENTS,
    LANES,
    SUPPLY_RULES,
    PURCHASE_RULES,
    PRODUCTION_PLAN,
)

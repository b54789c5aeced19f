"""Made-up daily sales of warehouses: the engine of the plant, for those who start from sales.

Every (warehouse, SKU) is a line of its own with one part, so weekdays, seasons, trends, promotions
(campaigns), intermittent SKUs and everything else are those of ``DemandShape``; lines of one SKU
build one product, so what sells well sells well everywhere. What a day has sold is then dealt out
to orders, and orders to clients, of whom few order much.
"""

from __future__ import annotations

from datetime import date, time
from typing import NamedTuple

import numpy as np
import polars as pl

from supplynet.core.keyed import name_key, uniform
from supplynet.core.network import Location, LocationKind, Plant
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.errors import InvalidInput
from supplynet.frames.synthetic.consumption import Needs
from supplynet.frames.synthetic.demand import Generated, make_demand
from supplynet.frames.synthetic.effects import EFFECTS_SCHEMA
from supplynet.frames.synthetic.orders import deal_orders
from supplynet.frames.synthetic.production import Runs
from supplynet.frames.synthetic.profile import line_profile
from supplynet.frames.synthetic.scenario import (
    DemandShape,
    PlanShape,
    PlantShape,
    SalesShape,
    Scenario,
)
from supplynet.frames.synthetic.streams import stream
from supplynet.frames.synthetic.timetable import PlaceArray, timetable

SALES_DEMAND = DemandShape(
    shock_sd=0.0,
    noise_cv=0.2,
    weekday_scale=0.5,
    season_scale=1.5,
    trend_scale=1.5,
    intermittent_share=0.2,
    intermittent_chance=0.25,
    lump=6.0,
    campaigns_per_line_year=2.4,
    campaign_days=3.0,
    campaign_factor=1.8,
    stops_per_period=0.0,
)
"""Shops differ from lines: no shocks of a whole line, quiet weekends, promotions of a few days."""
UNPLANNED = PlanShape(revised_share=0.0, adherence_cv=0.0)
MEDIAN_LOG, LEVEL_LOG_SD = 3.2, 0.6  # of a SKU's daily sales: half of them sell more than 25
NORTH, EAST = (47.5, 54.5), (6.5, 14.5)  # degrees


class Sales(NamedTuple):
    """Sales and the truth behind them.

    Attributes:
        sales: ``date, warehouse_id, sku_id, units_sold, order_id, client_id, location_lat,
            location_lng``: one row per order line, in order of date, warehouse and SKU. A day
            without sales is one row of 0.
        truth: One row per ``date, warehouse_id, sku_id`` in the same order: ``units_sold`` of the
            day and its expectation ``mean``.
        effects: What was put in, ``EFFECTS_SCHEMA``; locations are warehouses, parts SKUs.
    """

    sales: pl.DataFrame
    truth: pl.DataFrame
    effects: pl.DataFrame


def sales_training_data(
    warehouse_count: int,
    sku_count: int,
    days: int,
    seed: int,
    *,
    start: date = date(2025, 1, 1),
    orders_per_day: float = 1.0,
) -> pl.DataFrame:
    """Daily sales of every SKU in every warehouse, in order of date; see ``Sales.sales``.

    A longer table begins with the shorter one.

    Args:
        warehouse_count: ``WH001`` and on.
        sku_count: ``SKU-001`` and on; one in five sells on few days.
        days: Length.
        seed: Same seed, same table.
        start: First day.
        orders_per_day: Mean number of order lines of a SKU on a day; with 1 a day is one row.

    Raises:
        InvalidInput: A count is below 1.
    """
    if min(warehouse_count, sku_count, days) < 1:
        raise InvalidInput("sales need at least one warehouse, SKU and day")
    shape = SalesShape(warehouses=warehouse_count, skus=sku_count, orders_per_day=orders_per_day)
    scenario = Scenario(start=start, days=days, demand=SALES_DEMAND, sales=shape)
    return generate_sales(scenario, seed).sales


def generate_sales(scenario: Scenario, seed: int) -> Sales:
    """The sales face of a scenario: its ``sales``, ``demand``, days and holidays.

    Raises:
        InvalidInput: Every day is a holiday.
    """
    shape = scenario.sales
    warehouses = [f"WH{n:03d}" for n in range(1, shape.warehouses + 1)]
    skus = [f"SKU-{n:03d}" for n in range(1, shape.skus + 1)]
    made = _demand(scenario, warehouses, skus, seed)
    day, place = (each.ravel() for each in np.indices((len(made.periods), len(made.series))))
    warehouse, sku = np.divmod(place, shape.skus)
    units = made.true_demand.T.ravel().astype(np.int64)
    dates = pl.Series([shift.day for shift in made.periods], dtype=pl.Date)
    truth = pl.DataFrame(
        {
            "date": dates.gather(day),
            "warehouse_id": pl.Series(warehouses).gather(warehouse),
            "sku_id": pl.Series(skus).gather(sku),
            "units_sold": units,
            "mean": made.mean.T.ravel(),
        }
    )
    keys = np.array([name_key(line) for line in made.lines])[place]
    row, ordered, client = deal_orders(units, keys, _day_number(made)[day], shape, seed)
    latitude, longitude = (
        [_degrees(name, axis, seed) for name in warehouses] for axis in ("latitude", "longitude")
    )
    sales = truth.select("date", "warehouse_id", "sku_id")[row].with_columns(
        units_sold=pl.Series(ordered),
        order_id=pl.format("ORD-{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(8)),
        client_id=pl.Series([f"CL-{n:03d}" for n in range(1, shape.clients + 1)]).gather(client),
        location_lat=pl.Series(latitude).gather(warehouse[row]),
        location_lng=pl.Series(longitude).gather(warehouse[row]),
    )
    return Sales(sales=sales, truth=truth, effects=_effects(made.effects))


def _demand(scenario: Scenario, warehouses: list[str], skus: list[str], seed: int) -> Generated:
    """Demand of the lines ``WH001/SKU-001``, SKU by SKU within each warehouse."""
    plant = _plant(scenario.plant, warehouses, skus)
    lines = tuple(place.location_id for place in plant.locations)
    series = tuple((line, line.partition("/")[2]) for line in lines)
    every = np.arange(len(lines))
    base = line_profile(lines).base
    level = [
        stream(seed, "sales level", line).lognormal(MEDIAN_LOG, LEVEL_LOG_SD) for line in lines
    ]
    runs = Runs(
        lines=lines,
        line=every,
        product=tuple(sku for _, sku in series),
        share=np.ones(len(lines)),
    )
    needs = Needs(
        series=series,
        line=every,
        run=every[:, None],
        quantity=(np.array(level) / base)[:, None],
        lump=np.ones(len(lines), dtype=int),
    )
    table = timetable(plant, lines, lines, scenario.start, scenario.days)
    if not table.periods:
        raise InvalidInput(f"no open day in {scenario.days} days from {scenario.start}")
    return make_demand(table, scenario.days, runs, needs, scenario.demand, UNPLANNED, seed)


def _plant(shape: PlantShape, warehouses: list[str], skus: list[str]) -> Plant:
    """Lines and opening hours: 12 hours a day, by the same clock all year."""
    hours = ShiftCalendar(
        calendar_id="open",
        time_zone="UTC",
        patterns=(ShiftPattern(name="open", start=time(8), end=time(20)),),
        holiday_country=shape.holiday_country or None,
    )
    lines = tuple(
        Location(location_id=f"{warehouse}/{sku}", kind=LocationKind.LINE)
        for warehouse in warehouses
        for sku in skus
    )
    return Plant(plant_id="sales", locations=lines, calendars=(hours,))


def _day_number(made: Generated) -> PlaceArray:
    return np.array([shift.day.toordinal() for shift in made.periods], dtype=np.int64)


def _degrees(warehouse: str, axis: str, seed: int) -> float:
    low, high = NORTH if axis == "latitude" else EAST
    return round(low + (high - low) * float(uniform(seed, axis, name_key(warehouse))), 5)


def _effects(made: pl.DataFrame) -> pl.DataFrame:
    """Effects of lines as effects of SKUs in warehouses; a holiday is one of the warehouse."""
    place = pl.col("location_id").str.splitn("/", 2).struct
    sku = pl.when(pl.col("kind") != "holiday").then(place.field("field_1"))
    return (
        made.with_columns(location_id=place.field("field_0"), part_id=sku)
        .unique()
        .select(EFFECTS_SCHEMA.names())
        .sort("location_id", "part_id", "period_start", "kind")
    )

"""The tables that a trial of refill triggers reads: of a workspace or of a made-up world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from supplynet.core.events import EventType
from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.core.shifts import ShiftCalendar
from supplynet.errors import InvalidInput, NotFound
from supplynet.frames.panel import Panel, Period, panel_from_frame, shift_periods
from supplynet.frames.synthetic import generate_shards, read_scenario, scenario_plant
from supplynet.frames.tables import DELIVERIES_SCHEMA, STOCK_SCHEMA, conform_table
from supplynet.services import forecasting
from supplynet.services.books import Books
from supplynet.services.generating import WORLD
from supplynet.services.history import history_frame
from supplynet.storage.events import events_between
from supplynet.storage.table_files import read_table


@dataclass(frozen=True, kw_only=True, eq=False)
class RefillData:
    """Tables that a trial reads.

    Attributes:
        panel: Demand of each place that holds stock.
        floor: What was used at least, shape (series, period).
        stock, deliveries: ``STOCK_SCHEMA`` and ``DELIVERIES_SCHEMA``.
        lead_minutes: By supply rules, shape (series,); NaN = not known.
    """

    panel: Panel
    floor: FloatArray
    stock: pl.DataFrame
    deliveries: pl.DataFrame
    lead_minutes: FloatArray | None = None


def scenario_data(scenario: str | Path, *, seed: int) -> RefillData:
    """The records of a made-up world.

    Raises:
        InvalidInput: Supply is not played in it.
    """
    world = read_scenario(scenario)
    if not world.supply.plays:
        raise InvalidInput(f"scenario {world.name} plays no supply: set plays = true in [supply]")
    plant = scenario_plant(world, seed)
    shards = [shard.history for shard in generate_shards(world, seed, plant)]
    demand, stock, deliveries = (
        pl.concat([getattr(shard, name) for shard in shards])
        for name in ("demand", "stock", "deliveries")
    )
    calendar = plant.calendar_of(plant.lines[0].location_id)
    return _data(demand, _periods(demand, calendar), stock, deliveries, None)


def workspace_data(
    books: Books, stock: pl.DataFrame | None = None, deliveries: pl.DataFrame | None = None
) -> RefillData:
    """The records of a workspace.

    Raises:
        InvalidInput: There is no history, or no stock.
    """
    if stock is None:
        stock = _table(books, "stock", STOCK_SCHEMA)
        if stock.is_empty():
            stock = _counted(books)
    if stock.is_empty():
        raise InvalidInput(
            "refill triggers need stock at the starts of periods: import counts "
            "(supplynet import STOCK.csv --kind stock), or generate a scenario whose supply is "
            "played (supplynet generate --scenario medium)"
        )
    if deliveries is None:
        deliveries = read_table(books.workspace.tables, "deliveries")
        if deliveries.is_empty():
            deliveries = _table(books, "deliveries", DELIVERIES_SCHEMA)
    calendar = forecasting.common_calendar(books)
    demand = history_frame(books)
    return _data(demand, _periods(demand, calendar), stock, deliveries, books.plant)


def _data(
    demand: pl.DataFrame,
    periods: Sequence[Period],
    stock: pl.DataFrame,
    deliveries: pl.DataFrame,
    plant: Plant | None,
) -> RefillData:
    """Demand summed to the places that the stock table names."""
    stock = conform_table(stock, STOCK_SCHEMA)
    held = set(stock.select("location_id", "part_id").unique().iter_rows())
    used = demand.select(
        "location_id",
        "part_id",
        "period_start",
        demand=pl.col("demand"),
        floor=pl.coalesce("consumed", "demand").cast(pl.Float64),
    )
    names = demand.select("location_id", "part_id").unique()
    points = [_place_of(plant, held, line, part) for line, part in names.iter_rows()]
    places = names.with_columns(place=pl.Series(points, dtype=pl.String)).drop_nulls("place")
    summed = (
        used.join(places, on=["location_id", "part_id"])
        .group_by(pl.col("place").alias("location_id"), "part_id", "period_start")
        .agg(
            demand=pl.when(pl.col("demand").is_null().any())
            .then(None)
            .otherwise(pl.col("demand").sum()),
            floor=pl.col("floor").sum(),
        )
        .sort("location_id", "part_id", "period_start")
        .with_columns(shift=pl.lit(None, dtype=pl.String))
    )
    if summed.is_empty():
        raise InvalidInput(
            "no place of the stock table has demand: use the ids of the lines, or of the stock "
            "points from which lines draw"
        )
    panel = panel_from_frame(summed, periods)
    floor = panel_from_frame(summed.with_columns(demand=pl.col("floor")), periods).demand
    return RefillData(
        panel=panel,
        floor=floor,
        stock=stock,
        deliveries=conform_table(deliveries, DELIVERIES_SCHEMA),
        lead_minutes=None if plant is None else _rule_minutes(plant, panel.series),
    )


def _place_of(plant: Plant | None, held: set[tuple[str, str]], line: str, part: str) -> str | None:
    """The line itself where it holds stock, else the stock point that it draws from."""
    if (line, part) in held:
        return line
    if plant is None or line not in plant.location_by_id:
        return None
    try:
        point = plant.stock_point_of(line)
    except NotFound:
        return None
    return point if (point, part) in held else None


def _rule_minutes(plant: Plant, series: Sequence[tuple[str, str]]) -> FloatArray:
    """Longest wait for a vehicle plus the longest transit of the usual lane; NaN without a rule."""
    found = np.full(len(series), np.nan)
    for row, key in enumerate(series):
        rule = plant.supply_rule.get(key)
        lane = plant.lane_by_id.get(rule.lane_ids[0]) if rule and rule.lane_ids else None
        if lane is None or not lane.departures:
            continue
        minutes = [at.hour * 60 + at.minute for at in lane.departures]
        gaps = np.diff([*minutes, minutes[0] + 1440])
        found[row] = float(gaps.max()) + lane.closes_minutes + lane.transit.high
    return found


def _periods(demand: pl.DataFrame, calendar: ShiftCalendar) -> tuple[Period, ...]:
    first, last = demand["period_start"].min(), demand["period_start"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    return shift_periods(calendar, first, last + timedelta(microseconds=1))


def _counted(books: Books) -> pl.DataFrame:
    """Counts, with the thresholds that people keep in the supply rules; on order is not known."""
    with books.store.read() as tx:
        counts = events_between(tx, types=[EventType.COUNTED])
    rules = books.plant.supply_rule
    rows = {
        (each.location_id, each.part_id, each.occurred_at): each.quantity
        for each in counts
        if each.part_id is not None
    }
    made = [
        (place, part, at, on_hand, rule.reorder_point if rule else None)
        for (place, part, at), on_hand in rows.items()
        for rule in [rules.get((place, part))]
    ]
    names = ["location_id", "part_id", "period_start", "on_hand", "reorder_point"]
    schema = {name: STOCK_SCHEMA[name] for name in names}
    return conform_table(pl.DataFrame(made, schema=schema, orient="row"), STOCK_SCHEMA)


def _table(books: Books, name: str, schema: pl.Schema) -> pl.DataFrame:
    """A table of the world that was generated into the workspace; without rows where none was."""
    made = books.workspace.folder / WORLD / name
    if not made.is_dir():
        return pl.DataFrame(schema=schema)
    return conform_table(pl.read_parquet(made), schema)

"""``explore``: look at a demand frame from all sides."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from supplynet.core.network import Plant
from supplynet.errors import InvalidInput
from supplynet.frames.aliases import to_polars
from supplynet.frames.exploration.abc_xyz import abc_xyz
from supplynet.frames.exploration.correlations import correlations
from supplynet.frames.exploration.demand_class import demand_class
from supplynet.frames.exploration.distributions import distributions
from supplynet.frames.exploration.driver_grid import DriverSeries, driver_series, plan_series
from supplynet.frames.exploration.halts import halts
from supplynet.frames.exploration.lead_times import lead_times
from supplynet.frames.exploration.missing import missing
from supplynet.frames.exploration.over_time import over_time
from supplynet.frames.exploration.page import Exploration
from supplynet.frames.exploration.patterns import heat_map
from supplynet.frames.exploration.seasonality import seasonality
from supplynet.frames.exploration.series_facts import series_facts
from supplynet.frames.exploration.series_table import series_table
from supplynet.frames.exploration.source import Source, make_source
from supplynet.frames.exploration.summary import summary
from supplynet.frames.exploration.unusual import unusual
from supplynet.frames.tables import (
    DELIVERIES_SCHEMA,
    DRIVERS_SCHEMA,
    PLAN_SCHEMA,
    conform_table,
)

_TITLE = "What the demand shows"
_FINDINGS = pl.Schema(
    {
        "rule": pl.String(),
        "location_id": pl.String(),
        "part_id": pl.String(),
    }
)
_COST_NAMES = ("unit_cost", "cost", "price", "value")


def explore(
    demand: object,
    *,
    plant: Plant | None = None,
    deliveries: object | None = None,
    drivers: object | None = None,
    plan: object | None = None,
    costs: object | None = None,
    findings: object | None = None,
    now: datetime | None = None,
    title: str | None = None,
) -> Exploration:
    """Everything the page says about a demand frame, as objects; nothing is read or written.

    Args:
        demand: Any table that ``ensure_demand`` takes: shifts or days, consumption or sales.
        plant: Gives the zone of days and clock times (UTC without it), the working days, the word
            for a location, and unit costs where parts have them.
        deliveries: A table of ``DELIVERIES_SCHEMA``, for lead times.
        drivers: A table of ``DRIVERS_SCHEMA``, to be correlated with consumption.
        plan: A table of ``PLAN_SCHEMA``; planned units are a driver of their line.
        costs: Cost of one unit: ``{part_id: cost}`` or a table with ``part_id, unit_cost``. Parts
            are then ranked by value instead of quantity; a part without a cost counts as free.
        findings: Rows of the quality report, or effects of a generated world: ``rule`` (or
            ``kind``), ``location_id, part_id``. Halts name their parts where these do.
        now: Aware moment; later rows are left out, open orders past their due time are overdue.
            Without it the page says nothing of when it was made.
        title: Of the page; the plant's name when not given.

    Raises:
        InvalidInput: A table cannot be read, a cost is not a number from 0 on, or ``now`` is naive.
    """
    if now is not None and now.tzinfo is None:
        raise InvalidInput("now has no time zone; pass an aware moment, e.g. in UTC")
    source = make_source(demand, plant=plant, costs=_costs(costs, plant), now=now)
    rows = _findings(findings)
    orders = None if deliveries is None else _table(deliveries, DELIVERIES_SCHEMA)
    facts = series_facts(source)
    found = (
        summary(source, rows),
        over_time(source),
        distributions(source),
        heat_map(source),
        seasonality(source),
        demand_class(source),
        abc_xyz(source),
        halts(source, rows),
        lead_times(source, orders),
        correlations(source, _drivers(source, drivers, plan)),
        missing(source),
        unusual(source, facts),
        series_table(source, facts),
    )
    return Exploration(
        title=title or _title(plant),
        zone=source.zone,
        now=now,
        sections={section.key: section for section in found},
    )


def _title(plant: Plant | None) -> str:
    return f"{plant.name}: {_TITLE[0].lower()}{_TITLE[1:]}" if plant and plant.name else _TITLE


def _table(data: object, schema: pl.Schema) -> pl.DataFrame:
    return conform_table(to_polars(data), schema)


def _drivers(source: Source, drivers: object | None, plan: object | None) -> list[DriverSeries]:
    made: list[DriverSeries] = []
    if drivers is not None:
        made += driver_series(source, _table(drivers, DRIVERS_SCHEMA))
    if plan is not None:
        made += plan_series(source, _table(plan, PLAN_SCHEMA))
    return made


def _findings(findings: object | None) -> pl.DataFrame | None:
    if findings is None:
        return None
    frame = to_polars(findings)
    if "rule" not in frame.columns and "kind" in frame.columns:
        frame = frame.rename({"kind": "rule"})
    if "rule" not in frame.columns:
        raise InvalidInput(
            f"findings need a column rule or kind; there are {', '.join(frame.columns)}"
        )
    return conform_table(frame, _FINDINGS).drop_nulls("rule")


def _costs(costs: object | None, plant: Plant | None) -> dict[str, float]:
    """Cost of one unit by part; the plant's own where none are given, empty when it has none."""
    if costs is None:
        known = {p.part_id: p.unit_cost for p in (plant.parts if plant else ())}
        return known if any(cost > 0 for cost in known.values()) else {}
    given = _cost_pairs(costs)
    for part, cost in given.items():
        if not (isinstance(cost, int | float) and math.isfinite(cost) and cost >= 0):
            raise InvalidInput(f"cost {cost!r} of part {part} is not a number from 0 on")
    return {part: float(cost) for part, cost in given.items()}


def _cost_pairs(costs: object) -> dict[str, Any]:
    if isinstance(costs, Mapping) and all(isinstance(v, int | float) for v in costs.values()):
        return {str(part): cost for part, cost in costs.items()}
    frame = to_polars(costs)
    column = next((name for name in _COST_NAMES if name in frame.columns), None)
    if column is None or "part_id" not in frame.columns:
        raise InvalidInput(
            f"costs need the columns part_id and unit_cost; there are {', '.join(frame.columns)}"
        )
    pairs = frame.select(pl.col("part_id").cast(pl.String), column).drop_nulls()
    return dict(pairs.iter_rows())

"""M5 (Walmart): store x department and single items, the last 28 days.

What calendars say long before is given as drivers: SNAP days of the store's state, four kinds of
events, their eves, and the day of the month; store, state and department are static facts. Stores
are closed on 25 December. The figures cannot be compared with the competition's, which
forecast later days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from benchmarks.accuracy import sets
from benchmarks.accuracy.sets import AccuracySet
from benchmarks.accuracy.wrmsse import LEVELS, wrmsse

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.quantiles import QUANTILES, mean
from supplynet.frames.inputs import FeatureInputs
from supplynet.frames.panel import Panel, Period, daily_periods

FIRST, LAST = date(2011, 1, 29), date(2016, 4, 24)
HORIZON = 28
EVENTS = ("Cultural", "National", "Religious", "Sporting")
# Chosen on four blocks of 28 days before these (three months, and the same days a year ago): the
# defaults are for a few hundred days, here are 1,913.
TUNED = {"rounds": 150, "leaves": 31, "learning_rate": 0.05, "most_rows": 150_000}
Drivers = dict[tuple[str, str], list[float]]  # of each driver and state: a value per day


def store_departments(folder: Path, quick: bool) -> AccuracySet:
    """70 series of store and department, judged by the competition's error."""
    sales = pl.read_parquet(folder / "store_dept_daily.parquet")
    panel, known = _panel(sales, "dept_id", folder)
    scale = pl.read_parquet(folder / "wrmsse_scale.parquet")
    kept = panel.tail(400) if quick else panel
    return AccuracySet(
        title="M5 store x department",
        panel=kept,
        test=HORIZON,
        steps=HORIZON,
        every=HORIZON,
        models=sets.settings(*sets.SIMPLE, *sets.GLOBAL, "theta", "ensemble", lightgbm=TUNED),
        judged="wrmsse_levels_1_to_9",
        lookback=56,
        known={name: values[:, -len(kept.periods) :] for name, values in known.items()},
        scores=partial(_errors, kept.series, scale),
        note="arima and ets would take minutes each",
    )


def items(folder: Path, quick: bool) -> AccuracySet:
    """21 series of one item in one store, half of their days without a sale."""
    sales = pl.read_parquet(folder / "item_full_history.parquet")
    panel, known = _panel(sales, "item_id", folder)
    kept = panel.tail(400) if quick else panel
    return AccuracySet(
        title="M5 items",
        panel=kept,
        test=HORIZON,
        steps=HORIZON,
        every=HORIZON,
        models=sets.settings(
            *sets.SIMPLE, *sets.INTERMITTENT, *sets.GLOBAL, "theta", "ets", "ensemble"
        ),
        judged="rmsse",
        lookback=56,
        known={name: values[:, -len(kept.periods) :] for name, values in known.items()},
        given={"all_zero": sets.zeros(kept)},
        note="arima would take minutes; all_zero tells what MASE and RMSSE say of nothing",
    )


def _panel(sales: pl.DataFrame, part: str, folder: Path) -> tuple[Panel, dict[str, FloatArray]]:
    """The panel with drivers, and the drivers as arrays, shape (series, period)."""
    christmas = {date(year, 12, 25) for year in range(FIRST.year, LAST.year + 1)}
    periods = daily_periods(FIRST, LAST + timedelta(days=1), holidays=christmas)
    panel = sets.panel_of(sales, ("store_id", part), "date", "units", periods)
    drivers = _drivers(pl.read_parquet(folder / "calendar.parquet"), len(periods))
    stores = [store for store, _ in panel.series]
    table = _table(drivers, sorted(set(stores)), periods)
    known = {
        name: np.array([drivers[name, store[:2]] for store in stores])
        for name in dict.fromkeys(name for name, _ in drivers)
    }
    facts = [
        {"location_id": store, "part_id": part, "state": store[:2], "store": store, "kind": part}
        for store, part in panel.series
    ]
    inputs = FeatureInputs(drivers=table, statics=pl.DataFrame(facts))
    return replace(panel, inputs=inputs), known


def _drivers(calendar: pl.DataFrame, days: int) -> Drivers:
    """1 on days of the kind, 0 on others; the day of the month in thirds of a month."""
    rows = calendar.sort("date")
    found: Drivers = {}
    for state in ("CA", "TX", "WI"):
        columns = {"snap": rows[f"snap_{state}"].cast(pl.Float64)}
        columns["month_day"] = rows["date"].dt.day() / 10
        for kind in EVENTS:
            either = (pl.col("event_type_1") == kind) | (pl.col("event_type_2") == kind)
            day = rows.select(either.fill_null(value=False).cast(pl.Float64)).to_series()
            columns[f"event_{kind.lower()}"] = day
            columns[f"eve_{kind.lower()}"] = day.shift(-1, fill_value=0.0)
        found |= {(name, state): day.head(days).to_list() for name, day in columns.items()}
    return found


def _table(drivers: Drivers, stores: Iterable[str], periods: tuple[Period, ...]) -> pl.DataFrame:
    """``DRIVERS_SCHEMA``; all of it is printed in calendars long before."""
    starts = [period.start for period in periods]
    names = dict.fromkeys(name for name, _ in drivers)
    one = [
        pl.DataFrame({"at": starts, "value": drivers[name, store[:2]]}).with_columns(
            driver=pl.lit(name), location_id=pl.lit(store), known_at=pl.lit(starts[0])
        )
        for store in stores
        for name in names
    ]
    return pl.concat(one)


def _errors(
    series: tuple[tuple[str, str], ...],
    scale: pl.DataFrame,
    quantiles: FloatArray,
    actual: FloatArray,
) -> dict[str, float]:
    points = mean(quantiles[0], QUANTILES)
    errors = [wrmsse(points, actual[0], series, level, scale) for level in LEVELS]
    return {"wrmsse_level_9": errors[-1], "wrmsse_levels_1_to_9": float(np.mean(errors))}

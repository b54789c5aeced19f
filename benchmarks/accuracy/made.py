"""The generator's data, with an oracle: a forecast from the means that it drew from.

The oracle knows the mean of every period and puts a negative binomial around it, whose spread is
that of the series' history about its means. It knows no shocks; one row of it knows the last plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from benchmarks.accuracy import sets
from benchmarks.accuracy.sets import AccuracySet
from scipy.stats import nbinom

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.inputs import FeatureInputs
from supplynet.frames.panel import Panel, daily_periods, panel_from_frame, shift_periods
from supplynet.frames.synthetic import (
    Scenario,
    generate_demand,
    generate_sales,
    history_of,
    read_scenario,
    scenario_plant,
)
from supplynet.frames.synthetic.sales import SALES_DEMAND
from supplynet.frames.synthetic.scenario import SalesShape

START = date(2025, 1, 1)
_POISSON = 1e6  # size of a negative binomial that is one for every purpose
_AHEAD, _EVERY, _CUTOFFS = 14, 9, 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """A panel and the means that it was drawn from.

    Attributes:
        panel: As recorded.
        means: Of each oracle, shape (series, period).
        known: See ``AccuracySet.known``.
    """

    panel: Panel
    means: dict[str, FloatArray]
    known: dict[str, FloatArray]

    def oracles(self, first: int) -> dict[str, FloatArray]:
        """Quantiles of each oracle, its spread learnt from the periods before ``first``."""
        return {
            name: oracle_quantiles(mean, self.panel.demand, first)
            for name, mean in self.means.items()
        }


def sales(seed: int, quick: bool) -> tuple[AccuracySet, dict[str, FloatArray]]:
    """Daily sales as ``DataService`` makes them, four weeks in steps of seven days; their means."""
    made = made_sales(seed, warehouses=1 if quick else 5, days=200 if quick else 393)
    models = (*sets.SIMPLE, *sets.INTERMITTENT, *sets.GLOBAL, "theta", "ets", "ensemble")
    one = AccuracySet(
        title="made sales",
        panel=made.panel,
        test=28,
        steps=7,
        every=7,
        models=sets.settings(*models),
        lookback=56,
        given=made.oracles(len(made.panel.periods) - 28),
    )
    return one, made.means


def plant(seed: int, quick: bool) -> tuple[AccuracySet, dict[str, FloatArray]]:
    """A plant in two shifts for a year, 14 shifts ahead, with its production plan; its means."""
    made = made_plant(seed, "small" if quick else "medium")
    test = _AHEAD + _EVERY * (_CUTOFFS - 1)
    one = AccuracySet(
        title="made plant per shift",
        panel=made.panel,
        test=test,
        steps=_AHEAD,
        every=_EVERY,
        models=sets.settings(*sets.SIMPLE, *sets.INTERMITTENT, *sets.GLOBAL, "ensemble"),
        lookback=112,
        known=made.known,
        given=made.oracles(len(made.panel.periods) - test),
        note="peers are told the first plan of each shift, which no cutoff precedes; "
        "statistics of single series would take minutes",
    )
    return one, made.means


SETS: dict[str, Callable[[int, bool], tuple[AccuracySet, dict[str, FloatArray]]]] = {
    "plant": plant,
    "sales": sales,
}
"""A set, and the mean of each oracle, the best informed last, shape (series, period)."""


def made_sales(seed: int, *, warehouses: int, days: int, **shape: Any) -> Made:
    """Sales of 20 SKUs in each warehouse; ``shape`` changes ``SALES_DEMAND``."""
    scenario = Scenario(
        start=START,
        days=days,
        demand=replace(SALES_DEMAND, **shape),
        sales=SalesShape(warehouses=warehouses, skus=20),
    )
    truth = generate_sales(scenario, seed).truth
    periods = daily_periods(START, START + timedelta(days=days))
    demand, mean = (
        sets.panel_of(truth, ("warehouse_id", "sku_id"), "date", column, periods)
        for column in ("units_sold", "mean")
    )
    return Made(panel=demand, means={"oracle": mean.demand}, known={})


def made_plant(seed: int, name: str) -> Made:
    """A scenario's plant as it was recorded: halted shifts were not observed."""
    scenario = read_scenario(name)
    plant = scenario_plant(scenario, seed)
    made = generate_demand(
        plant,
        start=scenario.start,
        days=scenario.days,
        seed=seed,
        shape=scenario.demand,
        plan=scenario.plan,
    )
    history = history_of(made, scenario.supply, seed=seed)
    calendar = plant.calendar_of(made.lines[0])
    last = made.periods[-1]
    periods = shift_periods(calendar, made.periods[0].start, last.end)
    assert [period.start for period in periods] == [shift.start for shift in made.periods]
    panel = panel_from_frame(history.demand, periods)
    assert panel.series == made.series
    return Made(
        panel=replace(panel, inputs=FeatureInputs(plan=made.plan)),
        means={"oracle": made.mean, "oracle with the plan": made.mean_given_plan},
        known={"planned_units": _first_plan(made.plan, panel)},
    )


def oracle_quantiles(mean: FloatArray, demand: FloatArray, first: int) -> FloatArray:
    """Negative binomials of these means, shape (series, period, quantile).

    Args:
        mean: Shape (series, period).
        demand: What was observed, NaN = not observed; same shape.
        first: Periods from which the spread is learnt: the variance beyond a Poisson's, as a
            share of the squared mean.
    """
    seen = ~np.isnan(demand[:, :first])
    level = np.where(seen, mean[:, :first], 0.0)
    error = np.where(seen, demand[:, :first] - mean[:, :first], 0.0)
    beyond = (error**2 - level).sum(axis=1) / np.maximum((level**2).sum(axis=1), 1e-12)
    size = np.minimum(1 / np.maximum(beyond, 1 / _POISSON), _POISSON)[:, None]
    found = np.zeros((*mean.shape, len(QUANTILES)))
    ahead = np.maximum(mean[:, first:], 0.0)
    for place, level_wanted in enumerate(QUANTILES):
        found[:, first:, place] = nbinom.ppf(level_wanted, size, size / (size + ahead))
    return found


def _first_plan(plan: pl.DataFrame, panel: Panel) -> FloatArray:
    """Units of each series' line as first announced, shape (series, period)."""
    first = (
        plan.sort("recorded_at")
        .group_by("location_id", "product", "period_start")
        .agg(pl.col("units").first())
        .group_by("location_id", "period_start")
        .agg(pl.col("units").sum())
    )
    units = {(line, start): float(count) for line, start, count in first.iter_rows()}
    starts = panel.period_starts
    by_line = {
        line: np.array([units.get((line, start), 0.0) for start in starts])
        for line in dict.fromkeys(line for line, _ in panel.series)
    }
    return np.stack([by_line[line] for line, _ in panel.series])

"""Forecast error of every model on real daily sales: M5, store x department, the last 28 days.

70 series. Protocol of the data's notes: 2016-03-28 to 2016-04-24 are forecast at once from the day
before, everything earlier is history. WRMSSE is that of the M5 competition (level 9 = store x
department, and the mean of levels 1 to 9 from sums of the same forecasts), with the mean as point
forecast; MASE judges the median. Figures cannot be compared with the competition's, which forecast
later days. Needs the data: ``SHARED_DATA``, or ``shared/data`` beside the checkout.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from supplynet.cli.benchmarking import Result, Setup
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import MissingExtra
from supplynet.forecast import registry
from supplynet.forecast.backtest import Backtest, backtest
from supplynet.forecast.model import Estimator
from supplynet.forecast.quantiles import QUANTILES, coverage, mean
from supplynet.frames.panel import Panel, daily_periods

HORIZON = 28
FIRST, LAST = date(2011, 1, 29), date(2016, 4, 24)
MODELS = (
    *("naive", "moving_average", "lightgbm", "random_forest"),
    *("lstm", "gru", "mlp", "nhits", "transformer", "ensemble"),
)
"""The backtest adds the baselines. ETS, theta and ARIMA would take minutes each."""
QUICK = ("moving_average", "lightgbm", "mlp")
Series = tuple[str, str]
_LEVELS: dict[int, Callable[[str, str], str]] = {
    1: lambda _store, _dept: "all",
    2: lambda store, _dept: _head(store),
    3: lambda store, _dept: store,
    4: lambda _store, dept: _head(dept),
    5: lambda _store, dept: dept,
    6: lambda store, dept: f"{_head(store)}/{_head(dept)}",
    7: lambda store, dept: f"{_head(store)}/{dept}",
    8: lambda store, dept: f"{store}/{_head(dept)}",
    9: lambda store, dept: f"{store}/{dept}",
}
"""Key of each level's series, from store (``CA_1``) and department (``FOODS_1``)."""


def run(setup: Setup) -> Result:
    folder = _data_folder(setup.checkout)
    if folder is None:
        return Result(skipped="no folder m5_walmart in SHARED_DATA or in shared/data beside us")
    panel = _panel(pl.read_parquet(folder / "store_dept_daily.parquet"))
    if setup.quick:
        panel = panel.tail(400)
    scale = pl.read_parquet(folder / "wrmsse_scale.parquet")
    estimators = _estimators(setup)
    setup.report(0.1, f"fitting {', '.join(estimators)}")
    found = backtest(estimators, panel, periods=HORIZON, steps=HORIZON)
    return Result(
        params={
            "data": "M5, store x department",
            "series": len(panel.series),
            "history_days": len(panel.periods) - HORIZON,
            "test": f"{panel.periods[-HORIZON].local_date} to {panel.periods[-1].local_date}",
            "horizon": HORIZON,
            "cutoffs": 1,
        },
        rows=[_row(row, found, scale) for row in found.table.to_dicts()],
    )


def _data_folder(checkout: Path) -> Path | None:
    given = os.environ.get("SHARED_DATA")
    root = Path(given) if given else checkout.parent / "shared" / "data"
    folder = root / "m5_walmart"
    return folder if folder.is_dir() else None


def _panel(sales: pl.DataFrame) -> Panel:
    """Stores are closed on 25 December: known ahead, as a planner would know it."""
    christmas = {date(year, 12, 25) for year in range(FIRST.year, LAST.year + 1)}
    periods = daily_periods(FIRST, LAST + timedelta(days=1), holidays=christmas)
    wide = sales.pivot(on="date", index=["store_id", "dept_id"], values="units", sort_columns=True)
    wide = wide.sort("store_id", "dept_id")
    series = tuple(wide.select("store_id", "dept_id").iter_rows())
    demand = wide.drop("store_id", "dept_id").to_numpy().astype(np.float64)
    return Panel(series=series, periods=periods, demand=demand)


def _estimators(setup: Setup) -> dict[str, Estimator]:
    """Every model that is installed; a few small ones when it shall be quick."""
    found: dict[str, Estimator] = {}
    for name in QUICK if setup.quick else MODELS:
        try:
            known = registry.settings_of(name)
        except MissingExtra:
            continue
        given: dict[str, Any] = {"seed": setup.seed, "horizon": HORIZON}
        if setup.quick:
            given |= {"epochs": 1}
        settings = {key: value for key, value in given.items() if key in known}
        found[name] = registry.estimator(name, **settings)
    return found


def _row(row: dict[str, Any], found: Backtest, scale: pl.DataFrame) -> dict[str, Any]:
    quantiles = found.outcomes[row["model"]].quantiles[0]
    points, actual = mean(quantiles, QUANTILES), found.actual[0]
    errors = [wrmsse(points, actual, found.series, level, scale) for level in _LEVELS]
    return {
        "table": "errors on the test days",
        "model": row["model"],
        "wrmsse_level_9": errors[-1],
        "wrmsse_levels_1_to_9": float(np.mean(errors)),
        "mase": row["mase"],
        "wape": row["wape"],
        "pinball": row["pinball"],
        "bias": row["bias"],
        "coverage_50": float(np.nanmean(coverage(quantiles, QUANTILES, actual, 0.5))),
        "coverage_80": row["coverage_80"],
        "coverage_98": float(np.nanmean(coverage(quantiles, QUANTILES, actual, 0.98))),
        "fit_seconds": row["fit_seconds"],
        "predict_seconds": row["predict_seconds"],
    }


def wrmsse(
    points: FloatArray,
    actual: FloatArray,
    series: tuple[Series, ...],
    level: int,
    scale: pl.DataFrame,
) -> float:
    """Weighted root mean squared scaled error of one level (Makridakis et al. 2022, eq. 1 and 2).

    Args:
        points: Forecast, shape (series, step).
        actual: What happened, shape (series, step).
        series: Store and department of each row.
        level: 1 to 9.
        scale: ``level, key, train_mse, weight``; the weights of one level sum to 1/12.
    """
    rows = scale.filter(pl.col("level") == level)
    column = {key: index for index, key in enumerate(rows["key"])}
    member = np.zeros((len(column), len(series)))
    for index, (store, dept) in enumerate(series):
        member[column[_LEVELS[level](store, dept)], index] = 1.0
    squared = np.mean((member @ (points - actual)) ** 2, axis=1)
    weight = rows["weight"].to_numpy()
    scaled = np.sqrt(squared / rows["train_mse"].to_numpy())
    return float((weight / weight.sum()) @ scaled)


def _head(name: str) -> str:
    return name.split("_", maxsplit=1)[0]

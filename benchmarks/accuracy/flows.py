"""Car parts by the month, and the flows of a factory by the day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import polars as pl
from benchmarks.accuracy import sets
from benchmarks.accuracy.sets import AccuracySet

from supplynet.frames.panel import daily_periods
from supplynet.frames.periods import regular_periods

_MONTHS = 12
_NEURAL = {"lookback": 10}  # of 39 months


def car_parts(folder: Path, quick: bool) -> AccuracySet:
    """2,674 parts, three months in four without demand; the last year."""
    sales = pl.read_parquet(folder / "demand.parquet").with_columns(shop=pl.lit("shop"))
    if quick:
        sales = sales.filter(pl.col("part_id").is_in(sales["part_id"].unique().sort().head(40)))
    first, last = (
        datetime.combine(day, time(), UTC)
        for day in (sales["month"].min(), sales["month"].max())
        if isinstance(day, date)
    )
    periods = regular_periods("1mo", first, last)
    panel = sets.panel_of(sales, ("shop", "part_id"), "month", "units", periods)
    return AccuracySet(
        title="car parts",
        panel=panel,
        test=_MONTHS,
        steps=_MONTHS,
        every=_MONTHS,
        models=sets.settings(
            *(*sets.SIMPLE, *sets.INTERMITTENT, *sets.GLOBAL, "ensemble"),
            **dict.fromkeys(sets.NEURAL, _NEURAL),
        ),
        judged="pinball",
        lookback=12,
        given={"all_zero": sets.zeros(panel)},
        note="MASE, MAE and RMSSE reward forecasting nothing here: look at pinball and bias",
    )


def supplygraph(folder: Path, quick: bool) -> AccuracySet:
    """Orders, production, issues and deliveries of 41 products in 221 days."""
    flows = pl.read_parquet(folder / "flows.parquet").filter(pl.col("measure") == "unit")
    if quick:
        flows = flows.filter(pl.col("product").is_in(flows["product"].unique().sort().head(5)))
    first, last = flows["date"].min(), flows["date"].max()
    assert isinstance(first, date)
    assert isinstance(last, date)
    periods = daily_periods(first, last + timedelta(days=1))
    panel = sets.panel_of(flows, ("flow", "product"), "date", "value", periods)
    return AccuracySet(
        title="SupplyGraph flows",
        panel=panel,
        test=28,
        steps=7,
        every=7,
        models=sets.settings(
            *(*sets.SIMPLE, *sets.INTERMITTENT, *sets.GLOBAL, "theta", "ets", "ensemble")
        ),
        lookback=56,
        note="half of the days of a flow are without any",
    )

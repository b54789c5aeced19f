"""The tasks of ``bench data`` as one would write them in pandas; prints what they took as JSON.

Usage: python data_pandas.py generate|import|features ARGUMENT...
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped,unused-ignore]  # in the peer's environment only


def generate(target: str, series: str, days: str) -> int:
    """Daily sales with the same columns and most of the same shapes, to Parquet."""
    rng = np.random.default_rng(1)
    names = [f"SKU-{n:05d}" for n in range(int(series))]
    dates = pd.date_range("2024-01-01", periods=int(days), freq="D")
    index = pd.MultiIndex.from_product([names, dates], names=["sku_id", "date"])
    frame = index.to_frame(index=False)
    level = pd.Series(rng.lognormal(3.2, 0.6, len(names)), index=names)
    weekday = pd.DataFrame(rng.uniform(0.75, 1.25, (len(names), 7)), index=names)
    trend = pd.Series(rng.uniform(-0.1, 0.2, len(names)), index=names)
    years = (frame["date"] - dates[0]).dt.days / 365.25
    mean = frame["sku_id"].map(level) * np.exp(frame["sku_id"].map(trend) * years)
    mean *= (
        weekday.stack()
        .reindex(pd.MultiIndex.from_arrays([frame["sku_id"], frame["date"].dt.day_of_week]))
        .to_numpy()
    )
    mean *= 1 + 0.15 * np.sin(2 * np.pi * years)
    mean *= np.where(rng.random(len(frame)) < 0.03, 1.6, 1.0)  # promotions
    rare = frame["sku_id"].isin(names[4::5])
    mean *= np.where(rare & (rng.random(len(frame)) > 0.25), 0.0, 1.0)
    shock = pd.Series(rng.normal(0, 0.06, len(frame))).groupby(frame["sku_id"], sort=False)
    mean *= np.exp(shock.transform(lambda one: one.ewm(alpha=0.4).mean()))
    frame["mean"] = mean
    frame["units_sold"] = rng.poisson(mean * rng.gamma(25, 1 / 25, len(frame)))
    frame["warehouse_id"] = "WH001"
    frame["order_id"] = [f"ORD-{n:08d}" for n in range(len(frame))]
    clients = np.array([f"CL-{n:03d}" for n in range(200)])
    weight = 1 / np.arange(1, 201)
    frame["client_id"] = rng.choice(clients, len(frame), p=weight / weight.sum())
    frame["location_lat"], frame["location_lng"] = 51.0, 10.0
    frame.to_parquet(target, compression="zstd")
    return len(frame)


def import_csv(source: str, target: str) -> int:
    """Read, check roughly, sum days, fill the days between with 0, write Parquet by month."""
    frame = pd.read_csv(source, dtype={"warehouse_id": "string", "sku_id": "string"})
    frame["date"] = pd.to_datetime(frame["date"], format="%Y-%m-%d", errors="raise")
    if frame.isna().to_numpy().any() or (frame["units_sold"] < 0).any():
        raise SystemExit("bad cells")
    if frame.duplicated().any():
        raise SystemExit("duplicated rows")
    rows = len(frame)
    days = frame.groupby(["warehouse_id", "sku_id", "date"], observed=True)["units_sold"].sum()
    filled = (
        days.reset_index()
        .set_index("date")
        .groupby(["warehouse_id", "sku_id"], observed=True)["units_sold"]
        .apply(lambda one: one.asfreq("D", fill_value=0))
        .reset_index()
    )
    for month, part in filled.groupby(filled["date"].dt.strftime("%Y-%m")):
        part.to_parquet(Path(target) / f"{month}.parquet", compression="zstd")
    return rows


def features(source: str) -> int:
    """The default features of ``supplynet.frames.features``, but for distances to holidays."""
    frame = pd.read_csv(source, parse_dates=["date"]).sort_values(["sku_id", "date"])
    frame = frame.reset_index(drop=True)
    series = frame["sku_id"]
    target = frame.groupby(series, sort=False)["units_sold"]
    seen = target.shift(1)  # everything looks back from the day before
    found = _calendar(frame["date"].dt)
    found |= {f"lag_{k}": target.shift(k) for k in (1, 2, 3, 7, 14, 21, 28)}
    found["slot_mean"] = sum(found[f"lag_{k}"] for k in (7, 14, 21, 28)) / 4
    found |= _rolled(seen, series)
    found |= _rhythm(seen, series, frame.groupby(series, sort=False).cumcount().astype(float))
    line = frame["date"]
    found["pace"] = (found["mean_3"] / found["mean_28"]).groupby(line).transform("mean")
    found["share"] = found["mean_28"] / found["mean_28"].groupby(line).transform("sum")
    table = pd.concat([frame, pd.DataFrame(found).astype("float32")], axis=1)
    return len(table)


def _calendar(dates: Any) -> dict[str, Any]:
    turn = 2 * np.pi * (dates.day_of_year - 1) / 365
    return {
        "day_of_week": dates.day_of_week,
        "day_of_month": dates.day,
        "week_of_year": dates.isocalendar().week,
        "month": dates.month,
        "quarter": dates.quarter,
        "year_sine": np.sin(turn),
        "year_cosine": np.cos(turn),
        "is_weekend": dates.day_of_week >= 5,
        "is_month_end": dates.is_month_end,
    }


def _roll(values: Any, series: Any, window: int) -> Any:
    return values.groupby(series, sort=False).rolling(window, min_periods=1)


def _flat(values: Any) -> Any:
    return values.reset_index(level=0, drop=True)


def _rolled(seen: Any, series: Any) -> dict[str, Any]:
    month = _roll(seen, series, 28)
    found = {f"mean_{w}": _flat(_roll(seen, series, w).mean()) for w in (3, 7, 28)}
    found |= {f"std_{w}": _flat(_roll(seen, series, w).std()) for w in (7, 28)}
    found |= {"min": _flat(month.min()), "max": _flat(month.max())}
    found |= {"median": _flat(month.median()), "high": _flat(month.quantile(0.9))}
    found["ewm"] = _flat(seen.groupby(series, sort=False).ewm(halflife=3).mean())
    hours = _flat(_roll(seen.notna() * 24.0, series, 14).sum())
    found["rate"] = _flat(_roll(seen, series, 14).sum()) / hours
    return found


def _rhythm(seen: Any, series: Any, day: Any) -> dict[str, Any]:
    count = _flat(_roll(seen, series, 28).count())
    day_sum = _flat(_roll(day.where(seen.notna()), series, 28).sum())
    square_sum = _flat(_roll((day**2).where(seen.notna()), series, 28).sum())
    sum_28 = _flat(_roll(seen, series, 28).sum())
    product = _flat(_roll(day * seen, series, 28).sum())
    used = (seen > 0).astype(float)
    every = _flat(_roll(seen, series, 84).count()) / _flat(_roll(used, series, 84).sum())
    sizes = _roll(seen.where(seen > 0), series, 84)
    squared_cv = (_flat(sizes.std()) / _flat(sizes.mean())) ** 2
    last = day.where(seen > 0).groupby(series, sort=False).ffill()
    return {
        "trend": (count * product - day_sum * sum_28) / (count * square_sum - day_sum**2),
        "observed": count / 28,
        "zero_share": _flat(
            _roll((seen == 0).where(seen.notna()).astype(float), series, 28).mean()
        ),
        "since_demand": day - last + 1,
        "interval": _flat(_roll(seen, series, 56).count()) / _flat(_roll(used, series, 56).sum()),
        "demand_class": 2 * (every >= 1.32) + (squared_cv >= 0.49),
    }


TASKS: dict[str, Callable[..., int]] = {
    "generate": generate,
    "import": import_csv,
    "features": features,
}


def main(task: str, *arguments: str) -> dict[str, Any]:
    """Run one task; rows, seconds, CPU seconds and the peak of memory in MB."""
    wall, cpu = perf_counter(), process_time()
    rows = TASKS[task](*arguments)
    return {
        "rows": rows,
        "seconds": perf_counter() - wall,
        "cpu_seconds": process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "version": pd.__version__,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])) + "\n")

"""Demand of starved shifts: estimated, scaled, dropped, or taken for what was consumed.

The truth is the generator's: what each line would have used had nothing been missing. Two worlds:
``halts`` as the generator makes them (short, parts used evenly through a shift), and ``long``: one
period in twenty starves for a random share of it, and which parts were used before is random. A
third table cleans the records of the scenario ``nasty`` and compares every row with what a careful
plant would have recorded; the last one is the speed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from supplynet.cli.benchmarking import Result, Setup
from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.cleaning import STEPS, clean
from supplynet.frames.cleaning.evidence import Indices
from supplynet.frames.cleaning.periods import period_minutes
from supplynet.frames.cleaning.uncensor import Hidden, hidden_demand
from supplynet.frames.demand import DEMAND_SCHEMA, KEY, observe
from supplynet.frames.synthetic import demo_plant, generate_history
from supplynet.frames.synthetic.plant import scenario_plant
from supplynet.frames.synthetic.scenario_file import read_scenario
from supplynet.frames.synthetic.shards import generate_shards

START = date(2025, 1, 1)
HALTS_PER_LINE_MONTH = 3.0
LONG_SHARE = 0.05
SERIES = ("location_id", "part_id")
World = tuple[Plant, pl.DataFrame, FloatArray]
"""Plant, demand frame, true demand of its rows."""


def run(setup: Setup) -> Result:
    days = 60 if setup.quick else 200
    seeds = range(setup.seed, setup.seed + max(2, setup.seeds))
    worlds = {"halts": _halts, "long": _long}
    rows: list[dict[str, Any]] = []
    for place, (name, make) in enumerate(worlds.items()):
        setup.report(0.1 + 0.3 * place, f"starved shifts, {name}")
        rows += _summary(name, [_scores(*make(seed, days)) for seed in seeds])
    setup.report(0.7, "records with mistakes")
    rows += _nasty(setup.seed)
    setup.report(0.85, "speed")
    rows.append(_speed(120 if setup.quick else 1825))
    return Result(
        params={
            "plant": "demo: 27 lines, about 270 series, two shifts a day",
            "days": days,
            "seeds": len(seeds),
            "halts_per_line_month": HALTS_PER_LINE_MONTH,
            "share_of_long_halts": LONG_SHARE,
        },
        rows=rows,
    )


def _halts(seed: int, days: int) -> World:
    plant = demo_plant(seed=seed)
    made = generate_history(
        plant, start=START, days=days, seed=seed, halts_per_line_month=HALTS_PER_LINE_MONTH
    )
    return plant, made.demand, made.truth["true_demand"].to_numpy()


def _long(seed: int, days: int) -> World:
    plant = demo_plant(seed=seed)
    made = generate_history(plant, start=START, days=days, seed=seed, halts_per_line_month=0.0)
    frame, truth = made.demand, made.truth["true_demand"].to_numpy()
    rng = np.random.default_rng([seed, 99])
    minutes = period_minutes(frame, plant)
    lines = frame.select("location_id", "period_start").unique().sort("location_id", "period_start")
    share = np.minimum(1.15 * rng.random(lines.height), 1.0)
    share = np.where(rng.random(lines.height) < LONG_SHARE, share, 0.0)
    found = frame.join(
        lines.with_columns(share=pl.Series(share)),
        on=["location_id", "period_start"],
        how="left",
        maintain_order="left",
    )
    running = minutes - frame["stopped_minutes"].to_numpy()
    starved = np.floor(found["share"].to_numpy() * running)
    served = 1 - np.divide(starved, running, out=np.zeros_like(starved), where=running > 0)
    columns = {
        "consumed": pl.Series(rng.binomial(truth.astype(np.int64), served)),
        "starved_minutes": pl.Series(starved.astype(np.int32)),
        "minutes": pl.Series(minutes),
    }
    bare = frame.drop("rate", "demand").with_columns(**columns)
    return plant, observe(bare, pl.col("minutes")), truth


def _scores(plant: Plant, frame: pl.DataFrame, truth: FloatArray) -> dict[str, dict[str, float]]:
    """Figures of every way to fill the censored rows of one world."""
    hidden = np.flatnonzero(frame["demand"].is_null().to_numpy()).astype(np.int64)
    minutes = period_minutes(frame, plant)
    found = hidden_demand(frame, minutes, hidden)
    scores = {}
    for name, fill in _ways(frame, minutes, found, hidden).items():
        error = fill - truth[hidden]
        whole = frame["demand"].fill_null(np.nan).to_numpy().copy()
        whole[hidden] = fill
        scores[name] = {
            "mae": float(np.abs(error).mean()),
            "bias": float(error.mean()),
            **_levels(frame, whole, truth),
        }
    inside = np.abs(found.demand - truth[hidden]) <= 1.645 * found.standard_error
    scores["estimate"]["coverage_90"] = float(inside.mean())
    return scores


def _ways(
    frame: pl.DataFrame, minutes: FloatArray, found: Hidden, hidden: Indices
) -> dict[str, FloatArray]:
    consumed = frame["consumed"].to_numpy().astype(np.float64)
    mean = frame.select(pl.col("demand").mean().over(SERIES))["demand"].to_numpy()
    weekday = pl.col("period_start").dt.weekday()
    cell = frame.select(pl.col("demand").mean().over(*SERIES, "shift", weekday))["demand"]
    available = minutes - frame["stopped_minutes"].to_numpy()
    running = available - frame["starved_minutes"].to_numpy()
    scaled = consumed * np.divide(available, running, out=np.zeros_like(running), where=running > 0)
    ways = {
        "nothing (consumed is demand)": consumed,
        "dropped (mean of the series)": mean,
        "mean of shift and weekday": np.maximum(cell.fill_null(0).to_numpy(), consumed),
        "scaled by the rate": np.where(running > 0, scaled, mean),
    }
    return {name: values[hidden] for name, values in ways.items()} | {"estimate": found.demand}


def _levels(frame: pl.DataFrame, filled: FloatArray, truth: FloatArray) -> dict[str, float]:
    """What becomes of the mean level of each series, which is what a forecast starts from."""
    means = frame.select(*SERIES, pl.Series("made", filled), pl.Series("true", truth))
    both = means.group_by(SERIES).agg(pl.col("made", "true").mean()).filter(pl.col("true") > 0)
    off = (both["made"] / both["true"] - 1).to_numpy()
    return {"level_bias": float(off.mean()), "level_error": float(np.abs(off).mean())}


def _summary(world: str, scores: list[dict[str, dict[str, float]]]) -> list[dict[str, Any]]:
    rows = []
    for way in scores[0]:
        row: dict[str, Any] = {"table": f"starved shifts, {world}", "way": way}
        for figure in ("mae", "bias", "level_bias", "level_error", "coverage_90"):
            values = np.array([score[way].get(figure, np.nan) for score in scores])
            known = bool(np.isfinite(values).all())
            row[figure] = float(values.mean()) if known else None
            error = values.std(ddof=1) / np.sqrt(len(values))
            row[f"{figure}_error"] = float(error) if known else None
        rows.append(row)
    return rows


def _nasty(seed: int) -> list[dict[str, Any]]:
    """Rows of the scenario's mistakes after cleaning, against a careful plant's record."""
    scenario = read_scenario("nasty")
    plant = scenario_plant(scenario, seed)
    shard = next(iter(generate_shards(scenario, seed, plant)))
    assert shard.raw is not None
    careful = shard.history.demand
    last = careful["period_start"].max()
    assert isinstance(last, datetime)
    steps = [name for name in STEPS if name not in {"impute", "censored"}]
    made = clean(shard.raw.frame, steps, plant=plant, now=last + timedelta(hours=12))
    raw = clean(shard.raw.frame, ["types", "duplicates"]).frame
    effects = shard.raw.effects
    rows = []
    places = {kind: _keys(careful, effects, kind) for kind in sorted(set(effects["kind"]))}
    touched = pl.concat(list(places.values())).unique()
    places["(no mistake)"] = pl.concat([careful.select(KEY), made.frame.select(KEY)]).unique()
    places["(no mistake)"] = places["(no mistake)"].join(touched, on=list(KEY), how="anti")
    for kind, keys in places.items():
        counts = {"table": "records of the scenario nasty", "kind": kind, "rows": keys.height}
        before, after = (_states(careful, frame, keys) for frame in (raw, made.frame))
        rows.append(
            counts
            | {"wrong_before": before["wrong"], **after, "mean_error": _error(careful, made, keys)}
        )
    return rows


def _keys(careful: pl.DataFrame, effects: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Keys of the rows of a mistake; a dead series is one to the end."""
    found = effects.filter(pl.col("kind") == kind)
    end = datetime(2200, 1, 1, tzinfo=UTC)
    if kind == "dead":
        found = found.with_columns(period_end=pl.lit(end, dtype=pl.Datetime("us", "UTC")))
    alone = found.filter(pl.col("period_end").is_null()).select(KEY)
    lasting = found.drop_nulls("period_end").select(
        *SERIES, pl.col("period_start").alias("first"), pl.col("period_end").alias("end")
    )
    start = pl.col("period_start")
    inside = careful.select(KEY).join(lasting, on=list(SERIES))
    inside = inside.filter((start >= pl.col("first")) & (start < pl.col("end"))).select(KEY)
    return pl.concat([alone, inside]).unique()


def _states(careful: pl.DataFrame, frame: pl.DataFrame, keys: pl.DataFrame) -> dict[str, int]:
    """How many of the rows are right, not observed, wrong, lost, or should not be there."""
    both = keys.join(
        careful.select(*KEY, pl.col("demand").alias("true"), pl.lit(1).alias("is_real")),
        on=list(KEY),
        how="left",
    ).join(frame.select(*KEY, "demand", pl.lit(1).alias("is_there")), on=list(KEY), how="left")
    real, there = pl.col("is_real").is_not_null(), pl.col("is_there").is_not_null()
    same = (pl.col("demand") - pl.col("true")).abs() < 0.5
    unknown = pl.col("demand").is_null()
    state = (
        pl.when(~real & there)
        .then(pl.lit("invented"))
        .when(~real)
        .then(pl.lit("right"))
        .when(~there)
        .then(pl.lit("lost"))
        .when(same.fill_null(False) | (unknown & pl.col("true").is_null()))
        .then(pl.lit("right"))
        .when(unknown)
        .then(pl.lit("not_observed"))
        .otherwise(pl.lit("wrong"))
    )
    counts = dict(both.select(state.alias("state")).group_by("state").len().iter_rows())
    names = ("right", "not_observed", "wrong", "lost", "invented")
    return {name: counts.get(name, 0) for name in names}


def _error(careful: pl.DataFrame, made: Any, keys: pl.DataFrame) -> float | None:
    """Sum of what is wrong over the sum of true demand: packs cannot be restored to the piece."""
    both = keys.join(careful.select(*KEY, pl.col("demand").alias("true")), on=list(KEY))
    both = both.join(made.frame.select(*KEY, "demand"), on=list(KEY)).drop_nulls()
    made_up, true = both["demand"].to_numpy(), both["true"].to_numpy()
    return float(np.abs(made_up - true).sum() / true.sum()) if true.sum() else None


def _speed(days: int) -> dict[str, Any]:
    """The whole cleaning of a quiet history, and of one that needs nothing."""
    frame = generate_history(demo_plant(seed=1), start=START, days=days, seed=1).demand
    needless = clean(frame).frame
    row: dict[str, Any] = {"table": "speed", "rows": frame.height}
    timed: dict[str, Callable[[], object]] = {
        "first": lambda: clean(frame),
        "again": lambda: clean(needless),
    }
    for name, call in timed.items():
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        row[f"{name}_seconds"] = time.perf_counter() - wall
        row[f"{name}_cpu_seconds"] = time.process_time() - cpu
    return row | {"columns": len(DEMAND_SCHEMA)}

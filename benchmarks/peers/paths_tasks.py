"""The tasks of ``bench paths``; prints what one took as JSON.

Usage: python paths_tasks.py TASK SERIES SHIFTS PATHS SEED
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from time import perf_counter, process_time
from typing import Any

import numpy as np
from scipy.special import ndtri

from supplynet.core.ids import series_id
from supplynet.core.keyed import name_key, uniform
from supplynet.core.sample_paths import FloatArray
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.engine.process_pool import ProcessExecutor
from supplynet.forecast import registry
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.hierarchy import Hierarchy
from supplynet.forecast.model import Predictor
from supplynet.forecast.path_shards import (
    Sampling,
    predict_in_shards,
    sample_in_shards,
    summarise_in_shards,
)
from supplynet.forecast.paths import QuantileForecast
from supplynet.forecast.quantiles import QUANTILES, at_scores
from supplynet.frames.panel import Panel, Period, shift_periods

START = datetime(2025, 1, 6, 6, tzinfo=UTC)
STEPS, WINDOW, PARTS_OF_LINE, FITTED_ON = 14, (0, 4), 3, 201
CALENDAR = ShiftCalendar(
    calendar_id="made",
    time_zone="UTC",
    patterns=(
        ShiftPattern(name="day", start=time(6), end=time(18)),
        ShiftPattern(name="night", start=time(18), end=time(6)),
    ),
)

Work = Callable[[], int]
"""What is timed; returns how many cells it made."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much of everything."""

    series: int
    shifts: int
    paths: int
    seed: int


def main(task: str, *numbers: str) -> dict[str, Any]:
    """Run one task; cells, seconds and CPU seconds of its work, peaks of memory in MB.

    What the work starts from is made before and not timed; memory is of all.
    """
    series, shifts, paths, seed = map(int, numbers)
    work = TASKS[task](Size(series=series, shifts=shifts, paths=paths, seed=seed))
    wall, cpu = perf_counter(), _cpu_seconds()
    cells = work()
    return {
        "cells": cells,
        "seconds": perf_counter() - wall,
        "cpu_seconds": _cpu_seconds() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "worker_peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime


def _predicted(size: Size) -> Work:
    panel, future, predictor = _case(size)
    return lambda: predict_in_shards(predictor, panel, future).size


def _paths_only(size: Size) -> Work:
    forecast, sampling = _made_forecast(size), _sampling(size)
    return lambda: sum(shard.values.size for shard in sample_in_shards(forecast, sampling))


def _summary(size: Size, *, sums: bool) -> Work:
    forecast, sampling = _made_forecast(size), _sampling(size)
    hierarchy = _sums(forecast.series) if sums else None

    def work() -> int:
        found = summarise_in_shards(forecast, sampling, hierarchy=hierarchy)
        return found.mean.size * size.paths

    return work


def _everything(size: Size, *, workers: int) -> Work:
    """Forecast, paths, quantiles and sums, from the history in memory to the result."""
    panel, future, predictor = _case(size)
    hierarchy, sampling = _sums(panel.series), _sampling(size)

    def work() -> int:
        with ProcessExecutor(workers) as pool:
            executor = pool if workers > 1 else None
            quantiles = predict_in_shards(predictor, panel, future, executor=executor)
            forecast = _forecast(panel.series, future, quantiles)
            found = summarise_in_shards(forecast, sampling, hierarchy=hierarchy, executor=executor)
        return found.mean.size * size.paths

    return work


def _plain_copula(size: Size) -> Work:
    """Own, line and plant shocks of numpy's generator, and an interpolation per cell."""
    from scipy.stats import norm  # takes a second to load, which workers should not

    forecast, shared = _made_forecast(size), Dependence()
    kept = (shared.own_persistence, shared.line_persistence, shared.plant_persistence)

    def work() -> int:
        rng = np.random.default_rng(size.seed)
        lines = [line for line, _ in forecast.series]
        place = {line: index for index, line in enumerate(dict.fromkeys(lines))}
        own, line, plant = (
            _autoregressive(rng.standard_normal((size.paths, count, STEPS)), persistence)
            for count, persistence in zip((len(lines), len(place), 1), kept, strict=True)
        )
        scores = np.sqrt(shared.own) * own + np.sqrt(shared.plant) * plant
        scores += np.sqrt(shared.line) * line[:, [place[name] for name in lines]]
        level = norm.cdf(scores)
        values = np.empty(level.shape, dtype=np.int32)
        for series in range(len(lines)):
            for step in range(STEPS):
                cell = np.interp(level[:, series, step], QUANTILES, forecast.values[series, step])
                values[:, series, step] = np.rint(cell)
        return values.size

    return work


def _keyed_cell_by_cell(size: Size) -> Work:
    """A 64-bit number per key, the inverse normal, and a search among the levels."""
    forecast, shared = _made_forecast(size), Dependence()

    def shocks(purpose: str, keyed: Sequence[str], kept: float) -> FloatArray:
        keys = np.array([name_key(name) for name in keyed], dtype=np.int64)[:, None]
        path = np.arange(size.paths)[:, None, None]
        drawn = uniform(size.seed, f"demand {purpose}", keys, path, np.arange(STEPS))
        return _autoregressive(np.asarray(ndtri(drawn)), kept)

    def work() -> int:
        lines = [line for line, _ in forecast.series]
        place = {line: index for index, line in enumerate(dict.fromkeys(lines))}
        names = [series_id(*name) for name in forecast.series]
        scores = shocks("own", names, shared.own_persistence) * np.sqrt(shared.own)
        line = shocks("line", list(place), shared.line_persistence) * np.sqrt(shared.line)
        scores += line[:, [place[name] for name in lines]]
        scores += shocks("plant", [""], shared.plant_persistence) * np.sqrt(shared.plant)
        values = np.rint(at_scores(forecast.values, QUANTILES, scores)).astype(np.int32)
        return values.size

    return work


TASKS: dict[str, Callable[[Size], Work]] = {
    "predict": _predicted,
    "paths": _paths_only,
    "summary": partial(_summary, sums=False),
    "sums": partial(_summary, sums=True),
    "everything": partial(_everything, workers=1),
    "everything-2": partial(_everything, workers=2),
    "plain": _plain_copula,
    "keyed": _keyed_cell_by_cell,
}


def _autoregressive(shocks: FloatArray, persistence: float) -> FloatArray:
    for step in range(1, STEPS):
        kept = persistence * shocks[..., step - 1]
        shocks[..., step] = kept + np.sqrt(1 - persistence**2) * shocks[..., step]
    return shocks


def _sampling(size: Size) -> Sampling:
    return Sampling(paths=size.paths, seed=size.seed, windows=(WINDOW,))


def _sums(series: Sequence[tuple[str, str]]) -> Hierarchy:
    return Hierarchy.of_names(series).select("total", "part")


def _case(size: Size) -> tuple[Panel, tuple[Period, ...], Predictor]:
    panel, future = _made_panel(size)
    model = registry.estimator("lightgbm", seed=size.seed)
    return panel, future, model.fit(panel.select(panel.series[:FITTED_ON]))


def _names(series: int) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"SR1.ST{i // (4 * PARTS_OF_LINE):04d}.L{i // PARTS_OF_LINE:04d}", f"P-{i % 60:03d}")
        for i in range(series)
    )


def _made_panel(size: Size) -> tuple[Panel, tuple[Period, ...]]:
    days = timedelta(days=(size.shifts + STEPS) // 2)
    periods = shift_periods(CALENDAR, START, START + days)
    history, future = periods[:-STEPS], periods[-STEPS:]
    rng = np.random.default_rng(size.seed)
    level = _levels(rng, size.series)[:, None]
    weekday = np.array([period.local_date.weekday() for period in history])
    night = np.array([0.7 if period.shift == "night" else 1.0 for period in history])
    effects = rng.uniform(0.7, 1.3, (size.series, 7))[:, weekday] * night
    demand = rng.poisson(level * effects).astype(float)
    return Panel(series=_names(size.series), periods=history, demand=demand), future


def _made_forecast(size: Size) -> QuantileForecast:
    rng = np.random.default_rng(size.seed)
    level = np.repeat(_levels(rng, size.series)[:, None], STEPS, axis=1)[..., None]
    values = np.maximum(level + 1.3 * np.sqrt(level) * ndtri(QUANTILES), 0.0)
    future = shift_periods(CALENDAR, START, START + timedelta(days=STEPS // 2))
    return _forecast(_names(size.series), future, values)


def _levels(rng: np.random.Generator, series: int) -> FloatArray:
    """Parts per shift: from less than one to some hundreds."""
    return rng.lognormal(2.0, 1.5, series)


def _forecast(
    series: tuple[tuple[str, str], ...], future: tuple[Period, ...], values: FloatArray
) -> QuantileForecast:
    return QuantileForecast(
        values=values,
        levels=QUANTILES,
        series=series,
        periods=future,
        cutoff=future[0].start,
        model_version="bench",
    )


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))

"""The tasks of ``bench speed`` by SupplyNet; prints what they took as JSON.

Usage: python speed_supplynet.py estimator|service|limit|large TASK.npz ANSWER.npz OPTIONS

``estimator`` fits a model before the first cutoff and forecasts from each; ``service`` is
``retrain_all_models``, from a table of sales to a model on disk; ``limit`` counts the multiply-adds
of the LSTM's training and measures how fast this process multiplies matrices; ``large`` fits a
model on all periods of a large panel and forecasts it once. OPTIONS are settings, as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from time import perf_counter, process_time
from typing import Any

import numpy as np
import polars as pl
import torch

from supplynet import ForecastingService, __version__
from supplynet.core.sample_paths import FloatArray
from supplynet.forecast import registry
from supplynet.forecast.batches import predict_in_batches
from supplynet.forecast.covariates import Covariates
from supplynet.forecast.lstm import Lstm
from supplynet.forecast.neural_examples import Examples
from supplynet.forecast.neural_network import Shape
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, Period, daily_periods
from supplynet.learning.scaling import typical_level
from supplynet.learning.windows import shift_names

Task = dict[str, Any]
Found = dict[str, Any]
FIRST = date(2025, 1, 1)
_SIDE = 512  # of the matrices whose products are timed
_HALF_DAY = timedelta(hours=12)


def estimator(task: Task, options: dict[str, Any]) -> Found:
    """A model of the registry."""
    panel, origins = daily_panel(task["demand"]), task["cutoffs"]
    steps, epochs = int(task["steps"]), list[float]()
    name = options.pop("model")
    known = {"seed": int(task["seed"]), "horizon": steps} | options
    settings = {key: value for key, value in known.items() if key in registry.settings_of(name)}
    model = registry.estimator(name, **settings)
    history, clock = panel.head(int(origins[0])), Clock()
    fitted = model.fit(history, progress=lambda _epoch, _most, loss: epochs.append(loss))
    found = clock.read("fit")
    quantiles = [
        fitted.predict(panel.head(int(n)), panel.periods[n : n + steps], QUANTILES) for n in origins
    ]
    found |= clock.read("")
    if isinstance(model, Lstm):
        found["samples"] = work_of(model, history, len(epochs))["samples"]
    return found | {"quantiles": np.stack(quantiles), "version": __version__}


def service(task: Task, options: dict[str, Any]) -> Found:
    """The LSTM for all series, from a table in memory; its own scores of the last days."""
    demand, days = task["demand"], task["demand"].shape[1]
    names = [(f"WH{i // 20 + 1:03d}", f"SKU-{i % 20 + 1:03d}") for i in range(len(demand))]
    sales = pl.DataFrame(
        {
            "warehouse_id": np.repeat([warehouse for warehouse, _ in names], days),
            "sku_id": np.repeat([sku for _, sku in names], days),
            "date": [FIRST + timedelta(days=day) for day in range(days)] * len(demand),
            "units_sold": demand.ravel().astype(np.int64),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        told = ForecastingService(folder, model=options["model"], seed=int(task["seed"]))
        results = told.retrain_all_models(sales)
        found = clock.read("")
    scores = [row["metrics"] for row in results.values()]
    found |= {name: float(np.nanmean(_numbers(scores, name))) for name in ("mase", "pinball")}
    return found | {"version": __version__}


def limit(task: Task, options: dict[str, Any]) -> Found:
    """Multiply-adds of a training, this process's rate of them, and what the training took."""
    model = Lstm(seed=int(task["seed"]), horizon=int(task["steps"]), **options)
    history, epochs = daily_panel(task["demand"]).head(int(task["cutoffs"][0])), list[float]()
    before = _rate()
    model.fit(history)  # whatever a first time costs
    clock = Clock()
    model.fit(history, progress=lambda _epoch, _most, loss: epochs.append(loss))
    found = clock.read("fit") | clock.read("")
    work = work_of(model, history, len(epochs))
    return found | work | {"rate": max(before, _rate()), "version": __version__}


def large(task: Task, options: dict[str, Any]) -> Found:
    """A panel of shifts, fitted as a whole and forecast for a week."""
    demand = task["demand"]
    start = datetime(2024, 1, 1, 6, tzinfo=UTC)
    periods = [_shift(start, i) for i in range(demand.shape[1] + int(task["steps"]))]
    history, future = tuple(periods[: demand.shape[1]]), periods[demand.shape[1] :]
    series = tuple((f"L{i // 20:04d}", f"P{i % 20:02d}") for i in range(len(demand)))
    panel = Panel(series=series, periods=history, demand=demand)
    model = registry.estimator(options.pop("model"), **options)
    held, clock = peak_mb(), Clock()
    fitted = model.fit(panel)
    found = clock.read("fit")
    quantiles = predict_in_batches(fitted, panel, future, (0.1, 0.5, 0.9))
    assert np.isfinite(quantiles).all()
    return found | clock.read("") | {"peak_before_mb": held, "version": __version__}


def work_of(model: Lstm, history: Panel, epochs: int) -> dict[str, int]:
    """Gradient samples (origins learnt from) and multiply-adds of a training of so many epochs.

    Forward, a weight takes one multiply-add each time it is used; backward one for its own
    gradient, and one for that of its input unless the input is data.
    """
    names = shift_names(history.periods)
    none, cpu = Covariates.of(history), torch.device("cpu")
    shape = Shape.of(len(names), 0, none)
    examples = Examples(history, names, typical_level(history), none, model.cut, cpu)
    training, validation = len(examples.training), len(examples.validation)
    batch = examples.batch(examples.training[:1])
    periods, origins = batch.past.shape[1], len(batch.origins)
    steps, gates = origins * model.horizon, 4 * model.hidden
    of_data = periods * gates * batch.past.shape[2] + steps * shape.known * model.width
    of_states = periods * gates * model.hidden + origins * model.hidden * model.width
    of_states += steps * model.width * len(QUANTILES)
    most = model.examples_per_epoch
    seen = min(most, training) * (epochs - model.finish)
    seen += min(most, training + validation) * model.finish
    backward = 2 * of_data + 3 * of_states
    return {
        "samples": seen * origins,
        "multiply_adds": seen * backward + epochs * validation * (of_data + of_states),
    }


def _rate() -> float:
    """Multiply-adds per second of products of matrices, the best of ten."""
    with torch.inference_mode():
        torch.set_num_threads(1)
        side, best = torch.ones(_SIDE, _SIDE), 0.0
        for _ in range(10):
            started = process_time()
            for _ in range(8):
                torch.mm(side, side)
            best = max(best, 8 * _SIDE**3 / (process_time() - started))
    return best


def daily_panel(demand: FloatArray) -> Panel:
    """Warehouses of 20 SKUs, by the day."""
    series = tuple((f"WH{i // 20 + 1:03d}", f"SKU-{i % 20 + 1:03d}") for i in range(len(demand)))
    periods = daily_periods(FIRST, FIRST + timedelta(days=demand.shape[1]))
    return Panel(series=series, periods=periods, demand=demand)


def _shift(start: datetime, number: int) -> Period:
    at = start + number * _HALF_DAY
    local = (at - timedelta(hours=6)).date()
    return Period(
        start=at, end=at + _HALF_DAY, shift=("day", "night")[number % 2], local_date=local
    )


def _numbers(rows: list[dict[str, Any]], name: str) -> FloatArray:
    return np.array([np.nan if row[name] is None else row[name] for row in rows])


class Clock:
    """Seconds since it was made, of the wall and of the processor."""

    def __init__(self) -> None:
        self.wall, self.cpu = perf_counter(), process_time()

    def read(self, of: str) -> dict[str, float]:
        """``{of}_seconds`` and ``{of}_cpu_seconds``; without ``of`` the plain names."""
        prefix = f"{of}_" if of else ""
        return {
            f"{prefix}seconds": perf_counter() - self.wall,
            f"{prefix}cpu_seconds": process_time() - self.cpu,
        }


def peak_mb() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


TASKS: dict[str, Callable[[Task, dict[str, Any]], Found]] = {
    "estimator": estimator,
    "service": service,
    "limit": limit,
    "large": large,
}


def main(name: str, task_file: str, answer_file: str, options: str) -> Found:
    """Run one task; forecasts go to a file, all else is returned."""
    start = process_time()  # of the interpreter and the libraries
    with np.load(task_file) as loaded:
        task: Task = dict(loaded)
    found = TASKS[name](task, json.loads(options))
    quantiles = found.pop("quantiles", None)
    if quantiles is not None:
        np.savez(answer_file, quantiles=quantiles, levels=QUANTILES)
    return found | {"start_cpu_seconds": start, "peak_mb": peak_mb()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])) + "\n")

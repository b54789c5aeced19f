"""Seconds, memory and error of training the LSTM for many series, beside other ways of doing it.

Every task is a fresh process with one numeric thread and the same settings of the allocator.
Seconds are from arrays in memory to forecasts; loading the libraries is told beside them
(``start_cpu_seconds``). Ratios are to our LSTM fitted by its estimator. Processor seconds suffer
less from other work on the machine than those of the wall.

- Sales: 5 warehouses x 20 SKUs in a year of days, look-back 30. Fitted once before the last 28
  days, which are forecast in steps of 7. ``service`` is all that ``retrain_all_models`` does: it
  reads a table, judges on those days, fits again on everything, and writes. neuralforecast's LSTM
  is as wide as ours and learns from as many gradient samples (windows there, origins here): as
  ours by default, and as ours with an origin at every day, which costs us little. A Keras LSTM
  for each series, as the guide has it, is trained for a few of them; its seconds are multiplied,
  and below it is our error on the same few.
- Limit: the multiply-adds of our training at the rate of this machine's matrix products.
- Large: 10,000 series x 730 shifts, fitted and forecast in one process.

Parts for ``--only``: sales, limit, large.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.neural import STEPS, TEST, sales_panel

from supplynet.cli.benchmarking import Result, Setup
from supplynet.cli.peers import KEPT_MEMORY, THREADS, TaskFailed, peer_python, run_task
from supplynet.core.sample_paths import FloatArray
from supplynet.forecast import registry
from supplynet.forecast.backtest import naive_scales, score
from supplynet.forecast.lstm import Lstm
from supplynet.forecast.quantiles import QUANTILES, tidy
from supplynet.frames.panel import Panel

PARTS = ("sales", "limit", "large")
ENVIRONMENT = "forecast"
LOOKBACK = 30
LARGE = ("lstm", "mlp", "nhits", "lightgbm")
KERAS_SERIES, KERAS_EPOCHS = 3, 100
TREES = 300
WINDOWS = 256
"""Of a step of neuralforecast; with 1,024 it reaches a higher error from as many samples."""
QUICK: dict[str, Any] = {"epochs": 1, "examples_per_epoch": 32, "finish": 0}
Row = dict[str, Any]
Found = dict[str, Any]


def run(setup: Setup) -> Result:
    parts = [part for part in PARTS if not setup.only or part in setup.only]
    with tempfile.TemporaryDirectory() as name:
        bench = _Bench.of(setup, Path(name))
        python, peers = (None, "not asked for") if setup.quick else _peers(setup, parts)
        rows: list[Row] = []
        for done, part in enumerate(parts):
            setup.report(done / len(parts), part)
            rows += _part(part, bench, python)
    params = {
        "series": len(bench.panel.series),
        "days": len(bench.panel.periods),
        "lookback": LOOKBACK,
        "horizon": STEPS,
        "environment": THREADS | KEPT_MEMORY,
        "peers": peers,
    }
    return Result(params=params, rows=rows)


def _part(part: str, bench: _Bench, python: Path | None) -> list[Row]:
    if part == "sales":
        return _sales(bench, python)
    return [_limit(bench)] if part == "limit" else list(_large(bench))


def _peers(setup: Setup, parts: list[str]) -> tuple[Path | None, str]:
    if "sales" not in parts:
        return None, "not asked for"
    setup.report(0.0, "installing the peers, once")
    try:
        return peer_python(setup.checkout, ENVIRONMENT), "measured"
    except TaskFailed as error:
        return None, str(error)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Bench:
    """The sales that everyone is trained on, and how to ask for it."""

    setup: Setup
    folder: Path
    panel: Panel

    @classmethod
    def of(cls, setup: Setup, folder: Path) -> _Bench:
        warehouses, days = (1, 200) if setup.quick else (5, 365)
        panel = sales_panel(warehouses, days, setup.seed)
        first = days - TEST
        np.savez(
            folder / "task.npz",
            demand=panel.demand,
            cutoffs=np.arange(first, days - STEPS + 1, STEPS),
            first=first,
            steps=STEPS,
            lookback=LOOKBACK,
            levels=np.array(QUANTILES),
            seed=setup.seed,
        )
        return cls(setup=setup, folder=folder, panel=panel)

    def ours(self, task: str, data: str = "task.npz", **options: Any) -> Found:
        """Run a task of ``speed_supplynet.py``."""
        return self._run("speed_supplynet.py", task, data, options, None)

    def theirs(self, peer: str, python: Path, **options: Any) -> Found:
        """Run a peer."""
        return self._run("speed_peers.py", peer, "task.npz", options, python)

    def _run(self, script: str, task: str, data: str, options: Found, python: Path | None) -> Found:
        answer = self.folder / "answer.npz"
        answer.unlink(missing_ok=True)
        found = run_task(
            self.setup.checkout / "benchmarks" / "peers" / script,
            *(task, str(self.folder / data), str(answer), json.dumps(options)),
            python=python,
            environment=KEPT_MEMORY,
        )
        if answer.exists():
            found |= self._judge(np.load(answer)["quantiles"], found.get("rows"))
        return found

    def _judge(self, quantiles: FloatArray, rows: list[int] | None = None) -> Found:
        """MASE of the median, and pinball where there are quantiles.

        Args:
            quantiles: Shape (origin, series, step, quantile), or one value for a median alone.
            rows: Series of the panel; None = all.
        """
        chosen = range(len(self.panel.series)) if rows is None else rows
        actual = self.panel.demand[chosen, -TEST:].reshape(len(chosen), -1, STEPS)
        scale = naive_scales(self.panel.head(-TEST))[0][list(chosen)]
        median = quantiles.shape[-1] == 1
        grid = np.repeat(quantiles, len(QUANTILES), axis=-1) if median else tidy(quantiles)
        found = score(grid, actual.swapaxes(0, 1), scale)
        return {"mase": found["mase"], "pinball": None if median else found["pinball"]}


def _sales(bench: _Bench, python: Path | None) -> list[Row]:
    quick = QUICK if bench.setup.quick else {}
    lstm = bench.ours("estimator", model="lstm", lookback=LOOKBACK, **quick)
    every = bench.ours("estimator", model="lstm", lookback=LOOKBACK, stride=1, **quick)
    rows = [_row("lstm", lstm, lstm), _row("lstm, an origin at every day", every, lstm)]
    if not bench.setup.quick:
        rows.append(_row("lstm, service", bench.ours("service", model="lstm"), lstm))
    rows += [
        _row(name, bench.ours("estimator", model=name, **quick), lstm)
        for name in ("lightgbm", "seasonal_naive")
    ]
    if python is None:
        return rows
    width = {"hidden": Lstm().hidden}
    for samples in (lstm["samples"], every["samples"]):
        for quantiles in (False, True):
            of = {"samples": samples, "windows": WINDOWS, "quantiles": quantiles, **width}
            found = bench.theirs("neuralforecast", python, **of) | {"samples": samples}
            loss = "quantiles" if quantiles else "absolute error"
            rows.append(_row(f"neuralforecast LSTM, {loss}", found, lstm))
    found = bench.theirs("mlforecast", python, trees=TREES)
    rows.append(_row("mlforecast LightGBM", found, lstm))
    return [*rows, *_keras(bench, python, width, lstm)]


def _keras(bench: _Bench, python: Path, width: Found, lstm: Found) -> Iterator[Row]:
    """A few series; their seconds for all, and our error on the same few."""
    options = {"series": KERAS_SERIES, "epochs": KERAS_EPOCHS, **width}
    few = bench.theirs("keras", python, **options)
    times = len(bench.panel.series) / KERAS_SERIES
    many = {key: few[key] * times for key in ("seconds", "cpu_seconds")}
    title = f"Keras LSTM per series, {KERAS_SERIES} of them x {times:.1f}, {few['epochs']} epochs"
    yield _row(title, few | many, lstm)
    ours = bench.ours("estimator", model="lstm", lookback=LOOKBACK)
    answer = np.load(bench.folder / "answer.npz")["quantiles"][:, few["rows"]]
    yield _row("lstm, on the series of Keras", ours | bench._judge(answer, few["rows"]), lstm)


def _row(title: str, found: Found, ours: Found) -> Row:
    return {
        "table": "training for every series, last 28 days in steps of 7",
        "model": title,
        "version": found["version"],
        **{key: _rounded(found.get(key)) for key in ("mase", "pinball")},
        **{key: _rounded(found[key], 2) for key in ("seconds", "cpu_seconds")},
        "ratio": _rounded(found["seconds"] / ours["seconds"], 2),
        "cpu_ratio": _rounded(found["cpu_seconds"] / ours["cpu_seconds"], 2),
        "start_cpu_seconds": _rounded(found["start_cpu_seconds"], 2),
        "peak_mb": round(found["peak_mb"]),
        "samples": found.get("samples"),
    }


def _limit(bench: _Bench) -> Row:
    found = bench.ours("limit", lookback=LOOKBACK, **(QUICK if bench.setup.quick else {}))
    seconds = found["multiply_adds"] / found["rate"]
    return {
        "table": "arithmetic limit of our LSTM's training",
        "multiply_adds": found["multiply_adds"],
        "rate": round(found["rate"]),
        "limit_seconds": seconds,
        "fit_cpu_seconds": found["fit_cpu_seconds"],
        "times_the_limit": found["fit_cpu_seconds"] / seconds,
    }


def _large(bench: _Bench) -> Iterator[Row]:
    series, shifts = (40, 200) if bench.setup.quick else (10_000, 730)
    demand = shift_demand(series, shifts, bench.setup.seed)
    np.savez(bench.folder / "large.npz", demand=demand, steps=14)
    for model in LARGE:
        neural = "epochs" in registry.settings_of(model)
        options = {"model": model, "seed": bench.setup.seed}
        if bench.setup.quick and neural:
            options |= QUICK
        found = bench.ours("large", "large.npz", **options)
        yield {
            "table": "large",
            "model": model,
            "series": series,
            "shifts": shifts,
            "fit_seconds": _rounded(found["fit_seconds"], 1),
            "fit_cpu_seconds": _rounded(found["fit_cpu_seconds"], 1),
            "predict_cpu_seconds": _rounded(found["cpu_seconds"] - found["fit_cpu_seconds"], 1),
            "data_mb": round(demand.nbytes / 2**20),
            "before_mb": round(found["peak_before_mb"]),
            "peak_mb": round(found["peak_mb"]),
        }


def shift_demand(series: int, shifts: int, seed: int) -> FloatArray:
    """Counts of two shifts a day, shape (series, shift): a level, a weekly pattern, noise, gaps."""
    random = np.random.default_rng(seed)
    level = random.lognormal(3.0, 1.0, (series, 1))
    week = random.uniform(0.6, 1.4, (series, 14))[:, np.arange(shifts) % 14]
    drift = np.cumsum(random.normal(0.0, 0.02, (series, shifts)), axis=1)
    demand = random.poisson(level * week * np.exp(drift)).astype(float)
    demand[random.random(demand.shape) < 0.01] = np.nan
    return demand


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)

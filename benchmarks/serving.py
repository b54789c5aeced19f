"""Serving: torch, ONNX and ONNX in 8 bits; LightGBM and its ONNX; a forecast cold and warm.

The data are made: daily sales of 5 warehouses x 20 SKUs in a year. Times are of the processor, on
one thread, not of the clock, so that other work on the machine counts little.

- Engines: a model fitted before the last 28 days, run by each engine: its network or trees alone,
  given the inputs, for one series at a time and for many at once; the error of its forecasts of
  these days in steps of 7; and the size of what is loaded.
- Service: ``ForecastingService.generate_forecast`` of 20 series with a model of its own workspace:
  first from disk, then of every series in turn, each at a horizon not asked for before, then the
  same again. Beside them the model alone, run from its graphs, and ``ForecastCache``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import process_time
from typing import Any, cast

import numpy as np
import torch

from supplynet.cli.benchmarking import Result, Setup
from supplynet.forecast import registry
from supplynet.forecast.backtest import actuals, naive_scales, rolling_forecasts, score
from supplynet.forecast.forecast_cache import ForecastCache
from supplynet.forecast.model import Predictor
from supplynet.forecast.neural_fitted import Fitted
from supplynet.forecast.neural_window import NeuralWindow, Sight
from supplynet.forecast.onnx_export import (
    export_model,
    export_state,
    load_exported,
    restore_exported,
)
from supplynet.forecast.quantiles import QUANTILES
from supplynet.forecast.tree_rows import future_rows
from supplynet.frames.panel import Panel, Period, daily_periods
from supplynet.frames.synthetic import sales_training_data
from supplynet.learning.manifest import read_manifest
from supplynet.learning.onnx_files import WHOLE, load_graphs
from supplynet.learning.onnx_session import OnnxSession
from supplynet.learning.torch_device import limited_threads
from supplynet.services.sales_models import ForecastingService
from supplynet.services.sales_table import SalesTable
from supplynet.services.sales_versions import open_version

NEURAL = ("lstm", "gru", "nhits", "mlp", "transformer")
SERVED = ("lightgbm", "random_forest", *NEURAL, "ensemble")
TEST, STEPS = 28, 7
QUICK: dict[str, dict[str, Any]] = {
    "lightgbm": {"rounds": 5},
    "mlp": {"epochs": 1, "finish": 0, "hidden": 8, "examples_per_epoch": 64, "most_examples": 64},
}
Row = dict[str, Any]
Call = Callable[[], object]


def run(setup: Setup) -> Result:
    shape = (1, 4, 200) if setup.quick else (5, 20, 365)
    sales = sales_training_data(*shape, setup.seed)
    panel = SalesTable.of(sales).panel
    rows: list[Row] = []
    chosen = [name for name in TABLES if not setup.only or name in setup.only]
    for part, name in enumerate(chosen):
        setup.report(part / len(chosen), name)
        rows += [{"table": name, **row} for row in TABLES[name](panel, setup)]
    return Result(
        params={"series": len(panel.series), "days": len(panel.periods), "horizon": STEPS},
        rows=rows,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Engine:
    """Something that runs a model's network or trees.

    Attributes:
        one, many: Calls for one series and for ``count`` of them.
        predictor: The whole model, run by it; None = it says what another says.
        size: Bytes.
    """

    name: str
    one: Call
    many: Call
    count: int
    predictor: Predictor
    size: int


def _engines(panel: Panel, setup: Setup) -> Iterator[Row]:
    history = panel.head(-TEST)
    for name in QUICK if setup.quick else ("lightgbm", *NEURAL):
        settings = QUICK[name] if setup.quick else {"seed": setup.seed}
        fitted = registry.estimator(name, **settings).fit(history)
        with tempfile.TemporaryDirectory() as folder, limited_threads(1):
            registry.save(Path(folder), "model", fitted)
            made = _booster_engines if name == "lightgbm" else _network_engines
            plain = float("nan")
            for engine in made(fitted, history, Path(folder)):
                errors = _errors(engine.predictor, panel)
                plain = errors["pinball"] if np.isnan(plain) else plain
                yield {
                    "model": name,
                    "engine": engine.name,
                    **_latency(engine.one, "one_series_us", 1e6, 20 if setup.quick else 400),
                    "series_per_second": engine.count
                    / _median(engine.many, 3 if setup.quick else 9),
                    "size_kb": engine.size / 1000,
                    **errors,
                    "worse": errors["pinball"] / plain - 1,
                }


def _network_engines(fitted: Predictor, history: Panel, folder: Path) -> Iterator[Engine]:
    assert isinstance(fitted, Fitted)
    network = fitted.fresh_network()
    network.load_state_dict({k: torch.from_numpy(v) for k, v in fitted.weights.items()})
    network.eval()
    window = NeuralWindow.of(_sight(fitted), history, _ahead(history, STEPS))
    names = ("past", "known", "series")
    many = {name: np.repeat(getattr(window, name), 10, axis=0) for name in names}
    one = {name: getattr(window, name)[:1] for name in names}
    origins = torch.tensor([fitted.settings.lookback - 1])

    def in_torch(arrays: dict[str, Any]) -> object:
        past, known, series = (torch.from_numpy(arrays[name]) for name in names)
        with torch.inference_mode():
            return network(past, origins, known, series)

    yield Engine(
        name="torch eager",
        one=lambda: in_torch(one),
        many=lambda: in_torch(many),
        count=len(many["past"]),
        predictor=fitted,
        size=sum(weight.nbytes for weight in fitted.weights.values()),
    )
    for name, int8 in (("ONNX fp32", False), ("ONNX int8", True)):
        exported = export_model(folder, "model", int8=int8, history=history if int8 else None)
        session = _session(folder)
        yield Engine(
            name=name if exported.precision["whole"] == name[-4:] else f"{name}, refused",
            one=lambda session=session: session.run(**one),  # type: ignore[misc]  # bound now
            many=lambda session=session: session.run(**many),  # type: ignore[misc]  # bound now
            count=len(many["past"]),
            predictor=load_exported(folder, "model"),
            size=exported.sizes["whole"],
        )


def _booster_engines(fitted: Predictor, history: Panel, folder: Path) -> Iterator[Engine]:
    import lightgbm

    model = cast("Any", fitted)
    texts = dict(model.boosters)
    boosters = [lightgbm.Booster(model_str=text) for text in texts.values()]
    rows = future_rows(
        history,
        _ahead(history, STEPS),
        model.shifts,
        model.typical,
        model.covariates,
        model.settings.leads,
    )
    table = np.repeat(rows.table, 10, axis=0)

    def native(part: Any) -> object:
        return [one.predict(part, num_threads=1) for one in boosters]

    yield Engine(
        name="LightGBM",
        one=lambda: native(table[:STEPS]),
        many=lambda: native(table),
        count=10 * len(history.series),
        predictor=fitted,
        size=sum(map(len, texts.values())),
    )
    exported = export_model(folder, "model")
    session = _session(folder)
    yield Engine(
        name="ONNX fp32",
        one=lambda: session.run(table=table[:STEPS]),
        many=lambda: session.run(table=table),
        count=10 * len(history.series),
        predictor=load_exported(folder, "model"),
        size=exported.sizes["whole"],
    )


def _service(_panel: Panel, setup: Setup) -> Iterator[Row]:
    for name in ("lightgbm",) if setup.quick else SERVED:
        with tempfile.TemporaryDirectory() as folder, limited_threads(1):
            yield {"model": name, **_served(Path(folder), name, setup)}


def _served(folder: Path, name: str, setup: Setup) -> Row:
    sales = sales_training_data(1, 4 if setup.quick else 20, 365, setup.seed)
    trained = ForecastingService(folder, model=name, seed=setup.seed).retrain_all_models(sales)
    keys = [(line, part) for line, _, part in (key.partition("_") for key in trained)]
    service = ForecastingService(folder, model=name, seed=setup.seed)
    cold = _median(lambda: service.generate_forecast(*keys[0]), 1)
    asked = iter([(line, part, days) for days in range(8, 400) for line, part in keys])
    calls = 8 if setup.quick else 120
    warm = _latency(lambda: service.generate_forecast(*next(asked)), "warm_ms", 1e3, calls)
    again = _median(lambda: service.generate_forecast(*keys[0]), calls)
    version = next(iter(trained.values()))["model_version"]
    return {"cold_ms": 1e3 * cold, **warm, "again_ms": 1e3 * again} | _alone(folder, version, calls)


def _alone(folder: Path, version: str, calls: int) -> Row:
    """The model without the service: as it was saved, from its graphs, and remembered."""
    opened = open_version(folder, version)
    model_version = read_manifest(folder, version).model_version
    state = opened.predictor.state()
    export_state(folder, version, model_version, state)
    served = restore_exported(folder, version, model_version, state)
    history = [opened.history.select([name]) for name in opened.history.series]
    asked = iter([(one, days) for days in range(8, 400) for one in history])

    def one_of(predictor: Predictor) -> Call:
        def call() -> object:
            panel, days = next(asked)
            return predictor.predict(panel, _ahead(panel, days), QUANTILES)

        return call

    cache, ahead = ForecastCache(), _ahead(history[0], STEPS)
    cached = lambda: cache.predict(served, model_version, history[0], ahead, QUANTILES)  # noqa: E731
    return {
        "model_ms": 1e3 * _median(one_of(opened.predictor), calls),
        "model_onnx_ms": 1e3 * _median(one_of(served), calls),
        "cached_ms": 1e3 * _median(cached, calls),
    }


def _session(folder: Path) -> OnnxSession:
    version = read_manifest(folder, "model").model_version
    return OnnxSession(load_graphs(folder, "model", version)[WHOLE].content)


def _sight(fitted: Fitted) -> Sight:
    settings = fitted.settings
    return Sight(
        lookback=settings.lookback,
        horizon=settings.horizon,
        shifts=fitted.shifts,
        typical=fitted.typical,
        covariates=fitted.covariates,
        series=fitted.series,
    )


def _ahead(history: Panel, days: int) -> tuple[Period, ...]:
    first = history.periods[-1].local_date + timedelta(days=1)
    return daily_periods(first, first + timedelta(days=days))


def _errors(predictor: Predictor, panel: Panel) -> dict[str, float]:
    total = len(panel.periods)
    origins = range(total - TEST, total - STEPS + 1, STEPS)
    scale = naive_scales(panel.head(-TEST))[0]
    forecasts = rolling_forecasts(predictor, panel, origins, STEPS)
    found = score(forecasts, actuals(panel, origins, STEPS), scale)
    return {name: found[name] for name in ("pinball", "mase")}


def _latency(call: Call, name: str, unit: float, calls: int) -> dict[str, float]:
    seconds = _seconds(call, calls)
    return {
        f"{name}_median": unit * float(np.median(seconds)),
        f"{name}_p99": unit * float(np.quantile(seconds, 0.99)),
    }


def _median(call: Call, calls: int) -> float:
    return float(np.median(_seconds(call, calls)))


def _seconds(call: Call, calls: int) -> list[float]:
    """Of the processor, for each call; of more than a few, the first ones warm up."""
    found = []
    for _ in range(calls + calls // 10):
        started = process_time()
        call()
        found.append(process_time() - started)
    return found[calls // 10 :]


TABLES: dict[str, Callable[[Panel, Setup], Iterator[Row]]] = {
    "engines": _engines,
    "service": _service,
}

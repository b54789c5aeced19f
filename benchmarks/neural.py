"""Neural models: what forking sequences gain, what each model costs and gives, warm starts.

The data are made: daily sales of 5 warehouses x 20 SKUs in a year. Seconds are of the processor,
not of the clock, so that other work on the machine counts little.

- Forks against windows: the same LSTM from the same weights with as many origins in a step, either
  in stretches of which one pass serves all origins, or as one window for each. Both are judged on
  the same windows of the latest fifth of the history, until the windows reach the loss of the forks
  or have had three times as long.
- Models: fitted once before the last 28 days, which are forecast in steps of 7.
- Warm start: a model of the history but its last 28 days goes on with these added, for a few
  epochs, beside a training afresh; judged on the 28 days after them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from time import process_time
from typing import Any

import numpy as np
import polars as pl
import torch

from supplynet.cli.benchmarking import Result, Setup
from supplynet.forecast import registry
from supplynet.forecast.backtest import backtest, naive_scales, score
from supplynet.forecast.covariates import Covariates
from supplynet.forecast.lstm import Lstm
from supplynet.forecast.model import Predictor
from supplynet.forecast.neural import Neural
from supplynet.forecast.neural_examples import Examples
from supplynet.forecast.neural_network import Network, Shape
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, daily_periods
from supplynet.frames.synthetic import sales_training_data
from supplynet.learning.scaling import typical_level
from supplynet.learning.torch_device import limited_threads, reproducible
from supplynet.learning.torch_training import Training, pinball, train

START = date(2025, 1, 1)
NEURAL = ("gru", "lstm", "mlp", "nhits", "transformer")
TEST, STEPS = 28, 7
QUICK: dict[str, Any] = {"epochs": 1, "examples_per_epoch": 64}
Row = dict[str, Any]


def run(setup: Setup) -> Result:
    warehouses, days = (1, 200) if setup.quick else (5, 365)
    panel = sales_panel(warehouses, days, setup.seed)
    rows: list[Row] = []
    for part, (name, table) in enumerate(TABLES.items()):
        setup.report(part / len(TABLES), name)
        rows += [{"table": name, **row} for row in table(panel, setup)]
    return Result(
        params={"series": len(panel.series), "days": len(panel.periods), "horizon": STEPS},
        rows=rows,
    )


def sales_panel(warehouses: int, days: int, seed: int) -> Panel:
    sales = sales_training_data(warehouses, 20, days, seed, start=START)
    daily = sales.group_by("date", "warehouse_id", "sku_id").agg(pl.col("units_sold").sum())
    index = ["warehouse_id", "sku_id"]
    wide = daily.pivot(on="date", index=index, values="units_sold", sort_columns=True).sort(index)
    demand = wide.drop(index).to_numpy().astype(np.float64)
    periods = daily_periods(START, START + timedelta(days=demand.shape[1]))
    return Panel(series=tuple(wide.select(index).iter_rows()), periods=periods, demand=demand)


def _forks(panel: Panel, setup: Setup) -> Iterator[Row]:
    history = panel.head(-TEST)
    forked = Lstm(seed=setup.seed, horizon=STEPS)
    single = replace(forked, fork=1)
    epochs = 1 if setup.quick else forked.epochs
    cuts = [_examples(history, settings) for settings in (forked, single)]
    origins = len(range(0, forked.fork, forked.stride))
    _curve(
        replace(forked, examples_per_epoch=32), cuts[0], cuts[1], 1, 0.0, 1e9
    )  # torch's first time
    curve = _curve(forked, cuts[0], cuts[1], epochs, 0.0, 1e9)
    goal = min(loss for _, loss in curve)
    most = 3 * curve[-1][0] if not setup.quick else 0.0
    grouped = replace(
        single,
        batch_size=forked.batch_size * origins,
        examples_per_epoch=forked.examples_per_epoch * origins,
    )
    other = _curve(grouped, cuts[1], cuts[1], 20 * epochs, goal, most)
    for name, found, seen in (
        ("forks", curve, _seen(forked, cuts[0]) * origins),
        ("windows", other, _seen(grouped, cuts[1])),
    ):
        yield {
            "way": name,
            "origins_per_epoch": seen,
            "epochs": len(found),
            "seconds_per_epoch": found[-1][0] / len(found),
            "seconds": found[-1][0],
            "loss": min(loss for _, loss in found),
            "reached": min(loss for _, loss in found) <= goal,
        }


def _examples(panel: Panel, settings: Neural) -> Examples:
    return Examples(
        panel, ("",), typical_level(panel), Covariates(), settings.cut, torch.device("cpu")
    )


def _seen(settings: Neural, examples: Examples) -> int:
    return min(settings.examples_per_epoch, len(examples.training))


class _Enough(Exception):
    pass


def _curve(
    settings: Neural, learnt: Examples, judged: Examples, epochs: int, goal: float, most: float
) -> list[tuple[float, float]]:
    """Seconds and validation loss after each epoch, until a loss or so many seconds."""
    with reproducible(settings.seed):
        network = settings.network(Shape.of(1, 0, Covariates()))
    found: list[tuple[float, float]] = []
    started = process_time()

    def told(_epoch: int, _most: int, loss: float) -> None:
        found.append((process_time() - started, loss))
        if loss <= goal or found[-1][0] > most:
            raise _Enough

    training = Training(
        epochs=epochs,
        patience=epochs,
        batch_size=settings.batch_size,
        examples_per_epoch=settings.examples_per_epoch,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
    )
    with limited_threads(1), suppress(_Enough):
        train(
            network,
            _loss(network, learnt, judged),
            examples=learnt.training,
            validation=judged.validation[::5],
            training=training,
            progress=told,
        )
    return found


def _loss(
    network: Network, learnt: Examples, judged: Examples
) -> Callable[[torch.Tensor], torch.Tensor]:
    levels = torch.tensor(QUANTILES)

    def loss(numbers: torch.Tensor) -> torch.Tensor:
        batch = (learnt if torch.is_grad_enabled() else judged).batch(numbers)
        predicted = network(
            batch.past, batch.origins, batch.known, torch.zeros_like(batch.series)[:, None]
        )
        return pinball(predicted, batch.target, levels)

    return loss


def _models(panel: Panel, setup: Setup) -> Iterator[Row]:
    quick = QUICK if setup.quick else {}
    estimators = {
        name: registry.estimator(name, seed=setup.seed, **(quick if name in NEURAL else {}))
        for name in (*NEURAL, "lightgbm")
    }
    found = backtest(estimators, panel, periods=TEST, steps=STEPS, every=STEPS, clock=process_time)
    yield from found.table.to_dicts()


def _warm(panel: Panel, setup: Setup) -> Iterator[Row]:
    before, added = panel.head(-2 * TEST), panel.head(-TEST)
    for name in ("lstm", "mlp"):
        settings = registry.estimator(name, seed=setup.seed, **(QUICK if setup.quick else {}))
        assert isinstance(settings, Neural)
        few = replace(settings, epochs=3, learning_rate=settings.learning_rate / 4)
        old = settings.fit(before)
        for way in ("before", "warm start", "afresh"):
            started = process_time()
            if way == "afresh":
                fitted = settings.fit(added)
            else:
                fitted = few.fit(added, start=old) if way == "warm start" else old
            seconds = process_time() - started
            yield {"model": name, "way": way, "fit_seconds": seconds, **_judge(fitted, panel)}


def _judge(fitted: Predictor, panel: Panel) -> dict[str, float]:
    total = len(panel.periods)
    origins = range(total - TEST, total - STEPS + 1, STEPS)
    actual = np.stack([panel.demand[:, n : n + STEPS] for n in origins])
    quantiles = np.stack(
        [fitted.predict(panel.head(n), panel.periods[n : n + STEPS], QUANTILES) for n in origins]
    )
    found = score(quantiles, actual, naive_scales(panel.head(-TEST))[0])
    return {name: found[name] for name in ("pinball", "mase")}


TABLES: dict[str, Callable[[Panel, Setup], Iterator[Row]]] = {
    "forks against windows": _forks,
    "models, last 28 days in steps of 7": _models,
    "retraining with 28 days added": _warm,
}

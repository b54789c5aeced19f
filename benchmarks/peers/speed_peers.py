"""Forecasts of daily sales by other libraries, for ``bench speed``; prints what they took as JSON.

Usage: python speed_peers.py neuralforecast|mlforecast|keras TASK.npz ANSWER.npz OPTIONS

Each is fitted before the first cutoff, is given the weekday as known ahead, and forecasts from each
cutoff without being fitted again. Libraries are loaded before the clock starts, so that the
figures are of their work; ``start_cpu_seconds`` is what loading took. OPTIONS are JSON.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped,unused-ignore]  # in the peer's environment only

Task = dict[str, Any]
Found = dict[str, Any]
WEEKDAYS = [f"weekday_{day}" for day in range(7)]
FIRST = "2025-01-01"


def neuralforecast(task: Task, options: dict[str, Any]) -> Callable[[], Found]:
    """One LSTM for all series on windows, each scaled by itself; its own training loop.

    The learning rate is its own, 0.001; with 0.003 it reaches a higher error from as many samples.
    Options: ``samples`` (windows learnt from), ``windows`` (per step), ``hidden``, ``quantiles``
    (else the absolute error).
    """
    library, models = import_module("neuralforecast"), import_module("neuralforecast.models")
    losses, torch = import_module("neuralforecast.losses.pytorch"), import_module("torch")
    torch.set_num_threads(1)
    levels = task["levels"].tolist()
    model = models.LSTM(
        h=int(task["steps"]),
        input_size=int(task["lookback"]),
        encoder_n_layers=1,
        encoder_hidden_size=options["hidden"],
        decoder_layers=1,
        decoder_hidden_size=48,
        loss=losses.MQLoss(quantiles=levels) if options["quantiles"] else losses.MAE(),
        max_steps=max(1, round(options["samples"] / options["windows"])),
        windows_batch_size=options["windows"],
        scaler_type="robust",
        futr_exog_list=WEEKDAYS,
        random_seed=int(task["seed"]),
        val_check_steps=10**6,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )

    def work() -> Found:
        first, steps = int(task["cutoffs"][0]), int(task["steps"])
        forecaster = library.NeuralForecast(models=[model], freq="D")
        clock = Clock()
        forecaster.fit(_frame(task, 0, first))
        found, answers = clock.read("fit"), []
        for n in task["cutoffs"]:
            ahead = _frame(task, n, n + steps).drop(columns="y")
            told = forecaster.predict(df=_frame(task, 0, n), futr_df=ahead)
            columns = [name for name in told.columns if name.startswith("LSTM")]
            answers.append(told[columns].to_numpy().reshape(-1, steps, len(columns)))
        return found | {"quantiles": np.stack(answers)}

    return work


def mlforecast(task: Task, options: dict[str, Any]) -> Callable[[], Found]:
    """LightGBM on lags and means, one day after the other. Options: ``trees``."""
    library, transforms = import_module("mlforecast"), import_module("mlforecast.lag_transforms")
    targets = import_module("mlforecast.target_transforms")
    tree = import_module("lightgbm").LGBMRegressor(
        n_estimators=options["trees"],
        learning_rate=0.05,
        objective="l1",
        num_threads=1,
        verbosity=-1,
        random_state=int(task["seed"]),
    )
    mean = transforms.RollingMean

    def work() -> Found:
        first, steps = int(task["cutoffs"][0]), int(task["steps"])
        forecaster = library.MLForecast(
            models={"tree": tree},
            freq="D",
            lags=[1, 2, 3, 7, 14, 21, 28],
            lag_transforms={1: [mean(7), mean(28)], 7: [mean(7)]},
            target_transforms=[targets.LocalStandardScaler()],
        )
        clock = Clock()
        forecaster.fit(_frame(task, 0, first), static_features=[])
        found, answers = clock.read("fit"), []
        for n in task["cutoffs"]:
            ahead = _frame(task, n, n + steps).drop(columns="y")
            told = forecaster.predict(steps, new_df=_frame(task, 0, n), X_df=ahead)
            answers.append(told["tree"].to_numpy().reshape(-1, steps, 1))
        return found | {"quantiles": np.stack(answers)}

    return work


def keras(task: Task, options: dict[str, Any]) -> Callable[[], Found]:
    """One LSTM for each series, as the guide trains them: TensorFlow, windows, early stopping.

    Options: ``series`` (how many, evenly chosen), ``epochs`` (most), ``hidden``.
    """
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    library, tensorflow = import_module("keras"), import_module("tensorflow")
    tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    rows = np.linspace(0, len(task["demand"]) - 1, options["series"]).astype(int)

    def work() -> Found:
        clock, answers, epochs = Clock(), [], 0
        for row in rows:
            answer, taken = _one_series(library, task, task["demand"][row], options)
            answers.append(answer)
            epochs += taken
        return clock.read("fit") | {
            "quantiles": np.stack(answers, axis=1)[..., None],
            "rows": rows.tolist(),
            "epochs": epochs,
        }

    return work


def _one_series(
    library: Any, task: Task, values: np.ndarray, options: dict[str, Any]
) -> tuple[np.ndarray, int]:
    """Forecasts of one series, shape (origin, step), and the epochs that it was trained for."""
    first, steps, lookback = (int(task[name]) for name in ("first", "steps", "lookback"))
    low, high = values[:first].min(), max(values[:first].max(), 1.0)
    scaled = ((values - low) / (high - low)).astype("float32")
    inputs = np.column_stack([scaled, np.eye(7, dtype="float32")[_weekdays(len(values))]])
    starts = np.arange(first - lookback - steps + 1)
    seen = np.stack([inputs[i : i + lookback] for i in starts])
    target = np.stack([scaled[i + lookback : i + lookback + steps] for i in starts])
    held = max(1, round(0.2 * len(starts)))
    library.utils.set_random_seed(int(task["seed"]))
    layers = library.layers
    model = library.Sequential(
        [
            layers.Input((lookback, inputs.shape[1])),
            layers.LSTM(options["hidden"]),
            layers.Dense(steps),
        ]
    )
    model.compile(optimizer=library.optimizers.Adam(1e-3), loss="mae")
    stop = library.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
    slow = library.callbacks.ReduceLROnPlateau(patience=5, factor=0.5)
    told = model.fit(
        seen[:-held],
        target[:-held],
        validation_data=(seen[-held:], target[-held:]),
        epochs=options["epochs"],
        batch_size=32,
        verbose=0,
        callbacks=[stop, slow],
    )
    last = np.stack([inputs[n - lookback : n] for n in task["cutoffs"]])
    answer = np.asarray(model(last)) * (high - low) + low
    return np.maximum(answer, 0.0), len(told.history["loss"])


def _frame(task: Task, begin: int, end: int) -> pd.DataFrame:
    """``unique_id, ds, y`` and the weekday of the days ``[begin, end)``."""
    demand = task["demand"][:, begin:end]
    count, days = demand.shape
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat([f"s{row:05d}" for row in range(count)], days),
            "ds": np.tile(pd.date_range(FIRST, periods=end)[begin:], count),
            "y": demand.ravel(),
        }
    )
    weekday = np.eye(7)[_weekdays(end)[begin:]]
    frame[WEEKDAYS] = np.tile(weekday, (count, 1))
    return frame


def _weekdays(days: int) -> np.ndarray:
    return np.asarray(pd.date_range(FIRST, periods=days).dayofweek)


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


PEERS: dict[str, Callable[[Task, dict[str, Any]], Callable[[], Found]]] = {
    "neuralforecast": neuralforecast,
    "mlforecast": mlforecast,
    "keras": keras,
}


def main(name: str, task_file: str, answer_file: str, options: str) -> Found:
    """Fit and forecast; forecasts go to a file, all else is returned."""
    warnings.simplefilter("ignore")
    for talker in ("pytorch_lightning", "lightning_fabric", "tensorflow"):
        logging.getLogger(talker).setLevel(logging.ERROR)
    with np.load(task_file) as loaded:
        task: Task = dict(loaded)
    work = PEERS[name](task, json.loads(options))
    start, clock = process_time(), Clock()
    found = work() | clock.read("")
    np.savez(answer_file, quantiles=found.pop("quantiles"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found | {"start_cpu_seconds": start, "peak_mb": peak, "version": version(name)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])) + "\n")

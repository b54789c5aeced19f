"""Forecasts of other libraries on one accuracy set; prints what they took as JSON.

Usage: python accuracy_peers.py PEER TASK.npz ANSWER.npz

Each peer is fitted once before the first cutoff and forecasts from every cutoff, through its own
``cross_validation``; mlforecast is fitted anew at each, because it cannot otherwise give intervals
where something is known ahead. Periods without an observation are filled with the last one of
the same place in the season; those before a series begins are left out.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped,unused-ignore]  # in the peer's environment only

Task = dict[str, Any]
STEPS_OF_TRAINING = {"LSTM": 400, "NHITS": 200}
"""Of a batch of 128 and 1,024 windows, more than our models see; neuralforecast's default, 1,000,
would take hours for all sets."""
TREES, TREE_RATE = 300, 0.05
KEYS = ("index", "unique_id", "ds", "cutoff", "y")
LONGEST = 730
"""Periods of history that the neural peers and AutoETS are given, whose time grows with them."""


def main(peer: str, task_file: str, answer_file: str) -> dict[str, Any]:
    """Forecast, write quantiles of shape (origin, series, step, quantile), say what it took."""
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    with np.load(task_file) as loaded:
        task: Task = dict(loaded)
    library, run = PEERS[peer]
    started = perf_counter()
    found = run(task)
    seconds = perf_counter() - started
    np.savez(answer_file, quantiles=_array(found, task))
    return {"seconds": seconds, "version": version(library)}


def lstm(task: Task) -> pd.DataFrame:
    """Its defaults, with our quantiles, our look-back, and windows scaled."""
    return _neural(task, import_module("neuralforecast.models").LSTM)


def nhits(task: Task) -> pd.DataFrame:
    """As ``lstm``."""
    return _neural(task, import_module("neuralforecast.models").NHITS)


def lightgbm(task: Task) -> pd.DataFrame:
    """Recursive, on lags, means and the calendar; intervals are conformal."""
    mean = import_module("mlforecast.lag_transforms").RollingMean
    scaler = import_module("mlforecast.target_transforms").LocalStandardScaler
    intervals = import_module("mlforecast.utils").PredictionIntervals
    season, steps = int(task["season"]), int(task["steps"])
    unit = season if season > 1 else 3
    lags = sorted({1, 2, 3, unit, *([] if season == 12 else [2 * unit, 3 * unit, 4 * unit])})
    judged = task["demand"].shape[1] // 2 // steps  # windows whose errors make the intervals
    forecaster = import_module("mlforecast").MLForecast(
        models={
            "tree": import_module("lightgbm").LGBMRegressor(
                n_estimators=TREES,
                learning_rate=TREE_RATE,
                verbosity=-1,
                num_threads=1,
                random_state=int(task["seed"]),
            )
        },
        freq=1,
        lags=lags,
        lag_transforms={1: [mean(unit, min_samples=1)], unit: [mean(unit, min_samples=1)]},
        target_transforms=[scaler()],
    )
    return forecaster.cross_validation(
        _frame(task),
        n_windows=int(task["cutoffs"]),
        h=steps,
        step_size=int(task["every"]),
        refit=True,
        static_features=[],
        prediction_intervals=intervals(n_windows=min(max(judged, 2), 8), h=steps),
        level=_central(task),
    )


def auto_ets(task: Task) -> pd.DataFrame:
    """Its form is searched for each series; it knows no calendar."""
    models = [import_module("statsforecast.models").AutoETS(season_length=int(task["season"]))]
    frame = _latest(task)[["unique_id", "ds", "y"]]
    return (
        import_module("statsforecast")
        .StatsForecast(models, freq=1)
        .cross_validation(
            df=frame,
            h=int(task["steps"]),
            n_windows=int(task["cutoffs"]),
            step_size=int(task["every"]),
            refit=int(task["cutoffs"]) == 1,
            level=_central(task),
        )
    )


PEERS: dict[str, tuple[str, Callable[[Task], pd.DataFrame]]] = {
    "neuralforecast LSTM": ("neuralforecast", lstm),
    "neuralforecast NHITS": ("neuralforecast", nhits),
    "mlforecast LightGBM": ("mlforecast", lightgbm),
    "AutoETS": ("statsforecast", auto_ets),
}


def _neural(task: Task, model: type[Any]) -> pd.DataFrame:
    loss = import_module("neuralforecast.losses.pytorch").MQLoss
    made = model(
        h=int(task["steps"]),
        input_size=int(task["lookback"]),
        loss=loss(quantiles=task["levels"].tolist()),
        futr_exog_list=task["names"].tolist() or None,
        scaler_type="standard",
        max_steps=STEPS_OF_TRAINING[model.__name__],
        random_seed=int(task["seed"]),
        start_padding_enabled=True,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
    )
    return (
        import_module("neuralforecast")
        .NeuralForecast([made], freq=1)
        .cross_validation(
            _latest(task),
            n_windows=int(task["cutoffs"]),
            step_size=int(task["every"]),
            refit=False,
        )
    )


def _latest(task: Task) -> pd.DataFrame:
    """``_frame`` from ``LONGEST`` periods before the first cutoff."""
    test = int(task["steps"]) + int(task["every"]) * (int(task["cutoffs"]) - 1)
    frame = _frame(task)
    return frame[frame["ds"] > frame["ds"].max() - test - LONGEST]


def _frame(task: Task) -> pd.DataFrame:
    """``unique_id, ds, y`` and what is known ahead, from the start of each series."""
    demand, season = task["demand"], int(task["season"])
    count, size = demand.shape
    needed = 2 * int(task["lookback"]) + int(task["steps"]) * (int(task["cutoffs"]) + 2)
    rows = []
    for series, values in enumerate(demand):
        seen = np.flatnonzero(~np.isnan(values))
        begin = int(seen[0]) if seen.size and size - seen[0] > needed else 0
        columns = {
            "unique_id": np.full(size - begin, f"{series:0{len(str(count))}d}"),
            "ds": np.arange(begin, size),
            "y": _filled(values, season)[begin:],
        }
        columns |= {
            str(name): known[series, begin:]
            for name, known in zip(task["names"], task["known"], strict=True)
        }
        rows.append(pd.DataFrame(columns))
    return pd.concat(rows, ignore_index=True)


def _filled(values: np.ndarray, season: int) -> np.ndarray:
    """Gaps as the same place of the season before, 0 before the first."""
    filled = values.copy()
    for at in np.flatnonzero(np.isnan(filled)):
        filled[at] = filled[at - season] if at >= season else 0.0
    return filled


def _central(task: Task) -> list[float]:
    """Widths, in percent, of the central intervals that the quantiles bound."""
    levels = task["levels"]
    return [round(100 * (1 - 2 * level), 6) for level in levels[levels < 0.5]]


def _array(found: pd.DataFrame, task: Task) -> np.ndarray:
    """From one row per series, cutoff and step to (origin, series, step, quantile)."""
    rows = found.reset_index().sort_values(["cutoff", "unique_id", "ds"])
    columns = [_column(rows, float(level)) for level in task["levels"]]
    shape = (int(task["cutoffs"]), len(task["demand"]), int(task["steps"]), len(columns))
    return np.asarray(rows[columns], dtype=float).reshape(shape)


def _column(rows: pd.DataFrame, level: float) -> str:
    """Name of a quantile: ``tree-lo-80``, ``tree-hi-80.0``; ``tree`` or ``tree-median``."""
    names = [str(name) for name in rows.columns if str(name) not in KEYS]
    if level == 0.5:
        return next(name for name in names if "-lo-" not in name and "-hi-" not in name)
    side, width = ("-lo-", 1 - 2 * level) if level < 0.5 else ("-hi-", 2 * level - 1)
    ends = {name: name.rpartition("-")[2] for name in names if side in name}
    return next(name for name, end in ends.items() if abs(float(end) - 100 * width) < 1e-6)


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(main(*sys.argv[1:])) + "\n")

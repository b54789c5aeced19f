"""Other libraries on an accuracy set: they forecast in an environment of their own, we score."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from benchmarks.accuracy.sets import AccuracySet, calendar_columns

from supplynet.cli.peers import peer_python, run_task
from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.quantiles import QUANTILES, tidy
from supplynet.learning.windows import season_length

ENVIRONMENT = "forecast"


class PeerForecast(NamedTuple):
    """What a peer forecast, shape (origin, series, step, quantile), and what it took."""

    quantiles: FloatArray
    seconds: float
    version: str


def interpreter(checkout: Path) -> Path:
    """The peers' interpreter; installs them once.

    Raises:
        TaskFailed: They cannot be installed.
    """
    return peer_python(checkout, ENVIRONMENT)


def peer_forecast(
    peer: str, one: AccuracySet, *, python: Path, checkout: Path, seed: int
) -> PeerForecast:
    """Fit a peer before the first cutoff and forecast from each.

    Raises:
        TaskFailed: It fails, or forecasts something else than was asked for.
    """
    script = checkout / "benchmarks" / "peers" / "accuracy_peers.py"
    with tempfile.TemporaryDirectory() as name:
        task, answer = Path(name) / "task.npz", Path(name) / "answer.npz"
        np.savez(task, **_task(one, seed))
        told = run_task(script, peer, str(task), str(answer), python=python)
        quantiles = np.load(answer)["quantiles"]
    return PeerForecast(tidy(quantiles), told["seconds"], told["version"])


def _task(one: AccuracySet, seed: int) -> dict[str, Any]:
    """The set as plain arrays; what happens after a cutoff is kept from the models by the peers.

    All of them offer a cross-validation that fits once before the first cutoff.
    """
    known = {**calendar_columns(one.panel), **one.known}
    last = one.cutoffs[-1] + one.steps  # their last cutoff is so many steps before the end
    names = list(known)
    values = np.stack([known[name][:, :last] for name in names]) if names else np.empty((0, 0, 0))
    return {
        "demand": one.panel.demand[:, :last],
        "known": values,
        "names": np.array(names, dtype=str),
        "season": season_length(one.panel.periods),
        "lookback": one.lookback,
        "steps": one.steps,
        "every": one.every,
        "cutoffs": len(one.cutoffs),
        "levels": np.array(QUANTILES),
        "seed": seed,
    }

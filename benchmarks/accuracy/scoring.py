"""Every model, oracle and peer of an accuracy set, judged by the same figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from benchmarks.accuracy.peers import interpreter, peer_forecast
from benchmarks.accuracy.sets import QUICK, AccuracySet

from supplynet.cli.benchmarking import Setup
from supplynet.cli.peers import TaskFailed
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import HistoryTooShort, MissingExtra
from supplynet.forecast import registry
from supplynet.forecast.backtest import BASELINES, naive_scales, score
from supplynet.forecast.ensemble import default_members
from supplynet.forecast.model import Estimator
from supplynet.forecast.quantiles import QUANTILES, coverage, mean

Row = dict[str, Any]
Told = Callable[[str], None]
ENSEMBLE = "ensemble"
OURS, PEER, GIVEN = "model", "peer", "given"


def rows_of(one: AccuracySet, setup: Setup, told: Told) -> Iterator[Row]:
    """A row per model, per row that is given, and per peer."""
    for name, values in one.given.items():
        yield _row(one, name, GIVEN, one.at_cutoffs(values), (None, None))
    with ThreadPoolExecutor(1) as second_core:
        peers = second_core.submit(lambda: [] if setup.quick else list(_peers(one, setup, told)))
        for name in (*BASELINES, *(QUICK if setup.quick else one.models)):
            told(name)
            yield from _own(one, name, setup)
        yield from peers.result()


def ensemble_row(name: str, one: AccuracySet, rows: list[Row]) -> Row:
    """How far the ensemble is ahead of the best of each kind of the others; below 0 = behind."""
    scores = {row["model"]: row[one.judged] for row in rows if row[one.judged] is not None}
    kinds = {row["model"]: row["kind"] for row in rows}
    own = scores.get(ENSEMBLE)
    found: Row = {"table": "the ensemble beside the best", "set": name, "figure": one.judged}
    found["ensemble"] = own
    for kind in (OURS, PEER):
        others = {m: s for m, s in scores.items() if kinds[m] == kind and m != ENSEMBLE}
        best = min(others, key=others.__getitem__, default=None)
        ahead = None if best is None or own is None else 1 - own / others[best]
        found |= {f"best_{kind}": best, f"ahead_of_{kind}": ahead}
    return found


def model_forecast(one: AccuracySet, model: Estimator) -> tuple[FloatArray, float, float]:
    """Quantiles (origin, series, step, quantile), seconds to fit and to forecast once.

    Raises:
        HistoryTooShort: For the model.
    """
    started = perf_counter()
    predictor = model.fit(one.panel.head(one.first))
    fitted = perf_counter()
    found = [
        predictor.predict(one.panel.head(n), one.panel.periods[n : n + one.steps], QUANTILES)
        for n in one.cutoffs
    ]
    return np.stack(found), fitted - started, (perf_counter() - fitted) / len(found)


def _own(one: AccuracySet, name: str, setup: Setup) -> Iterator[Row]:
    """The model's row; none when its library is not installed, or the history is too short."""
    try:
        estimator = registry.estimator(name, **_settings(one, name, setup))
        quantiles, *seconds = model_forecast(one, estimator)
    except (MissingExtra, HistoryTooShort):
        return
    yield _row(one, name, OURS, quantiles, (seconds[0], seconds[1]))


def _settings(one: AccuracySet, name: str, setup: Setup) -> dict[str, Any]:
    known = registry.settings_of(name)
    wanted: dict[str, Any] = {"seed": setup.seed, "horizon": one.steps}
    if setup.quick:
        wanted |= {"epochs": 1, "finish": 0, "examples_per_epoch": 256, "rounds": 5}
    own = dict(one.models.get(name, {}))
    if name == ENSEMBLE and (of_members := _member_settings(one)):
        own["members"] = of_members
    return {key: value for key, value in wanted.items() if key in known} | own


def _member_settings(one: AccuracySet) -> list[Any]:
    """The ensemble's usual members, each as the set wants that model; none = as usual."""
    if not any(one.models.values()):
        return []
    members = default_members(one.panel)
    return [replace(m, settings={**m.settings, **one.models.get(m.model, {})}) for m in members]


def _peers(one: AccuracySet, setup: Setup, told: Told) -> Iterator[Row]:
    python = _interpreter(setup.checkout, told)
    if python is None:
        return
    for peer in one.peers:
        told(peer)
        try:
            found = peer_forecast(
                peer, one, python=python, checkout=setup.checkout, seed=setup.seed
            )
        except TaskFailed as error:
            told(f"{peer}: {error}")
            continue
        yield _row(one, f"{peer} {found.version}", PEER, found.quantiles, (found.seconds, None))


def _interpreter(checkout: Path, told: Told) -> Path | None:
    try:
        return interpreter(checkout)
    except TaskFailed as error:
        told(f"without peers: {error}")
        return None


def _row(
    one: AccuracySet,
    name: str,
    kind: str,
    quantiles: FloatArray,
    seconds: tuple[float | None, float | None],
) -> Row:
    actual = one.at_cutoffs(one.panel.demand)
    scale, square_scale = naive_scales(one.panel.head(one.first))
    found = score(quantiles, actual, scale)
    return {
        "table": one.title,
        "model": name,
        "kind": kind,
        **one.scores(quantiles, actual),
        "mase": found["mase"],
        "rmsse": _rmsse(quantiles, actual, square_scale),
        "wape": found["wape"],
        "pinball": found["pinball"],
        "bias": found["bias"],
        "coverage_80": found["coverage_80"],
        "coverage_95": float(np.nanmean(coverage(quantiles, QUANTILES, actual, 0.95))),
        "fit_seconds": seconds[0],
        "predict_seconds": seconds[1],
    }


def _rmsse(quantiles: FloatArray, actual: FloatArray, square_scale: FloatArray) -> float:
    """Mean over the series of the root mean squared error of the mean, in naive errors."""
    seen = ~np.isnan(actual)
    error = np.where(seen, mean(quantiles, QUANTILES) - np.where(seen, actual, 0.0), 0.0)
    count = seen.sum(axis=(0, 2))
    judged = (count > 0) & ~np.isnan(square_scale)
    squares = (error**2).sum(axis=(0, 2))[judged] / count[judged]
    return float(np.sqrt(squares / square_scale[judged]).mean())

"""The guide's MAPE below 15 % and R2 above 0.7: where noise allows them, and what holds elsewhere.

The generator knows the mean that every period was drawn from. A forecast of this mean, the oracle,
errs by nothing but the noise of the draws, and no model can do better but by luck. So series are
told apart by the oracle: where its MAPE is below 12 % and its R2 above 0.8, a percentage can be
promised; elsewhere the noise alone is more than the percentage, and what can be asked for is a mean
absolute error near the oracle's. The table of noise says how well ``forecast.attainable`` tells the
same from the history alone, as the product must.

Made sales: 5 warehouses x 20 SKUs, a year, then 28 days in steps of 7, as ``ForecastingService``
judges them. Plant: the medium scenario per shift, with its production plan; its oracle knows the
plan too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from benchmarks.accuracy import made
from benchmarks.accuracy.scoring import model_forecast
from benchmarks.accuracy.sets import AccuracySet

from supplynet.cli.benchmarking import Result, Setup
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import NotFound
from supplynet.forecast import registry
from supplynet.forecast.attainable import FLOOR_MAPE, FLOOR_R2, attainable, why_not
from supplynet.forecast.backtest import BASELINES
from supplynet.forecast.metrics import series_metrics

MODELS = ("lightgbm", "lstm", "gru", "mlp", "nhits", "ensemble")
QUICK = ("lightgbm",)
DATA = ("sales", "plant")
Figures = dict[str, FloatArray]


def run(setup: Setup) -> Result:
    params: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for place, name in enumerate(setup.only or DATA):
        if name not in DATA:
            raise NotFound("data set", name, f"choose from {', '.join(DATA)}")
        setup.report(place / len(DATA), name)
        one, mean = _data(name, setup)
        oracle = _oracle(one, mean)
        params[name] = f"{one.described()}. {why_not(attainable(one.panel.head(one.first)))}"
        rows += _errors(name, one, oracle, setup)
        rows.append(_noise(name, one, oracle))
    return Result(params=params, rows=sorted(rows, key=lambda row: str(row["table"])))


def _data(name: str, setup: Setup) -> tuple[AccuracySet, FloatArray]:
    """A set, and the mean of every period for one who knows all that models are told."""
    one, means = made.SETS[name](setup.seed, setup.quick)
    return one, list(means.values())[-1]


def _oracle(one: AccuracySet, mean: FloatArray) -> Figures:
    """MAPE and MAE of the median, R2 of the mean, per series."""
    actual = one.at_cutoffs(one.panel.demand)
    found = _figures(one, one.at_cutoffs(made.oracle_quantiles(mean, one.panel.demand, one.first)))
    seen = ~np.isnan(actual)
    truth = np.where(seen, actual, 0.0)
    count = np.maximum(seen.sum(axis=(0, 2)), 1)
    about = truth - (truth.sum(axis=(0, 2)) / count)[None, :, None]
    left = np.where(seen, (truth - one.at_cutoffs(mean)) ** 2, 0.0).sum(axis=(0, 2))
    moved = np.where(seen, about**2, 0.0).sum(axis=(0, 2))
    r2 = 1 - left / np.where(moved > 0, moved, np.nan)
    return {**found, "r2": r2}  # from quantiles, a mean is not exact


def _figures(one: AccuracySet, quantiles: FloatArray) -> Figures:
    none = np.full(len(one.panel.series), np.nan)
    found = series_metrics(quantiles, one.at_cutoffs(one.panel.demand), none, none)
    return {name: found[name] for name in ("mape", "r2", "mae")}


def _errors(name: str, one: AccuracySet, oracle: Figures, setup: Setup) -> list[dict[str, Any]]:
    quiet = (oracle["mape"] < FLOOR_MAPE) & (oracle["r2"] > FLOOR_R2)
    rows = [_row(name, "oracle", oracle, oracle, quiet)]
    for model in (*BASELINES, *(QUICK if setup.quick else MODELS)):
        wanted = {"seed": setup.seed, "horizon": one.steps}
        known = registry.settings_of(model)
        settings = {key: value for key, value in wanted.items() if key in known}
        quantiles, *_ = model_forecast(one, registry.estimator(model, **settings))
        rows.append(_row(name, model, _figures(one, quantiles), oracle, quiet))
    return rows


def _row(
    name: str,
    model: str,
    own: Figures,
    oracle: Figures,
    quiet: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> dict[str, Any]:
    """Medians over the quiet series; error over the oracle's on the others."""
    rest = ~quiet & (oracle["mae"] > 0)
    return {
        "table": "errors on unseen days",
        "data": name,
        "model": model,
        "quiet_series": int(quiet.sum()),
        "their_median_mape": _median(own["mape"][quiet]),
        "their_median_r2": _median(own["r2"][quiet]),
        "other_series": int(rest.sum()),
        "their_mae_over_oracles": float((own["mae"][rest] / oracle["mae"][rest]).mean()),
        "sum_of_mae_over_oracles": float(own["mae"][rest].sum() / oracle["mae"][rest].sum()),
        "median_mape_of_all": _median(own["mape"]),
        "median_r2_of_all": _median(own["r2"]),
    }


def _noise(name: str, one: AccuracySet, oracle: Figures) -> dict[str, Any]:
    """The floor told from the history beside the oracle's error afterwards."""
    floor = attainable(one.panel.head(one.first))
    both = ~np.isnan(floor.mape) & ~np.isnan(oracle["mape"]) & (oracle["mae"] > 0)
    return {
        "table": "noise told from the history",
        "data": name,
        "series": int(both.sum()),
        "floor_mape": _median(floor.mape),
        "oracle_mape": _median(oracle["mape"]),
        "correlation": float(np.corrcoef(floor.mape[both], oracle["mape"][both])[0, 1]),
        "floor_mae_over_oracles": _median(floor.mae[both] / oracle["mae"][both]),
        "promised": int(floor.promised.sum()),
        "quiet_series": int(((oracle["mape"] < FLOOR_MAPE) & (oracle["r2"] > FLOOR_R2)).sum()),
    }


def _median(values: FloatArray) -> float | None:
    seen = values[~np.isnan(values)]
    return float(np.median(seen)) if seen.size else None

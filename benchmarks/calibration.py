"""Calibration on weeks that it has not seen, of single steps and of sums over the next steps.

Four weeks calibrate a model, the four weeks after them judge it, as it was and calibrated; it is
fitted before each. Data: the generator's medium plant per shift, its daily sales, and M5 by store
and department; ``--seeds`` says how many plants and sales, and how many times four weeks of M5;
``--only`` picks data.

Coverage is read from randomised PITs: a count cannot hit a nominal coverage, the transform can. The
worst class is the one furthest from 80 % among those with at least 500 cells; small classes are
off by chance (their rows say how many cells they have). Sums are drawn on joint paths; a level is
exceeded where the PIT of what happened lies above it. ``stock point`` adds the lines of a
showroom that need the same part. Cells and sums overlap, as forecasts do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from benchmarks.accuracy import m5, made
from benchmarks.accuracy.sets import data_folder

from supplynet.cli.benchmarking import Result, Setup
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import MissingExtra, NotFound
from supplynet.forecast import registry
from supplynet.forecast.backtest import Backtest, backtest
from supplynet.forecast.calibrated import calibrate, classes_of
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.model import Estimator
from supplynet.forecast.pit import WIDTHS, exceedance, pit_coverage, randomised_pit
from supplynet.forecast.quantiles import QUANTILES
from supplynet.forecast.window_sums import window_pit
from supplynet.frames.demand_classes import DEMAND_CLASSES
from supplynet.frames.panel import Panel

MODELS = ("lightgbm", "mlp", "shift_mean", "tsb")
QUICK: dict[str, dict[str, Any]] = {
    "lightgbm": {"rounds": 5, "most_rows": 2_000},
    "mlp": {"epochs": 1, "examples_per_epoch": 64},
}
DAYS = 28
STEPS = 7
PATHS = 1_000
LEVELS = np.array(QUANTILES)
EXCEEDED = (0.9, 0.99, 0.998)
LEAST_CELLS = 500
M5_DAYS = 900
MISSING = "no folder m5_walmart in SHARED_DATA or in shared/data beside us"
Row = dict[str, Any]
Index = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """One model on weeks that it has not seen, as it was or calibrated.

    Attributes:
        pit: Of every cell, shape (cell,); NaN = not observed.
        loss: Pinball loss of every cell, parts.
        classes: Place in ``DEMAND_CLASSES`` of every cell.
        sums: PIT of sums by what is summed.
    """

    pit: FloatArray
    loss: FloatArray
    classes: Index
    sums: dict[str, FloatArray]


def run(setup: Setup) -> Result:
    count = 1 if setup.quick else setup.seeds
    wanted = setup.only or tuple(DATA)
    for name in wanted:
        if name not in DATA:
            raise NotFound("data set", name, f"choose from {', '.join(DATA)}")
    panels = {name: DATA[name](setup, count) for name in wanted}
    params: dict[str, Any] = {"calibrated_on_days": DAYS, "judged_on_days": DAYS}
    rows: list[Row] = []
    for name, found in panels.items():
        params[name] = f"{len(found)} of {_size(found[0])}" if found else MISSING
    pairs = [(name, model) for name, found in panels.items() if found for model in MODELS]
    for place, (name, model) in enumerate(pairs):
        setup.report(place / len(pairs), f"{name}: {model}")
        try:
            rows += _rows(name, model, panels[name], setup)
        except MissingExtra:
            params[model] = "not installed"
    if not rows:
        return Result(params=params, skipped=MISSING)
    rows.sort(key=lambda row: [*TABLES].index(row["table"]))
    return Result(params=params, rows=rows)


def _plants(setup: Setup, count: int) -> list[Panel]:
    size = "small" if setup.quick else "medium"
    return [made.made_plant(setup.seed + i, size).panel for i in range(count)]


def _sales(setup: Setup, count: int) -> list[Panel]:
    warehouses, days = (1, 200) if setup.quick else (5, 365 + 2 * DAYS)
    seeds = range(setup.seed, setup.seed + count)
    return [made.made_sales(seed, warehouses=warehouses, days=days).panel for seed in seeds]


def _m5(setup: Setup, count: int) -> list[Panel]:
    folder = data_folder(setup.checkout, "m5_walmart")
    if folder is None:
        return []
    panel = m5.store_departments(folder, setup.quick).panel
    ends = [len(panel.periods) - i * DAYS for i in range(count)]
    return [panel.head(end).tail(M5_DAYS) for end in ends]


DATA: dict[str, Callable[[Setup, int], list[Panel]]] = {
    "plant": _plants,
    "sales": _sales,
    "m5": _m5,
}


def _size(panel: Panel) -> str:
    return f"{len(panel.series)} series x {len(panel.periods)} periods"


def _rows(data: str, model: str, panels: Sequence[Panel], setup: Setup) -> Iterator[Row]:
    pairs = [_judge(model, panel, setup) for panel in panels]
    for place, read in enumerate(("as it was", "calibrated")):
        parts = [pair[place] for pair in pairs]
        one = Judged(
            pit=np.concatenate([part.pit for part in parts]),
            loss=np.concatenate([part.loss for part in parts]),
            classes=np.concatenate([part.classes for part in parts]),
            sums={
                name: np.concatenate([part.sums[name] for part in parts]) for name in parts[0].sums
            },
        )
        for table, make in TABLES.items():
            for row in make(one):
                yield {"table": table, "data": data, "model": model, "read": read, **row}


def _judge(model: str, panel: Panel, setup: Setup) -> tuple[Judged, Judged]:
    """As it was, and calibrated on the four weeks before."""
    since = panel.periods[-1].local_date - timedelta(days=DAYS - 1)
    count = sum(period.local_date >= since for period in panel.periods)
    before, after = (
        backtest(_estimator(model, setup), part, periods=count, steps=STEPS, baselines=())
        for part in (panel.head(-count), panel)
    )
    calibration, dependence = calibrate(before, model)
    quantiles, classes = after.outcomes[model].quantiles, classes_of(after.history)
    calibrated = calibration.apply(quantiles, classes)
    return (
        _judged(quantiles, after, before.dependence(model), setup),
        _judged(calibrated, after, dependence, setup),
    )


def _estimator(model: str, setup: Setup) -> dict[str, Estimator]:
    given = {"seed": setup.seed} | (QUICK.get(model, {}) if setup.quick else {})
    known = registry.settings_of(model)
    settings = {name: value for name, value in given.items() if name in known}
    return {model: registry.estimator(model, **settings)}


def _judged(quantiles: FloatArray, found: Backtest, dependence: Dependence, setup: Setup) -> Judged:
    rng = np.random.default_rng(setup.seed)
    error = found.actual[..., None] - quantiles
    loss = np.maximum(LEVELS * error, (LEVELS - 1) * error).mean(axis=-1)
    places = np.broadcast_to(classes_of(found.history)[:, None], found.actual.shape)
    sums = partial(
        window_pit,
        quantiles,
        found.actual,
        found.series,
        dependence,
        paths=100 if setup.quick else PATHS,
        seed=setup.seed,
        rng=rng,
    )
    points = sums(groups=_stock_points(found.series))[:, :, -1].ravel()
    alone = sums()
    return Judged(
        pit=randomised_pit(quantiles, QUANTILES, found.actual, rng).ravel(),
        loss=loss.ravel(),
        classes=places.ravel(),
        sums={
            "2 steps": alone[:, :, 1].ravel(),
            f"{STEPS} steps": alone[:, :, -1].ravel(),
            f"{STEPS} steps, stock point": points,
        },
    )


def _stock_points(series: Sequence[tuple[str, str]]) -> Index:
    """Number of the (showroom, part) that each series draws from; of (store, part) in a shop."""
    names = [f"{line.partition('.')[0]}/{part}" for line, part in series]
    return np.asarray(np.unique(names, return_inverse=True)[1], dtype=np.int64)


def _margins(found: Judged) -> Iterator[Row]:
    classes = [row for row in _classes(found) if row["cells"] >= LEAST_CELLS]
    worst = max(classes, key=lambda row: abs(row["coverage_80"] - 0.8), default={})
    yield {
        "cells": int((~np.isnan(found.pit)).sum()),
        **_coverage(found.pit),
        "worst_class": worst.get("class"),
        "worst_80": worst.get("coverage_80"),
        "worst_95": worst.get("coverage_95"),
        "pinball": float(np.nanmean(found.loss)),
    }


def _classes(found: Judged) -> Iterator[Row]:
    for place, name in enumerate(DEMAND_CLASSES):
        inside = (found.classes == place) & ~np.isnan(found.pit)
        if inside.any():
            pinball = float(found.loss[inside].mean())
            cells = int(inside.sum())
            yield {
                "class": name,
                "cells": cells,
                **_coverage(found.pit[inside]),
                "pinball": pinball,
            }


def _sums(found: Judged) -> Iterator[Row]:
    for of, pit in found.sums.items():
        above = {f"above_{level:g}": float(exceedance(pit, level)) for level in EXCEEDED}
        yield {"sum_of": of, "sums": int((~np.isnan(pit)).sum()), **_coverage(pit), **above}


def _coverage(pit: FloatArray) -> dict[str, float]:
    return {f"coverage_{width * 100:.0f}": float(pit_coverage(pit, width)) for width in WIDTHS}


TABLES: dict[str, Callable[[Judged], Iterator[Row]]] = {
    "coverage on held-out weeks": _margins,
    "sums over the next steps on held-out weeks": _sums,
    "coverage by class of demand": _classes,
}

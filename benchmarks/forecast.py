"""Forecast error of every model, the ensemble and other libraries on six data sets.

- ``m5``: M5, 70 series of store and department, 28 days forecast at once; WRMSSE of level 9 and
  the mean of levels 1 to 9 from sums of the same forecasts, with the mean as point forecast.
- ``m5_items``: its 21 item series with a history.
- ``car_parts``: 2,674 parts by the month, the last year; a row of zeros beside the models.
- ``supplygraph``: flows of a factory by the day, seven days ahead.
- ``plant``: the generator's medium plant per shift, with its production plan, 14 shifts ahead.
- ``sales``: the generator's daily sales, seven days ahead.

Models are fitted once, before the first cutoff. ``mase`` and ``wape`` judge the median, ``rmsse``
and ``bias`` the mean. On made data ``oracle`` rows know the means that were drawn from. Peers run
in an environment of their own (``benchmarks/peers/forecast.txt``) and are told the calendar and
what else is known ahead; ``fit_seconds`` of theirs is the time of everything. Real data are looked
for in ``SHARED_DATA``, or in ``shared/data`` beside the checkout. ``--only`` picks sets.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.accuracy import flows, m5, made
from benchmarks.accuracy.scoring import ensemble_row, rows_of
from benchmarks.accuracy.sets import AccuracySet, data_folder

from supplynet.cli.benchmarking import Result, Setup
from supplynet.errors import NotFound

REAL: dict[str, tuple[str, Callable[[Path, bool], AccuracySet]]] = {
    "m5": ("m5_walmart", m5.store_departments),
    "m5_items": ("m5_walmart", m5.items),
    "car_parts": ("car_parts", flows.car_parts),
    "supplygraph": ("supplygraph", flows.supplygraph),
}
"""Folder of the data, and what makes the set of it."""
SETS = (*REAL, *made.SETS)


def run(setup: Setup) -> Result:
    wanted = setup.only or SETS
    for name in wanted:
        if name not in SETS:
            raise NotFound("data set", name, f"choose from {', '.join(SETS)}")
    params: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    ahead: list[dict[str, Any]] = []
    for place, name in enumerate(wanted):
        build = _builder(name, setup)
        if build is None:
            params[name] = f"no folder {REAL[name][0]} in SHARED_DATA or in shared/data beside us"
            continue
        started = perf_counter()
        one = build(setup.quick)
        share = place / len(wanted)
        found = list(rows_of(one, setup, partial(_told, setup, share, name)))
        params[name] = f"{one.described()}; took {perf_counter() - started:.0f} s"
        rows += sorted(found, key=lambda row: row[one.judged])
        ahead.append(ensemble_row(name, one, found))
    if not rows:
        return Result(params=params, skipped="; ".join(params.values()))
    return Result(params=params, rows=[*rows, *ahead])


def _builder(name: str, setup: Setup) -> Callable[[bool], AccuracySet] | None:
    if name in made.SETS:
        return lambda quick: made.SETS[name](setup.seed, quick)[0]
    folder = data_folder(setup.checkout, REAL[name][0])
    return None if folder is None else partial(REAL[name][1], folder)


def _told(setup: Setup, share: float, name: str, what: str) -> None:
    setup.report(share, f"{name}: {what}")

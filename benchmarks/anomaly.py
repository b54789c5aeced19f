"""Anomaly detectors and plain baselines: what they find, how soon, and how often they cry wolf.

Parts are the modules of ``benchmarks/anomalies`` that have a function ``rows``; ``--only`` picks
some. Judged by VUS-PR, affiliation, event recall at a fixed number of false alarms and time to
detect, never by point-adjusted F1; ``random`` and ``flag_everything`` are in every table. Real data
are looked for in ``SHARED_DATA``, or in ``shared/data`` beside the checkout.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import Any

from supplynet.cli.bench_options import Option
from supplynet.cli.benchmarking import Result, Setup
from supplynet.errors import NotFound

OPTIONS = (Option(name="learn", help="Learn the tree of kinds again and write it to this file."),)


def run(setup: Setup) -> Result:
    parts = _parts(setup.checkout)
    for name in setup.only:
        if name not in parts:
            raise NotFound("part", name, f"choose from {', '.join(parts)}")
    params: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for name in setup.only or parts:
        started = perf_counter()
        setup.report(0.0, name)
        found = parts[name].rows(setup)
        about = (parts[name].__doc__ or name).split("\n")[0]
        took = f"took {perf_counter() - started:.0f} s"
        params[name] = f"{about} {took if found else _missing(parts[name])}"
        rows += found
    return Result(params=params, rows=rows, skipped="" if rows else "; ".join(params.values()))


def _parts(checkout: Path) -> dict[str, ModuleType]:
    files = sorted((checkout / "benchmarks" / "anomalies").glob("[a-z]*.py"))
    modules = {path.stem: import_module(f"benchmarks.anomalies.{path.stem}") for path in files}
    return {name: module for name, module in modules.items() if hasattr(module, "rows")}


def _missing(part: ModuleType) -> str:
    folder = getattr(part, "FOLDER", part.__name__.rpartition(".")[2])
    return f"Not run: no folder {folder} in SHARED_DATA or in shared/data beside us."

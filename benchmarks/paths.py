"""Seconds and memory of 1,000 joint paths for 10,000 series and 14 shifts.

Made demand: Poisson counts of 3,334 lines with three parts each, weekday and shift effects, a year
of two shifts a day. LightGBM is fitted on 200 of the series (not timed) and forecasts all of them,
which is the first row; then joint paths are drawn and brought down to quantiles per series and
shift and of the sum of four shifts, without and with sums of everything and by part. Every row runs
in a process of its own, whose peak memory it is, libraries and history included; two processes are
started within the time.

Peers of the same run, on a tenth of the series: the same copula as one would write it with numpy's
generator, ``scipy.stats.norm`` and ``numpy.interp``; and keyed numbers as this library drew them
before, one 64-bit number per cell through the inverse normal and a search among the levels.
"""

from __future__ import annotations

from typing import Any

from supplynet.cli.benchmarking import Result, Setup
from supplynet.cli.peers import run_task

STEPS = 14
PEER_SHARE = 10
TASKS = {
    "predict": "quantiles of every series (lightgbm), cells are quantiles",
    "paths": "joint paths, shard by shard",
    "summary": "joint paths to quantiles and window sums",
    "sums": "the same with sums of all and by part",
    "everything": "forecast, paths, quantiles and sums, one process",
    "everything-2": "the same in two processes",
    "plain": "peer: plain numpy copula",
    "keyed": "peer: keyed cell by cell, as before",
}


def run(setup: Setup) -> Result:
    series, shifts, paths = (90, 100, 50) if setup.quick else (10_000, 730, 1000)
    script = setup.checkout / "benchmarks" / "peers" / "paths_tasks.py"
    rows: list[dict[str, Any]] = []
    for done, (task, what) in enumerate(TASKS.items()):
        setup.report(done / len(TASKS), what)
        count = series // PEER_SHARE if what.startswith("peer") else series
        found = run_task(script, task, *map(str, (count, shifts, paths, setup.seed)))
        workers = found["worker_peak_mb"] if task == "everything-2" else None
        rows.append(
            {
                "table": "seconds and memory",
                "what": what,
                "series": count,
                "seconds": round(found["seconds"], 2),
                "cpu_seconds": round(found["cpu_seconds"], 2),
                "nanoseconds_per_cell": round(1e9 * found["seconds"] / found["cells"], 1),
                "peak_mb": round(found["peak_mb"]),
                "worker_peak_mb": None if workers is None else round(workers),
            }
        )
    params = {
        "series": series,
        "steps": STEPS,
        "paths": paths,
        "history_shifts": shifts,
        "model": "lightgbm",
        "threads": 1,
    }
    return Result(params=params, rows=rows)

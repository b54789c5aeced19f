"""Seconds and memory of one decision for 10,000 (stock point, part) pairs on 1,000 paths each.

Made plant: 50 stock points of 200 parts, each with a vehicle a shift that does not overtake the one
before; two vehicles are on the road, transit is random on every path, the window is within four
shifts. Demand is forecast as quantiles and sampled jointly. A fifth of the warehouse's parts is
short by 40 %, a fifth of the vehicles has room for 70 % of its load. ``no_stockout`` at 99.9 %
decides, the shortage is shared, and every pair is explained, orders of 0 included.

Stages: ``sample`` the paths; read the ``windows`` of every pair, path and vehicle; ``decide`` with
rationing; ``explain``. ``from paths`` is all but the first. One row per rationing, each in a
process of its own, whose peak memory it is, libraries included; ``lost_line_minutes`` is what the
rationing leaves to lose in expectation, weighted by the lines' priority.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from supplynet.cli.bench_options import Option, whole
from supplynet.cli.benchmarking import Result, Setup
from supplynet.cli.peers import run_task
from supplynet.replenish.rationing import RATIONINGS

PAIRS, PATHS = 10_000, 1_000
QUICK_PAIRS, QUICK_PATHS = 400, 100
OPTIONS = (
    Option(name="pairs", help="(stock point, part) pairs.", default=PAIRS, read=whole(1)),
    Option(name="paths", help="Sample paths of each.", default=PATHS, read=whole(1)),
)
STAGES = ("sample", "windows", "decide", "explain")


def run(setup: Setup) -> Result:
    pairs, paths = setup.options["pairs"], setup.options["paths"]
    if setup.quick:
        pairs, paths = min(pairs, QUICK_PAIRS), min(paths, QUICK_PATHS)
    script = setup.checkout / "benchmarks" / "peers" / "decide_tasks.py"
    rows: list[dict[str, Any]] = []
    for done, rationing in enumerate(RATIONINGS):
        setup.report(done / len(RATIONINGS), rationing)
        found = [
            run_task(script, rationing, str(pairs), str(paths), str(setup.seed + number))
            for number in range(setup.seeds)
        ]
        rows.append(_row(rationing, found))
    params = {"pairs": pairs, "paths": paths, "policy": "no_stockout", "processes": 1, "threads": 1}
    return Result(params=params, rows=rows)


def _row(rationing: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians over the seeds, which are runs one after the other."""
    seconds = {stage: [each["seconds"][stage] for each in found] for stage in STAGES}
    total = [sum(each["seconds"].values()) for each in found]
    cpu = [sum(each["cpu_seconds"].values()) for each in found]
    given = [all_of - sample for all_of, sample in zip(total, seconds["sample"], strict=True)]
    return {
        "table": "seconds and memory",
        "rationing": rationing,
        **{f"{stage}_seconds": round(median(each), 2) for stage, each in seconds.items()},
        "from_paths_seconds": round(median(given), 2),
        "with_sampling_seconds": round(median(total), 2),
        "worst_seconds": round(max(total), 2),
        "cpu_seconds": round(median(cpu), 2),
        "peak_mb": round(max(each["peak_mb"] for each in found)),
        "lost_line_minutes": round(median(each["lost_line_minutes"] for each in found), 1),
        **{name: found[0][name] for name in ("orders", "packs", "short", "no_room")},
    }

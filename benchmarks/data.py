"""Rows per second of generate, import and features, beside pandas doing the same.

Both sides run in fresh processes with one numeric thread, on the same files. The pandas side is
written as one would write it: vectorised generation without truth; ``read_csv``, a look for bad
cells and duplicates, daily sums and gaps filled; ``groupby`` with ``shift`` and ``rolling``.
Ours does more in each: truth and effects kept beside the data, random numbers that do not depend on
how many series there are, a name for every wrong cell, features that cannot see past their cutoff.
``ratio`` is their seconds over ours. ``world`` makes a whole scenario in two processes; its
``peak_mb`` is that of the largest process.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from supplynet.cli.benchmarking import Result, Setup
from supplynet.cli.peers import TaskFailed, peer_python, run_task


def run(setup: Setup) -> Result:
    series, days = (100, 200) if setup.quick else (2_800, 365)
    scripts = setup.checkout / "benchmarks" / "peers"
    ours, theirs = scripts / "data_supplynet.py", scripts / "data_pandas.py"
    setup.report(0.0, "installing pandas, once")
    try:
        python, skipped = peer_python(setup.checkout, "data"), ""
    except TaskFailed as error:
        python, skipped = None, str(error)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = str(folder / "sales.csv")
        run_task(ours, "sales", source, str(series), str(days))
        (folder / "months").mkdir()
        size = (str(series), str(days))
        tasks = {
            "generate": ((str(folder / "a.parquet"), *size), (str(folder / "b.parquet"), *size)),
            "import": ((source, str(folder / "ours")), (source, str(folder / "months"))),
            "features": ((source,), (source,)),
        }
        for done, (task, (mine, other)) in enumerate(tasks.items(), start=1):
            setup.report(done / 5, task)
            found = run_task(ours, task, *mine)
            rows.append(_row(task, "SupplyNet", found, None))
            if python is not None:
                peer = run_task(theirs, task, *other, python=python)
                rows.append(_row(task, "pandas", peer, peer["seconds"] / found["seconds"]))
        setup.report(0.8, "a world")
        scenario = "small" if setup.quick else "large"
        found = run_task(ours, "world", str(folder / "world"), scenario)
        rows.append(_row(f"world {scenario}", "SupplyNet", found, None))
    params = {"series": series, "days": days, "pandas": skipped or "measured"}
    return Result(params=params, rows=rows)


def _row(task: str, by: str, found: dict[str, Any], ratio: float | None) -> dict[str, Any]:
    return {
        "table": "rows per second",
        "task": task,
        "by": f"{by} {found['version']}",
        "rows": found["rows"],
        "seconds": round(found["seconds"], 2),
        "cpu_seconds": round(found["cpu_seconds"], 2),
        "rows_per_second": round(found["rows"] / found["seconds"]),
        "peak_mb": round(found["peak_mb"]),
        "ratio": None if ratio is None else round(ratio, 2),
    }

"""Station-part-shifts per second of the twin under min/max, beside other simulators.

A unit is one stock point, one part, one shift: demand drawn, a decision, a vehicle loaded and
unloaded. Ours is the full twin: lines that halt, one warehouse that buys and can run short, a
vehicle per stock point and shift; only stock points of lines count. It is run with slots of an hour
(12 per shift) and of a whole shift. The peers are environments for reinforcement learning under
lost sales and base-stock; every node of theirs that holds stock counts. ``plain`` is the least that
can be done: one array per shift, base-stock, endless supply, no lines, no vehicles.

All run in fresh processes with one numeric thread, the fastest of three runs; compiling a plant and
drawing its demand are not timed. ``times`` is our whole-shift speed at 200 lines over theirs, both
per second of processor time, which other work on the machine disturbs less.
"""

from __future__ import annotations

from typing import Any

from supplynet.cli.benchmarking import Result, Setup
from supplynet.cli.peers import TaskFailed, peer_python, run_task

Row = dict[str, Any]
SHIFT = 720
HOUR = 60
REFERENCE = (200, 20, 90, 10, SHIFT)
"""Lines, parts of each, shifts, replications, minutes of a slot."""
SIZES = (
    (1, 20, 90, 1_000, SHIFT),
    (24, 20, 90, 50, SHIFT),
    REFERENCE,
    (200, 20, 90, 50, SHIFT),
    (1_000, 20, 60, 2, SHIFT),
    (24, 20, 90, 50, HOUR),
    (200, 20, 90, 10, HOUR),
)
QUICK = ((10, 5, 10, 4, SHIFT), (10, 5, 10, 4, HOUR))


def run(setup: Setup) -> Result:
    scripts = setup.checkout / "benchmarks" / "peers"
    ours, theirs = scripts / "twin_supplynet.py", scripts / "twin_peers.py"
    setup.report(0.0, "installing the peers, once")
    try:
        python, skipped = peer_python(setup.checkout, "twin"), ""
    except TaskFailed as error:
        python, skipped = None, str(error)
    sizes = QUICK if setup.quick else SIZES
    rows, speed = [], 0.0
    for done, size in enumerate(sizes):
        setup.report((done + 1) / (len(sizes) + 3), f"{size[0]} lines, slots of {size[4]} minutes")
        found = run_task(ours, "plant", *map(str, size))
        rows.append(_ours(size, found))
        if size in {REFERENCE, QUICK[0]}:
            speed = found["units"] / found["cpu_seconds"]
    stations, shifts = ("100", "20") if setup.quick else ("10000", "180")
    rows.append(
        _other("plain numpy", "base-stock", run_task(ours, "plain", stations, shifts), speed)
    )
    periods = "50" if setup.quick else "400"
    tasks = {
        "or_gym_inventory": ("base-stock, 3 stages", (periods,)),
        "gym_invmgmt": ("base-stock, 1 warehouse, 20 stations", (periods, "20")),
    }
    for name, (what, arguments) in tasks.items() if python is not None else ():
        found = run_task(theirs, name, *arguments, python=python)
        rows.append(_other(f"{name} {found['version']}", what, found, speed))
    return Result(
        params={"unit": "stock point x part x shift", "peers": skipped or "measured"}, rows=rows
    )


def _ours(size: tuple[int, int, int, int, int], found: dict[str, Any]) -> Row:
    lines, parts, shifts, replications, slot = size
    return {
        "table": "twin",
        "lines": lines,
        "parts": parts,
        "shifts": shifts,
        "replications": replications,
        "slot_minutes": slot,
        "units": found["units"],
        **_speed(found),
        "compile_seconds": round(found["compile_seconds"], 2),
        "starved_share": round(found["starved_share"], 5),
    }


def _other(by: str, what: str, found: dict[str, Any], ours: float) -> Row:
    return {
        "table": "others",
        "by": by,
        "what": what,
        "units": found["units"],
        **_speed(found),
        "times": round(ours * found["cpu_seconds"] / found["units"], 2),
    }


def _speed(found: dict[str, Any]) -> Row:
    return {
        "seconds": round(found["seconds"], 4),
        "cpu_seconds": round(found["cpu_seconds"], 4),
        "units_per_second": round(found["units"] / found["seconds"]),
        "units_per_cpu_second": round(found["units"] / found["cpu_seconds"]),
    }

"""Speed: seconds to train a detector on 1,000 series of 730 shifts, to score them, and each shift.

CPU seconds of one thread. ``shift_ms`` is what one more shift costs for a series while the plant
runs; ``first_ms`` the same when the detector was just opened.
"""

from __future__ import annotations

from time import process_time

from benchmarks.anomalies.normal import make_world
from benchmarks.anomalies.rows import Row

from supplynet.anomaly import registry
from supplynet.anomaly.calibrated import Calibrated
from supplynet.cli.benchmarking import Setup
from supplynet.errors import MissingExtra
from supplynet.frames.panel import Panel

LINES, DAYS, SHIFTS = 100, 365, 6


def rows(setup: Setup) -> list[Row]:
    """A row per detector."""
    panel = make_world(25 if setup.quick else LINES, setup.seed, DAYS).panel
    found = list[Row]()
    for name in registry.DETECTORS:
        if name != "calibrated":
            setup.report(0.0, f"speed: {name}")
            found += _row(name, panel)
    return found


def _row(name: str, panel: Panel) -> list[Row]:
    started = process_time()
    try:
        detector = Calibrated(model=name).fit(panel)
    except MissingExtra:
        return []
    learnt = process_time()
    detector.score(panel)
    scored = process_time()
    detector = Calibrated.restore(detector.state())
    each = []
    for shift in range(SHIFTS, 0, -1):
        begun = process_time()
        detector.score(panel.head(len(panel.periods) - shift + 1).tail(detector.context + 1), 1)
        each.append(1000 * (process_time() - begun) / len(panel.series))
    return [
        {
            "table": f"{len(panel.series):,} series x {len(panel.periods)} shifts, CPU seconds",
            "detector": name,
            "train": learnt - started,
            "score": scored - learnt,
            "first_ms": each[0],
            "shift_ms": sorted(each[1:])[len(each) // 2],
        }
    ]

"""Whether planning by what line leaders announce is worth it: honoured against ignored.

For each seed a plant, its history and unseen days are made and a forecast model is fitted on the
history. In the unseen days lines surge and stand still, and their leaders say so up to a day
before, a surge not quite truly. The days are played twice, planned by these words and in spite of
them, with the same demand and luck of vehicles, so that differences are paired.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from benchmarks.anomalies.holding_plant import (
    ALPHA,
    FULL,
    QUICK,
    SHIFTS_PER_DAY,
    make_forecaster,
    make_world,
)

from supplynet.cli.benchmarking import Result, Setup
from supplynet.replenish.no_stockout import NoStockout
from supplynet.simulate.scorecard import Score
from supplynet.study.announced import Bench, Telling, play
from supplynet.study.robustness import interval

Row = dict[str, Any]
FIGURES = ("halts", "lost_minutes", "cover_days", "trips")
IGNORED, HONOURED = "ignored", "honoured"


def run(setup: Setup) -> Result:
    size, telling = QUICK if setup.quick else FULL, Telling()
    seeds = range(setup.seed, setup.seed + setup.seeds)
    found: dict[str, list[Row]] = {IGNORED: [], HONOURED: []}
    for index, seed in enumerate(seeds):
        setup.report(index / len(seeds), f"seed {seed}")
        world = make_world(size, seed)
        bench = Bench(
            replay=world.replay,
            forecaster=make_forecaster(size, seed, world),
            policy=NoStockout(alpha=ALPHA),
            telling=telling,
            paths=size.paths,
        )
        for name, rows in found.items():
            rows.append(_figures(play(bench, seed=seed, honoured=name == HONOURED)))
    return Result(
        params={
            "seeds": list(seeds),
            "lines": len(size.lines),
            "parts": size.parts,
            "shifts_per_day": SHIFTS_PER_DAY,
            "unseen_days": size.unseen_days,
            "model": size.model,
            "policy": f"no_stockout, alpha {ALPHA}",
            "telling": asdict(telling),
            "interval": "95 %, Student's t over the seeds, paired",
        },
        rows=[_row(name, rows, found[IGNORED]) for name, rows in found.items()],
    )


def _figures(score: Score) -> Row:
    return {
        "halts": score.halts / score.line_months,
        "lost_minutes": score.lost_minutes / score.line_months,
        "cover_days": score.cover_days,
        "trips": score.trips,
    }


def _row(name: str, rows: list[Row], ignored: list[Row]) -> Row:
    row: Row = {"table": "per line-month", "announcements": name}
    row |= {figure: float(np.mean([each[figure] for each in rows])) for figure in FIGURES}
    for figure in FIGURES:
        pairs = zip(rows, ignored, strict=True)
        mean, low, high = interval([own[figure] - other[figure] for own, other in pairs])
        row |= {f"more_{figure}": mean, f"more_{figure}_low": low, f"more_{figure}_high": high}
    return row

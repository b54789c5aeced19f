"""Whether orders that wait for a person because of an odd record are worth it.

For each seed a plant, its history and unseen days are made; a forecast model and a detector are
fitted on the history. The unseen days are then played in four worlds (nothing wrong, wrong
records, real surges, both) by each rule. Every run of a seed meets the same demand, mistakes and
luck of vehicles, so that differences are paired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
from benchmarks.anomalies.holding_plant import ALPHA, FULL, QUICK, SHIFTS_PER_DAY, make_bench

from supplynet.anomaly.alarms import Budget
from supplynet.cli.benchmarking import Result, Setup
from supplynet.simulate.wrong_records import Surges, WrongRecords
from supplynet.study.holding import Bench, Played, overstock, play
from supplynet.study.holding_rules import (
    ASK,
    AT_RISK,
    IMPOSSIBLE,
    MISSING,
    RULES,
    STEPS,
    TRUST,
    UNSEEN,
    WHOLE,
    Rule,
    worlds,
)
from supplynet.study.robustness import interval

WRONG = WrongRecords(
    spikes_per_part_week=0.1,
    doubles_per_line_week=0.5,
    unit_jumps_per_part_week=0.05,
    dead_per_line_week=0.5,
)
SURGES = Surges(per_line_week=0.5)
Row = dict[str, Any]


DIFFERENCES = (
    "halts",
    "lost_minutes",
    "cover_days",
    "overstock_peak_percent",
    "overstock_mean_percent",
    "trips",
)
CALM, MUCH, LITTLE, WRONGLY, SURGING, BOTH = (
    "nothing wrong",
    "too much recorded",
    "too little recorded",
    "wrong records",
    "real surges",
    "both",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Who finds what is odd, when a person answers, and what is played."""

    finder: str
    hours: int
    worlds: tuple[str, ...]
    rules: tuple[Rule, ...]


HOLDING = (TRUST, ASK, WHOLE, AT_RISK, IMPOSSIBLE, UNSEEN)
COUNTING = (TRUST, ASK, UNSEEN, MISSING)
CASES = (
    Case(finder="detector", hours=8, worlds=(CALM, WRONGLY, SURGING, BOTH), rules=RULES),
    Case(finder="detector", hours=8, worlds=(MUCH,), rules=HOLDING),
    Case(finder="detector", hours=24, worlds=(MUCH, SURGING), rules=HOLDING),
    Case(finder="truth", hours=8, worlds=(MUCH,), rules=HOLDING),
    Case(finder="detector", hours=8, worlds=(LITTLE,), rules=COUNTING),
    Case(finder="silent lines too", hours=8, worlds=(CALM, LITTLE, BOTH), rules=COUNTING),
    Case(finder="truth", hours=8, worlds=(LITTLE,), rules=COUNTING),
)
Key = tuple[str, int, str, str]
Found = dict[Key, Played]


def run(setup: Setup) -> Result:
    size = QUICK if setup.quick else FULL
    seeds = range(setup.seed, setup.seed + setup.seeds)
    found: list[dict[Key, Row]] = []
    for index, seed in enumerate(seeds):
        setup.report(index / len(seeds), f"seed {seed}")
        found.append(_figures(_play(make_bench(size, seed))))
    return Result(
        params={
            "seeds": list(seeds),
            "lines": len(size.lines),
            "parts": size.parts,
            "shifts_per_day": SHIFTS_PER_DAY,
            "history_days": size.history_days,
            "unseen_days": size.unseen_days,
            "model": size.model,
            "detector": f"calibrated {size.detector}, {Budget().alarms_per_week:g} alarms a week",
            "policy": f"no_stockout, alpha {ALPHA}",
            "paths": size.paths,
            "wrong_records": asdict(WRONG),
            "surges": asdict(SURGES),
            "interval": "95 %, Student's t over the seeds, paired",
        },
        rows=[_row(key, found) for key in found[0]],
    )


def _play(benches: dict[str, Bench]) -> Found:
    every = {world.name: world for world in worlds(WRONG, SURGES)}
    found: Found = {}
    believed: dict[str, Played] = {}
    for case in CASES:
        bench = replace(benches[case.finder], answer=timedelta(hours=case.hours))
        for name in case.worlds:
            for rule in case.rules:
                if rule is TRUST and name in believed:
                    played = believed[name]
                else:
                    played = play(bench, every[name], rule)
                if rule is TRUST:
                    believed[name] = played
                found[case.finder, case.hours, name, rule.name] = played
    return found


def _figures(found: Found) -> dict[Key, Row]:
    return {key: _figures_of(played, _without(key, found)) for key, played in found.items()}


def _without(key: Key, found: Found) -> Played:
    """The same plant, surges or not, that nothing wrong is reported in and nobody asks."""
    calm = SURGING if key[2] in {SURGING, BOTH} else CALM
    return found["detector", 8, calm, TRUST.name]


def _figures_of(played: Played, without: Played) -> Row:
    score, more = played.score, overstock(played, without)
    usual = float(without.on_hand.sum(axis=1).mean())
    return {
        "halts": score.halts / score.line_months,
        "lost_minutes": score.lost_minutes / score.line_months,
        "cover_days": score.cover_days,
        "overstock_peak_percent": 100 * float(more.max()) / usual,
        "overstock_mean_percent": 100 * float(more.mean()) / usual,
        "trips": score.trips,
        "asked": played.asked,
        "rightly": played.rightly,
        "wrong": played.wrong,
    }


def _row(key: Key, found: Sequence[dict[Key, Row]]) -> Row:
    finder, hours, world, rule = key
    own = [each[key] for each in found]
    row: Row = {
        "table": f"{finder}, answer after {hours} h",
        "world": world,
        "rule": rule,
        **{name: float(np.mean([each[name] for each in own])) for name in own[0]},
    }
    for prefix, against in (("more", TRUST), ("step", STEPS.get(rule, TRUST))):
        known = against if (*key[:3], against.name) in found[0] else ASK
        row |= {f"{prefix}_than": known.name}
        other = [each[*key[:3], known.name] for each in found]
        for name in DIFFERENCES:
            differences = [a[name] - b[name] for a, b in zip(own, other, strict=True)]
            mean, low, high = interval(differences)
            row |= {f"{prefix}_{name}": mean}
            row |= {f"{prefix}_{name}_low": low, f"{prefix}_{name}_high": high}
    return row

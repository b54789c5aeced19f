"""Panels with faults of which it is known where they are, and what detectors find of them.

The first half is learnt from and the second judged, as it happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from benchmarks.anomalies.rows import Row, Scored, Scorer, scorers

from supplynet.anomaly.event_scores import EventScores, LabelledEvent, score_events
from supplynet.anomaly.vus import vus_pr
from supplynet.cli.benchmarking import Setup
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel
from supplynet.frames.synthetic.faults import Fault

FALSE_PER_1000 = (1.0, 5.0)  # alarms that are allowed outside of faults, per 1,000 values
SIZEABLE = 0.3  # share by which a fault changes what is measured
SOON = 4  # shifts


@dataclass(frozen=True, kw_only=True, eq=False)
class Faulty:
    """A panel with faults.

    Attributes:
        title: In tables.
        panel: History and judged half.
        faults: Those that begin in the judged half; ``first`` and ``end`` count from its begin.
        known: Whether a judged value belongs to a fault that began before, (series, period).
        season: Periods in a week; one alarm stands for as many.
    """

    title: str
    panel: Panel
    faults: Sequence[Fault]
    known: FloatArray
    season: int

    @classmethod
    def of(cls, title: str, panel: Panel, faults: Sequence[Fault], season: int) -> Faulty:
        """Cut in two halves; ``first`` and ``end`` of the faults count from the begin."""
        first = len(panel.periods) // 2
        known = np.zeros((len(panel.series), len(panel.periods) - first))
        judged = []
        for fault in faults:
            begin, end = fault.first - first, fault.end - first
            if begin >= 0:
                judged.append(replace(fault, first=begin, end=end))
            else:
                known[fault.series, : max(end, 0)] = 1.0
        return cls(title=title, panel=panel, faults=judged, known=known, season=season)

    @property
    def judged(self) -> int:
        """Periods at the end that are judged."""
        return int(self.known.shape[1])

    @property
    def events(self) -> list[LabelledEvent]:
        """The faults, as what is to be found."""
        return [LabelledEvent(series=f.series, first=f.first, end=f.end) for f in self.faults]


def rows_of(made: Faulty, setup: Setup) -> list[Row]:
    """A row per detector, and what it finds of each kind of fault."""
    found, by_kind = list[Row](), list[Row]()
    for scorer in (each for each in scorers() if not each.looks_ahead):
        setup.report(0.0, f"{made.title}: {scorer.name}")
        several = [
            scorer.score(
                made.panel,
                seed=seed,
                fit_on=len(made.panel.periods) - made.judged,
                season=made.season,
                quick=setup.quick,
            )
            for seed in range(setup.seed, setup.seed + scorer.seeds)
        ]
        scored = [each for each in several if each is not None]
        if scored:
            found.append(_row(scorer, made, scored))
            by_kind.append(_kinds(scorer, made, scored))
    return found + by_kind


def _judged(made: Faulty, scored: Scored) -> FloatArray:
    """Strangeness of the judged half; NaN where a fault goes on that began before."""
    return np.where(made.known > 0, np.nan, scored.strangeness[0][:, -made.judged :])


def _row(scorer: Scorer, made: Faulty, scored: Sequence[Scored]) -> Row:
    large = np.array([abs(fault.factor - 1) >= SIZEABLE for fault in made.faults])
    found: Row = {"table": f"{made.title}, as it happens", "detector": scorer.name}
    found["vus_pr"] = float(np.mean([_volume(made, _judged(made, each)) for each in scored]))
    for allowed in FALSE_PER_1000:
        several = [_events(made, each, allowed) for each in scored]
        found[f"recall_{allowed:g}_per_1000"] = float(np.mean([each.recall for each in several]))
    soon = [(each.delays[large] < SOON).mean() for each in several]
    return found | {
        f"sizeable_in_{SOON}_shifts": float(np.mean(soon)),
        "delay_median": several[0].delay(0.5),
        "delay_90": several[0].delay(0.9),
        "false_alarms": several[0].false_alarms,
        "faults": len(made.faults),
        "fit_seconds": scored[0].fit_seconds,
        "judge_seconds": scored[0].judge_seconds,
    }


def _kinds(scorer: Scorer, made: Faulty, scored: Sequence[Scored]) -> Row:
    title = f"{made.title}, recall by kind at {FALSE_PER_1000[-1]:g} false alarms per 1,000 values"
    found: Row = {"table": title, "detector": scorer.name}
    told = np.mean([_events(made, each, FALSE_PER_1000[-1]).found for each in scored], axis=0)
    kinds = np.array([fault.kind for fault in made.faults])
    return found | {kind: float(told[kinds == kind].mean()) for kind in sorted(set(kinds.tolist()))}


def _events(made: Faulty, scored: Scored, allowed: float) -> EventScores:
    return score_events(
        _judged(made, scored),
        made.events,
        false_alarms=round(allowed * made.known.size / 1000),
        quiet=made.season,
    )


def _volume(made: Faulty, strangeness: FloatArray) -> float:
    """Mean VUS-PR of the series that have a fault."""
    labels = np.zeros(strangeness.shape, dtype=bool)
    for event in made.events:
        labels[event.series, event.first : event.end] = True
    told = [row for row, label in enumerate(labels) if label.any()]
    return float(np.mean([vus_pr(labels[row], strangeness[row], made.season) for row in told]))

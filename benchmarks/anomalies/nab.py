"""NAB: 52 labelled series of servers, traffic, tweets and machines, each judged by itself.

Rows are taken in order as an even grid of the series' usual step (a few time stamps repeat or jump)
and a detector is fitted on the whole series that it judges, as unsupervised detectors are compared
in TSB-AD. Labels are NAB's windows; where windows touch they are one event. The six series without
one count for false alarms alone. A series that is too short for a detector (``judged`` counts the
others) gives it what flagging nothing gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from benchmarks.accuracy.sets import data_folder
from benchmarks.anomalies.rows import Row, Scored, Scorer, scorers

from supplynet.anomaly.affiliation import affiliation
from supplynet.anomaly.event_scores import LabelledEvent, score_events
from supplynet.anomaly.vus import BoolArray, period_of, runs, vus_pr
from supplynet.cli.benchmarking import Setup
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel, Period

FOLDER = "nab"
FALSE_PER_1000 = 1.0  # alarms outside of windows that are allowed, per 1,000 values
QUIET = 100  # an alarm stands for a hundredth of its series
QUICK_SERIES = 3
VIEWS = (("NAB, in hindsight", True), ("NAB, as it happens", False))


@dataclass(frozen=True, kw_only=True, eq=False)
class Labelled:
    """A series of NAB.

    Attributes:
        name: ``group/file``.
        panel: Of this one series.
        labels: Whether each row is within a window, shape (period,).
        buffer: Periods after which it repeats.
    """

    name: str
    panel: Panel
    labels: BoolArray
    buffer: int

    @property
    def allowed(self) -> int:
        """False alarms."""
        return max(1, round(FALSE_PER_1000 * self.labels.size / 1000))

    @property
    def quiet(self) -> int:
        """Periods that an alarm stands for."""
        return max(1, self.labels.size // QUIET)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Scored:
    """What a detector thinks of a series, once per seed; without any it could not be fitted."""

    one: Labelled
    seeds: Sequence[Scored]

    @property
    def fitted(self) -> bool:
        """Whether there is anything."""
        return bool(self.seeds)

    def strangeness(self, view: int) -> list[FloatArray]:
        """Shape (period,) for each seed. What could not be judged is nowhere strange."""
        nothing = np.full(self.one.labels.size, np.nan)
        return [each.strangeness[view][0] for each in self.seeds] or [nothing]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Figures:
    """Of one detector on one series, means over the seeds."""

    vus_pr: float
    affiliation_f: float
    found: float
    events: int


def rows(setup: Setup) -> list[Row]:
    """Figures with and without hindsight, then VUS-PR of every series; [] without the data."""
    folder = data_folder(setup.checkout, FOLDER)
    if folder is None:
        return []
    every = labelled_series(folder)[: QUICK_SERIES if setup.quick else None]
    tables: tuple[list[Row], ...] = tuple([] for _ in VIEWS)
    per_series: dict[str, Row] = {
        one.name: {"table": "NAB, VUS-PR of each series in hindsight", "series": one.name}
        for one in every
        if one.labels.any()
    }
    for scorer in scorers():
        scored = _scored(scorer, every, setup)
        if not any(each.fitted for each in scored):
            continue
        for view, (title, hindsight) in enumerate(VIEWS):
            if scorer.looks_ahead and not hindsight:
                continue
            figures = [_figures(each, view) for each in scored if each.one.labels.any()]
            tables[view].append({"table": title, **_row(scorer, scored, figures, view)})
            for each, figure in zip(scored, figures, strict=False) if hindsight else ():
                per_series[each.one.name][scorer.name] = figure.vus_pr
    return [row for table in (*tables, per_series.values()) for row in table]


def labelled_series(folder: Path) -> list[Labelled]:
    """Every series, those with a window first."""
    frame = pl.read_parquet(folder / "series.parquet")
    found = [_labelled(str(name), rows) for (name,), rows in _by_series(frame)]
    return sorted(found, key=lambda one: (not one.labels.any(), one.name))


def _by_series(frame: pl.DataFrame) -> Iterator[tuple[tuple[object, ...], pl.DataFrame]]:
    yield from frame.group_by(["series"], maintain_order=True)


def _labelled(name: str, rows: pl.DataFrame) -> Labelled:
    values = rows["value"].to_numpy().astype(np.float64)
    stamps = rows["timestamp"].to_list()
    step = sorted(b - a for a, b in pairwise(stamps))[len(stamps) // 2]
    starts = [stamps[0].replace(tzinfo=UTC) + i * step for i in range(len(stamps))]
    panel = Panel(
        series=(("nab", name),),
        periods=tuple(
            Period(start=start, end=start + step, shift="", local_date=start.date())
            for start in starts
        ),
        demand=values[None],
    )
    assert step > timedelta(0)
    labels = rows["in_window"].to_numpy().astype(bool)
    return Labelled(name=name, panel=panel, labels=labels, buffer=period_of(values))


def _scored(scorer: Scorer, every: Sequence[Labelled], setup: Setup) -> list[_Scored]:
    found = []
    for place, one in enumerate(every):
        setup.report(place / len(every), f"nab: {scorer.name}")
        several = [
            scorer.score(
                one.panel,
                seed=seed,
                hindsight=[hindsight for _, hindsight in VIEWS],
                quick=setup.quick,
            )
            for seed in range(setup.seed, setup.seed + scorer.seeds)
        ]
        found.append(_Scored(one=one, seeds=[each for each in several if each is not None]))
    return found


def _row(scorer: Scorer, scored: Sequence[_Scored], figures: Sequence[_Figures], view: int) -> Row:
    return {
        "detector": scorer.name,
        "vus_pr": float(np.mean([figure.vus_pr for figure in figures])),
        "affiliation_f": float(np.mean([figure.affiliation_f for figure in figures])),
        "event_recall": sum(f.found for f in figures) / sum(f.events for f in figures),
        "event_recall_one_threshold": _recall_with_one_threshold(scored, view),
        "judged": sum(bool(each.fitted) for each in scored),
        "fit_seconds": sum(each.seeds[0].fit_seconds for each in scored if each.fitted),
        "judge_seconds": sum(each.seeds[0].judge_seconds for each in scored if each.fitted),
    }


def _figures(scored: _Scored, view: int) -> _Figures:
    one, volumes, nearness, found = scored.one, [], [], []
    events = _events(0, one.labels)
    for strangeness in scored.strangeness(view):
        volumes.append(vus_pr(one.labels, strangeness, one.buffer))
        scores = score_events(strangeness[None], events, false_alarms=one.allowed, quiet=one.quiet)
        nearness.append(affiliation(one.labels, strangeness >= scores.threshold).f)
        found.append(scores.found.sum())
    return _Figures(
        vus_pr=float(np.mean(volumes)),
        affiliation_f=float(np.mean(nearness)),
        found=float(np.mean(found)),
        events=len(events),
    )


def _recall_with_one_threshold(scored: Sequence[_Scored], view: int) -> float:
    """Events found when all series share a threshold, and the false alarms of all together."""
    longest = max(each.one.labels.size for each in scored)
    strangeness = np.full((len(scored), longest), np.nan)
    events = list[LabelledEvent]()
    for place, each in enumerate(scored):
        strangeness[place, : each.one.labels.size] = each.strangeness(view)[0]
        events += _events(place, each.one.labels)
    return score_events(
        strangeness,
        events,
        false_alarms=sum(each.one.allowed for each in scored),
        quiet=int(np.median([each.one.quiet for each in scored])),
    ).recall


def _events(series: int, labels: BoolArray) -> list[LabelledEvent]:
    first, end = runs(labels)
    bounds = zip(first.tolist(), end.tolist(), strict=True)
    return [LabelledEvent(series=series, first=a, end=b) for a, b in bounds]

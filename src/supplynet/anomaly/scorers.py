"""What scores a panel: one calibrated detector for all series, or one for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from supplynet.anomaly.calibrated import Calibrated, Scored
from supplynet.anomaly.detector import Judged, Progress
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import HistoryTooShort, InsufficientData
from supplynet.frames.panel import Panel

Series = tuple[str, str]


class Scorer(Protocol):
    """A fitted detector that says how rare a value is."""

    @property
    def context(self) -> int:
        """Periods before a judged one that may be looked at."""

    def score(self, panel: Panel, last: int | None = None, *, hindsight: bool = False) -> Scored:
        """See ``calibrated.CalibratedDetector.score``."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OneEach:
    """A scorer for each series; a series without one is not judged."""

    scorers: Mapping[Series, Scorer]

    @property
    def context(self) -> int:
        """The longest of them."""
        return max(scorer.context for scorer in self.scorers.values())

    def score(self, panel: Panel, last: int | None = None, *, hindsight: bool = False) -> Scored:
        """Each series by its own."""
        total = len(panel.periods)
        empty = np.full((1, total if last is None else min(last, total)), np.nan)
        found = []
        for name in panel.series:
            scorer = self.scorers.get(name)
            if scorer is None:
                found.append(without_judgement(empty))
            else:
                found.append(scorer.score(panel.select([name]), last, hindsight=hindsight))
        return _stacked(found)


def fit_each(
    wanted: Calibrated, panel: Panel, progress: Progress | None = None
) -> tuple[OneEach, dict[Series, str]]:
    """A scorer for each series, and why some have none.

    Raises:
        InsufficientData: None has one.
    """
    scorers, failed = dict[Series, Scorer](), dict[Series, str]()
    for place, name in enumerate(panel.series):
        own = panel.select([name])
        first = int(np.flatnonzero(~np.isnan(own.demand[0]))[0])
        try:
            scorers[name] = wanted.fit(own.tail(len(own.periods) - first))
        except HistoryTooShort as error:
            failed[name] = str(error)
        if progress is not None:
            progress(place + 1, len(panel.series), float("nan"))
    if not scorers:
        raise InsufficientData(f"nothing to learn from: {next(iter(failed.values()))}")
    return OneEach(scorers=scorers), failed


def without_judgement(empty: FloatArray) -> Scored:
    """What is said of series that nobody judges; ``empty`` is NaN, shape (series, period)."""
    judged = Judged(strangeness=empty, expected=empty, low=empty, high=empty)
    return Scored(judged=judged, p_value=empty, score=empty)


def _stacked(found: list[Scored]) -> Scored:
    """One above the other; strangeness of different detectors is not in one unit."""
    columns = ("strangeness", "expected", "low", "high")
    judged = {
        name: np.concatenate([getattr(one.judged, name) for one in found]) for name in columns
    }
    return Scored(
        judged=Judged(**judged),
        p_value=np.concatenate([one.p_value for one in found]),
        score=np.concatenate([one.score for one in found]),
    )

"""Calibrated: any detector, with a probability for how odd it finds a value.

How odd normal values look is learnt from periods that the detector was not fitted on, because a
model finds what it has learnt less odd than what comes. The detector that was tried so is the one
that serves: another fit would find the same value more or less odd. Series that use little and
series that use much have a tail of their own each: the noise of a few parts is another than that of
thousands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from supplynet.anomaly import registry
from supplynet.anomaly.detector import FittedDetector, Judged, Progress
from supplynet.anomaly.some_lines import some_lines
from supplynet.anomaly.tails import Tail, fit_tail, score_of
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import HistoryTooShort
from supplynet.frames.panel import Panel
from supplynet.learning.artifacts import ModelState

DEFAULT = "ensemble"
_HELD_OUT = 0.35  # share of the history that the detector is not fitted on, at most
_LEAST_HELD_OUT = 20  # periods
_ENOUGH = 100_000  # values that tell the tail
_ENOUGH_PERIODS = 56
_LEAST_OF_A_CLASS = 2_000  # judged values
_EDGES = (1.0, 4.0, 20.0, 100.0)  # usual parts in a period


@dataclass(frozen=True, kw_only=True, eq=False)
class Scored:
    """How odd every value is, as a probability. Arrays have shape (series, period).

    Attributes:
        judged: By the detector.
        p_value: Share of normal values that look as odd or odder; NaN = not judged.
        score: 0 to 1, see ``tails.score_of``; NaN = not judged.
    """

    judged: Judged
    p_value: FloatArray
    score: FloatArray


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """A detector that also learns how odd normal values look, from the end of the history.

    Args:
        model: Name of the detector in the registry.
        settings: Of the detector.
    """

    model: str = DEFAULT
    settings: Mapping[str, Any] = field(default_factory=dict)

    def fit(self, panel: Panel, *, progress: Progress | None = None) -> CalibratedDetector:
        """Learn what is usual, and how far normal values are from it.

        A history that is too short to be cut is judged by the detector that has seen it.

        Raises:
            HistoryTooShort: For the detector.
            NotFound: No such detector.
        """
        detector = registry.detector(self.model, **self.settings)
        some, held = some_lines(panel), _held_out(panel)
        try:
            fitted = detector.fit(panel.head(len(panel.periods) - held), progress=progress)
        except HistoryTooShort:
            if not held:
                raise
            fitted, held = detector.fit(panel, progress=progress), 0
        judged = fitted.judge(some, held or None)
        return CalibratedDetector(settings=self, detector=fitted, tails=tails_of(judged))

    @classmethod
    def restore(cls, state: ModelState) -> CalibratedDetector:
        """Bring a saved detector back."""
        return CalibratedDetector(
            settings=cls(**state.settings),
            detector=registry.restore(state.members["detector"]),
            tails=tuple(Tail.of_dict(told) for told in state.scaler["tails"]),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class CalibratedDetector:
    """A fitted detector and the tails of what it finds in normal values.

    Attributes:
        tails: By how much a series uses, see ``_EDGES``; the last one is of all together.
    """

    settings: Calibrated
    detector: FittedDetector
    tails: tuple[Tail, ...]

    @property
    def context(self) -> int:
        """Periods before a judged one that may be looked at."""
        return self.detector.context

    def judge(self, panel: Panel, last: int | None = None, *, hindsight: bool = False) -> Judged:
        """As ``score``; strangeness is ``-log10`` of the p-value, and the band is of 99 in 100."""
        scored = self.score(panel, last, hindsight=hindsight)
        return scored.judged.with_strangeness(-np.log10(scored.p_value))

    def score(self, panel: Panel, last: int | None = None, *, hindsight: bool = False) -> Scored:
        """How odd the last periods are; see ``detector.FittedDetector.judge``."""
        judged = self.detector.judge(panel, last, hindsight=hindsight)
        p = np.full(judged.strangeness.shape, np.nan)
        levels = _levels(judged)
        for code, tail in enumerate(self.tails):
            cells = levels == code
            p[cells] = tail.p_values(judged.strangeness[cells])
        return Scored(judged=judged, p_value=p, score=score_of(p))

    def state(self) -> ModelState:
        """The detector as plain data."""
        return ModelState(
            model="calibrated",
            settings={"model": self.settings.model, "settings": dict(self.settings.settings)},
            scaler={"tails": [tail.as_dict() for tail in self.tails]},
            members={"detector": self.detector.state()},
        )


def _held_out(panel: Panel) -> int:
    """Periods at the end that the detector is not fitted on."""
    wanted = max(_ENOUGH_PERIODS, _ENOUGH // max(1, len(panel.series)))
    held = min(int(_HELD_OUT * len(panel.periods)), wanted)
    return held if held >= _LEAST_HELD_OUT else 0


def tails_of(judged: Judged) -> tuple[Tail, ...]:
    """A tail for each class of series by what is expected of them, the last one of all together."""
    levels = _levels(judged)
    every = fit_tail(judged.strangeness)
    if every is None:  # nothing strays: whatever does is as odd as can be
        every = Tail(grid=np.array([0.0, 1e-9]), beyond=0.05, scale=1.0, shape=0.0)
    tails = []
    for code in range(len(_EDGES) + 2):
        own = judged.strangeness[levels == code]
        enough = np.isfinite(own).sum() >= _LEAST_OF_A_CLASS
        tails.append((fit_tail(own) if enough else None) or every)
    return tuple(tails)


def _levels(judged: Judged) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Class of each cell by what is expected of it; the last one where nothing is expected."""
    codes = np.digitize(judged.expected, _EDGES)
    return np.where(np.isnan(judged.expected), len(_EDGES) + 1, codes)

"""What anomaly benchmarks share: every detector there is, plain baselines, and how they are run.

A *scorer* takes a panel and gives strangeness of all its periods. Baselines look at one series at
a time. ``random`` and ``flag_everything`` belong into every table: a figure that they reach too
says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from supplynet.anomaly import registry
from supplynet.anomaly.vus import period_of
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import HistoryTooShort, MissingExtra
from supplynet.frames.panel import Panel

Row = dict[str, Any]
Plain = Callable[[FloatArray, int], FloatArray]
"""From values (period,) and the periods after which they repeat, to strangeness (period,)."""
RANDOM = "random"
_QUICK = {"epochs": 1, "finish": 0, "examples_per_epoch": 256, "rounds": 5}
_TINY = 1e-12
LONGEST = 125
"""Periods in our own windows where the calendar is finer than hours; wide windows suit wide labels,
so the textbook's method is shown with them too."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scored:
    """What a detector thinks of a panel.

    Attributes:
        strangeness: Of each way of looking that was asked for, shape (series, period); NaN = not
            judged.
        fit_seconds, judge_seconds: For the whole panel; the judging is that of the first way.
    """

    strangeness: tuple[FloatArray, ...]
    fit_seconds: float
    judge_seconds: float


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """A detector or baseline by name.

    Attributes:
        name: In tables.
        plain: The baseline; None = the detector of that name in the registry.
        looks_ahead: Whether it is no baseline for judging without hindsight.
        seeds: How many different ones there are to be averaged over.
    """

    name: str
    plain: Callable[[int], Plain] | None = None
    looks_ahead: bool = False
    seeds: int = 1

    def score(
        self,
        panel: Panel,
        *,
        seed: int,
        hindsight: Sequence[bool] = (False,),
        fit_on: int | None = None,
        season: int | None = None,
        quick: bool = False,
    ) -> Scored | None:
        """Strangeness of all periods; None = not installed, or the history is too short.

        Args:
            panel: What to judge.
            seed: For what draws.
            hindsight: Ways of looking: whether later values may be looked at too.
            fit_on: Periods at the begin that detectors learn from; None = all.
            season: Periods after which series repeat, for baselines; None = estimated for each.
            quick: Whether training may be cut short.
        """
        started = perf_counter()
        if self.plain is not None:
            score = self.plain(seed)
            rows = (_filled(row) for row in panel.demand)
            found = np.stack([score(row, season or period_of(row)) for row in rows])
            found = np.where(np.isnan(panel.demand), np.nan, found)
            took = perf_counter() - started
            strangeness = (found,) * len(hindsight)
            return Scored(strangeness=strangeness, fit_seconds=0.0, judge_seconds=took)
        try:
            detector = registry.detector(self.name, **_settings(self.name, seed, quick))
            fitted = detector.fit(panel if fit_on is None else panel.head(fit_on))
        except (HistoryTooShort, MissingExtra):
            return None
        learnt = perf_counter()
        first = fitted.judge(panel, hindsight=hindsight[0])
        took = perf_counter() - learnt
        others = [fitted.judge(panel, hindsight=each) for each in hindsight[1:]]
        return Scored(
            strangeness=tuple(judged.strangeness for judged in (first, *others)),
            fit_seconds=learnt - started,
            judge_seconds=took,
        )


def scorers() -> tuple[Scorer, ...]:
    """Every detector, then the baselines."""
    detectors = (Scorer(name=name) for name in registry.DETECTORS if name != "calibrated")
    return (*detectors, *BASELINES)


def _settings(name: str, seed: int, quick: bool) -> dict[str, Any]:
    known = registry.settings_of(name)
    wanted = {"seed": seed, **(_QUICK if quick else {})}
    return {key: value for key, value in wanted.items() if key in known}


def _filled(values: FloatArray) -> FloatArray:
    """Baselines know no gaps: the median stands for what was not observed."""
    seen = values[np.isfinite(values)]
    return np.where(np.isfinite(values), values, np.median(seen) if seen.size else 0.0)


def moving_z(values: FloatArray, season: int) -> FloatArray:
    """Standard deviations from the mean of the season before."""
    strangeness = np.full(values.size, np.nan)
    if values.size > season:
        before = np.lib.stride_tricks.sliding_window_view(values, season)[:-1]
        spread = np.maximum(before.std(axis=1), _TINY + 1e-6 * np.abs(before).max(axis=1))
        strangeness[season:] = np.abs(values[season:] - before.mean(axis=1)) / spread
    return strangeness


def seasonal_naive(values: FloatArray, season: int) -> FloatArray:
    """Difference from one season before, in median absolute differences."""
    strangeness = np.full(values.size, np.nan)
    error = np.abs(values[season:] - values[:-season])
    strangeness[season:] = error / max(float(np.median(error)) if error.size else 0.0, _TINY)
    return strangeness


def textbook_sub_pca(values: FloatArray, season: int) -> FloatArray:
    """Sub-PCA as PyOD and TSB-AD define it, at the middle of windows of one season.

    Windows with every column standardised; the sum over all principal axes of the distance of a
    window to the axis' unit vector, divided by the axis' share of the variance (Shyu et al., ICDM
    2003; Aggarwal, Outlier Analysis, 2015, section 3.3).
    """
    season = min(season, values.size // 2)
    windows = np.lib.stride_tricks.sliding_window_view(values, season)
    spread = windows.std(axis=0)
    standard = (windows - windows.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    variance, axes = np.linalg.eigh(standard.T @ standard / len(standard))
    share = np.maximum(variance / max(variance.sum(), _TINY), 1e-15)
    square = (standard**2).sum(axis=1, keepdims=True) + 1 - 2 * standard @ axes
    strangeness = (np.sqrt(np.maximum(square, 0.0)) / share).sum(axis=1)
    return np.pad(strangeness, (season // 2, (season - 1) // 2), mode="edge")


def _random(seed: int) -> Plain:
    rng = np.random.default_rng(seed)
    return lambda values, _season: rng.uniform(size=values.size)


def _always(plain: Plain) -> Callable[[int], Plain]:
    return lambda _seed: plain


BASELINES = (
    Scorer(name="moving z", plain=_always(moving_z)),
    Scorer(name="seasonal naive", plain=_always(seasonal_naive)),
    Scorer(name="sub_pca (textbook)", plain=_always(textbook_sub_pca), looks_ahead=True),
    Scorer(
        name=f"sub_pca (textbook, {LONGEST})",
        plain=_always(lambda values, _season: textbook_sub_pca(values, LONGEST)),
        looks_ahead=True,
    ),
    Scorer(name=RANDOM, plain=_random, seeds=5),
    Scorer(name="flag_everything", plain=_always(lambda values, _season: np.ones(values.size))),
)

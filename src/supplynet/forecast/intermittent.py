"""What the methods for intermittent demand share: choosing smoothing weights, and the quantiles.

Every method smooths by two weights. Each series gets those, of a small grid, with the least mean
squared one-step error of the *rate* forecast over its own history: the squared error is least for
the mean, where an absolute error would ask for zeros (Kourentzes 2014 compares objectives). Its
errors are scaled by its variance and stand beside 20 of the panel's mean, so that a short series
takes the weights that serve the others.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import ClassVar, Literal

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.closed_days import ClosedDays, usual_demand
from supplynet.forecast.compound import compound_quantiles, last_sizes
from supplynet.forecast.model import Progress, check_history
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState

Start = Literal["mean", "early", "first"]
GRID = (0.02, 0.05, 0.1, 0.2, 0.3)
_PANEL_WEIGHT = 20.0  # errors of the panel's mean beside a series' own when choosing weights
_PRIOR_WEIGHT = 0.5  # observations that the panel's occurrence and size count for
_EARLY, _LEAST_EARLY = 3, 12  # share of a history that is its beginning, and its least length
_CHUNK = 1000  # series smoothed at a time: their state stays in the processor's cache


@dataclass(frozen=True, kw_only=True)
class Prior:
    """What is known of a series without any observation: medians over the training panel."""

    occurrence: float = 1.0
    size: float = 1.0

    @classmethod
    def of(cls, demand: FloatArray) -> Prior:
        """Medians over the series that had demand; a panel without any counts as empty."""
        seen, hits, total = _counts(demand)
        some = hits > 0
        if not some.any():
            return cls(occurrence=1e-6, size=1.0)
        share, size = hits[some] / seen[some], total[some] / hits[some]
        return cls(occurrence=float(np.median(share)), size=float(np.median(size)))

    def start(self, demand: FloatArray, start: Start) -> tuple[FloatArray, FloatArray]:
        """Occurrence and size that smoothing begins with, each of shape (series,).

        Over the history, or when ``start`` is "early" over its first third, at least 12 periods.
        """
        if start == "early":
            clock = np.cumsum(~np.isnan(demand), axis=1)
            first = np.maximum(clock[:, -1:] / _EARLY, _LEAST_EARLY)
            demand = np.where(clock <= first, demand, np.nan)
        seen, hits, total = _counts(demand)
        occurrence = (hits + _PRIOR_WEIGHT * self.occurrence) / (seen + _PRIOR_WEIGHT)
        return occurrence, (total + _PRIOR_WEIGHT * self.size) / (hits + _PRIOR_WEIGHT)


@dataclass(frozen=True, kw_only=True, eq=False)
class Smoothed:
    """Where smoothing ended. ``a`` and ``b`` stand for the two weights.

    Attributes:
        occurrence: Probability of demand, in [0, 1], shape (a, b, series).
        size: Mean size, shape (a, b, series); the point forecast is their product.
        squared: Sum of squared one-step errors, shape (a, b, series).
    """

    occurrence: FloatArray
    size: FloatArray
    squared: FloatArray


@dataclass(frozen=True, kw_only=True)
class Intermittent(ABC):
    """Settings of a method for intermittent demand.

    Args:
        weights: Grid for both smoothing weights, each in (0, 1]; one value fixes them.
        start: What smoothing begins with: "mean" the mean of the history, "early" that of its
            first third, which follows a fading part better, "first" the first observation.
        sizes: How many of the last sizes make the size distribution.
    """

    name: ClassVar[str]

    weights: tuple[float, ...] = GRID
    start: Start = "mean"
    sizes: int = 64

    def fit(
        self,
        panel: Panel,
        future: Sequence[Period] = (),  # noqa: ARG002  # one shape for all models
        *,
        progress: Progress | None = None,  # noqa: ARG002
    ) -> FittedIntermittent:
        """Choose the smoothing weights of every series.

        Raises:
            HistoryTooShort: No period at all.
        """
        check_history(panel, 1)
        demand = usual_demand(panel)
        prior = Prior.of(demand)
        best, common = _choose(self, demand, prior)
        return FittedIntermittent(
            settings=self,
            prior=prior,
            closed=ClosedDays.of(panel),
            common=common,
            chosen=dict(zip(panel.series, best, strict=True)),
        )

    @classmethod
    def restore(cls, state: ModelState) -> FittedIntermittent:
        """Bring a saved model back."""
        names = [(str(line), str(part)) for line, part in json.loads(state.texts["series"])]
        pairs = [(float(a), float(b)) for a, b in state.arrays["weights"]]
        scaler = state.scaler
        # JSON has no tuples.
        settings = {**state.settings, "weights": tuple(state.settings["weights"])}
        return FittedIntermittent(
            settings=cls(**settings),
            prior=Prior(**scaler["prior"]),
            closed=ClosedDays(share=scaler["closed"]),
            common=(scaler["common"][0], scaler["common"][1]),
            chosen=dict(zip(names, pairs, strict=True)),
        )

    @abstractmethod
    def smooth(self, demand: FloatArray, a: FloatArray, b: FloatArray, prior: Prior) -> Smoothed:
        """Run through a history.

        Args:
            demand: Shape (series, period), NaN = not observed: skipped.
            a: Smoothing weights of the first kind, shape (a or 1, 1, series or 1).
            b: Those of the second, shape (1, b or 1, series or 1).
            prior: For series of which little is known.
        """


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedIntermittent:
    """Smoothing weights by series; the state itself is smoothed anew from the panel given.

    Attributes:
        settings: The estimator.
        chosen: Two smoothing weights by series.
        common: Those that serve the panel best, for a series that it did not have.
    """

    settings: Intermittent
    prior: Prior
    closed: ClosedDays
    common: tuple[float, float]
    chosen: dict[tuple[str, str], tuple[float, float]] = field(repr=False)

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles, shape (series, step, quantile); the same at every step but closed days."""
        demand = usual_demand(panel)
        occurrence, size = self._ended(panel, demand)
        sizes = last_sizes(demand, self.settings.sizes)
        factors = self.closed.factors(panel, future)
        result = np.empty((len(panel.series), len(future), len(quantiles)))
        closed = np.array([period.is_holiday for period in future], dtype=bool)
        for steps in (np.flatnonzero(closed), np.flatnonzero(~closed)):
            if len(steps):
                wanted = occurrence * factors[:, steps[0]]
                chance = np.minimum(wanted, 1.0)  # what a certain demand lacks, its size makes up
                larger = size * wanted / np.maximum(chance, 1e-12)
                values = compound_quantiles(chance, larger, sizes, quantiles)
                result[:, steps] = values[:, None, :]
        return result

    def mean(self, panel: Panel, future: Sequence[Period]) -> FloatArray:
        """Point forecast, shape (series, step): the mean of the distribution."""
        occurrence, size = self._ended(panel, usual_demand(panel))
        return np.asarray((occurrence * size)[:, None] * self.closed.factors(panel, future))

    def _ended(self, panel: Panel, demand: FloatArray) -> tuple[FloatArray, FloatArray]:
        pairs = [self.chosen.get(name, self.common) for name in panel.series]
        weights = np.array(pairs, dtype=float).reshape(-1, 2)
        occurrence, size = np.empty(len(pairs)), np.empty(len(pairs))
        for rows in _chunks(len(pairs)):
            a, b = (weights[rows, i][None, None, :] for i in (0, 1))
            ended = self.settings.smooth(demand[rows], a, b, self.prior)
            occurrence[rows] = ended.occurrence[0, 0]
            size[rows] = ended.size[0, 0]
        return occurrence, size

    def state(self) -> ModelState:
        """The model as plain data."""
        names, pairs = list(self.chosen), list(self.chosen.values())
        return ModelState(
            model=self.settings.name,
            settings=asdict(self.settings),
            scaler={
                "prior": asdict(self.prior),
                "closed": self.closed.share,
                "common": list(self.common),
            },
            arrays={"weights": np.array(pairs, dtype=float).reshape(-1, 2)},
            texts={"series": json.dumps(names)},
        )


def _choose(
    settings: Intermittent, demand: FloatArray, prior: Prior
) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    """Best pair of weights for each series, and for the panel."""
    grid = np.array(settings.weights, dtype=float)
    parts = [
        settings.smooth(demand[rows], grid[:, None, None], grid[None, :, None], prior).squared
        for rows in _chunks(len(demand))
    ]
    squared = np.concatenate(parts, axis=2)
    squared = squared.reshape(-1, squared.shape[2])
    count = (~np.isnan(demand)).sum(axis=1)
    scale = squared.min(axis=0)
    scaled = squared / np.where(scale > 0, scale, np.inf) * count  # least = number of errors
    shared = scaled.sum(axis=1) / max(1, count[scale > 0].sum())
    total = scaled + _PANEL_WEIGHT * shared[:, None]
    pairs = [(float(a), float(b)) for a in grid for b in grid]
    return [pairs[i] for i in total.argmin(axis=0)], pairs[int(shared.argmin())]


def _chunks(series: int) -> list[slice]:
    return [slice(first, first + _CHUNK) for first in range(0, series, _CHUNK)]


def _counts(demand: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Observed periods, those with demand, and their total, each of shape (series,)."""
    seen = (~np.isnan(demand)).sum(axis=1).astype(float)
    hit = demand > 0  # NaN is not
    return seen, hit.sum(axis=1).astype(float), np.where(hit, demand, 0.0).sum(axis=1)

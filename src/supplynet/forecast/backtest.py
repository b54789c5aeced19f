"""Rolling-origin evaluation: every model at the same cutoffs, beside the baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import HistoryTooShort
from supplynet.forecast.comparison import Comparison, compare
from supplynet.forecast.dependence import Dependence, fit_dependence
from supplynet.forecast.metrics import errors_of
from supplynet.forecast.model import Estimator, Predictor
from supplynet.forecast.quantiles import QUANTILES, normal_scores
from supplynet.forecast.registry import estimator
from supplynet.frames.panel import Panel
from supplynet.learning.scaling import Profile, typical_level
from supplynet.learning.windows import season_length, shift_names

BASELINES = ("seasonal_naive", "shift_mean")
YARDSTICKS = ("naive", "moving_average", *BASELINES)
"""What a report for people always shows beside a model; they cost milliseconds a series."""
SCORES = {
    "model": pl.String,
    "pinball": pl.Float64,
    "mase": pl.Float64,
    "wape": pl.Float64,
    "bias": pl.Float64,
    "coverage_80": pl.Float64,
    "fit_seconds": pl.Float64,
    "predict_seconds": pl.Float64,
}
"""Columns of ``Backtest.table``."""
_SCORED = ("pinball", "mase", "wape", "bias", "coverage_80")


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """One model in a backtest.

    Attributes:
        predictor: Fitted on what lies before the first cutoff.
        quantiles: Shape (origin, series, step, quantile), at ``QUANTILES``.
        scores: Normal scores of what happened, shape (origin, series, step), NaN unobserved.
    """

    predictor: Predictor
    quantiles: FloatArray
    scores: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Backtest:
    """What a backtest found.

    Attributes:
        table: One row per model, best pinball first; columns ``SCORES``. ``pinball`` is the mean
            over the grid, in parts. ``mase`` and ``wape`` judge the median, ``bias`` the mean as
            a share of demand (above 0 = too much). Only observed periods count.
        outcomes: By model.
        actual: What happened, shape (origin, series, step), NaN = not observed.
        history: What lies before the first cutoff.
        scale, square_scale: Mean absolute and mean squared error of the seasonal naive forecast
            in it, each of shape (series,); NaN where there is none.
    """

    table: pl.DataFrame
    outcomes: Mapping[str, Outcome]
    actual: FloatArray
    history: Panel
    scale: FloatArray
    square_scale: FloatArray

    @property
    def series(self) -> tuple[tuple[str, str], ...]:
        """Series of the panel."""
        return self.history.series

    def comparison(self) -> Comparison:
        """All models by every metric, over all and by series, class and step."""
        quantiles = {name: each.quantiles for name, each in self.outcomes.items()}
        return compare(quantiles, self.actual, (self.scale, self.square_scale), self.history)

    def metrics(self, model: str) -> dict[str, Any]:
        """The row of one model, for its metrics file."""
        return self.table.row(by_predicate=pl.col("model") == model, named=True)

    def dependence(self, model: str) -> Dependence:
        """How the errors of one model hang together."""
        return fit_dependence(self.outcomes[model].scores, self.series)


def backtest(
    estimators: Mapping[str, Estimator],
    panel: Panel,
    *,
    periods: int = 28,
    steps: int = 6,
    every: int = 3,
    baselines: Sequence[str] = BASELINES,
    clock: Callable[[], float] = perf_counter,
) -> Backtest:
    """Fit on what lies before the last ``periods``, forecast from each cutoff in them.

    Models see what was observed up to each cutoff but are not fitted again.

    Args:
        estimators: By the name they get in the table.
        panel: History.
        periods: How many of its last periods are forecast.
        steps: Steps per forecast.
        every: Periods from one cutoff to the next; no divisor of the season, so that every
            shift is met.
        baselines: Models of the registry that are added.
        clock: Seconds, for the times in the table.

    Raises:
        HistoryTooShort: For a model, or ``periods`` leaves no history.
    """
    total = len(panel.periods)
    first = total - periods
    if first < 1 or periods < steps:
        raise HistoryTooShort(total, periods + 1)
    origins = range(first, total - steps + 1, every)
    actual = actuals(panel, origins, steps)
    history = panel.head(first)
    scale, square_scale = naive_scales(history)
    named = {name: estimator(name) for name in baselines} | dict(estimators)
    rows, outcomes = [], {}
    for name, model in named.items():
        started = clock()
        predictor = model.fit(history)
        fitted = clock()
        quantiles = rolling_forecasts(predictor, panel, origins, steps)
        seconds = (fitted - started, (clock() - fitted) / len(origins))
        rows.append((name, *score(quantiles, actual, scale).values(), *seconds))
        outcomes[name] = Outcome(
            predictor=predictor,
            quantiles=quantiles,
            scores=normal_scores(quantiles, QUANTILES, actual),
        )
    table = pl.DataFrame(rows, schema=SCORES, orient="row").sort("pinball", nulls_last=True)
    return Backtest(
        table=table,
        outcomes=outcomes,
        actual=actual,
        history=history,
        scale=scale,
        square_scale=square_scale,
    )


def rolling_forecasts(
    predictor: Predictor, panel: Panel, origins: Sequence[int], steps: int
) -> FloatArray:
    """Forecasts from several cutoffs, each given what lies before it and the calendar after it.

    Args:
        predictor: Fitted on what lies before the first origin.
        panel: History and what is forecast.
        origins: Periods known at each cutoff, ascending.
        steps: Steps per forecast.

    Returns:
        Shape (origin, series, step, quantile) at ``QUANTILES``.
    """
    return np.stack(
        [predictor.predict(panel.head(n), panel.periods[n : n + steps], QUANTILES) for n in origins]
    )


def actuals(panel: Panel, origins: Sequence[int], steps: int) -> FloatArray:
    """What happened after each cutoff, shape (origin, series, step), NaN = not observed."""
    return np.stack([panel.demand[:, n : n + steps] for n in origins])


def score(quantiles: FloatArray, actual: FloatArray, scale: FloatArray) -> dict[str, float]:
    """Pinball, MASE, WAPE, bias and coverage over what was observed; NaN when nothing was.

    Args:
        quantiles: At ``QUANTILES``, shape (origin, series, step, quantile).
        actual: Shape (origin, series, step), NaN = not observed.
        scale: Error of the seasonal naive forecast per series (Hyndman and Koehler 2006), shape
            (series,); NaN leaves a series out of MASE.
    """
    return errors_of(quantiles, actual, scale, scale**2).overall(_SCORED)


def naive_scales(panel: Panel) -> tuple[FloatArray, FloatArray]:
    """Mean absolute and mean squared error of the seasonal naive forecast in the panel.

    In parts and parts squared, each of shape (series,). NaN where there is none, or where it is 0:
    nothing can be scaled by it.
    """
    profile = Profile.of(panel, (), shift_names(panel.periods), typical_level(panel))
    now = np.arange(season_length(panel.periods), len(panel.periods))
    error = np.abs(panel.demand[:, now] - profile.slot_lags(now, now, 1)[:, :, 0])
    seen = ~np.isnan(error)
    scale, square = _mean(error, seen, axis=1), _mean(error**2, seen, axis=1)
    return np.where(scale > 0, scale, np.nan), np.where(square > 0, square, np.nan)


def _mean(
    values: FloatArray, seen: np.ndarray[Any, np.dtype[np.bool_]], axis: Any = None
) -> FloatArray:
    count = seen.sum(axis=axis)
    total = np.where(seen, values, 0.0).sum(axis=axis)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))

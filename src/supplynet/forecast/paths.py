"""From quantiles to joint sample paths, and what a running period tells about itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.sample_paths import FloatArray, IntArray, SamplePaths
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.path_counts import counts_at, multiplied
from supplynet.forecast.path_scores import (
    PathScores,
    cache_runs,
    code_of_score,
    score_of_code,
)
from supplynet.forecast.quantiles import (
    at_scores,
    mean,
    normal_levels,
    standard_deviation,
    tidy,
)
from supplynet.frames.panel import Period

_PACE_SHARE = 0.8  # of the forecast's variance beyond Poisson: the same all through the period
_LEAST_VARIANCE = 0.05**2  # of the pace: no forecast is so sure that it cannot be told better
_MOST_PRIOR = 0.25
_MOST_POSTERIOR = 1.0  # a lump of a rare part is a lump, not a hundredfold pace
_MOST_CARRIED = 2.5  # normal scores


FORECAST_SCHEMA = pl.Schema(
    {
        "location_id": pl.String(),
        "part_id": pl.String(),
        "period_start": pl.Datetime("us", "UTC"),
        "shift": pl.String(),
        "cutoff": pl.Datetime("us", "UTC"),
        "step": pl.Int16(),
        "quantile": pl.Float64(),
        "demand": pl.Float64(),
    }
)
"""Columns of the forecast frame in order; sorted by series, period and quantile."""


@dataclass(frozen=True, kw_only=True, eq=False)
class QuantileForecast:
    """Quantiles of demand per series and step.

    Attributes:
        values: Parts, shape (series, step, quantile), ascending along the quantiles.
        levels: Of the quantiles, shape (quantile,).
        series: ``(location_id, part_id)`` of each series.
        periods: One per step. Step 0 may be running; its values then are of the whole period,
            or, once ``condition`` was called, of the rest of it.
        cutoff: Nothing after this moment was known.
    """

    values: FloatArray
    levels: tuple[float, ...]
    series: tuple[tuple[str, str], ...]
    periods: tuple[Period, ...]
    cutoff: datetime
    model_version: str

    @property
    def elapsed(self) -> float:
        """Share of step 0 that is over at the cutoff, in [0, 1)."""
        first = self.periods[0]
        length = (first.end - first.start).total_seconds()
        return max(0.0, (self.cutoff - first.start).total_seconds() / length)

    def rows(self, rows: slice) -> QuantileForecast:
        """The forecast of some of the series."""
        return replace(self, values=self.values[rows], series=self.series[rows])

    def scaled(self, factors: FloatArray) -> QuantileForecast:
        """Every quantile times the factor of its series and step, shape (series, step)."""
        return replace(self, values=self.values * factors[..., None])

    def frame(self) -> pl.DataFrame:
        """The forecast frame (``FORECAST_SCHEMA``): a row per series, step and quantile."""
        steps, levels = self.values.shape[1:]
        rows = np.arange(self.values.size)
        series, step, level = rows // (steps * levels), rows // levels % steps, rows % levels
        columns = {
            "location_id": _column([line for line, _ in self.series], series),
            "part_id": _column([part for _, part in self.series], series),
            "period_start": _column([period.start for period in self.periods], step),
            "shift": _column([period.shift or None for period in self.periods], step),
            "cutoff": _column([self.cutoff], rows * 0),
            "step": step,
            "quantile": np.array(self.levels)[level],
            "demand": self.values.ravel(),
        }
        return pl.DataFrame(columns, schema_overrides=FORECAST_SCHEMA).cast(FORECAST_SCHEMA)


def _column(values: Sequence[object], index: npt.NDArray[np.int64]) -> pl.Series:
    return pl.Series(values).gather(index) if len(index) else pl.Series([], dtype=pl.Null)


def condition(
    forecast: QuantileForecast, dependence: Dependence, consumed: FloatArray | None
) -> QuantileForecast:
    """The forecast given what was consumed so far in the running period.

    Let ``m`` and ``v`` be mean and squared coefficient of variation of the whole period, ``f``
    the elapsed share, ``c`` what was consumed, ``r = c / (f m)`` the pace seen. The pace behind
    it is taken as normal with mean 1 and variance ``V = 0.8 (v - 1/m)``; what is seen of it has
    the variance ``N = (v - V) / f``. The posterior mean is the shrunken pace
    ``p = 1 + w (r - 1)`` with ``w = V / (V + N)``. A pace more than two prior deviations off
    widens the prior to ``V = ((r - 1)^2 - N) / 4`` (empirical Bayes), so that a break of pace
    shows at once. Then, for the whole period's quantile ``x``::

        rest = (1 - f) (m p + k (x - m)),   k^2 = (V (1 - w) + (v - V) / (1 - f)) / v

    which is ``x`` itself at ``f = 0``. Later steps move by the surprise ``m (p - 1) / sd``, in
    normal scores, times its correlation with them.

    Args:
        forecast: Of whole periods.
        dependence: How far a surprise carries.
        consumed: Parts since the running period began, shape (series,). NaN (the line was
            starved) or None: the pace is not known and taken as 1.
    """
    elapsed = forecast.elapsed
    if elapsed <= 0.0:
        return forecast
    first = forecast.values[:, 0]
    expected = np.maximum(mean(first, forecast.levels), 1e-6)
    deviation = np.maximum(standard_deviation(first, forecast.levels), 1e-6)
    seen = np.full(len(expected), np.nan) if consumed is None else consumed
    pace, narrowed = _pace(seen, expected, (deviation / expected) ** 2, elapsed)
    whole = first - expected[:, None]
    wide = (narrowed * np.maximum(pace, 1.0))[:, None]
    rest = (1 - elapsed) * ((expected * pace)[:, None] + wide * whole)
    surprise = np.clip(expected * (pace - 1) / deviation, -_MOST_CARRIED, _MOST_CARRIED)
    later = _moved(forecast, surprise[:, None] * dependence.carried(len(forecast.periods)))
    return replace(forecast, values=tidy(np.concatenate([rest[:, None], later[:, 1:]], axis=1)))


def _pace(
    consumed: FloatArray, expected: FloatArray, variance: FloatArray, elapsed: float
) -> tuple[FloatArray, FloatArray]:
    """Shrunken pace and the factor ``k`` of ``condition``, each of shape (series,)."""
    prior = _PACE_SHARE * np.maximum(variance - 1 / expected, _LEAST_VARIANCE)
    prior = np.minimum(prior, _MOST_PRIOR)
    within = np.maximum(variance - prior, 1 / expected)
    noise = within / elapsed
    off = consumed / (elapsed * expected) - 1
    wider = np.minimum((off**2 - noise) / 4, _MOST_POSTERIOR)
    seen = ~np.isnan(off)
    spread = np.where(seen, np.fmax(prior, wider), prior)
    weight = np.where(seen, spread / (spread + noise), 0.0)
    pace = np.where(seen, 1 + weight * np.where(seen, off, 0.0), 1.0)
    left = spread * (1 - weight) + within / (1 - elapsed)
    return np.maximum(pace, 0.0), np.sqrt(left / np.maximum(variance, 1e-12))


def _moved(forecast: QuantileForecast, shift: FloatArray) -> FloatArray:
    """Quantiles after the normal scores moved by ``shift``, shape (series, step)."""
    levels = normal_levels(forecast.levels)
    scores = levels[:, None, None] + shift
    return np.moveaxis(at_scores(forecast.values, forecast.levels, scores), 0, -1)


def sample_paths(
    forecast: QuantileForecast,
    *,
    dependence: Dependence,
    paths: int,
    seed: int,
    factors: FloatArray | None = None,
) -> SamplePaths:
    """Joint paths whose margins are the forecast's and whose scores follow ``dependence``.

    The same as ``paths_at`` with the scores of ``path_scores``, without keeping these.

    Args:
        forecast: Of one quantile function per series and step.
        dependence: Of their scores.
        paths: How many.
        seed: Same seed, same paths, of whatever other series there are.
        factors: What to multiply demand by, see ``path_counts.multiplied``, shape (series, step).
    """
    blocks = count_blocks(forecast, dependence=dependence, paths=paths, seed=seed, factors=factors)
    return _gathered(forecast, blocks, paths, seed)


def paths_at(forecast: QuantileForecast, scores: FloatArray, seed: int) -> SamplePaths:
    """The forecast at given scores, in whole parts, rounded to the nearest.

    Args:
        forecast: Of one quantile function per series and step.
        scores: From ``path_scores``, shape (path, series, step).
        seed: With which the scores were made.
    """
    by_step, quantiles = scores.transpose(2, 1, 0), forecast.values.swapaxes(0, 1)
    runs = cache_runs(len(forecast.series), len(forecast.periods) * len(scores))
    blocks = (
        (rows, counts_at(quantiles[:, rows], forecast.levels, code_of_score(by_step[:, rows])))
        for rows in runs
    )
    return _gathered(forecast, blocks, len(scores), seed)


def count_blocks(
    forecast: QuantileForecast,
    *,
    dependence: Dependence,
    paths: int,
    seed: int,
    factors: FloatArray | None = None,
) -> Iterator[tuple[slice, IntArray]]:
    """``sample_paths`` piece by piece: which series, and their demand.

    Demand has the shape (step, series, path) and is free to be changed.
    """
    steps, quantiles = len(forecast.periods), forecast.values.swapaxes(0, 1)
    source = PathScores(dependence=dependence, steps=steps, paths=paths, seed=seed)
    for rows in cache_runs(len(forecast.series), steps * paths):
        series = forecast.series[rows]
        counts = counts_at(quantiles[:, rows], forecast.levels, source.codes(series))
        if factors is not None:
            counts = multiplied(counts, factors[rows].T, series, seed)
        yield rows, counts


def path_scores(
    series: Sequence[tuple[str, str]],
    dependence: Dependence,
    *,
    steps: int,
    paths: int,
    seed: int,
) -> FloatArray:
    """Standard normal scores with the copula's correlations, shape (path, series, step).

    Keyed, see ``forecast.path_scores``, and rounded to 1/4096.
    """
    source = PathScores(dependence=dependence, steps=steps, paths=paths, seed=seed)
    result = np.empty((paths, len(series), steps))
    by_step, known = result.transpose(2, 1, 0), score_of_code()
    for rows in cache_runs(len(series), steps * paths):
        by_step[:, rows] = known[source.codes(series[rows])]
    return result


def _gathered(
    forecast: QuantileForecast, blocks: Iterable[tuple[slice, IntArray]], paths: int, seed: int
) -> SamplePaths:
    series, steps = forecast.values.shape[:2]
    values: IntArray = np.empty((paths, series, steps), dtype=np.int32)
    by_step = values.transpose(2, 1, 0)
    for rows, counts in blocks:
        by_step[:, rows] = counts
    return SamplePaths(
        values=values,
        series=forecast.series,
        period_starts=tuple(period.start for period in forecast.periods),
        period_ends=tuple(period.end for period in forecast.periods),
        cutoff=forecast.cutoff,
        seed=seed,
        model_version=forecast.model_version,
    )

"""A model of sums and the sums of forecasts, both tried on the end of the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.backtest import naive_scales
from supplynet.forecast.coherence import sampled_node_paths
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.ensemble_trial import Cutoffs, forecasts
from supplynet.forecast.hierarchy import Hierarchy, Level
from supplynet.forecast.model import Estimator
from supplynet.forecast.paths import QuantileForecast
from supplynet.forecast.quantiles import QUANTILES, mean
from supplynet.frames.panel import Panel

EVIDENCE = pl.Schema(
    {
        "cutoff": pl.Datetime("us", "UTC"),
        "weight": pl.Float64(),
        "sum_pinball": pl.Float64(),
        "sum_rmsse": pl.Float64(),
        "bottom_pinball": pl.Float64(),
    }
)
"""Columns of ``Errors.frame``."""

_LEVELS = np.array(QUANTILES)
_BLOCK = 500  # series whose means are taken together


@dataclass(frozen=True, kw_only=True, eq=False)
class Errors:
    """What a trial found.

    Attributes:
        cutoffs: First moment forecast, of each.
        weights: Of the model of sums; the first is 0, the sums of forecasts alone.
        values: Shape (cutoff, weight, error): pinball loss of the sums, RMSSE of the sums, pinball
            loss of the series, each in units of the seasonal naive error; NaN = nothing observed.
    """

    cutoffs: tuple[datetime, ...]
    weights: tuple[float, ...]
    values: FloatArray

    def gains(self, cutoffs: slice) -> FloatArray:
        """By what share each weight lowers each mean error, shape (weight, error)."""
        means = self.values[cutoffs].mean(axis=0)
        ratio = np.ones_like(means)
        np.divide(means, means[0], out=ratio, where=means[0] != 0)  # NaN stays NaN
        return np.asarray(1 - ratio)

    def frame(self) -> pl.DataFrame:
        """A row per cutoff and weight, ``EVIDENCE``."""
        rows = [
            (cutoff, weight, *errors)
            for cutoff, of_cutoff in zip(self.cutoffs, self.values.tolist(), strict=True)
            for weight, errors in zip(self.weights, of_cutoff, strict=True)
        ]
        return pl.DataFrame(rows, schema=EVIDENCE, orient="row").fill_nan(None)


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """What is tried.

    Attributes:
        panel, sums: History of the series and of one level's sums, over the same periods.
        hierarchy: That level alone.
        cutoffs: From where both are forecast.
        dependence: Of the series' scores, for the quantiles of sums.
        paths, seed: Of the joint paths that these are taken from.
    """

    panel: Panel
    sums: Panel
    hierarchy: Hierarchy
    cutoffs: Cutoffs
    dependence: Dependence
    paths: int
    seed: int

    def run(self, top: Estimator, bottom: Estimator, weights: Sequence[float]) -> Errors:
        """Errors of every weight and of none; only what lies before a cutoff is looked at."""
        above = forecasts(top, self.sums, self.cutoffs)
        below = forecasts(bottom, self.panel, self.cutoffs)
        tried = (0.0, *weights)
        starts = tuple(self.panel.periods[origin].start for origin in self.cutoffs.origins)
        found = [
            self._errors(*each, tried) for each in zip(self._slices, above, below, strict=True)
        ]
        return Errors(cutoffs=starts, weights=tried, values=np.array(found))

    @property
    def _slices(self) -> list[slice]:
        return [slice(first, first + self.cutoffs.horizon) for first in self.cutoffs.origins]

    def _errors(
        self, now: slice, above: FloatArray, below: FloatArray, weights: Sequence[float]
    ) -> list[tuple[float, float, float]]:
        known = self.cutoffs.fitted
        of_sums = naive_scales(self.sums.head(known))
        of_series = naive_scales(self.panel.head(known))[0]
        actual, whole = self.panel.demand[:, now], self.sums.demand[:, now]
        quantiles = self._sum_quantiles(below, now)
        from_above = mean(above, QUANTILES)
        from_below = self.hierarchy.sums(means_of(below, QUANTILES))
        rows = []
        for weight in weights:
            factor = factors_of(weight, from_above, from_below)
            series = below * of_series_in(self._level, factor)[..., None]
            rows.append(
                (
                    _pinball(quantiles * factor[..., None], whole, of_sums[0]),
                    _rmsse(from_below * factor, whole, of_sums[1]),
                    _pinball(series, actual, of_series),
                )
            )
        return rows

    @property
    def _level(self) -> Level:
        return self.hierarchy.levels[0]

    def _sum_quantiles(self, values: FloatArray, now: slice) -> FloatArray:
        periods = self.panel.periods[now]
        forecast = QuantileForecast(
            values=values,
            levels=QUANTILES,
            series=self.panel.series,
            periods=periods,
            cutoff=periods[0].start,
            model_version="",
        )
        return sampled_node_paths(
            forecast,
            self.hierarchy,
            dependence=self.dependence,
            paths=self.paths,
            seed=self.seed,
        ).quantiles()


def factors_of(weight: float, above: FloatArray, below: FloatArray) -> FloatArray:
    """``1 + weight (above / below - 1)``, shape (node, step); 1 where nothing can be scaled."""
    ratio = np.divide(above, below, out=np.ones_like(below), where=below > 0)
    return np.asarray(1 + weight * (ratio - 1))


def of_series_in(level: Level, of_node: FloatArray) -> FloatArray:
    """What its node has, for each series: (node, ...) -> (series, ...)."""
    return np.asarray(of_node[level.node_of_series])


def means_of(values: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Mean demand, shape (series, step); a few series at a time, for memory's sake."""
    result = np.empty(values.shape[:-1])
    for first in range(0, len(values), _BLOCK):
        rows = slice(first, first + _BLOCK)
        result[rows] = mean(values[rows], levels)
    return result


def _pinball(quantiles: FloatArray, actual: FloatArray, scale: FloatArray) -> float:
    error = actual[..., None] - quantiles
    loss = np.maximum(_LEVELS * error, (_LEVELS - 1) * error).mean(axis=-1)
    return _mean(loss / scale[:, None])


def _rmsse(points: FloatArray, actual: FloatArray, square_scale: FloatArray) -> float:
    squares = (actual - points) ** 2 / square_scale[:, None]
    return _mean(np.array([np.sqrt(_mean(row)) for row in squares]))


def _mean(values: FloatArray) -> float:
    """Over what was observed; NaN when nothing was."""
    seen = values[~np.isnan(values)]
    return float(seen.mean()) if seen.size else float("nan")

"""Many series in shards of bounded memory, here or in several processes.

Joint paths of 10,000 series, 14 steps and 1,000 paths are 560 MB; what is kept of them, quantiles
and sums, is a hundredth. Shocks are keyed, so shards of any size, anywhere, give the same paths.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from supplynet.core.protocols import Executor
from supplynet.core.sample_paths import FloatArray, SamplePaths
from supplynet.errors import InvalidInput
from supplynet.forecast.coherence import NodePaths, quantiles_of_last
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.hierarchy import Hierarchy
from supplynet.forecast.model import Predictor
from supplynet.forecast.paths import QuantileForecast, count_blocks, sample_paths
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, Period
from supplynet.learning.windows import Index

SHARD_SERIES = 500
"""With 14 steps and 1,000 paths 28 MB of paths."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How to sample, and what of it to keep.

    Args:
        paths: Joint paths.
        seed: Same seed, same paths.
        dependence: See ``forecast.dependence``.
        levels: Of the quantiles that are kept.
        windows: ``(first, end)`` steps whose sums are kept too, end excluded.
    """

    paths: int = 1000
    seed: int = 0
    dependence: Dependence = field(default_factory=Dependence)
    levels: tuple[float, ...] = QUANTILES
    windows: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class PathSummary:
    """What is kept of joint paths.

    Attributes:
        series: ``(location_id, part_id)`` of each.
        mean: Demand in parts, shape (series, step).
        quantiles: Shape (series, step, quantile).
        window_means: Of the sums over each window, shape (series, window).
        window_quantiles: Of the same, never sums of quantiles; shape (series, window, quantile).
        nodes: Paths of the sums over series, where there is a hierarchy.
    """

    series: tuple[tuple[str, str], ...]
    mean: FloatArray
    quantiles: FloatArray
    window_means: FloatArray
    window_quantiles: FloatArray
    nodes: NodePaths | None = None


def predict_in_shards(
    predictor: Predictor,
    panel: Panel,
    future: Sequence[Period],
    levels: Sequence[float] = QUANTILES,
    *,
    most_series: int = SHARD_SERIES,
    executor: Executor | None = None,
) -> FloatArray:
    """Quantiles of every series, shape (series, step, quantile); see ``Predictor.predict``.

    Lines stay whole, because what one part of a line shows says something of the others: a line
    with more than ``most_series`` parts is a shard of its own.

    Args:
        predictor: A fitted model.
        panel: History, the series of a line side by side.
        future: Periods to forecast.
        levels: In (0, 1), ascending.
        most_series: Of a shard.
        executor: Where shards are worked off; None = here, one after the other.
    """
    shards = _line_shards(panel.series, most_series)
    if not shards:
        return np.empty((0, len(future), len(levels)))
    pieces = (
        _Prediction(predictor, panel.select(panel.series[rows]), tuple(future), tuple(levels))
        for rows in shards
    )
    mapped = map(_predict, pieces) if executor is None else executor.map(_predict, pieces)
    return np.concatenate(list(mapped))


def sample_in_shards(
    forecast: QuantileForecast,
    sampling: Sampling,
    *,
    factors: FloatArray | None = None,
    most_series: int = SHARD_SERIES,
) -> Iterator[SamplePaths]:
    """Joint paths of a few series at a time, in order; together ``sample_paths`` of all."""
    for rows in _shards(len(forecast.series), most_series):
        yield sample_paths(
            forecast.rows(rows),
            dependence=sampling.dependence,
            paths=sampling.paths,
            seed=sampling.seed,
            factors=None if factors is None else factors[rows],
        )


def summarise_in_shards(
    forecast: QuantileForecast,
    sampling: Sampling,
    *,
    hierarchy: Hierarchy | None = None,
    factors: FloatArray | None = None,
    most_series: int = SHARD_SERIES,
    executor: Executor | None = None,
) -> PathSummary:
    """Sample every series and keep quantiles, window sums and sums over series.

    Args:
        forecast: Of one quantile function per series and step.
        sampling: How.
        hierarchy: Of the forecast's series; its sums are exact, path by path.
        factors: See ``sample_paths``.
        most_series: Of a shard; only time and memory depend on it.
        executor: Where shards are worked off; None = here, one after the other.

    Raises:
        InvalidInput: A window lies outside the steps, or the hierarchy is of other series.
    """
    steps = len(forecast.periods)
    for first, end in sampling.windows:
        if not 0 <= first < end <= steps:
            raise InvalidInput(f"window [{first}, {end}) is not within the {steps} steps")
    if hierarchy is not None:
        hierarchy.check(forecast.series)
    shards = _shards(len(forecast.series), most_series)
    pieces = (_piece(forecast, sampling, hierarchy, factors, rows) for rows in shards)
    mapped = map(_summarise, pieces) if executor is None else executor.map(_summarise, pieces)
    whole = _empty(forecast, sampling, hierarchy)
    for rows, found in zip(shards, mapped, strict=True):
        _put(whole, rows, found, hierarchy)
    return whole


@dataclass(frozen=True)
class _Prediction:
    predictor: Predictor
    panel: Panel
    future: tuple[Period, ...]
    levels: tuple[float, ...]


def _predict(piece: _Prediction) -> FloatArray:
    return piece.predictor.predict(piece.panel, piece.future, piece.levels)


@dataclass(frozen=True)
class _Piece:
    forecast: QuantileForecast
    sampling: Sampling
    hierarchy: Hierarchy | None
    factors: FloatArray | None


def _piece(
    forecast: QuantileForecast,
    sampling: Sampling,
    hierarchy: Hierarchy | None,
    factors: FloatArray | None,
    rows: slice,
) -> _Piece:
    return _Piece(
        forecast=forecast.rows(rows),
        sampling=sampling,
        hierarchy=None if hierarchy is None else hierarchy.part(rows)[0],
        factors=None if factors is None else factors[rows],
    )


def _summarise(piece: _Piece) -> PathSummary:
    sampling, levels = piece.sampling, piece.sampling.levels
    whole = _empty(piece.forecast, sampling, piece.hierarchy)
    blocks = count_blocks(
        piece.forecast,
        dependence=sampling.dependence,
        paths=sampling.paths,
        seed=sampling.seed,
        factors=piece.factors,
    )
    for rows, counts in blocks:
        whole.mean[rows] = counts.mean(axis=-1).T
        whole.quantiles[rows] = quantiles_of_last(counts, levels).swapaxes(0, 1)
        for place, (first, end) in enumerate(sampling.windows):
            window = counts[first:end].sum(axis=0, dtype=np.int64)
            whole.window_means[rows, place] = window.mean(axis=-1)
            whole.window_quantiles[rows, place] = quantiles_of_last(window, levels)
        if whole.nodes is not None:
            whole.nodes.hierarchy.add(whole.nodes.values.transpose(2, 1, 0), counts, rows)
    return whole


def _empty(
    forecast: QuantileForecast, sampling: Sampling, hierarchy: Hierarchy | None
) -> PathSummary:
    series, steps = forecast.values.shape[:2]
    windows, levels = len(sampling.windows), len(sampling.levels)
    nodes = None
    if hierarchy is not None:
        sums = np.zeros((steps, len(hierarchy.names), sampling.paths), dtype=np.int64)
        nodes = NodePaths(values=sums.transpose(2, 1, 0), hierarchy=hierarchy)
    return PathSummary(
        series=forecast.series,
        mean=np.empty((series, steps)),
        quantiles=np.empty((series, steps, levels)),
        window_means=np.empty((series, windows)),
        window_quantiles=np.empty((series, windows, levels)),
        nodes=nodes,
    )


def _put(whole: PathSummary, rows: slice, found: PathSummary, hierarchy: Hierarchy | None) -> None:
    for name in ("mean", "quantiles", "window_means", "window_quantiles"):
        getattr(whole, name)[rows] = getattr(found, name)
    if hierarchy is not None and whole.nodes is not None and found.nodes is not None:
        places: Index = hierarchy.part(rows)[1]
        whole.nodes.values[:, places] += found.nodes.values


def _shards(series: int, most: int) -> list[slice]:
    size = max(1, most)
    return [slice(first, min(first + size, series)) for first in range(0, series, size)]


def _line_shards(series: Sequence[tuple[str, str]], most: int) -> list[slice]:
    """Runs of whole lines with ``most`` series at most, or with one line."""
    ends = np.cumsum([len(list(run)) for _, run in groupby(series, key=lambda one: one[0])])
    shards, first = [], 0
    while first < len(series):
        fitting = int(np.searchsorted(ends, first + most, side="right"))
        whole = ends[fitting - 1] if fitting and ends[fitting - 1] > first else ends[fitting]
        shards.append(slice(first, int(whole)))
        first = int(whole)
    return shards

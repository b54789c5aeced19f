"""Coherent forecasts of sums: bottom-up, path by path, so that every level agrees with the lines.

A sum of quantiles is no quantile of the sum; a sum of joint sample paths is a sample path of the
sum, with all that lines and shifts have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.sample_paths import FloatArray, SamplePaths
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.hierarchy import Hierarchy
from supplynet.forecast.path_scores import cache_runs
from supplynet.forecast.paths import FORECAST_SCHEMA, QuantileForecast, count_blocks
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, Period

NODE_SCHEMA = pl.Schema({"level": pl.String(), **FORECAST_SCHEMA})
"""Columns of the forecast frame of sums: as ``FORECAST_SCHEMA``, null = all of them."""
_TRAILING = 60  # periods that a series' usual demand is the mean of


@dataclass(frozen=True, kw_only=True, eq=False)
class NodePaths:
    """Joint paths of every sum of a hierarchy.

    Attributes:
        values: Parts, exact whole sums, int64, shape (path, node, step).
        hierarchy: Its ``names`` say which node is which.
    """

    values: npt.NDArray[np.int64]
    hierarchy: Hierarchy

    def of_level(self, name: str) -> npt.NDArray[np.int64]:
        """Paths of one level's nodes, shape (path, node, step). Raises ``NotFound``."""
        return self.values[:, self.hierarchy.nodes_of(name)]

    def quantiles(self, levels: Sequence[float] = QUANTILES) -> FloatArray:
        """Shape (node, step, quantile)."""
        return path_quantiles(self.values, levels)

    def mean(self) -> FloatArray:
        """Shape (node, step)."""
        return np.asarray(self.values.mean(axis=0))

    def frame(
        self, periods: Sequence[Period], cutoff: datetime, levels: Sequence[float] = QUANTILES
    ) -> pl.DataFrame:
        """A forecast frame (``NODE_SCHEMA``): a row per node, step and quantile, then the mean.

        Args:
            periods: One per step.
            cutoff: Nothing after it was known.
            levels: Of the quantiles; the mean has the quantile null.
        """
        values = np.concatenate([self.quantiles(levels), self.mean()[..., None]], axis=-1)
        nodes = pl.DataFrame(
            [(index, level, *node) for index, (level, node) in enumerate(self.hierarchy.names)],
            schema={"node": pl.Int64(), **_columns("level", "location_id", "part_id")},
            orient="row",
        )
        steps = pl.DataFrame(
            [(index, p.start, p.shift or None) for index, p in enumerate(periods)],
            schema=_columns("step", "period_start", "shift"),
            orient="row",
        )
        grid = nodes.join(steps, how="cross", maintain_order="left_right").join(
            pl.DataFrame({"quantile": [*levels, None]}, schema=_columns("quantile")),
            how="cross",
            maintain_order="left_right",
        )
        return grid.with_columns(
            pl.lit(cutoff).cast(FORECAST_SCHEMA["cutoff"]).alias("cutoff"),
            pl.Series("demand", values.ravel(), dtype=pl.Float64),
        ).select(NODE_SCHEMA.names())


def node_paths(paths: SamplePaths, hierarchy: Hierarchy) -> NodePaths:
    """Sums over series, path by path.

    Raises:
        InvalidInput: The paths are of other series than the hierarchy.
    """
    hierarchy.check(paths.series)
    draws, series, steps = paths.values.shape
    total = np.zeros((steps, len(hierarchy.names), draws), dtype=np.int64)
    by_step = paths.values.transpose(2, 1, 0)
    for rows in cache_runs(series, steps * draws):
        hierarchy.add(total, np.ascontiguousarray(by_step[:, rows]), rows)
    return NodePaths(values=total.transpose(2, 1, 0), hierarchy=hierarchy)


def sampled_node_paths(
    forecast: QuantileForecast,
    hierarchy: Hierarchy,
    *,
    dependence: Dependence,
    paths: int,
    seed: int,
    factors: FloatArray | None = None,
) -> NodePaths:
    """Sums of ``sample_paths`` without keeping the paths of the series.

    Raises:
        InvalidInput: The forecast is of other series than the hierarchy.
    """
    hierarchy.check(forecast.series)
    total = np.zeros((len(forecast.periods), len(hierarchy.names), paths), dtype=np.int64)
    for rows, counts in count_blocks(
        forecast, dependence=dependence, paths=paths, seed=seed, factors=factors
    ):
        hierarchy.add(total, counts, rows)
    return NodePaths(values=total.transpose(2, 1, 0), hierarchy=hierarchy)


def path_quantiles(values: npt.NDArray[np.integer], levels: Sequence[float]) -> FloatArray:
    """Quantiles over the paths: (path, ...) -> (..., quantile).

    Linear between order statistics (type 7 of Hyndman and Fan 1996).
    """
    return quantiles_of_last(np.moveaxis(values, 0, -1), levels)


def quantiles_of_last(values: npt.NDArray[np.integer], levels: Sequence[float]) -> FloatArray:
    """``path_quantiles`` of (..., path)."""
    ordered = np.sort(np.ascontiguousarray(values), axis=-1)
    place = (ordered.shape[-1] - 1) * np.asarray(levels, dtype=float)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, ordered.shape[-1] - 1)
    return np.asarray(ordered[..., low] + (place - low) * (ordered[..., high] - ordered[..., low]))


def summed_panel(
    panel: Panel, hierarchy: Hierarchy, level: str, *, most_missing: float = 0.05
) -> Panel:
    """History of the sums of one level.

    A sum is observed where all its series are. It is also taken as observed where series that
    usually make up at most ``most_missing`` of it are not (their line was starved): what the
    others had is then raised to the whole, ``sum / (1 - missing share)``. In a large plant some
    line is starved in most shifts, and the total would otherwise never be seen. What a series
    usually has is the mean of its last 60 observed periods *before* that one, so nothing later is
    used; a series not yet seen counts as not there. Tables beside demand are of lines: left out.

    Args:
        panel: History of the hierarchy's series.
        hierarchy: Of the panel's series.
        level: Whose nodes become series, ``location_id, part_id`` "" where the node has all.
        most_missing: Share in [0, 1); 0 = only whole sums.

    Raises:
        InvalidInput: The panel has other series than the hierarchy.
        NotFound: No such level.
    """
    hierarchy.check(panel.series)
    one = hierarchy.select(level)
    seen = ~np.isnan(panel.demand)
    usual = _usual(panel.demand)
    observed = one.sums(np.where(seen, panel.demand, 0.0))
    whole = one.sums(usual)
    missing = one.sums(np.where(seen, 0.0, usual))
    # Before anything was observed of a sum, a missing series has no usual demand to be a share of.
    known = one.sums(seen.astype(float)) > 0
    share = np.divide(missing, whole, out=np.zeros_like(whole), where=whole > 0)
    usable = known & (share <= most_missing)
    demand = np.where(usable, observed / (1 - np.where(usable, share, 0.0)), np.nan)
    names = tuple((location or "", part or "") for _, (location, part) in one.names)
    return Panel(series=names, periods=panel.periods, demand=demand)


def _usual(demand: FloatArray) -> FloatArray:
    """Mean of the last observed periods before each, shape (series, period); 0 before any."""
    seen = ~np.isnan(demand)
    totals = np.cumsum(np.where(seen, demand, 0.0), axis=1)
    counts = np.cumsum(seen, axis=1)
    before = [np.pad(sums, ((0, 0), (1, 0)))[:, :-1] for sums in (totals, counts)]
    earlier = [np.pad(sums, ((0, 0), (_TRAILING, 0)))[:, : sums.shape[1]] for sums in before]
    total, count = before[0] - earlier[0], before[1] - earlier[1]
    return np.asarray(np.divide(total, count, out=np.zeros_like(total), where=count > 0))


def _columns(*names: str) -> dict[str, pl.DataType]:
    return {name: NODE_SCHEMA[name] for name in names}

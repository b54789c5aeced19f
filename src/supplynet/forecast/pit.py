"""Probability integral transform of counts: where in its forecast did each actual value fall.

For a calibrated forecast the transform ``F(y)`` is uniform. A count has an interval of levels
instead of one, ``(F(y - 1), F(y)]``; a level drawn evenly from it is uniform again (randomised
PIT; Czado, Gneiting and Held 2009, Biometrics 65, 1254-1261, section 2). Coverage is read from it:
an interval of quantiles of a count cannot hit its nominal coverage, the transform can.

Demand between ``y - 0.5`` and ``y + 0.5`` rounds to ``y``, as sample paths round it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import ndtr

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.quantiles import normal_levels
from supplynet.frames.demand_classes import DEMAND_CLASSES

WIDTHS = (0.8, 0.95)
"""Central intervals that reports tell the coverage of."""
PIT_SCHEMA = pl.Schema(
    {
        "by": pl.String(),
        "of": pl.String(),
        "observed": pl.Int64(),
        "coverage_80": pl.Float64(),
        "coverage_95": pl.Float64(),
    }
)
"""Columns of ``pit_frame``; ``by`` is ``all``, ``class`` or ``step``, ``of`` which one."""


def randomised_pit(
    quantiles: FloatArray, levels: Sequence[float], actual: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """A level drawn evenly from the interval of each actual value, in [0, 1].

    Args:
        quantiles: Ascending, >= 0, shape (*cell, quantile).
        levels: Of the quantiles, in (0, 1), ascending.
        actual: Shape (*cell); NaN (not observed) gives NaN.
        rng: Draws one number per cell.
    """
    low, high = pit_interval(quantiles, levels, actual)
    return np.asarray(low + rng.random(low.shape) * (high - low))


def pit_interval(
    quantiles: FloatArray, levels: Sequence[float], actual: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Levels at which demand comes to ``actual - 0.5`` and to ``actual + 0.5``.

    Args:
        quantiles: Ascending, >= 0, shape (*cell, quantile).
        levels: Of the quantiles, in (0, 1), ascending.
        actual: Shape (*cell); NaN gives NaN.

    Returns:
        Lower and upper level, each of shape (*cell), in [0, 1]. A flat stretch of the quantile
        function at ``actual`` (many zeros) lies between them.
    """
    low = level_of(quantiles, levels, actual - 0.5, reached=False)
    return low, np.maximum(level_of(quantiles, levels, actual + 0.5, reached=True), low)


def level_of(
    quantiles: FloatArray, levels: Sequence[float], values: FloatArray, *, reached: bool
) -> FloatArray:
    """The distribution function: the inverse of ``quantiles.at_scores``, tails included.

    Args:
        quantiles: Ascending, >= 0, shape (*cell, quantile).
        levels: Of the quantiles, in (0, 1), ascending.
        values: Parts, shape (*cell); NaN gives NaN.
        reached: ``P(demand <= value)``; otherwise ``P(demand < value)``, which is less where the
            quantile function is flat at the value.

    Returns:
        Shape (*cell), in [0, 1].
    """
    known, last = normal_levels(levels), len(levels) - 1
    passed = quantiles <= values[..., None] if reached else quantiles < values[..., None]
    place = passed.sum(axis=-1)  # quantiles that lie below the value
    left = np.clip(place - 1, 0, max(last - 1, 0))
    right = np.minimum(left + 1, last)
    begin, end = (_taken(quantiles, at) for at in (left, right))
    flat = end <= begin  # one value for all levels there are on that side
    share = (values - begin) / np.where(flat, 1.0, end - begin)
    score = known[left] + share * (known[right] - known[left])
    level = np.where(place > last, _beyond(share, levels), ndtr(score))
    level = np.where(flat, np.where(place > 0, 1.0, 0.0), level)
    least = values < 0 if reached else values <= 0
    return np.where(np.isnan(values), np.nan, np.where(least, 0.0, level))


def _beyond(share: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Level in the exponential tail, ``share`` segments after the last level but one."""
    last_but_one, last = (1 - level for level in (levels[max(len(levels) - 2, 0)], levels[-1]))
    rate = np.log(last_but_one / last) or 1.0
    return np.asarray(1 - last_but_one * np.exp(-np.maximum(share, 0.0) * rate))


def pit_coverage(
    pit: FloatArray, width: float, axis: int | tuple[int, ...] | None = None
) -> FloatArray:
    """Share of observed cells inside the central interval of that width; NaN where none is.

    Args:
        pit: From ``randomised_pit``, any shape, NaN = not observed.
        width: In (0, 1); for a calibrated forecast the share is the width.
        axis: Over which the share is taken; None = all.
    """
    return _share(np.abs(pit - 0.5) <= width / 2, pit, axis)


def exceedance(
    pit: FloatArray, level: float, axis: int | tuple[int, ...] | None = None
) -> FloatArray:
    """Share of observed cells above a level; NaN where none is observed.

    For a calibrated forecast it is ``1 - level``. Arguments as for ``pit_coverage``.
    """
    return _share(pit > level, pit, axis)


def pit_frame(pit: FloatArray, classes: npt.NDArray[np.int64]) -> pl.DataFrame:
    """Coverage over all, by class of demand and by step, columns ``PIT_SCHEMA``.

    Args:
        pit: Shape (origin, series, step), NaN = not observed.
        classes: Place in ``DEMAND_CLASSES`` of each series, shape (series,). A class without an
            observed cell has no row; a step without one has nulls.
    """
    names = [(place, name) for place, name in enumerate(DEMAND_CLASSES) if (classes == place).any()]
    parts = [
        ("all", "", pit),
        *(("class", name, pit[:, classes == place]) for place, name in names),
        *(("step", str(step), pit[:, :, step]) for step in range(pit.shape[2])),
    ]
    rows = [
        (by, of, int((~np.isnan(part)).sum()), *(float(pit_coverage(part, w)) for w in WIDTHS))
        for by, of, part in parts
    ]
    kept = [row for row in rows if row[0] != "class" or row[2]]
    return pl.DataFrame(kept, schema=PIT_SCHEMA, orient="row").fill_nan(None)


def _share(
    hit: npt.NDArray[np.bool_], pit: FloatArray, axis: int | tuple[int, ...] | None
) -> FloatArray:
    seen = ~np.isnan(pit)
    count, total = (hit & seen).sum(axis=axis), seen.sum(axis=axis)
    return np.where(total > 0, count / np.maximum(total, 1), np.nan)


def _taken(quantiles: FloatArray, place: npt.NDArray[np.int64]) -> FloatArray:
    return np.asarray(np.take_along_axis(quantiles, place[..., None], axis=-1)[..., 0])

"""One row of facts per series, and how unusual each is among the others."""

from __future__ import annotations

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.exploration.abc_xyz import part_classes
from supplynet.frames.exploration.calendar_grid import Cell
from supplynet.frames.exploration.classes import demand_classes, variation
from supplynet.frames.exploration.row_statistics import NORMAL, row_means
from supplynet.frames.exploration.source import Source

FEATURES = ("level_change", "cv", "zero_share", "season_strength", "outlier_share")
"""What series are compared by; only more than usual is unusual."""
_CAP = 8.0  # a feature further out than this many standard deviations says no more
_FEWEST_SERIES = 5
_FEWEST_COLUMNS = 14
_LEAST = {
    "level_change": 0.25,
    "cv": 0.25,
    "zero_share": 0.10,
    "season_strength": 0.30,
    "outlier_share": 0.01,
}
"""Below this a feature is nothing to speak of, however alike the others are."""


def series_facts(source: Source) -> pl.DataFrame:
    """Facts of every series in the order of ``source.series``.

    Columns: ``location_id, part_id, rows, first, last, total, value, share, mean`` (per column of
    the grid), ``zero_share`` (of the observed columns), ``censored_share`` (of the rows),
    ``missing_share, adi, cv2, demand_class, abc, xyz`` (of the part), ``cv`` (of weeks),
    ``season_strength, trend_strength, outlier_share, level_change`` (absolute logarithm to base 2
    of the largest change: 1 = doubled or halved), ``changed, change``, a ``<feature>_z`` for each
    of ``FEATURES``, and ``score``, their root mean square.
    """
    grid, parts = source.grid, source.parts_of_demand
    kinds, adi, cv2 = demand_classes(grid.used)
    seen = np.isfinite(grid.used)
    observed = seen.sum(axis=1)
    zeros = (grid.used == 0).sum(axis=1) / np.maximum(1, observed)
    cells = grid.cells
    gone = (cells == Cell.MISSING).sum(axis=1)
    known = gone + (cells == Cell.OBSERVED).sum(axis=1) + (cells == Cell.CENSORED).sum(axis=1)
    value = source.series["value"].to_numpy()
    total = float(value.sum())
    frame = source.series.select(
        "location_id", "part_id", "rows", "first", "last", "total", "value", "censored_share"
    ).with_columns(
        pl.Series("share", value / total if total > 0 else np.zeros(len(value))),
        pl.Series("mean", row_means(grid.used)),
        pl.Series("zero_share", zeros),
        pl.Series("missing_share", gone / np.maximum(1, known)),
        pl.Series("adi", adi).fill_nan(None),
        pl.Series("cv2", cv2).fill_nan(None),
        pl.Series("demand_class", kinds.tolist(), dtype=pl.String),
        pl.Series("cv", variation(np.maximum(parts.weekly, 0.0))).fill_nan(None),
        pl.Series("season_strength", parts.season_strength).fill_nan(None),
        pl.Series("trend_strength", parts.trend_strength).fill_nan(None),
        pl.Series("outlier_share", parts.outlier_share),
        *_changes(source),
    )
    classes = part_classes(source).select("part_id", "abc", "xyz")
    return _with_scores(
        frame.join(classes, on="part_id", how="left", maintain_order="left"), observed
    )


def _changes(source: Source) -> list[pl.Series]:
    """The largest change of level of each series: its size, week and share; null where none."""
    size = [0.0] * source.series.height
    week: list[int | None] = [None] * source.series.height
    change: list[float | None] = [None] * source.series.height
    for each in source.level_changes:
        low, high = sorted((each.before, each.after))
        moved = min(4.0, float(np.log2(high / low))) if low > 0 else 4.0
        if moved > size[each.series]:
            size[each.series], week[each.series] = moved, each.week
            change[each.series] = each.change
    return [
        pl.Series("level_change", size, dtype=pl.Float64),
        pl.Series("changed", week, dtype=pl.Int64),
        pl.Series("change", change, dtype=pl.Float64),
    ]


def _with_scores(frame: pl.DataFrame, observed: np.ndarray) -> pl.DataFrame:
    often = frame["demand_class"].is_in(["smooth", "erratic"]).to_numpy()
    columns = []
    for name in FEATURES:
        values = frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        known = np.where(observed >= _FEWEST_COLUMNS, values, np.nan)
        columns.append(_z_among_likes(known, often, _LEAST[name]))
    scores = np.sqrt((np.stack(columns) ** 2).mean(axis=0))
    return frame.with_columns(
        *(pl.Series(f"{n}_z", z) for n, z in zip(FEATURES, columns, strict=True)),
        pl.Series("score", scores),
    )


def _z_among_likes(values: FloatArray, often: np.ndarray, least: float) -> FloatArray:
    """Series that are used nearly always, and those used now and then, each among their likes."""
    made = np.zeros(len(values))
    for group in (often, ~often):
        peers = group if group.sum() >= _FEWEST_SERIES else np.ones(len(values), dtype=bool)
        made[group] = upward_z(np.where(peers, values, np.nan), least)[group]
    return made


def upward_z(values: FloatArray, least: float) -> FloatArray:
    """How many robust standard deviations each value is above the median, 0 to 8, shape (series,).

    The deviation is 1.4826 x the median absolute deviation, or 1.2533 x the mean absolute one
    where more than half of the values are equal (Iglewicz and Hoaglin 1993); 0 for NaN, for values
    below ``least``, and where there are fewer than five values.
    """
    seen = values[np.isfinite(values)]
    made = np.zeros(len(values))
    if seen.size < _FEWEST_SERIES:
        return made
    middle = float(np.median(seen))
    away = np.abs(seen - middle)
    scale = NORMAL * float(np.median(away)) or 1.2533 * float(away.mean())
    if scale <= 1e-12:
        return made
    high = np.isfinite(values) & (values >= least)
    made[high] = np.clip((values[high] - middle) / scale, 0.0, _CAP)
    return made

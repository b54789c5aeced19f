"""The error of the M5 competition."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray

LEVELS: dict[int, Callable[[str, str], str]] = {
    1: lambda _store, _dept: "all",
    2: lambda store, _dept: _head(store),
    3: lambda store, _dept: store,
    4: lambda _store, dept: _head(dept),
    5: lambda _store, dept: dept,
    6: lambda store, dept: f"{_head(store)}/{_head(dept)}",
    7: lambda store, dept: f"{_head(store)}/{dept}",
    8: lambda store, dept: f"{store}/{_head(dept)}",
    9: lambda store, dept: f"{store}/{dept}",
}
"""Key of each level's series, from store (``CA_1``) and department (``FOODS_1``)."""


def wrmsse(
    points: FloatArray,
    actual: FloatArray,
    series: tuple[tuple[str, str], ...],
    level: int,
    scale: pl.DataFrame,
) -> float:
    """Weighted root mean squared scaled error of one level (Makridakis et al. 2022, eq. 1 and 2).

    Args:
        points: Forecast, shape (series, step).
        actual: What happened, shape (series, step).
        series: Store and department of each row.
        level: 1 to 9.
        scale: ``level, key, train_mse, weight``; the weights of one level sum to 1/12.
    """
    rows = scale.filter(pl.col("level") == level)
    column = {key: index for index, key in enumerate(rows["key"])}
    member = np.zeros((len(column), len(series)))
    for index, (store, dept) in enumerate(series):
        member[column[LEVELS[level](store, dept)], index] = 1.0
    squared = np.mean((member @ (points - actual)) ** 2, axis=1)
    weight = rows["weight"].to_numpy()
    scaled = np.sqrt(squared / rows["train_mse"].to_numpy())
    return float((weight / weight.sum()) @ scaled)


def _head(name: str) -> str:
    return name.split("_", maxsplit=1)[0]

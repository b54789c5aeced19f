"""The compact numbers of all decisions of one run, and which of them are news."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

COMPACT = {
    "location_id": pl.String(),
    "part_id": pl.String(),
    "departure_at": pl.Datetime("us", "UTC"),
    "arrives_at": pl.Datetime("us", "UTC"),
    "until": pl.Datetime("us", "UTC"),
    "runs_out_at": pl.Datetime("us", "UTC"),
    "on_hand": pl.Int32(),
    "on_order": pl.Int32(),
    "low": pl.Int32(),
    "likely": pl.Int32(),
    "high": pl.Int32(),
    "wanted": pl.Int32(),
    "granted": pl.Int32(),
    "target": pl.Float32(),
    "stockout_before": pl.Float32(),
    "stockout_without": pl.Float32(),
    "stockout_with": pl.Float32(),
    "binding": pl.String(),
    "outcome": pl.String(),
}
"""Columns of a run's table: the decision, its window (until when the next order can be used), the
demand expected in it, and the chances that it rests on."""
BANDS = (0.001, 0.01, 0.05, 0.2)
"""A risk is another one when it lies between others of these."""


def worth_keeping(now: pl.DataFrame, before: pl.DataFrame | None) -> list[int]:
    """Places of the decisions whose full numbers are kept: what is new or other than before.

    An order, its size, its vehicle, what bound it; or a chance of a stock-out in another band,
    before the order arrives, without it or with it. Of a first run all that order something or are
    at risk.
    """
    if before is None:
        before = now.clear()
    keys = ["location_id", "part_id"]
    joined = now.join(
        before.unique(keys), on=keys, how="left", suffix="_before", maintain_order="left"
    )
    ordered = joined["granted"] > 0
    same = ["granted", "binding", "outcome"]
    other = pl.Series(np.zeros(joined.height, dtype=np.bool_))
    for name in same:
        other |= joined[name].ne_missing(joined[f"{name}_before"])
    other |= ordered & joined["departure_at"].ne_missing(joined["departure_at_before"])
    for name in ("stockout_before", "stockout_without", "stockout_with"):
        other |= pl.Series(_band(joined[name]) != _band(joined[f"{name}_before"]))
    new = joined["granted_before"].is_null()
    dull = new & ~ordered & pl.Series(_band(joined["stockout_with"]) == 0)
    return (other & ~dull).arg_true().to_list()


def to_bytes(frame: pl.DataFrame) -> bytes:
    """As Parquet: about 20 bytes a row."""
    with io.BytesIO() as file:
        frame.write_parquet(file, compression="zstd", statistics=False)
        return file.getvalue()


@lru_cache(maxsize=8)
def from_bytes(compact: bytes) -> pl.DataFrame:
    """Back again; the last ones stay open, for the newest is asked for all the time."""
    return pl.read_parquet(io.BytesIO(compact))


def _band(chances: pl.Series) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.asarray(np.digitize(chances.fill_null(0.0).to_numpy(), BANDS))

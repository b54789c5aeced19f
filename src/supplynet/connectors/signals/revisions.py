"""What is known when: a value that is published anew is another row, never a correction in place.

So a backtest whose cutoff lies before the revision still sees what was known then.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from supplynet.connectors.signals.rows import KEY, sorted_drivers

_SERIES = ["driver", "location_id", "part_id", "at"]


def merge_revisions(
    stored: pl.DataFrame, fetched: pl.DataFrame, now: datetime, *, dated: bool
) -> pl.DataFrame:
    """``stored`` and what ``fetched`` says beyond it, both drivers frames; sorted.

    ``dated`` says that ``known_at`` of ``fetched`` is what the publisher says of each value. If
    not, it is a lag after the period, true of the first publication only: another value of a period
    that is stored already is a revision, known from ``now`` on, when it was fetched.
    """
    new = fetched if dated else _as_revisions(stored, fetched, now)
    rows = sorted_drivers(pl.concat([stored, new.select(stored.columns)])).sort(
        "known_at", maintain_order=True
    )
    before = pl.col("value").shift(1).over(_SERIES)
    return rows.filter((pl.col("value") != before).fill_null(True)).sort(KEY)


def _as_revisions(stored: pl.DataFrame, fetched: pl.DataFrame, now: datetime) -> pl.DataFrame:
    latest = stored.sort("known_at").group_by(_SERIES, maintain_order=True).last()
    latest = latest.select(*_SERIES, last_value="value")
    rows = fetched.join(latest, on=_SERIES, how="left", nulls_equal=True)
    again = pl.col("last_value").is_not_null()
    seen = pl.max_horizontal("known_at", pl.lit(now))
    return rows.filter((~again) | (pl.col("value") != pl.col("last_value"))).with_columns(
        known_at=pl.when(again).then(seen).otherwise("known_at")
    )

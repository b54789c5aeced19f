"""A table as detectors take it: what can be judged, and what of it is refused, series by series.

One bad series stops none of the others. What is wrong with the table as a whole, such as a column
that is missing or a row that is there twice, is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from supplynet.frames.aliases import ORDER_ID, rename_aliases, to_polars
from supplynet.frames.demand import KEY, MOST, cast_moment, ensure_demand, sum_rows
from supplynet.frames.panel import Panel
from supplynet.frames.time_grid import unique_id

LEAST_OBSERVED = 28
"""Values that a series needs for something to be learnt from it: four weeks of days."""
Series = tuple[str, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class Readings:
    """A demand frame, and the series of it that cannot be used.

    Attributes:
        frame: See ``frames.demand``; sorted by its key, each key once.
        wrong: ``KEY`` and ``y`` of what is no amount of parts, as it was given.
        refused: Series that have such an amount, each with a sentence.
    """

    frame: pl.DataFrame
    wrong: pl.DataFrame
    refused: Mapping[Series, str]

    @classmethod
    def of(cls, data: object) -> Readings:
        """Read a table under any known names.

        Rows in any order are sorted. Several rows of one key are summed where they are orders,
        which is to say where the table has an ``order_id``.

        Raises:
            InvalidInput: It is no table, a column is missing or cannot be read, a key is empty, or
                is there twice; the first such row is named.
        """
        table = rename_aliases(to_polars(data))
        read = sum_rows if ORDER_ID in table.columns else ensure_demand
        amount = "demand" if "demand" in table.columns else "consumed"
        if not {*KEY, amount} <= set(table.columns):
            return cls(frame=read(table), wrong=_none_wrong(), refused={})  # which says what lacks
        given = table[amount].cast(pl.Float64, strict=False).fill_nan(None)
        bad = ((given < 0) | (given > MOST)).fill_null(False)
        frame = read(table.with_columns(table[amount].set(bad, None)) if bad.any() else table)
        wrong = table.select(KEY).with_columns(given.alias("y")).filter(bad)
        if wrong.is_empty():
            return cls(frame=frame, wrong=_none_wrong(), refused={})
        wrong = wrong.with_columns(
            pl.col("location_id", "part_id").cast(pl.String), cast_moment(wrong["period_start"])
        ).sort(KEY)
        return cls(frame=frame, wrong=wrong.unique(KEY, keep="first"), refused=_refusals(wrong))


def learning_refusals(panel: Panel) -> dict[Series, str]:
    """Series of a panel that nothing can be learnt from, each with a sentence."""
    found: dict[Series, str] = {}
    for name, values in zip(panel.series, panel.demand, strict=True):
        seen = values[~np.isnan(values)]
        title = f"series {unique_id(*name)}"
        if not seen.size:
            found[name] = f"{title} has no amount in any period"
        elif len(seen) < LEAST_OBSERVED:
            found[name] = f"{title} has {len(seen)} values, {LEAST_OBSERVED} are needed"
        elif (seen == seen[0]).all():
            found[name] = f"{title} is always {seen[0]:g}: there is nothing to learn"
    return found


def _none_wrong() -> pl.DataFrame:
    keys = {"location_id": pl.String, "part_id": pl.String}
    return pl.DataFrame(schema={**keys, "period_start": pl.Datetime("us", "UTC"), "y": pl.Float64})


def _refusals(wrong: pl.DataFrame) -> dict[Series, str]:
    """A sentence for each series of sorted rows that are no amounts."""
    found = {}
    for rows in wrong.partition_by("location_id", "part_id", maintain_order=True):
        location_id, part_id, start, value = rows.row(0)
        more = f" and in {rows.height - 1} more" if rows.height > 1 else ""
        found[location_id, part_id] = (
            f"series {unique_id(location_id, part_id)} has {value:g} at "
            f"{start:%Y-%m-%d %H:%M}{more}, which is no amount of parts; mend or drop the series"
        )
    return found

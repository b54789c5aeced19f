"""The production plan as it stood at any moment: units per line and period, over all products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.frames.aliases import to_polars
from supplynet.frames.as_known import (
    NONE,
    Index,
    KnownEntries,
    microseconds,
    refuse_conflicts,
    with_moments,
)
from supplynet.frames.features.pairs import microseconds_of
from supplynet.frames.panel import Period
from supplynet.frames.tables import PLAN_SCHEMA, conform_table

_KEY = ("location_id", "product", "period_start")


def conform_plan(data: object) -> pl.DataFrame:
    """A plan in ``PLAN_SCHEMA``; rows without units say nothing and go.

    Raises:
        InvalidInput: It is no plan, a time has no zone, units are below 0, or two rows of one key
            differ in units.
    """
    made = with_moments(
        to_polars(data),
        ("period_start", "recorded_at"),
        "plan rows",
        also=("location_id", "units"),
    )
    made = conform_table(made, PLAN_SCHEMA).drop_nulls("units")
    if (made["units"] < 0).any():
        raise InvalidInput("plan rows: units are below 0; give what is to be built, 0 or more")
    refuse_conflicts(made, (*_KEY, "recorded_at"), "units", "plan rows")
    return made


@dataclass(frozen=True, kw_only=True, eq=False)
class PlanBook:
    """Plan rows of the grid.

    Attributes:
        rows: ``_line, _period, product, recorded_at, units``, sorted by these.
        lines: How many lines the grid has.
        starts, ends: Of the grid's periods, microseconds.
    """

    rows: pl.DataFrame
    lines: int
    starts: Index
    ends: Index

    @classmethod
    def of(
        cls, made: pl.DataFrame, locations: Sequence[str], periods: Sequence[Period]
    ) -> PlanBook:
        """Lay a plan (``conform_plan``) on a grid; lines and times outside it are left out.

        Raises:
            InvalidInput: A row within the calendar starts no period.
        """
        starts, ends = (
            microseconds_of([getattr(p, at) for p in periods]) for at in ("start", "end")
        )
        calendar = pl.DataFrame(
            {"period_start": [period.start for period in periods]},
            schema={"period_start": pl.Datetime("us", "UTC")},
        ).with_row_index("_period")
        lines = pl.DataFrame({"location_id": locations}, schema={"location_id": pl.String})
        if periods:
            inside = pl.col("period_start").is_between(periods[0].start, periods[-1].start)
            made = made.filter(inside)
        rows = made.join(lines.with_row_index("_line"), on="location_id")
        laid = rows.join(calendar, on="period_start", how="left")
        if strange := laid["_period"].null_count():
            raise InvalidInput(
                f"plan rows: {strange} of {laid.height} start no period of the calendar; give the "
                "calendar that the plan was made with"
            )
        order = ("_line", "_period", "product", "recorded_at")
        laid = laid.unique(order).sort(order).select(*order, "units")
        return cls(rows=laid, lines=len(locations), starts=starts, ends=ends)

    def units(
        self, lines: Index, targets: Index, cutoffs: Index, product: str | None = None
    ) -> FloatArray:
        """Units to be built, of one product or of all, as the plan said at each cutoff.

        Args:
            lines: Lines, shape (n, 1).
            targets: Period of each pair, shape (1, pair).
            cutoffs: Its moment, microseconds, shape (1, pair).
            product: None = all of them.

        Returns:
            Shape (n, pair); NaN where nothing was planned yet.
        """
        entries, totals = self._totals(product)
        group = lines * len(self.starts) + targets
        at = np.broadcast_to(cutoffs, group.shape)
        found = entries.newest(group, at, at)
        return np.asarray(np.where(found == NONE, np.nan, np.append(totals, np.nan)[found]))

    def units_built(self, product: str | None = None) -> FloatArray:
        """Units of every period as the plan stood at its end, shape (line, period).

        What was corrected later is not used: it was not known to a row with an earlier cutoff.
        """
        key = product or ""
        if key not in self._built:
            lines, periods = np.arange(self.lines)[:, None], np.arange(len(self.starts))[None, :]
            self._built[key] = self.units(lines, periods, self.ends[None, :], product)
        return self._built[key]

    @cached_property
    def _built(self) -> dict[str, FloatArray]:
        return {}

    @cached_property
    def _indexed(self) -> dict[str, tuple[KnownEntries, FloatArray]]:
        return {}

    def _totals(self, product: str | None) -> tuple[KnownEntries, FloatArray]:
        """Entries by (line, period): after each recording, the sum over the products."""
        key = product or ""
        if key not in self._indexed:
            rows = self.rows if product is None else self.rows.filter(pl.col("product") == product)
            cell = ("_line", "_period")
            before = pl.col("units").shift(1, fill_value=0).over(*cell, "product")
            steps = (
                rows.with_columns((pl.col("units") - before).alias("change"))
                .group_by(*cell, "recorded_at")
                .agg(pl.col("change").sum())
                .sort(*cell, "recorded_at")
                .with_columns(pl.col("change").cum_sum().over(cell).alias("units"))
            )
            group = steps["_line"].cast(pl.Int64) * len(self.starts) + steps["_period"]
            moment = microseconds(steps["recorded_at"])
            entries = KnownEntries.of(
                group.cast(pl.Int64).to_numpy(), moment, moment, self.lines * len(self.starts)
            )
            self._indexed[key] = entries, steps["units"].cast(pl.Float64).to_numpy()
        return self._indexed[key]

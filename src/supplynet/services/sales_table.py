"""Sales by warehouse and SKU as models learn from them, and what is refused of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from supplynet.errors import InsufficientData, InvalidInput
from supplynet.frames.aliases import to_polars
from supplynet.frames.demand import sum_rows
from supplynet.frames.panel import Panel, panel_from_frame

MINIMUM_DAYS, MINIMUM_RECORDS = 100, 1_000
Series = tuple[str, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class SalesTable:
    """Sales as a panel of days.

    Attributes:
        records: Rows of the table.
        panel: A day without a row between the first and last of a series is a day without sales.
        days: Days from the first to the last row of each series.
    """

    records: int
    panel: Panel
    days: Mapping[Series, int]

    @classmethod
    def of(cls, data: object) -> SalesTable:
        """Rows of one day and series are added up: they are orders.

        Raises:
            InvalidInput: The table cannot be read, or has sales by the hour.
        """
        table = to_polars(data)
        frame = sum_rows(table)
        if frame.is_empty():
            raise InsufficientData("Insufficient data for training: there are no records")
        starts = frame["period_start"]
        if (starts.dt.truncate("1d") != starts).any():
            raise InvalidInput("sales are by the day; sum them by day, or use sn.Forecaster")
        panel = _without_gaps(panel_from_frame(frame))
        span = pl.col("period_start")
        days = frame.group_by("location_id", "part_id").agg(
            ((span.max() - span.min()).dt.total_days() + 1).alias("days")
        )
        return cls(
            records=table.height,
            panel=panel,
            days={(line, part): int(count) for line, part, count in days.iter_rows()},
        )

    def check_records(self) -> None:
        """Refuse too small a table.

        Raises:
            InsufficientData: Fewer than 1,000 records.
        """
        if self.records < MINIMUM_RECORDS:
            raise InsufficientData(
                f"Insufficient data for training: {self.records:,} records in all, "
                f"{MINIMUM_RECORDS:,} are needed; collect more, add other series, or start with "
                "DataService().generate_synthetic_training_data()"
            )

    def check_days(self, name: Series) -> None:
        """Refuse too short a series.

        Raises:
            InsufficientData: Fewer than 100 days.
        """
        sentence = self._too_short(name)
        if sentence:
            raise InsufficientData(sentence)

    def refusals(self) -> dict[Series, str]:
        """Series that nothing can be learnt from, each with a sentence."""
        found: dict[Series, str] = {}
        for name, values in zip(self.panel.series, self.panel.demand, strict=True):
            seen = values[~np.isnan(values)]
            title = "/".join(name)
            if self._too_short(name):
                found[name] = self._too_short(name)
            elif not seen.size:
                found[name] = f"series {title} has no amount on any day; export it again"
            elif (seen == seen[0]).all():
                always = "0" if seen[0] == 0 else f"{seen[0]:g}"
                found[name] = f"series {title} is always {always}: there is nothing to learn"
        return found

    def _too_short(self, name: Series) -> str:
        days = self.days[name]
        if days >= MINIMUM_DAYS:
            return ""
        return (
            f"Insufficient data for training: series {'/'.join(name)} has {days} days, needs "
            f"{MINIMUM_DAYS}; collect more, lengthen it with DataService().augment(), or let "
            "retrain_all_models() forecast it from the other series"
        )


def _without_gaps(panel: Panel) -> Panel:
    """0 on the days without a row between the first and last day of each series."""
    seen = ~np.isnan(panel.demand)
    begun = np.logical_or.accumulate(seen, axis=1)
    goes_on = np.logical_or.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
    return replace(panel, demand=np.where(~seen & begun & goes_on, 0.0, panel.demand))

"""Days and shifts of a production plan as the moments at which they start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

import polars as pl

from supplynet.connectors.table_cells import Cells
from supplynet.connectors.table_problems import Finding, find_at

ShiftStart = Callable[[str, date, str | None], datetime | None]
"""Start of a shift by location, day and name (None: of the only one); None where there is none."""
StartsShift = Callable[[str, datetime], bool]
"""Whether a shift of a location starts at a moment."""
_TYPES = {"date": pl.Date(), "shift": pl.String(), "period_start": pl.Datetime("us", "UTC")}
_WHAT = ["location_id", "date", "shift"]


def with_periods(
    values: pl.DataFrame,
    columns: Mapping[str, list[Cells]],
    start_of: ShiftStart,
    label: str | None,
) -> tuple[pl.DataFrame, list[Finding]]:
    """``values`` with ``period_start`` filled from date and shift, and without the date.

    Args:
        values: Cells of a batch that have been read, by column of ours.
        columns: Where they were read; rows with a problem there are named already.
        start_of: When a shift starts.
        label: What the file calls the shift, or else the day.
    """
    values = values.with_columns(
        pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in _TYPES.items()
        if name not in values.columns
    )
    asked = values.filter(pl.col("period_start").is_null(), pl.col("date").is_not_null())
    asked = asked.select(_WHAT).drop_nulls("location_id").unique()
    starts = pl.Series([start_of(*row) for row in asked.iter_rows()], dtype=_TYPES["period_start"])
    found = asked.with_columns(start=starts)
    made = values.join(found, on=_WHAT, how="left", nulls_equal=True, maintain_order="left")
    made = made.with_columns(pl.coalesce("period_start", "start").alias("period_start"))
    nowhere = made["period_start"].is_null()
    for name in {"location_id", "period_start", "date"} & set(columns):
        nowhere &= columns[name][-1].problem.is_null()
    return made.drop("date", "start"), _without_period(made, nowhere, label)


def _without_period(made: pl.DataFrame, nowhere: pl.Series, label: str | None) -> list[Finding]:
    dated = made["date"].is_not_null()
    places = (nowhere & dated).arg_true()
    shifts = Finding(
        kind="bad_shift",
        column=label,
        places=places,
        cells=made["shift"].fill_null("").gather(places),
        values=made["date"].cast(pl.String).gather(places),
    )
    silent = (nowhere & ~dated).arg_true().to_list()
    found = [shifts] if len(places) else []
    return found + find_at("no_period", silent, [""] * len(silent))


def outside_shifts(
    values: pl.DataFrame, columns: Mapping[str, list[Cells]], starts: StartsShift, label: str
) -> list[Finding]:
    """The rows whose ``period_start`` begins no shift of their location.

    Args:
        values: Cells of a batch that have been read, by column of ours.
        columns: Where they were read; rows with a problem there are named already.
        starts: Whether a shift starts then.
        label: What the file calls the start of the period.
    """
    what = ["location_id", "period_start"]
    read = (
        columns["location_id"][-1].problem.is_null() & columns["period_start"][-1].problem.is_null()
    )
    asked = values.filter(read).select(what).drop_nulls().unique()
    right = pl.Series([starts(*row) for row in asked.iter_rows()], dtype=pl.Boolean)
    wrong = asked.filter(~right).with_columns(wrong=pl.lit(True))
    if wrong.is_empty():
        return []
    marked = values.select(what).join(wrong, on=what, how="left", maintain_order="left")
    places = (marked["wrong"].fill_null(False) & read).arg_true()
    return [
        Finding(
            kind="no_shift",
            column=label,
            places=places,
            cells=columns["period_start"][-1].text.gather(places),
            values=pl.Series([None], dtype=pl.String).new_from_index(0, len(places)),
        )
    ]

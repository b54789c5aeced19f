"""The demand frame: what every line consumed of every part in every period.

One row per ``KEY``, sorted by it. ``demand`` is null where it was not observed: the line was
starved, and what it would have used is not known. Zero is an observation.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.frames.aliases import refuse_augmented, rename_aliases, to_polars

KEY = ("location_id", "part_id", "period_start")
DEMAND_SCHEMA = pl.Schema(
    {
        "location_id": pl.String(),
        "part_id": pl.String(),
        "period_start": pl.Datetime("us", "UTC"),
        "shift": pl.String(),
        "consumed": pl.Int64(),
        "starved_minutes": pl.Int32(),
        "stopped_minutes": pl.Int32(),
        "rate": pl.Float64(),
        "demand": pl.Float64(),
    }
)
"""Columns in order. ``rate`` is parts per running hour; minutes are of the consuming line."""

MOST = 2.0**53
"""Larger numbers are not exact, and no plant uses as much."""
_AMOUNTS = ("consumed", "starved_minutes", "stopped_minutes", "rate", "demand")
Numbers: TypeAlias = npt.ArrayLike | pl.Series


def empty_demand() -> pl.DataFrame:
    """A demand frame without rows."""
    return pl.DataFrame(schema=DEMAND_SCHEMA)


def ensure_demand(data: object) -> pl.DataFrame:
    """A conforming demand frame of any table under any known names (see ``frames.aliases``).

    Raises:
        InvalidInput: It is no table, or does not conform.
    """
    return conform(rename_aliases(to_polars(data)))


def sum_rows(data: object) -> pl.DataFrame:
    """A conforming demand frame of a table that may have several rows per key, such as orders.

    Raises:
        InvalidInput: It is no table, or does not conform but for its repeated keys.
    """
    rows = cast_demand(rename_aliases(to_polars(data)))
    if not rows.select(pl.struct(KEY).is_duplicated().any()).item():
        return conform(rows)
    seen = pl.col("demand").is_not_null().any()
    return conform(
        rows.group_by(KEY).agg(
            pl.col("shift").first(),
            pl.col("consumed").sum(),
            pl.col("starved_minutes", "stopped_minutes").max(),
            pl.when(seen).then(pl.col("demand").sum()),
        )
    )


def conform(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with our columns in order, our types, sorted, each key once.

    Needed are the key and ``demand`` or ``consumed``; what else is missing is filled as
    ``cast_demand`` says. Doing it twice changes nothing.

    Raises:
        InvalidInput: A column is missing or cannot be read, a key is null or there twice, or an
            amount is below 0.
    """
    made = cast_demand(frame)
    _refuse(made, pl.any_horizontal(pl.col(KEY).is_null()), "has no location, part or time")
    for name in _AMOUNTS:
        _refuse(made, pl.col(name) < 0, f"has {name} below 0")
    if not _in_order(made):
        made = made.sort(KEY)
    same = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in KEY)
    _refuse(made, same, "is there twice; sum or drop one")
    return made


def cast_demand(frame: pl.DataFrame, *, strict: bool = True) -> pl.DataFrame:
    """Our columns and types without any check of the values, in the frame's own order.

    Filled when missing: minutes 0; ``shift`` and ``rate`` null; ``consumed`` = demand, rounded;
    ``demand`` = consumed, null for every part of a line in a period in which it was starved. NaN
    becomes null. A time without a zone is read as UTC, a date as its midnight.

    Args:
        frame: Under our names.
        strict: False makes cells that cannot be read null instead of raising.

    Raises:
        InvalidInput: The key or the amount is missing, rows are augmented, or (strict) a cell
            cannot be read.
    """
    refuse_augmented(frame)
    missing = [name for name in KEY if name not in frame.columns]
    if "demand" not in frame.columns and "consumed" not in frame.columns:
        missing.append("demand")
    if missing:
        raise InvalidInput(
            f"a demand frame needs {', '.join(missing)}; it has {', '.join(frame.columns)}"
        )
    if frame.schema == DEMAND_SCHEMA:
        filled = frame.with_columns(pl.col("rate", "demand").fill_nan(None))
        if not filled.filter(pl.any_horizontal(pl.col("rate", "demand") > MOST)).height:
            return filled
    made = frame.with_columns(_cast(frame, name, strict) for name in DEMAND_SCHEMA)
    if "demand" not in frame.columns:
        made = made.with_columns(_observed().alias("demand"))
    if "consumed" not in frame.columns:
        made = made.with_columns(pl.col("demand").round().cast(pl.Int64).alias("consumed"))
    return made.select(DEMAND_SCHEMA.names())


def demand_from_consumption(
    consumed: Numbers,
    starved_minutes: Numbers,
    stopped_minutes: Numbers,
    period_minutes: Numbers,
) -> tuple[FloatArray, FloatArray]:
    """Observed demand and rate of consumption; all arguments broadcast, e.g. (series, period).

    A starved period hides its demand; a planned stop hides nothing. ``starved_minutes`` are those
    of the *line*, so they hide the demand of every part of it.

    Returns:
        ``demand``, NaN where any minute was starved; ``rate`` in parts per running hour (period
        less starved less stopped minutes), NaN where the line did not run.
    """
    used, starved, stopped, period = np.broadcast_arrays(
        *(np.asarray(a, dtype=float) for a in (consumed, starved_minutes, stopped_minutes)),
        np.asarray(period_minutes, dtype=float),
    )
    running = period - starved - stopped
    rate = np.full(used.shape, np.nan)
    np.divide(used * 60.0, running, out=rate, where=running > 0)
    return np.where(starved > 0, np.nan, used), rate


def observe(frame: pl.DataFrame, period_minutes: int | pl.Expr) -> pl.DataFrame:
    """A conforming frame of counted consumption: fills ``demand`` and ``rate`` anew.

    Starvation that is noted at one part of a line is first spread over all its parts of that
    period; so are its stops.

    Args:
        frame: Key, ``consumed`` and, where they happened, ``starved_minutes, stopped_minutes``.
        period_minutes: Length of the periods, or an expression over ``frame``.

    Raises:
        InvalidInput: The frame does not conform.
    """
    length = pl.lit(period_minutes) if isinstance(period_minutes, int) else period_minutes
    made = frame.with_columns(length.cast(pl.Float64).alias("_minutes"))
    line = ["location_id", "period_start"]
    minutes = [
        (pl.col(name).fill_null(0).max().over(line) if name in made.columns else pl.lit(0))
        .cast(pl.Int32)
        .alias(name)
        for name in ("starved_minutes", "stopped_minutes")
    ]
    made = made.with_columns(minutes)
    demand, rate = demand_from_consumption(
        *(made[n] for n in ("consumed", "starved_minutes", "stopped_minutes", "_minutes"))
    )
    return conform(made.with_columns(demand=demand, rate=rate))


def stock_point_demand(frame: pl.DataFrame, plant: Plant) -> pl.DataFrame:
    """Demand of each stock point: the sum over the lines that draw from it.

    Where one of the lines was not observed, neither is the sum. ``rate`` is the sum of the lines
    that ran; minutes are those of the line that lost the most.

    Raises:
        NotFound: A line is not in the plant, or no stock point is above it.
    """
    points = {line: plant.stock_point_of(line) for line in frame["location_id"].unique().to_list()}
    return sum_locations(frame, points)


def sum_locations(frame: pl.DataFrame, groups: dict[str, str]) -> pl.DataFrame:
    """Demand summed over the locations that ``groups`` maps to the same name; see above."""
    place = pl.col("location_id").replace_strict(groups, return_dtype=pl.String)
    hidden = pl.col("demand").is_null().any()
    ran = pl.col("rate").is_not_null().any()
    summed = frame.group_by(place, "part_id", "period_start").agg(
        pl.col("shift").first(),
        pl.col("consumed").sum(),
        pl.col("starved_minutes", "stopped_minutes").max(),
        pl.when(ran).then(pl.col("rate").sum()),
        pl.when(~hidden).then(pl.col("demand").sum()),
    )
    return conform(summed)


def _observed() -> pl.Expr:
    starved = pl.col("starved_minutes").max().over("location_id", "period_start") > 0
    return pl.when(~starved).then(pl.col("consumed").cast(pl.Float64))


def _cast(frame: pl.DataFrame, name: str, strict: bool) -> pl.Series:
    """One column in its type; made up as ``cast_demand`` says when it is not there."""
    wanted = DEMAND_SCHEMA[name]
    if name not in frame.columns:
        fill = 0 if name.endswith("_minutes") else None
        return pl.Series(name, [fill], dtype=wanted).new_from_index(0, frame.height)
    column = frame[name]
    made = _to_utc(column) if name == "period_start" else _to_number(column, wanted)
    if (
        strict
        and made.null_count()
        > (column.fill_nan(None) if column.dtype.is_float() else column).null_count()
    ):
        bad = column.filter(made.is_null() & column.is_not_null())
        raise InvalidInput(f"{name} {bad[0]!r} cannot be read as {_KIND.get(name, 'a number')}")
    return made.fill_null(0) if name.endswith("_minutes") else made


def _in_order(frame: pl.DataFrame) -> bool:
    """Whether the rows are sorted already: cheaper to see than to sort again."""
    wrong, tie = pl.lit(False), pl.lit(True)
    for name in KEY:
        before = pl.col(name).shift(1)
        wrong = wrong | (tie & (pl.col(name) < before))
        tie = tie & (pl.col(name) == before)
    return not frame.select(wrong.any()).item()


_KIND = {
    "period_start": "a time (use 2026-01-05 or 2026-01-05T21:58:00Z)",
    "consumed": "a whole number",
    "starved_minutes": "whole minutes",
    "stopped_minutes": "whole minutes",
}


def _to_number(column: pl.Series, wanted: pl.DataType) -> pl.Series:
    if column.dtype.is_float():
        column = column.fill_nan(None)
        column = column.set((column.abs() > MOST).fill_null(False), None)
        if wanted.is_integer():
            column = column.set(column.round() != column, None)
    return column.cast(wanted, strict=False)


def cast_moment(column: pl.Series) -> pl.Series:
    """Moments in UTC: a time without a zone is read as UTC, a date as its midnight.

    Raises:
        InvalidInput: A cell is no time.
    """
    made = _to_utc(column)
    if unread := made.null_count() - column.null_count():
        raise InvalidInput(f"{unread} of {len(column)} cells of {column.name} are no time")
    return made


_TIMES = ("%+", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f")


def _to_utc(column: pl.Series) -> pl.Series:
    """Moments in UTC; what is not a time becomes null."""
    if column.dtype == pl.String:
        text = pl.lit(column)
        readings = [
            text.str.to_datetime(f, time_unit="us", time_zone="UTC", strict=False) for f in _TIMES
        ]
        day = text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
        made = pl.select(pl.coalesce(*readings, day.dt.replace_time_zone("UTC"))).to_series()
        return made.alias(column.name)
    if column.dtype == pl.Date:
        return column.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if not isinstance(column.dtype, pl.Datetime):
        return pl.Series(column.name, [None], dtype=pl.Datetime("us", "UTC")).new_from_index(
            0, len(column)
        )
    if column.dtype.time_zone is None:
        return column.dt.cast_time_unit("us").dt.replace_time_zone("UTC")
    return column.dt.convert_time_zone("UTC").dt.cast_time_unit("us")


def _refuse(frame: pl.DataFrame, wrong: pl.Expr, what: str) -> None:
    """Raise when ``wrong`` holds for any row, with the count and the first of them."""
    bad = frame.filter(wrong)
    if bad.height:
        location, part, start = bad.select(KEY).row(0)
        when = start.isoformat() if start else "no time"
        raise InvalidInput(
            f"{bad.height} of {frame.height} rows: {location}/{part} at {when} {what}"
        )

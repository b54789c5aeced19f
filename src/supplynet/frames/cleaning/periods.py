"""Which periods there were and how long: by the plant's calendars, by the rate, by the spacing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.core.shifts import Shift, ShiftCalendar

DAY_MINUTES = 1440.0
SHIFT_SCHEMA = pl.Schema(
    {
        "location_id": pl.String(),
        "period_start": pl.Datetime("us", "UTC"),
        "shift": pl.String(),
        "minutes": pl.Float64(),
    }
)
"""A shift of a location's calendar."""
_LINE = ("location_id", "period_start")
_DAY = timedelta(days=1)


def period_minutes(frame: pl.DataFrame, plant: Plant | None = None) -> FloatArray:
    """Length of every row's period in minutes, stopped and starved minutes included.

    The first that is known counts: the plant's calendar; ``rate``, which is parts per running
    hour, so ``60 * consumed / rate + starved + stopped`` is the length; the usual length by rate of
    that line's shift; the usual time to the next period of the line; a day.

    Args:
        frame: Demand frame; it need not be sorted.
        plant: Its calendars are asked for the locations that it knows.

    Returns:
        Shape (row,), all > 0.
    """
    shift = ["location_id", "shift"]
    by_rate = pl.when((pl.col("consumed") > 0) & (pl.col("rate") > 0)).then(
        60.0 * pl.col("consumed") / pl.col("rate")
        + pl.col("starved_minutes")
        + pl.col("stopped_minutes")
    )
    made = frame.select(*_LINE, "shift", by_rate.round().alias("by_rate")).with_row_index("_place")
    lines = made.group_by(*_LINE).agg(pl.col("shift").first(), pl.col("by_rate").median())
    lines = lines.sort(_LINE).with_columns(_spacing().alias("spacing"))
    planned = calendar_shifts(frame, plant).drop("shift").unique(_LINE, keep="first")
    lines = lines.join(planned, on=list(_LINE), how="left")
    usual = [pl.col(name).median().over(shift) for name in ("by_rate", "spacing")]
    best = pl.coalesce("minutes", "by_rate", *usual, pl.lit(DAY_MINUTES))
    lines = lines.select(*_LINE, pl.when(best > 0).then(best).otherwise(DAY_MINUTES).alias("best"))
    found = made.join(lines, on=list(_LINE), how="left", nulls_equal=True).sort("_place")
    minutes: FloatArray = found["best"].cast(pl.Float64).to_numpy()
    return minutes


def planned_locations(frame: pl.DataFrame, plant: Plant | None) -> list[str]:
    """Locations whose calendar the plant has and whose rows have shifts, sorted."""
    if plant is None or not plant.calendars:
        return []
    named = frame.filter(pl.col("shift") != "")["location_id"].drop_nulls().unique().sort()
    return [name for name in named.to_list() if name in plant.location_by_id]


def calendar_shifts(
    frame: pl.DataFrame, plant: Plant | None, *, bridge_days: float = 2.0
) -> pl.DataFrame:
    """Shifts of the calendars on the days of the frame's rows and on the days beside them.

    Args:
        frame: ``location_id, period_start, shift``; daily data, without shifts, have no calendar.
        plant: Whose calendars.
        bridge_days: Gaps between rows up to this long are filled, longer ones are not: one
            mistyped year must not make millions of shifts.

    Returns:
        ``SHIFT_SCHEMA`` of ``planned_locations``.
    """
    places = planned_locations(frame, plant)
    if plant is None or not places:
        return pl.DataFrame(schema=SHIFT_SCHEMA)
    by_calendar: dict[str, list[str]] = defaultdict(list)
    for name in places:
        by_calendar[plant.calendar_of(name).calendar_id].append(name)
    tables = [
        _shift_table(plant.calendar_of(names[0]), names, _stretches(frame, names, bridge_days))
        for names in by_calendar.values()
    ]
    return pl.concat(tables)


def shifts_between(plant: Plant, location_id: str, low: datetime, high: datetime) -> pl.DataFrame:
    """``SHIFT_SCHEMA`` of one location's shifts that start in ``[low, high)``."""
    table = _shift_table(plant.calendar_of(location_id), [location_id], [(low, high)])
    return table.filter(pl.col("period_start") >= low)


def _shift_table(
    calendar: ShiftCalendar, names: Sequence[str], stretches: Sequence[tuple[datetime, datetime]]
) -> pl.DataFrame:
    shifts: dict[tuple[datetime, str], Shift] = {}
    for low, high in stretches:
        shifts |= {(s.start, s.name): s for s in calendar.shifts_between(low, high)}
    each = shifts.values()
    table = pl.DataFrame(
        {
            "period_start": [shift.start for shift in each],
            "shift": [shift.name for shift in each],
            "minutes": [float(shift.minutes) for shift in each],
        },
        schema={name: kind for name, kind in SHIFT_SCHEMA.items() if name != "location_id"},
    )
    lines = pl.DataFrame({"location_id": names}, schema={"location_id": pl.String()})
    return lines.join(table, how="cross").select(SHIFT_SCHEMA.names())


def _stretches(
    frame: pl.DataFrame, names: Sequence[str], bridge_days: float
) -> list[tuple[datetime, datetime]]:
    """Spans of days with rows of these locations, a day wider on both sides."""
    rows = frame.filter(pl.col("location_id").is_in(names))
    days = rows["period_start"].drop_nulls().dt.date().unique().sort().to_list()
    return [(_midnight(a) - _DAY, _midnight(b) + 2 * _DAY) for a, b in _runs(days, bridge_days)]


def _runs(days: Sequence[date], bridge_days: float) -> Iterator[tuple[date, date]]:
    first = last = None
    for day in days:
        if first is None or last is None:
            first = day
        elif (day - last).days > bridge_days + 1:
            yield first, last
            first = day
        last = day
    if first is not None and last is not None:
        yield first, last


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _spacing() -> pl.Expr:
    """Minutes to the line's next period, of lines sorted by time."""
    start = pl.col("period_start")
    return (start.shift(-1) - start).over("location_id").dt.total_minutes().cast(pl.Float64)

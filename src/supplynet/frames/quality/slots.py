"""The periods that a line worked.

The plant's calendar says which they are. Without a plant they are the periods that most parts of
the line have, and those that the line has in most weeks and lost as a whole.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from supplynet.core.network import Plant
from supplynet.core.shifts import ShiftCalendar
from supplynet.errors import NotFound
from supplynet.frames.quality.found import Found, places
from supplynet.frames.quality.prepared import Prepared
from supplynet.frames.tables import MOMENT

WEEKS_SHARE = 0.6  # of the weeks, in which a line has a shift that it has regularly
MOST_SLOTS = 4  # times the rows of the fullest series: beyond, stamps are no calendar
MOST_STARTS = 48  # different minutes of a day, likewise
LINES_THAT_REST = 3
LONGEST_REST_DAYS = 21
OWN_SHARE = 0.5  # of a line's starts that must be in the calendar for it to be theirs
STRAY_SHARE = 0.25  # of the parts that usually have a row of a period
LONGEST_CALENDAR = timedelta(days=36_600)
Slots = pl.DataFrame
"""``slot`` (index), ``line`` and ``at``, sorted: every period that a line should have rows of."""


def slots_of(prepared: Prepared, plant: Plant | None) -> tuple[Slots, Found]:
    """The periods of every line, and the days on which no line has a row."""
    cells = prepared.cells
    slots = _supported(cells)
    planned = _planned(prepared, slots, plant)
    guessed = slots.join(planned.select("line").unique(), on="line", how="anti")
    lost, closed = _lost(cells.join(guessed.select("line").unique(), on="line", how="semi"))
    slots = pl.concat([slots, planned, lost]).unique().sort("line", "at")
    return _calendars_only(prepared, slots).with_row_index("slot"), closed


def _supported(cells: pl.DataFrame) -> Slots:
    """Starts of each line, without those that only stray rows have."""
    counts = cells.group_by("line", "at").agg(pl.col("parts").sum().alias("len"))
    usual = counts.group_by("line").agg(pl.col("len").median().alias("usual"))
    kept = counts.join(usual, on="line").filter(pl.col("len") >= STRAY_SHARE * pl.col("usual"))
    return kept.select("line", "at")


def _calendars_only(prepared: Prepared, slots: Slots) -> Slots:
    """Slots of lines whose stamps form a calendar; single bookings at any minute do not."""
    fullest = prepared.series.group_by("line").agg(pl.col("count").max())
    counts = slots.group_by("line").agg(pl.len(), pl.col("at").dt.time().n_unique().alias("starts"))
    counts = counts.join(fullest, on="line")
    many = pl.col("len") > MOST_SLOTS * pl.col("count")
    loose = counts.filter(many | (pl.col("starts") > MOST_STARTS))
    if loose.is_empty():
        return slots
    return slots.join(loose, on="line", how="anti", maintain_order="left")


def _planned(prepared: Prepared, slots: Slots, plant: Plant | None) -> Slots:
    """Shifts of the plant's calendars, for the lines whose rows start with them."""
    none = slots.clear()
    if plant is None or slots.is_empty():
        return none
    names = prepared.series.group_by("line").agg(pl.col("location_id").first())
    spans = slots.group_by("line").agg(
        pl.col("at").min().alias("low"), pl.col("at").max().alias("high")
    )
    low, high = slots["at"].min(), slots["at"].max()
    assert isinstance(low, datetime)
    assert isinstance(high, datetime)
    if high - low > LONGEST_CALENDAR:
        return none
    tables, calendar_of = {}, {}
    for line, name in names.iter_rows():
        calendar = _calendar(plant, name)
        if calendar is not None:
            calendar_of[line] = calendar.calendar_id
            tables[calendar.calendar_id] = calendar
    starts = [
        pl.DataFrame({"calendar": name, "at": [s.start for s in c.shifts_between(low, high)]})
        for name, c in tables.items()
    ]
    if not starts:
        return none
    every = pl.concat(starts).cast({"at": none.schema["at"]})
    wanted = (
        pl.DataFrame(
            {"line": list(calendar_of), "calendar": list(calendar_of.values())},
            schema={"line": none.schema["line"], "calendar": pl.String},
        )
        .join(every, on="calendar")
        .join(spans, on="line")
        .filter(pl.col("at").is_between("low", "high"))
        .select("line", "at")
    )
    return wanted.join(_keeping(slots, wanted), on="line", how="semi")


def _keeping(slots: Slots, wanted: Slots) -> pl.DataFrame:
    """Lines of which at least half of the rows' starts are in the calendar."""
    hits = slots.join(wanted, on=["line", "at"], how="semi").group_by("line").len("hits")
    return (
        slots.group_by("line")
        .len("own")
        .join(hits, on="line")
        .filter(pl.col("hits") >= OWN_SHARE * pl.col("own"))
    )


def _calendar(plant: Plant, location_id: str) -> ShiftCalendar | None:
    try:
        return plant.calendar_of(location_id)
    except NotFound:
        return None


def _lost(cells: pl.DataFrame) -> tuple[Slots, Found]:
    """Periods that a line usually has and lacks as a whole; days that no line has are closed."""
    slots = cells.select("line", "shift", "at").unique()
    none = cells.select("line", "at").clear()
    if slots.is_empty():
        return none, Found(total=0)
    minute = pl.col("at").dt.hour().cast(pl.Int32) * 60 + pl.col("at").dt.minute()
    slots = slots.with_columns(day=pl.col("at").dt.date(), minute=minute)
    weekday = pl.col("day").dt.weekday().alias("weekday")
    spans = slots.group_by("line").agg(
        pl.col("day").min().alias("low"), pl.col("day").max().alias("high")
    )
    kinds = (
        slots.group_by("line", "shift", weekday)
        .agg(pl.col("day").n_unique().alias("days"), pl.col("minute").mode().min())
        .join(spans, on="line")
        .with_columns(
            weeks=((pl.col("high") - pl.col("low")).dt.total_days() / 7).clip(lower_bound=1)
        )
        .filter((pl.col("days") >= 2) & (pl.col("days") >= WEEKS_SHARE * pl.col("weeks")))
    )
    if kinds.is_empty():
        return none, Found(total=0)
    expected = _expected(kinds)
    absent = expected.join(
        slots.select("line", "shift", "day").unique(), on=["line", "shift", "day"], how="anti"
    )
    closed = _closed(slots, absent)
    rest = closed.filter("rests").select("day")
    kept = absent.join(rest, on="day", how="anti")
    midnight = pl.col("day").cast(MOMENT)
    at = (midnight + pl.duration(minutes="minute")).alias("at")
    return kept.select("line", at), _closed_found(slots, closed)


def _expected(kinds: pl.DataFrame) -> pl.DataFrame:
    """Every day on which a regular (line, shift, weekday) is due."""
    span = pl.date_range(pl.col("low").min(), pl.col("high").max(), "1d").alias("day")
    days = kinds.select(span).with_columns(weekday=pl.col("day").dt.weekday())
    return (
        kinds.join(days, on="weekday")
        .filter(pl.col("day").is_between("low", "high"))
        .select("line", "shift", "day", "minute")
    )


def _closed(slots: pl.DataFrame, absent: pl.DataFrame) -> pl.DataFrame:
    """Days without any row on which three or more lines were due: ``day, run, rests``."""
    due = absent.group_by("day").agg(pl.col("line").n_unique().alias("lines"))
    empty = due.join(slots.select("day").unique(), on="day", how="anti").sort("day")
    empty = empty.filter(pl.col("lines") >= LINES_THAT_REST)
    apart = (pl.col("day") - pl.col("day").shift(1)).dt.total_days() > 3
    empty = empty.with_columns(run=apart.fill_null(True).cum_sum())
    length = (pl.col("day").max() - pl.col("day").min()).over("run").dt.total_days() + 1
    return empty.with_columns(rests=length <= LONGEST_REST_DAYS)


def _closed_found(slots: pl.DataFrame, closed: pl.DataFrame) -> Found:
    runs = (
        closed.filter("rests")
        .group_by("run", maintain_order=True)
        .agg(
            pl.col("day").min().alias("period_start"),
            (pl.col("day").max() + pl.duration(days=1)).alias("period_end"),
            pl.len().alias("units"),
        )
        .with_columns(pl.col("period_start", "period_end").cast(MOMENT))
        .sort("units", descending=True, maintain_order=True)
    )
    return Found(total=slots["day"].n_unique() + closed.height, places=places(runs))

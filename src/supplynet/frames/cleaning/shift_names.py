"""One spelling per shift: the calendar's, or the most frequent; odd names by the clock."""

from __future__ import annotations

import polars as pl

from supplynet.core.network import Plant
from supplynet.frames.cleaning.change import WHY, Change, Context
from supplynet.frames.cleaning.periods import calendar_shifts, planned_locations
from supplynet.frames.cleaning.settings import NoSettings

USUAL_SHARE = 0.9
"""A line's shift at a time of the day is known when this share of its rows there agrees."""
RARE_SHARE = 0.02
"""Without a calendar, a name in fewer rows of a line than this may be a slip."""
_LINE = ["location_id", "period_start"]


def shift_names(work: pl.DataFrame, _settings: NoSettings, context: Context) -> Change | None:
    """One spelling per shift; a missing or odd name follows from the start of the period."""
    if work["shift"].null_count() == work.height:  # daily data have none
        return None
    plain = pl.col("shift").str.strip_chars().str.to_lowercase()
    plain = pl.when(plain != "").then(plain)
    named = work.select("location_id", "period_start", "shift").with_columns(plain.alias("_plain"))
    named = named.with_columns(pl.when(pl.col("_plain").is_not_null()).then(pl.col("shift")))
    named = _by_calendar(_by_spelling(named, context.plant), context.plant)
    named = _by_clock(named)
    new = pl.coalesce("_calendar", "_clock", "_name", "shift")
    made = named.select(new.alias("shift"), _why().alias(WHY))
    changed = made["shift"].ne_missing(work["shift"])
    if not changed.any():
        return None
    why = pl.when(changed).then(made[WHY]).alias(WHY)
    return Change(frame=work.with_columns(made["shift"], why))


def _why() -> pl.Expr:
    return (
        pl.when(pl.col("_calendar").is_not_null())
        .then(pl.lit("the calendar starts this shift then"))
        .when(pl.col("_clock").is_not_null())
        .then(pl.lit("the shift that the line starts at this time"))
        .otherwise(pl.lit("spelt like the others"))
    )


def _by_spelling(named: pl.DataFrame, plant: Plant | None) -> pl.DataFrame:
    """``_name``: the calendar's name, else the most frequent spelling of the name."""
    usual = (
        named.drop_nulls("shift")
        .group_by("_plain", "shift")
        .len()
        .sort("len", "shift", descending=[True, False])
        .unique("_plain", keep="first", maintain_order=True)
        .select("_plain", pl.col("shift").str.strip_chars().alias("_usual"))
    )
    named = named.join(usual, on="_plain", how="left", maintain_order="left")
    named = named.join(
        _calendar_names(named, plant),
        on=["location_id", "_plain"],
        how="left",
        maintain_order="left",
    )
    has_calendar = pl.col("_named").is_not_null().any().over("location_id")
    odd = _is_rare() if plant is None else has_calendar & pl.col("_named").is_null()
    return named.with_columns(
        pl.coalesce("_named", "_usual").alias("_name"),
        (odd & pl.col("shift").is_not_null()).alias("_odd"),
    )


def _is_rare() -> pl.Expr:
    rows = pl.len().over("location_id", "_plain")
    return rows < RARE_SHARE * pl.len().over("location_id")


def _calendar_names(named: pl.DataFrame, plant: Plant | None) -> pl.DataFrame:
    """``location_id, _plain, _named`` of the shifts that each location's calendar has."""
    rows: list[tuple[str, str, str]] = []
    for location in planned_locations(named, plant):
        assert plant is not None
        calendar = plant.calendar_of(location)
        names = {*calendar.shift_names, *(o.name for o in calendar.overtime)}
        rows += [(location, name.strip().lower(), name) for name in sorted(names)]
    schema = {"location_id": pl.String(), "_plain": pl.String(), "_named": pl.String()}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return table.unique(["location_id", "_plain"], keep="first", maintain_order=True)


def _by_calendar(named: pl.DataFrame, plant: Plant | None) -> pl.DataFrame:
    """``_calendar``: the plant's name for a missing or odd one, where a shift starts just then."""
    starts = calendar_shifts(named, plant).select(*_LINE, pl.col("shift").alias("_starts"))
    starts = starts.unique(_LINE, keep="first", maintain_order=True)
    named = named.join(starts, on=_LINE, how="left", maintain_order="left")
    wrong = pl.col("shift").is_null() | pl.col("_odd")
    return named.with_columns(pl.when(wrong).then(pl.col("_starts")).alias("_calendar"))


def _by_clock(named: pl.DataFrame) -> pl.DataFrame:
    """``_clock``: what the line's shift at that time of the day is nearly always called.

    A name that is there counts as odd only when it is a longer or shorter form of the usual one.
    """
    start = pl.col("period_start").dt
    clock = (start.hour().cast(pl.Int32) * 60 + start.minute()).alias("_minute")
    named = named.with_columns(clock)
    place = ["location_id", "_minute"]
    good = named.filter(pl.col("_name").is_not_null() & ~pl.col("_odd"))
    usual = (
        good.group_by(*place, "_name")
        .len()
        .with_columns((pl.col("len") / pl.col("len").sum().over(place)).alias("_share"))
        .filter(pl.col("_share") >= USUAL_SHARE)
        .select(*place, pl.col("_name").alias("_at"))
    )
    named = named.join(usual, on=place, how="left", maintain_order="left")
    at, plain = pl.col("_at").str.to_lowercase(), pl.col("_plain")
    alike = at.str.contains(plain, literal=True) | plain.str.contains(at, literal=True)
    wanted = pl.col("shift").is_null() | (pl.col("_odd") & alike)
    return named.with_columns(pl.when(wanted).then(pl.col("_at")).alias("_clock"))

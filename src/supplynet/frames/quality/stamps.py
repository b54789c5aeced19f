"""Rows that are stamped in another time zone than the rest of their line.

The usual start of each of a line's shifts is its most frequent minute of the day, in UTC. Summer
time moves it by an hour for every part of a line on the same day; a row that moves alone is
stamped wrongly. Lines with one or two parts are compared with the other lines, and, when there are
none, with themselves: an hour that lasts longer than a clock change would is summer time.
"""

from __future__ import annotations

import polars as pl

from supplynet.frames.quality.found import Found, places
from supplynet.frames.quality.prepared import NO_SHIFT, Prepared
from supplynet.frames.quality.reading import Reading

DAY_MINUTES = 1440
GRID_MINUTES = 30  # zones differ by whole or half hours
ENOUGH = 3  # parts of a line, or lines, that outvote one
SELDOM = 0.05
SUMMER_DAYS = 60  # summer or winter time lasts longer than this
SHIFT = ["line", "shift"]
MOST_STARTS = 48  # different minutes of a day; more are events, not periods
PARTS = pl.col("parts").sum().alias("len")
OFFSET = r"(Z|z|UTC|[+-]\d{2}:?\d{2})$"


def offsets(cells: pl.DataFrame) -> pl.Series:
    """Minutes by which the stamps of each cell of ``Prepared`` are off, 0 = not; i16."""
    minute = pl.col("start").dt.hour().cast(pl.Int32) * 60 + pl.col("start").dt.minute()
    timed = _named_often(cells.with_columns(minute=minute))
    kinds = timed.select(*SHIFT, "minute").unique()
    kinds = kinds.filter(pl.len().over(SHIFT) <= MOST_STARTS)
    none = pl.Series("offset", [0], dtype=pl.Int16).new_from_index(0, cells.height)
    if kinds.height == kinds.select(SHIFT).n_unique():
        return none
    kinds = _deltas(timed, kinds)
    if not (kinds["delta"] != 0).any():
        return none
    timed = timed.join(kinds, on=[*SHIFT, "minute"], how="left", maintain_order="left")
    day = (pl.col("start") - pl.duration(minutes="delta")).dt.date()
    timed = timed.select(*SHIFT, "parts", day.alias("day"), "delta")
    usual = _usual_deltas(timed)
    timed = timed.join(usual, on=[*SHIFT, "day"], how="left", maintain_order="left")
    off = (pl.col("delta") - pl.col("usual")).fill_null(0)
    wrong = (off != 0) & (off % GRID_MINUTES == 0)
    return timed.select(
        pl.when(wrong).then(off).otherwise(0).cast(pl.Int16).alias("offset")
    ).to_series()


def mixed_time_zones(reading: Reading, prepared: Prepared) -> Found:
    """Stretches of rows that are off by the same time, and stamps with odd offsets in text."""
    rows = prepared.rows
    off = (pl.col("start") - pl.col("at")).dt.total_minutes()
    if not prepared.is_shifted:
        return Found(total=reading.frame.height, places=_mixed_text(reading))
    runs = (
        rows.select("series", "start", off.alias("off"))
        .with_columns(
            run=pl.struct("series", "off").rle_id(),
            following=pl.col("start").shift(-1).over("series"),
        )
        .filter(pl.col("off") != 0)
    )
    stretches = (
        runs.group_by("run", maintain_order=True)
        .agg(
            pl.col("series", "off").first(),
            pl.col("start").first().alias("period_start"),
            pl.coalesce(
                pl.col("following").last(), pl.col("start").last() + pl.duration(days=1)
            ).alias("period_end"),
            pl.len().alias("units"),
        )
        .with_columns(value=pl.col("off") / 60)
        .with_columns(detail=pl.format("{} h off", pl.col("value")))
        .sort("units", descending=True, maintain_order=True)
    )
    made = places(prepared.of_series(stretches))
    return Found(total=reading.frame.height, places=pl.concat([made, _mixed_text(reading)]))


def _named_often(timed: pl.DataFrame) -> pl.DataFrame:
    """Cells with the shifts that their line really has.

    A name that a line has seldom is taken for the one that it usually has at that minute.
    """
    counts = timed.group_by(SHIFT).agg(PARTS)
    share = pl.col("len") / pl.col("len").sum().over("line")
    seldom = counts.filter((share < SELDOM) & (pl.col("shift") != NO_SHIFT)).select(SHIFT)
    if seldom.is_empty():
        return timed
    often = counts.join(seldom, on=SHIFT, how="anti").select(SHIFT)
    at_minute = (
        timed.join(often, on=SHIFT, how="semi")
        .group_by("line", "minute", "shift")
        .agg(PARTS)
        .sort("len", "shift", descending=[True, False])
        .group_by("line", "minute")
        .agg(pl.col("shift").first().alias("meant"))
    )
    marked = timed.join(
        seldom.with_columns(seldom=pl.lit(True)), on=SHIFT, how="left", maintain_order="left"
    ).join(at_minute, on=["line", "minute"], how="left", maintain_order="left")
    meant = pl.when("seldom").then(pl.col("meant").fill_null(NO_SHIFT)).otherwise("shift")
    return marked.with_columns(meant.cast(pl.UInt32).alias("shift")).drop("seldom", "meant")


def _deltas(timed: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """Of each minute of the day: how far it is from the nearest usual one, -720..720."""
    counts = (
        timed.group_by(*SHIFT, "minute").agg(PARTS).sort("len", "minute", descending=[True, False])
    )
    usual = (
        counts.with_columns(place=pl.int_range(pl.len()).over(SHIFT))
        .join(_starts_per_day(timed), on=SHIFT)
        .filter(pl.col("place") < pl.col("starts"))
        .select(*SHIFT, pl.col("minute").alias("usual"))
    )
    # A row without a name may belong to any of its line's shifts.
    unnamed = usual.filter(pl.col("shift") != NO_SHIFT).with_columns(
        shift=pl.lit(NO_SHIFT, dtype=pl.UInt32)
    )
    usual = pl.concat([usual, unnamed]).unique()
    half = DAY_MINUTES // 2
    delta = (pl.col("minute") - pl.col("usual") + half) % DAY_MINUTES - half
    return (
        kinds.join(usual, on=SHIFT)
        .with_columns(delta=delta)
        .sort(pl.col("delta").abs(), "delta")
        .group_by(*SHIFT, "minute", maintain_order=True)
        .agg(pl.col("delta").first())
    )


def _starts_per_day(timed: pl.DataFrame) -> pl.DataFrame:
    """How many starts a day a line has under one name: 1, or more where shifts have no names."""
    named = timed.filter(pl.col("shift") != NO_SHIFT).select(SHIFT).unique()
    unnamed = (
        timed.filter(pl.col("shift") == NO_SHIFT)
        .group_by(*SHIFT, pl.col("start").dt.date().alias("day"))
        .agg(pl.col("minute").n_unique().alias("n"))
        .group_by(SHIFT)
        .agg(pl.col("n").median().ceil().cast(pl.Int32).alias("starts"))
    )
    one = named.with_columns(starts=pl.lit(1, dtype=pl.Int32))
    return pl.concat([one, unnamed])


def _usual_deltas(timed: pl.DataFrame) -> pl.DataFrame:
    """By line, shift and day: the delta of most parts of the line, else of most lines."""
    counts = timed.group_by(*SHIFT, "day", "delta").agg(PARTS)
    of_line = _most(counts, [*SHIFT, "day"])
    of_all = _most(counts, ["shift", "day"]).rename({"usual": "all_usual", "votes": "all_votes"})
    of_all = of_all.with_columns(all_usual=_plausible(of_all))
    joined = of_line.join(of_all, on=["shift", "day"])
    own = pl.col("votes") >= ENOUGH
    return joined.select(
        *SHIFT, "day", pl.when(own).then("usual").otherwise("all_usual").alias("usual")
    )


def _most(counts: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """The most frequent delta of each ``key``, nearest to 0 in a tie, and how many rows voted."""
    return (
        counts.group_by(*key, "delta")
        .agg(pl.col("len").sum())
        .sort("len", pl.col("delta").abs(), descending=[True, False])
        .group_by(key)
        .agg(pl.col("delta").first().alias("usual"), pl.col("len").sum().alias("votes"))
    )


def _plausible(of_all: pl.DataFrame) -> pl.Series:
    """Where few rows vote: one hour that lasts long or reaches an end is summer time, else 0."""
    days = of_all.select("shift", "day", "all_usual", "all_votes").with_row_index("place")
    days = days.sort("shift", "day").with_columns(
        run=pl.struct("shift", "all_usual").rle_id(),
        edge=(pl.col("day") == pl.col("day").min().over("shift"))
        | (pl.col("day") == pl.col("day").max().over("shift")),
    )
    length = (pl.col("day").max() - pl.col("day").min()).over("run").dt.total_days()
    summer = (pl.col("all_usual").abs() == 60) & (
        (length >= SUMMER_DAYS) | pl.col("edge").any().over("run")
    )
    accepted = (pl.col("all_votes") >= 2 * ENOUGH) | summer
    made = days.with_columns(made=pl.when(accepted).then("all_usual").otherwise(0))
    return made.sort("place")["made"]


def _mixed_text(reading: Reading) -> pl.DataFrame:
    """Stamps in text whose offset is not the usual one, unless summer time explains it."""
    column = reading.given["period_start"]
    if column.dtype != pl.String:
        return places(reading.frame.clear())
    offset = column.str.strip_chars().str.extract(OFFSET, 1).fill_null("none")
    offset = offset.replace({"z": "Z", "UTC": "Z", "+00:00": "Z", "+0000": "Z"})
    offset = offset.set(reading.frame["period_start"].is_null(), None)
    counts = offset.drop_nulls().value_counts(sort=True)
    if counts.height < 2:
        return places(reading.frame.clear())
    usual, second = counts["period_start"][:2]
    fine = [usual, second] if _one_hour_apart(usual, second) else [usual]
    odd = (~offset.is_in(fine) & offset.is_not_null()).arg_true()
    found = reading.frame[odd].with_columns(
        detail=pl.lit("offset ") + offset.gather(odd) + f", usually {usual}"
    )
    return places(found)


def _one_hour_apart(*texts: str) -> bool:
    """Whether these are two offsets an hour apart, such as +01:00 and +02:00: summer time."""
    if "none" in texts:
        return False
    minutes = []
    for text in texts:
        digits = "+0000" if text == "Z" else text.replace(":", "")
        sign = -1 if digits[0] == "-" else 1
        minutes.append(sign * (int(digits[1:3]) * 60 + int(digits[3:5])))
    return abs(minutes[0] - minutes[1]) == 60

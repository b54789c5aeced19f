"""Rules that look at one row at a time, or at its key."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.network import Plant
from supplynet.core.spelling import nearest
from supplynet.frames.demand import KEY
from supplynet.frames.quality.found import SERIES, Found, places
from supplynet.frames.quality.prepared import NO_SHIFT, Prepared
from supplynet.frames.quality.reading import Reading
from supplynet.frames.quality.spelling import other_spellings

USUAL_NAME_SHARE = 0.75
NAMED_AT_MOST = 1_000
BoolArray = npt.NDArray[np.bool_]


def missing_values(reading: Reading, hidden: BoolArray) -> Found:
    """Rows without a key or an amount, beside those that starvation hides."""
    frame = reading.frame
    names = ("period_start", "location_id", "part_id", "demand")
    lost = {name: frame[name].is_null() for name in names}
    if "demand" in reading.given.columns:
        lost["demand"] &= ~pl.Series(hidden)
    else:  # demand is what was consumed; a starved row without that count lacks it all the same
        lost["demand"] = frame["consumed"].is_null()
    bad = pl.DataFrame(
        {"row": reading.bad_cells["row"], "column": reading.bad_cells["column"]}
    ).filter(pl.col("column").is_in([*names, "consumed"]))
    unread = np.zeros(frame.height, dtype=np.bool_)
    unread[bad["row"].to_numpy()] = True
    any_lost = pl.select(pl.any_horizontal(*lost.values())).to_series() & ~pl.Series(unread)
    wrong = any_lost.arg_true()
    words = pl.concat_str(
        *(
            pl.when(lost[name].gather(wrong)).then(pl.lit(reading.names.get(name, name)))
            for name in names
        ),
        separator=", ",
        ignore_nulls=True,
    )
    found = frame[wrong].with_columns(detail=words)
    return Found(total=frame.height, places=places(found))


def negatives_and_returns(reading: Reading) -> Found:
    """Rows with an amount or minutes below 0."""
    frame = reading.frame
    names = ("demand", "consumed", "starved_minutes", "stopped_minutes")
    below = pl.any_horizontal(pl.col(name) < 0 for name in names).fill_null(False)
    wrong = frame.select(below).to_series().arg_true()
    amounts = [pl.when(pl.col(name) < 0).then(pl.col(name).cast(pl.Float64)) for name in names]
    return Found(total=frame.height, places=_places(frame, wrong, pl.coalesce(*amounts)))


def future_dates(reading: Reading, now: datetime | None) -> Found:
    """Rows that start after ``now``."""
    frame = reading.frame
    if now is None:
        return Found(total=frame.height, note="no moment was given to compare with")
    late = (frame["period_start"] > now).fill_null(False).arg_true()
    days = (pl.col("period_start") - now).dt.total_seconds() / 86_400
    return Found(total=frame.height, places=_places(frame, late, days), rows=late)


def censored_shifts(reading: Reading, hidden: BoolArray) -> Found:
    """Rows whose demand is hidden by starvation of the line."""
    frame = reading.frame
    wrong = pl.Series(hidden).arg_true()
    minutes = pl.col("starved_minutes").cast(pl.Float64)
    return Found(total=frame.height, places=_places(frame, wrong, minutes))


def unknown_ids(reading: Reading, plant: Plant | None) -> Found:
    """Rows whose location or part the plant does not have, with the name that was meant."""
    frame = reading.frame
    if plant is None:
        return Found(total=frame.height, note="no plant was given to compare with")
    known = {"location_id": set(plant.location_by_id), "part_id": set(plant.part_by_id)}
    said = {}
    for name, ids in known.items():
        odd = [i for i in frame[name].drop_nulls().unique().sort() if i not in ids]
        meant = {i: nearest(i, ids) for i in odd[:NAMED_AT_MOST]}
        said[name] = {i: f"no {i!r}" + (f", {m!r}?" if (m := meant.get(i)) else "") for i in odd}
    return _said_of_ids(frame, said)


def id_spelling(reading: Reading) -> Found:
    """Rows whose id is a rarer spelling of another one; see ``spelling``."""
    frame = reading.frame
    said = {}
    for name in SERIES:
        spaced = pl.col(name) != pl.col(name).str.strip_chars()
        counts = frame.group_by(name).len().drop_nulls()
        counts = counts.sort("len", spaced, name, descending=[True, False, False])
        odd = other_spellings(dict(counts.iter_rows()))
        said[name] = {rare: f"{rare!r}, usually {usual!r}" for rare, usual in odd.items()}
    return _said_of_ids(frame, said)


def _said_of_ids(frame: pl.DataFrame, said: dict[str, dict[str, str]]) -> Found:
    """Rows that have one of the ids, with what is to be said of it."""
    words = [
        pl.col(name).replace_strict(known, default=None, return_dtype=pl.String)
        if known
        else pl.lit(None, dtype=pl.String)
        for name, known in said.items()
    ]
    if not any(said.values()):
        return Found(total=frame.height, rows=pl.Series([], dtype=pl.UInt32))
    odd = pl.any_horizontal(pl.col(name).is_in(list(known)) for name, known in said.items())
    wrong = frame.select(odd.fill_null(False)).to_series().arg_true()
    found = frame.select(KEY)[wrong].with_columns(
        detail=pl.concat_str(*words, separator="; ", ignore_nulls=True)
    )
    return Found(total=frame.height, places=places(found), rows=wrong)


def duplicates(reading: Reading, prepared: Prepared) -> Found:
    """Rows whose key an earlier row has: exact twins, and those with other content."""
    again, key = prepared.repeated, ["series", "start"]
    total = prepared.rows.height + again.height
    if again.is_empty():
        return Found(total=total)
    firsts = prepared.rows.join(again.select(key).unique(), on=key, how="semi")
    every = pl.concat([firsts.select(again.columns), again])
    every = every.with_columns(content=_content(reading.given, every["row"])).sort(*key, "row")
    twin = ~pl.struct(*key, "content").is_first_distinct()
    rows = every.with_columns(twin=twin).filter(~pl.struct(key).is_first_distinct())
    kind = pl.when("twin").then(pl.lit("exact twin")).otherwise(pl.lit("other content"))
    found = prepared.of_series(rows).with_columns(
        detail=kind, value=pl.col("amount"), period_start=pl.col("start")
    )
    twins = int(rows["twin"].sum())
    note = f"{twins:,} exact twins, {rows.height - twins:,} with other content"
    return Found(total=total, places=places(found.sort("twin", "row")), note=note)


def _content(given: pl.DataFrame, rows: pl.Series) -> pl.Series:
    """One number per row that stands for all its cells."""
    simple = [name for name, dtype in given.schema.items() if not _is_opaque(dtype)]
    return given.select(simple)[rows].hash_rows()


def _is_opaque(dtype: pl.DataType) -> bool:
    return dtype.is_nested() or dtype == pl.Object


def shift_names(prepared: Prepared) -> Found:
    """Rows whose shift is not the one that the line usually has at that hour."""
    rows, cells = prepared.rows, prepared.cells
    if cells["shift"].max() in {None, NO_SHIFT}:
        return Found(total=rows.height)
    minute = pl.col("at").dt.hour().cast(pl.Int32) * 60 + pl.col("at").dt.minute()
    cells = cells.with_columns(minute=minute)
    key = ["line", "minute"]
    counts = cells.group_by(*key, "shift").agg(pl.col("parts").sum())
    counts = counts.sort("parts", "shift", descending=[True, False])
    usual = counts.group_by(key, maintain_order=True).agg(
        pl.col("shift").first().alias("usual"),
        (pl.col("parts").first() / pl.col("parts").sum()).alias("share"),
    )
    usual = usual.filter((pl.col("share") >= USUAL_NAME_SHARE) & (pl.col("usual") != NO_SHIFT))
    odd_cells = cells.join(usual, on=key).filter(pl.col("shift") != pl.col("usual"))
    cell = ["line", "shift", "start"]
    odd = rows.join(odd_cells.select(*cell, "usual"), on=cell)
    names = pl.Series(["none", *(repr(name) for name in prepared.shift_names[1:])])
    detail = names[odd["shift"]] + ", usually " + names[odd["usual"]]
    found = prepared.of_series(odd).with_columns(detail=detail, period_start=pl.col("start"))
    return Found(total=rows.height, places=places(found.sort("row")))


def _places(frame: pl.DataFrame, rows: pl.Series, value: pl.Expr) -> pl.DataFrame:
    return places(frame[rows].with_columns(value=value))

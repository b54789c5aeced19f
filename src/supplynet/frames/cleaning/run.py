"""Cleaning: the steps one after the other, until nothing is left to mend, then the estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from supplynet.core.network import Plant
from supplynet.errors import InvalidInput
from supplynet.frames.cleaning.anomalies import confirmed, not_found
from supplynet.frames.cleaning.change import (
    CONTENT,
    LOG_SCHEMA,
    ROW,
    Change,
    Context,
    apply,
    from_text,
)
from supplynet.frames.cleaning.estimating import (
    Estimate,
    estimate_censored,
    estimate_missing,
    filled,
)
from supplynet.frames.cleaning.reading import Reading, read
from supplynet.frames.cleaning.registry import STEPS, chosen
from supplynet.frames.cleaning.result import Cleaned, sentences
from supplynet.frames.cleaning.settings import CensoredSettings, Settings, make_settings
from supplynet.frames.demand import DEMAND_SCHEMA, KEY

MOST_PASSES = 20
"""What one step mends can show another what to mend; in practice the second pass finds nothing."""
_SAID = {
    "impute": "not observed; usual for the series, at the line's pace",
    "censored": "the line was starved; demand of the whole period",
}


def clean(
    data: object,
    steps: Sequence[str] | None = None,
    *,
    plant: Plant | None = None,
    now: datetime | None = None,
    settings: Mapping[str, Settings | Mapping[str, object]] | None = None,
    anomalies: object = None,
) -> Cleaned:
    """Mend a table of demand, by shift or by day, and log every cell that was changed.

    The input is never touched. A table that needs nothing comes back as its demand frame with an
    empty log, and cleaning a cleaned frame again changes nothing.

    Args:
        data: Any table under any known names (``frames.aliases``).
        steps: Names of the steps to run (``registry.STEPS``, docs/cleaning.md); their order does
            not matter. None runs all that run by default.
        plant: Tells ids, shifts and pack sizes; without it they are inferred where that is safe.
        now: Aware moment after which nothing can have happened; None leaves ``future`` out.
        settings: By step: its settings object, or their names and values.
        anomalies: Odd values that a person has confirmed: a table of which ``anomalies.confirmed``
            says which rows count. To hand it over asks for the step ``anomalies``.

    Raises:
        InvalidInput: It is no table, the key or the amount is missing as a column, a setting is
            wrong, a cell cannot be read and ``types`` is not among the steps, or ``anomalies``
            is no table of odd values.
        NotFound: A step is unknown.
    """
    names = chosen(steps)
    if anomalies is not None:
        names = chosen([*names, "anomalies"])
    odd = None if anomalies is None else confirmed(anomalies)
    given = _settings(settings or {})
    now = _aware(now)
    reading = read(data)
    context = Context(plant=plant, now=now, orders=reading.orders, anomalies=odd)
    logs = [_unreadable(reading, "types" in names)]
    work = _in_order(reading.frame)
    work, log = _mended(work, names, given, context)
    logs.append(log)
    estimated: dict[str, Estimate] = {}
    for name in names:
        found = _estimated(name, work, given, context)
        if found is not None:
            work, log = apply(name, work, filled(work, found, _SAID[name]), 0)
            estimated[name] = found
            logs.append(log)
    log = pl.concat(logs)
    return Cleaned(
        frame=work.select(DEMAND_SCHEMA.names()),
        log=log,
        summary=sentences(log, {name: step.does for name, step in STEPS.items()}),
        notes=_notes(names, context, work),
        steps=tuple(names),
        estimated=estimated,
    )


def apply_log(data: object, log: pl.DataFrame) -> pl.DataFrame:
    """The demand frame of a table with a log's changes made to it.

    With the whole log of ``clean`` this is its frame; with rows left out, what a person who looked
    through the log agrees with.

    Args:
        data: The table that was cleaned.
        log: Rows of its log, in order (``change.LOG_SCHEMA``).

    Raises:
        InvalidInput: It is no table, or the log is not one of this table.
    """
    frame = read(data).frame
    cells = log.filter(pl.col("column").is_not_null())
    whole = log.filter(pl.col("column").is_null())
    try:
        frame = pl.concat([frame, _rows_from_json(whole.filter(pl.col("old").is_null()))])
        for name, dtype in DEMAND_SCHEMA.items():
            new = cells.filter(pl.col("column") == name).select(
                pl.col("row").alias(ROW), from_text(pl.col("new"), dtype).alias("_new")
            )
            new = new.unique(ROW, keep="last").with_columns(_hit=True)
            frame = frame.join(new, on=ROW, how="left", maintain_order="left")
            cell = pl.when(pl.col("_hit")).then(pl.col("_new")).otherwise(pl.col(name))
            frame = frame.with_columns(cell.alias(name)).drop("_new", "_hit")
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"not a cleaning log: {str(error).splitlines()[0]}") from error
    gone = whole.filter(pl.col("new").is_null())["row"]
    kept = frame.filter(~pl.col(ROW).is_in(gone.implode()))
    return _in_order(kept).select(DEMAND_SCHEMA.names())


def _mended(
    work: pl.DataFrame, names: Sequence[str], given: Mapping[str, Settings], context: Context
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All steps that mend, one after the other, until none finds anything.

    So the result is clean by the same rules, and cleaning it again changes nothing.
    """
    logs = [pl.DataFrame(schema=LOG_SCHEMA)]
    first_new = work.height
    mends = [name for name in names if STEPS[name].mend is not None]
    waiting: dict[str, frozenset[str | None] | None] = dict.fromkeys(mends)
    for name in mends * MOST_PASSES:
        mend = STEPS[name].mend
        if name not in waiting or mend is None:
            continue
        change: Change | None = mend(work, given[name], replace(context, lines=waiting.pop(name)))
        if change is None:
            continue
        work, log = apply(name, work, change, first_new)
        first_new += 0 if change.added is None else change.added.height
        changed = _columns(log)
        lines = None if changed & set(KEY) else frozenset(log["location_id"].to_list())
        for other in mends:
            if changed & set(STEPS[other].reads):
                before = waiting.get(other, frozenset())
                waiting[other] = None if before is None or lines is None else before | lines
        work = _in_order(work) if changed & set(KEY) else work
        logs.append(log)
    return work, pl.concat(logs)


def _columns(log: pl.DataFrame) -> set[str]:
    """Columns that changed; all of them when rows came or went."""
    names = set(log["column"].unique().to_list())
    return set(DEMAND_SCHEMA) if None in names else names


def _estimated(
    name: str, work: pl.DataFrame, given: Mapping[str, Settings], context: Context
) -> Estimate | None:
    if name == "impute":
        return estimate_missing(work, context)
    if name == "censored":
        settings = given[name]
        assert isinstance(settings, CensoredSettings)
        return estimate_censored(work, settings, context)
    return None


def _settings(given: Mapping[str, Settings | Mapping[str, object]]) -> dict[str, Settings]:
    """The settings of every step."""
    chosen(list(given))
    return {
        name: make_settings(name, step.settings, given.get(name, {}))
        for name, step in STEPS.items()
    }


def _aware(now: datetime | None) -> datetime | None:
    if now is not None and now.tzinfo is None:
        raise InvalidInput(f"now is {now.isoformat()} without a zone; pass an aware time")
    return now


def _unreadable(reading: Reading, asked: bool) -> pl.DataFrame:
    """The log of the cells that could not be read, when somebody asked for them to be mended."""
    found = reading.unreadable
    if found.height and not asked:
        row = found.row(0, named=True)
        raise InvalidInput(
            f"cells that cannot be read: {found.height}; the first is {row['column']} "
            f"{row['old']!r} in row {row['row']} (from 0); mend them or add the step types"
        )
    return found.with_columns(pl.lit("types").alias("step"))


def _in_order(work: pl.DataFrame) -> pl.DataFrame:
    return work.sort(*KEY, ROW)


def _notes(names: Sequence[str], context: Context, work: pl.DataFrame) -> tuple[str, ...]:
    notes = []
    if "future" in names and context.now is None:
        notes.append("future: no row was checked, give `now`.")
    if "anomalies" in names and context.anomalies is None:
        notes.append("anomalies: none were handed over, give `anomalies`.")
    if context.anomalies is not None and (gone := not_found(work, context.anomalies)):
        notes.append(f"anomalies: {gone:,} of the confirmed rows are not in the table.")
    if "unknown_ids" in names and context.plant is None:
        notes.append("unknown_ids: without a plant only spaces around ids were looked at.")
    if "censored" in names:
        left = work.filter(pl.col("demand").is_null() & (pl.col("starved_minutes") > 0)).height
        if left:
            notes.append(
                f"censored: {left:,} rows stay not observed, their series was never seen at work."
            )
    return tuple(notes)


def _rows_from_json(rows: pl.DataFrame) -> pl.DataFrame:
    """Added rows of a log as rows of a frame."""
    texts = pl.Struct({name: pl.String() for name in DEMAND_SCHEMA})
    made = rows.select(pl.col("row").alias(ROW), pl.col("new").str.json_decode(texts).alias("_c"))
    made = made.unnest("_c")
    return made.select(
        *(from_text(pl.col(name), dtype).alias(name) for name, dtype in DEMAND_SCHEMA.items()),
        ROW,
        pl.lit(None, dtype=pl.UInt64).alias(CONTENT),
    )

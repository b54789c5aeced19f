"""The check: read, prepare, let every rule look, and add up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from supplynet.core.network import Plant
from supplynet.frames.quality import rows as row_rules
from supplynet.frames.quality import wording
from supplynet.frames.quality.expected import Expected, expect
from supplynet.frames.quality.found import Found, places
from supplynet.frames.quality.gaps import missing_periods
from supplynet.frames.quality.jumps import inside, jumps, unit_jumps, without_stuck
from supplynet.frames.quality.levels import shifts_of_level
from supplynet.frames.quality.outliers import miscounted, outlying
from supplynet.frames.quality.prepared import (
    Prepared,
    hidden_by_starvation,
    prepare,
    with_orders_summed,
)
from supplynet.frames.quality.reading import Reading, read, schema_and_types
from supplynet.frames.quality.report import SERIES_SCHEMA, Check, QualityReport
from supplynet.frames.quality.rules import RULES
from supplynet.frames.quality.runs import (
    constant_series,
    dead_series,
    short_series,
    stuck,
)
from supplynet.frames.quality.scoring import count_of, lost_points, score_series, severity_of
from supplynet.frames.quality.stamps import mixed_time_zones, offsets
from supplynet.frames.quality.weeks import BoolArray

MINIMUM_DAYS = 100
MINIMUM_RECORDS = 1_000
FEW, SHORT = "few_records", "short_series"
BY_CHUNK = (
    *("outliers", "miscounts", "unit_jumps", "constant_series", "dead_series", "level_shift"),
)
ALIEN = ("future_dates", "unknown_ids", "id_spelling")
"""Rows that these rules find belong to no series; the other rules leave them out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a check is to compare with."""

    now: datetime | None
    plant: Plant | None
    minimum_days: int
    minimum_records: int

    @property
    def zone(self) -> ZoneInfo | None:
        """Of the times in sentences."""
        return None if self.plant is None else ZoneInfo(self.plant.time_zone)


def check_quality(
    data: object,
    *,
    now: datetime | None = None,
    plant: Plant | None = None,
    minimum_days: int = MINIMUM_DAYS,
    minimum_records: int = MINIMUM_RECORDS,
) -> QualityReport:
    """Check a table of demand, by shift or by day, or of sales, under any known names.

    Nothing of a table is refused: what cannot be read is a finding, and a table without the
    columns that are needed has score 0 and sentences that say what is missing.

    Args:
        data: Any table: polars, pandas, Arrow, or a dict of columns.
        now: Aware moment after which a period is in the future; None leaves that rule out.
        plant: Says which ids, shifts and container sizes there are; None = as the rows tell.
        minimum_days: Days that a series needs.
        minimum_records: Rows that the whole frame needs.

    Raises:
        InvalidInput: It is no table, or has augmented rows, which nobody should judge.
    """
    asked = _Asked(now=now, plant=plant, minimum_days=minimum_days, minimum_records=minimum_records)
    reading = read(data)
    if reading.problems:
        empty = pl.DataFrame(schema=SERIES_SCHEMA)
        rows = reading.given.height
        return QualityReport(rows=rows, checks=(), series=empty, problems=reading.problems)
    return _check(reading, asked)


def _check(reading: Reading, asked: _Asked) -> QualityReport:
    hidden = hidden_by_starvation(reading.frame)
    found = {
        "schema_and_types": schema_and_types(reading),
        "few_records": Found(total=1),
        "missing_values": row_rules.missing_values(reading, hidden),
        "negatives_and_returns": row_rules.negatives_and_returns(reading),
        "future_dates": row_rules.future_dates(reading, asked.now),
        "censored_shifts": row_rules.censored_shifts(reading, hidden),
        "unknown_ids": row_rules.unknown_ids(reading, asked.plant),
        "id_spelling": row_rules.id_spelling(reading),
    }
    alien = _rows_of(reading, [found[name] for name in ALIEN])
    prepared = with_orders_summed(prepare(reading.frame, hidden, alien), reading.given)
    prepared = prepared.at_usual_starts(offsets(prepared.cells))
    gaps = missing_periods(prepared, asked.plant)
    found |= {
        "short_series": short_series(prepared, gaps.days, asked.minimum_days),
        "missing_periods": gaps.missing,
        "closed_days": gaps.closed,
        "duplicates": row_rules.duplicates(reading, prepared),
        "shift_names": row_rules.shift_names(prepared),
        "mixed_time_zones": mixed_time_zones(reading, prepared),
    }
    found |= _by_chunk(prepared, asked.plant)
    checks = tuple(_outcome(name, found[name], reading, asked) for name in RULES)
    series = score_series(prepared, found, gaps.days, gaps.wanted)
    return QualityReport(rows=reading.frame.height, checks=checks, series=series)


def _rows_of(reading: Reading, found: list[Found]) -> pl.Series:
    """Whether each row is in one of these findings."""
    mask = np.zeros(reading.frame.height, dtype=np.bool_)
    for each in found:
        if each.rows is not None:
            mask[each.rows.to_numpy()] = True
    return pl.Series(mask)


def _by_chunk(prepared: Prepared, plant: Plant | None) -> dict[str, Found]:
    """The rules that compare every row with what was to be expected, some series at a time."""
    total = prepared.rows.height
    pieces = [_look(prepared, chunk) for chunk in prepared.chunks()]
    merged = {
        name: pl.concat([piece[name] for piece in pieces]) for name in (pieces[0] if pieces else ())
    }
    if not merged:
        return {name: Found(total=0) for name in BY_CHUNK}
    series = prepared.series.height
    return {
        "outliers": Found(total=total, places=merged["outliers"]),
        "miscounts": Found(total=total, places=merged["miscounts"]),
        "unit_jumps": unit_jumps(prepared, merged["jumps"], plant),
        "constant_series": constant_series(prepared, merged["stuck"]),
        "dead_series": dead_series(prepared, merged["stuck"]),
        "level_shift": Found(total=series, places=merged["level_shift"]),
    }


def _look(prepared: Prepared, chunk: pl.DataFrame) -> dict[str, pl.DataFrame]:
    expected = expect(chunk)
    stuck_runs = stuck(chunk, expected.line, prepared.rows.height)
    jumped = without_stuck(jumps(chunk, expected), stuck_runs)
    elsewhere = inside(jumped, chunk.height)
    pairs = miscounted(chunk, expected) & ~elsewhere
    single = outlying(chunk, expected, elsewhere | pairs)
    shifts = shifts_of_level(expected.weeks).with_columns(
        detail=pl.format("{} times", pl.col("value").round(2))
    )
    return {
        "outliers": _single_rows(prepared, chunk, expected, single),
        "miscounts": _single_rows(prepared, chunk, expected, pairs),
        "jumps": jumped,
        "stuck": stuck_runs,
        "level_shift": places(prepared.of_series(shifts)),
    }


def _single_rows(
    prepared: Prepared, chunk: pl.DataFrame, expected: Expected, wrong: BoolArray
) -> pl.DataFrame:
    """Findings of rows with what they show and what was expected, the furthest off first."""
    at = np.flatnonzero(wrong)
    rows = chunk[at].with_columns(middle=pl.Series(expected.middle[at]).round(0))
    shown = pl.format("{}, expected about {}", pl.col("amount"), pl.col("middle"))
    rows = rows.with_columns(
        off=pl.Series(np.abs(expected.noise[at])),
        detail=shown.str.replace_all(r"\.0\b", ""),
        value=pl.col("amount"),
        period_start=pl.col("start"),
    )
    return places(prepared.of_series(rows.sort("off", descending=True, maintain_order=True)))


def _outcome(name: str, found: Found, reading: Reading, asked: _Asked) -> Check:
    rule = RULES[name]
    records = reading.frame.height
    count = count_of(rule, found) if name != FEW else int(records < asked.minimum_records)
    if name == FEW:
        text = wording.small_frame(rule, records, asked.minimum_records)
    elif name == SHORT:
        text = wording.short_history(rule, found, count, asked.minimum_days)
    else:
        text = wording.sentence(rule, found, count, asked.zone)
    return Check(
        rule=name,
        severity=severity_of(rule, count, found.total),
        count=count,
        total=found.total,
        lost=lost_points(rule, count, found.total),
        examples=wording.examples(found.places, asked.zone),
        sentence=text,
        places=found.places,
    )

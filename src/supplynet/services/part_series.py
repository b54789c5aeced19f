"""What lines used of a part, shift by shift, and how well that was forecast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from supplynet import cycle
from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.core.shifts import Shift, day_and_name
from supplynet.monitor.grid import iso
from supplynet.services.books import Books
from supplynet.services.plan_forecast import forecast_of
from supplynet.storage import ReadTx, plans
from supplynet.storage.history import read_history

Row = dict[str, Any]
SHOWN = timedelta(days=28)
"""Of history."""
WEEK = timedelta(days=7)
JUDGED = 14
"""Finished shifts that the forecast is judged on."""


@dataclass(frozen=True, kw_only=True)
class Used:
    """What some lines used of a part in one shift; sums over the lines.

    Attributes:
        used: None = not observed.
        starved, stopped: Minutes of the line that lost most.
    """

    used: int | None
    starved: int = 0
    stopped: int = 0


def lines_drawing(plant: Plant, location: str, part: str) -> tuple[str, ...]:
    """Lines that use a part at a place: the line itself, those in it, those that it supplies."""
    found = {row.line_id for row in plant.requirements if row.part_id == part}
    return tuple(line for line in sorted(found) if location in _around(plant, line, part))


def _around(plant: Plant, line: str, part: str) -> set[str]:
    """The line, all that is around it, and where its stock point gets the part from."""
    places = {line}
    place = plant.location(line)
    while place.parent_id is not None:
        places.add(place.parent_id)
        place = plant.location(place.parent_id)
    rule = plant.supply_rule.get((plant.stock_point_of_line.get(line, ""), part))
    lanes = () if rule is None else rule.lane_ids
    return places | {plant.lane_by_id[lane].from_location for lane in lanes}


def history_of(
    books: Books, tx: ReadTx, lines: Collection[str], part: str, shifts: Sequence[Shift]
) -> list[Used]:
    """Use by shift; of what is not closed yet, what the ledger says."""
    if not lines or not shifts:
        return [Used(used=None) for _ in shifts]
    ours = (pl.col("part_id") == part) & pl.col("location_id").is_in(sorted(lines))
    span = (shifts[0].start, shifts[-1].end)
    sums = (
        read_history(books.workspace.history, *span, series=ours)
        .group_by("period_start")
        .agg(
            pl.col("consumed").sum(),
            pl.col("starved_minutes").max(),
            pl.col("stopped_minutes").max(),
        )
    )
    known = {row[0]: Used(used=row[1], starved=row[2], stopped=row[3]) for row in sums.iter_rows()}
    open_from = max((start for start in known), default=shifts[0].start)
    live = dict(_live(tx, lines, part, open_from))
    names = {shift.start: day_and_name(shift.shift_id) for shift in shifts}
    return [known.get(start) or Used(used=live.get(name)) for start, name in names.items()]


def used_so_far(tx: ReadTx, lines: Collection[str], part: str, shift: Shift) -> int:
    """What they used in a shift that runs."""
    return _live(tx, lines, part, shift.start)[day_and_name(shift.shift_id)]


def _live(tx: ReadTx, lines: Collection[str], part: str, start: datetime) -> Counter[str]:
    """Use by day and name of the shift, from the ledger."""
    found: Counter[str] = Counter()
    for (line, _, shift_id), quantity in cycle.used_by_shift(tx, start, part_id=part).items():
        if line in lines:
            found[day_and_name(shift_id)] += quantity
    return found


def history_rows(shifts: Sequence[Shift], used: Sequence[Used], now: datetime) -> list[Row]:
    """For the page, the oldest first; what was never observed at the beginning is left out."""
    first = next((i for i, each in enumerate(used) if each.used is not None), len(used))
    return [
        {
            "name": shift.name,
            "start": iso(shift.start),
            "end": iso(shift.end),
            "used": each.used,
            "starved_minutes": each.starved,
            "stopped_minutes": each.stopped,
            "running": shift.start <= now < shift.end,
        }
        for shift, each in zip(shifts[first:], used[first:], strict=True)
    ]


def quality(
    books: Books,
    tx: ReadTx,
    lines: Collection[str],
    part: str,
    shifts: Sequence[Shift],
    used: Sequence[Used],
) -> Row | None:
    """How far forecast and naive were off in the last finished shifts; null where none was.

    The forecast is the mean by the last plan before the shift; naive is what was used in the same
    shift a week before. Errors are sums of absolute errors over the sum used; ``bias`` is the sum
    of errors over it, above 0 when too much was forecast.
    """
    by_start = {shift.start: each for shift, each in zip(shifts, used, strict=True)}
    made_at = plans.made(tx)
    rows: list[Row] = []
    for shift in shifts[-JUDGED:]:
        actual, week = by_start[shift.start].used, by_start.get(shift.start - WEEK)
        made = None if actual is None else _mean_of(books, tx, made_at, lines, part, shift.start)
        if made is None:
            continue
        naive = None if week is None else week.used
        rows.append({"name": shift.name, "start": iso(shift.start), "used": actual})
        rows[-1] |= {"forecast": round(made, 1), "naive": naive}
    total = sum(row["used"] for row in rows)
    if not total:
        return None
    beside = [row for row in rows if row["naive"] is not None]
    return {
        "shifts": rows,
        "error": round(_off(rows, "forecast"), 4),
        "bias": round(sum(row["forecast"] - row["used"] for row in rows) / total, 4),
        "error_beside_naive": _rounded(beside, "forecast"),
        "naive_error": _rounded(beside, "naive"),
    }


def _rounded(rows: Sequence[Row], name: str) -> float | None:
    return round(_off(rows, name), 4) if sum(row["used"] for row in rows) else None


def _off(rows: Sequence[Row], name: str) -> float:
    total = sum(row["used"] for row in rows)
    return float(sum(abs(row[name] - row["used"]) for row in rows) / total)


def _mean_of(
    books: Books,
    tx: ReadTx,
    made_at: Sequence[tuple[datetime, str]],
    lines: Collection[str],
    part: str,
    start: datetime,
) -> float | None:
    before = [plan_id for at, plan_id in made_at if at <= start]
    if not before:
        return None
    means = forecast_of(books, tx, before[-1]).means(start)
    found = [means.get((line, part)) for line in lines]
    return None if not found or None in found else sum(each for each in found if each is not None)


def quantiles_of(frame: pl.DataFrame) -> Mapping[str, tuple[FloatArray, tuple[float, ...]]]:
    """Values of shape (step, quantile) and their levels, by line; steps as they follow."""
    found = {}
    for (line,), rows in frame.sort("period_start", "quantile").group_by("location_id"):
        levels = tuple(rows["quantile"].unique().sort().to_list())
        values = rows["demand"].to_numpy().reshape(-1, len(levels))
        found[str(line)] = (np.asarray(values, dtype=np.float64), levels)
    return found

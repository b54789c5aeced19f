"""Ledger -> demand frame: finished shifts and the running one. ``closing`` keeps the history."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Column, ColumnElement, Select, case, func, select

from supplynet.core.ledger import Account
from supplynet.core.network import Plant
from supplynet.core.protocols import Observed
from supplynet.core.sample_paths import FloatArray
from supplynet.core.shifts import Shift, day_and_name
from supplynet.cycle.announced import read_announced
from supplynet.cycle.live import Connected, SeriesKey, read_connected
from supplynet.cycle.standstill import standstills
from supplynet.cycle.wrong_records import left_out, without_wrong_records
from supplynet.frames.from_ledger import demand_of_shifts
from supplynet.frames.panel import panel_from_frame, shift_periods
from supplynet.storage import ReadTx
from supplynet.storage.history import read_history
from supplynet.storage.tables import movements


def ledger_demand(
    tx: ReadTx, plant: Plant, connected: Connected, start: datetime, end: datetime
) -> pl.DataFrame:
    """The demand frame of the shifts that lie in ``[start, end)``, from movements and events."""
    known_from = connected.known_from(plant)
    if not known_from:
        return demand_of_shifts(plant, {}, start, end, {}, {}, {})
    still = standstills(tx, plant, start, end)
    return demand_of_shifts(
        plant, known_from, start, end, used_by_shift(tx, start), still.starved, still.stopped
    )


def used_by_shift(
    tx: ReadTx,
    start: datetime,
    end: datetime | None = None,
    *,
    upto: int | None = None,
    part_id: str | None = None,
) -> Counter[tuple[str, str, str]]:
    """Consumed less taken back, by (line, part, shift id), of what occurred from ``start`` on.

    A late scan is counted to the shift that ended before it, so the end is usually open; ``upto``
    is the number of the last movement that counts; ``part_id`` leaves out other parts.
    """
    query = _used(start, movements.c.part_id, movements.c.shift_id)
    if end is not None:
        query = query.where(movements.c.occurred_at < end)
    if upto is not None:
        query = query.where(movements.c.seq <= upto)
    if part_id is not None:
        query = query.where(movements.c.part_id == part_id)
    return Counter(
        {
            (place, part, shift): int(sum_)
            for place, part, shift, sum_ in tx.connection.execute(query)
        }
    )


def amounts_after(tx: ReadTx, seen: int) -> dict[tuple[str, str, str], list[int]]:
    """Used, or < 0 given back, by each movement after ``seen``, by (line, part, shift id)."""
    line, amount, is_use = _use()
    query = select(line, movements.c.part_id, movements.c.shift_id, amount)
    query = query.where(movements.c.seq > seen, is_use).order_by(movements.c.seq)
    found: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for place, part, shift, quantity in tx.connection.execute(query):
        found[place, part, shift].append(int(quantity))
    return found


def used_by_line(tx: ReadTx, shift: Shift) -> Counter[str]:
    """Units of all parts that each line used in a shift, also by what was scanned after its end."""
    found: Counter[str] = Counter()
    for line, shift_id, sum_ in tx.connection.execute(_used(shift.start, movements.c.shift_id)):
        if day_and_name(shift_id) == day_and_name(shift.shift_id):
            found[line] += int(sum_)
    return found


def _used(start: datetime, *columns: Column[Any]) -> Select[Any]:
    """Consumed less taken back, by line and these columns."""
    line, amount, is_use = _use()
    return (
        select(line, *columns, func.sum(amount))
        .where(movements.c.occurred_at >= start, movements.c.shift_id.is_not(None))
        .where(is_use)
        .group_by(line, *columns)
    )


def _use() -> tuple[ColumnElement[str], ColumnElement[int], ColumnElement[bool]]:
    """Of a movement: the line, what it used or < 0 gave back, and whether it did either."""
    consumed = Account.CONSUMED.value
    goes_in = movements.c.to_account == consumed
    line = case((goes_in, movements.c.to_location), else_=movements.c.from_location)
    amount = case((goes_in, movements.c.quantity), else_=-movements.c.quantity)
    return line, amount, goes_in | (movements.c.from_account == consumed)


def observe(
    tx: ReadTx,
    history: Path,
    plant: Plant,
    series: tuple[SeriesKey, ...],
    *,
    since: datetime,
    now: datetime,
    unseen: bool = False,
) -> Observed:
    """What a forecaster may know beyond its own history: finished shifts and the running one.

    What a person has said was recorded wrongly is not observed; with ``unseen``, neither is what is
    odd and waits for an answer. What was announced of lines comes along, past and future.
    """
    calendar = plant.calendar_of(series[0][0])
    periods = [p for p in shift_periods(calendar, since, now) if p.end <= now]
    frame = read_history(history, start=since, end=now)
    panel = panel_from_frame(frame, periods)
    demand = np.full((len(series), len(periods)), np.nan)
    row = {name: index for index, name in enumerate(panel.series)}
    for index, name in enumerate(series):
        if name in row:
            demand[index] = panel.demand[row[name]]
    starts = tuple(period.start for period in periods)
    wrong = left_out(tx, now, unseen=unseen, since=since)
    announced = read_announced(tx, plant, since, now)
    return Observed(
        series=series,
        period_starts=starts,
        period_ends=tuple(period.end for period in periods),
        demand=without_wrong_records(wrong, series, starts, demand),
        running=_running(tx, plant, series, since, now),
        announced=announced if announced.by_line else None,
    )


def _running(
    tx: ReadTx, plant: Plant, series: Sequence[SeriesKey], since: datetime, now: datetime
) -> FloatArray | None:
    """Used so far in the running shift, NaN where that is not known: no report is not 0."""
    shift = plant.calendar_of(series[0][0]).shift_at(now)
    if shift is None or shift.start == now:
        return None
    known_from: Mapping[SeriesKey, datetime] = read_connected(tx, plant, since).known_from(plant)
    used: Counter[SeriesKey] = Counter()
    for (line, part, _), quantity in used_by_shift(tx, shift.start, now).items():
        used[line, part] += quantity
    still = standstills(tx, plant, shift.start, now)
    starved = {line for line, _ in series if still.starved[line, _shift_id(plant, line, now)]}
    known = [
        name in known_from and known_from[name] <= shift.start and name[0] not in starved
        for name in series
    ]
    return np.where(known, [max(float(used[name]), 0.0) for name in series], np.nan)


def _shift_id(plant: Plant, line: str, now: datetime) -> str:
    """Id of the shift that runs at a line; empty between shifts."""
    shift = plant.calendar_of(line).shift_at(now)
    return "" if shift is None else shift.shift_id

"""Ledger -> demand frame: finished shifts into the history, the running one as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Column, case, func, select

from supplynet.core.ledger import Account
from supplynet.core.network import Plant
from supplynet.core.protocols import Observed
from supplynet.core.sample_paths import FloatArray
from supplynet.cycle.live import Connected, SeriesKey, read_connected, write_connected
from supplynet.cycle.standstill import TYPES, standstills
from supplynet.errors import SnapshotMoved
from supplynet.frames.from_ledger import demand_of_shifts
from supplynet.frames.panel import panel_from_frame, shift_periods
from supplynet.storage import ReadTx, Store, values
from supplynet.storage.history import read_history, write_history
from supplynet.storage.tables import events, movements

CLOSED = "history_closed"
ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class _Closing:
    """How far the history follows the books."""

    connected: Connected
    until: datetime
    seen_events: int


def close_shifts(
    store: Store, history: Path, plant: Plant, *, since: datetime, now: datetime
) -> int:
    """Write the demand of finished shifts to ``history/ledger`` and return the rows written.

    Shifts that later events touch are written again, however late these come. Only series that
    report their use are written, from the first shift on that they reported as a whole: a plant
    whose consumption is imported gets no zeros from a ledger that never saw any.

    Args:
        store: The books.
        history: The workspace's ``history`` folder.
        plant: Its shifts.
        since: Kept at the first call: nothing before it is written, it was imported.
        now: Shifts that end later are not finished.

    Raises:
        SnapshotMoved: Others kept closing at the same time.
    """
    again: datetime | None = None
    for _ in range(ATTEMPTS):
        with store.read() as tx:
            known = values.get_value(tx, CLOSED)
            before = _closing(tx, plant, since, known)
            touched = _first_touched(tx, plant, before, known, now)
            starts = [start for start in (touched, again) if start is not None]
            if not starts:
                return 0
            after = replace(
                before, until=max(before.until, now), seen_events=_newest(tx, events.c.seq)
            )
            frame = ledger_demand(tx, plant, before.connected, min(starts), now)
        written = 0 if frame.is_empty() else write_history(history, "ledger", frame)
        if _keep(store, after, known):
            return written
        again = min(starts)  # ours may be the older rows, written over the newer ones
    raise SnapshotMoved(before.connected.seen, after.connected.seen)


def _closing(tx: ReadTx, plant: Plant, since: datetime, known: dict[str, Any] | None) -> _Closing:
    connected = read_connected(tx, plant, since)
    if known is None:
        return _Closing(connected=connected, until=connected.floor, seen_events=0)
    return _Closing(
        connected=connected,
        until=datetime.fromisoformat(known["until"]),
        seen_events=known["seen_events"],
    )


def _first_touched(
    tx: ReadTx, plant: Plant, closing: _Closing, known: dict[str, Any] | None, now: datetime
) -> datetime | None:
    """Start of the first shift to write (again); None when nothing has changed."""
    used = select(func.min(movements.c.occurred_at)).where(
        movements.c.seq > (0 if known is None else known["seen_movements"]),
        (movements.c.to_account == Account.CONSUMED.value)
        | (movements.c.from_account == Account.CONSUMED.value),
    )
    stood = select(func.min(events.c.occurred_at)).where(
        events.c.seq > closing.seen_events, events.c.type.in_([each.value for each in TYPES])
    )
    late = [moment for query in (used, stood) if (moment := tx.connection.scalar(query))]
    calendars = {plant.calendar_of(line.location_id) for line in plant.lines}
    ended = any(
        closing.until < shift.end <= now
        for calendar in calendars
        for shift in calendar.shifts_between(closing.until, now)
    )
    if not late and not ended:
        return None
    first = min([*late, closing.until])
    shifts = [shift for each in calendars if (shift := each.shift_of(first)) is not None]
    return min((shift.start for shift in shifts), default=first)


def _keep(store: Store, closing: _Closing, known: dict[str, Any] | None) -> bool:
    """Note how far the history is; False when somebody else has closed meanwhile."""
    told = {
        "until": closing.until.isoformat(),
        "seen_movements": closing.connected.seen,
        "seen_events": closing.seen_events,
    }
    with store.write("supplynet", closing.until, audited=False) as tx:
        if values.get_value(tx, CLOSED) != known:
            return False
        values.set_value(tx, CLOSED, told, audited=False)
        write_connected(tx, closing.connected)
    return True


def ledger_demand(
    tx: ReadTx, plant: Plant, connected: Connected, start: datetime, end: datetime
) -> pl.DataFrame:
    """The demand frame of the shifts that lie in ``[start, end)``, from movements and events."""
    known_from = connected.known_from(plant)
    if not known_from:
        return demand_of_shifts(plant, {}, start, end, {}, {}, {})
    still = standstills(tx, plant, start, end)
    return demand_of_shifts(
        plant, known_from, start, end, _used(tx, start), still.starved, still.stopped
    )


def _used(
    tx: ReadTx, start: datetime, end: datetime | None = None
) -> Counter[tuple[str, str, str]]:
    """Consumed less taken back, by (line, part, shift id), of what occurred from ``start`` on.

    A late scan is counted to the shift that ended before it, so the end is usually open.
    """
    consumed = Account.CONSUMED.value
    goes_in = movements.c.to_account == consumed
    line: Column[str] | Any = case(
        (goes_in, movements.c.to_location), else_=movements.c.from_location
    )
    amount = case((goes_in, movements.c.quantity), else_=-movements.c.quantity)
    query = (
        select(line, movements.c.part_id, movements.c.shift_id, func.sum(amount))
        .where(movements.c.occurred_at >= start, movements.c.shift_id.is_not(None))
        .where(goes_in | (movements.c.from_account == consumed))
        .group_by(line, movements.c.part_id, movements.c.shift_id)
    )
    if end is not None:
        query = query.where(movements.c.occurred_at < end)
    return Counter(
        {
            (place, part, shift): int(sum_)
            for place, part, shift, sum_ in tx.connection.execute(query)
        }
    )


def _newest(tx: ReadTx, seq: Column[int]) -> int:
    return tx.connection.scalar(select(func.max(seq))) or 0


def observe(
    tx: ReadTx,
    history: Path,
    plant: Plant,
    series: tuple[SeriesKey, ...],
    *,
    since: datetime,
    now: datetime,
) -> Observed:
    """What a forecaster may know beyond its own history: finished shifts and the running one."""
    calendar = plant.calendar_of(series[0][0])
    periods = [p for p in shift_periods(calendar, since, now) if p.end <= now]
    frame = read_history(history, start=since, end=now)
    panel = panel_from_frame(frame, periods)
    demand = np.full((len(series), len(periods)), np.nan)
    row = {name: index for index, name in enumerate(panel.series)}
    for index, name in enumerate(series):
        if name in row:
            demand[index] = panel.demand[row[name]]
    return Observed(
        series=series,
        period_starts=tuple(period.start for period in periods),
        period_ends=tuple(period.end for period in periods),
        demand=demand,
        running=_running(tx, plant, series, since, now),
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
    for (line, part, _), quantity in _used(tx, shift.start, now).items():
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

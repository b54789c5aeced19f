"""Ledger -> history: what lines used in finished shifts, month by month, as the books know it.

The history follows the books by a watermark: the newest movement and event that it has seen. It
can be thrown away and made again, and it can be held against the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Column, func, select

from supplynet.core.ledger import Account
from supplynet.core.network import Plant
from supplynet.cycle.demand import amounts_after, ledger_demand, used_by_shift
from supplynet.cycle.live import Connected, read_connected, write_connected
from supplynet.cycle.standstill import TYPES
from supplynet.errors import SnapshotMoved
from supplynet.storage import ReadTx, Store, values
from supplynet.storage.history import changed_rows, read_history, replace_history, write_history
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

    Shifts that later events touch are looked at again, however late these come, with those after
    them, for a line that was thought to stand still may have run; only rows that are other than
    before are written, so a late event opens the month of its own shift alone. Only series that
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
        news = changed_rows(history, "ledger", frame)
        if not news.is_empty():
            write_history(history, "ledger", news)
        if _keep(store, after, known):
            return news.height
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


def rebuild_history(
    store: Store, history: Path, plant: Plant, *, since: datetime, now: datetime
) -> int:
    """Throw ``history/ledger`` away and make it again from every movement; returns its rows.

    The shifts are those of today's calendars. Rows of lines that the plant no longer has stay:
    nobody can say any more when these worked.

    Raises:
        SnapshotMoved: Others kept closing at the same time.
    """
    for _ in range(ATTEMPTS):
        with store.read() as tx:
            known = values.get_value(tx, CLOSED)
            before = _closing(tx, plant, since, known)
            before = replace(before, connected=read_connected(tx, plant, since, anew=True))
            after = replace(
                before, until=max(before.until, now), seen_events=_newest(tx, events.c.seq)
            )
            frame = ledger_demand(tx, plant, after.connected, after.connected.floor, after.until)
        there = read_history(history, kind="ledger")
        gone = ~pl.col("location_id").is_in([line.location_id for line in plant.lines])
        rows = pl.concat([there.filter(gone), frame])
        replace_history(history, "ledger", rows)
        if _keep(store, after, known):
            return rows.height
    raise SnapshotMoved(before.connected.seen, after.connected.seen)


def history_faults(tx: ReadTx, history: Path, plant: Plant) -> list[str]:
    """Where ``history/ledger`` differs from the ledger, in sentences; nothing when it is right.

    Of movements that came after the last closing the first ones may be in it: a closing that was
    killed between the files and the books is done again by the next one.
    """
    known = values.get_value(tx, CLOSED)
    there = read_history(history, kind="ledger")
    if known is None:
        return list(_never_said(tx, plant, there))
    closing = _closing(tx, plant, datetime.fromisoformat(known["until"]), known)
    return list(_differences(tx, plant, closing, there, known["seen_movements"]))


def _never_said(tx: ReadTx, plant: Plant, there: pl.DataFrame) -> Iterator[str]:
    """Where the history cannot be that of a first closing, which the books do not know of yet."""
    if there.is_empty():
        return
    later = amounts_after(tx, 0)
    lines = {line.location_id for line in plant.lines}
    columns = ("location_id", "part_id", "period_start", "consumed")
    for line, part, start, consumed in there.select(*columns).iter_rows():
        shift = plant.calendar_of(line).shift_of(start) if line in lines else None
        key = (line, part, "" if shift is None else shift.shift_id)
        if shift is None or consumed not in _sums(later.get(key, ()), 0):
            yield (
                f"history of {line}/{part} from {start:%Y-%m-%d %H:%MZ} on says {consumed}, the "
                "ledger never did; run supplynet history rebuild"
            )


def _sums(amounts: Iterable[int], total: int) -> set[int]:
    """What was used in a shift after each of some movements, where it was ``total`` before them."""
    return {max(each, 0) for each in accumulate(amounts, initial=total)}


def _differences(
    tx: ReadTx, plant: Plant, closing: _Closing, there: pl.DataFrame, seen: int
) -> Iterator[str]:
    floor = closing.connected.floor
    stored = {
        (line, part, start): consumed
        for line, part, start, consumed in there.select(
            "location_id", "part_id", "period_start", "consumed"
        ).iter_rows()
    }
    then, now = used_by_shift(tx, floor, upto=seen), used_by_shift(tx, floor)
    known_from = closing.connected.known_from(plant)
    shifts = {
        line: plant.calendar_of(line).shifts_between(floor, closing.until)
        for line in {name[0] for name in known_from}
    }
    later: dict[tuple[str, str, str], list[int]] | None = None
    for (line, part), since in sorted(known_from.items()):
        for shift in shifts[line]:
            if shift.start < max(since, floor) or shift.end > closing.until:
                continue
            has = stored.get((line, part, shift.start))
            key = (line, part, shift.shift_id)
            right = [max(each[key], 0) for each in (then, now)]
            if has in right or (has is None and closing.connected.seen > seen):
                continue
            if right[0] != right[1]:
                later = amounts_after(tx, seen) if later is None else later
                if has in _sums(later.get(key, ()), then[key]):
                    continue
            yield (
                f"history of {line}/{part} in {shift.shift_id} says {has}, the ledger "
                f"{right[0]}; run supplynet history rebuild"
            )


def _newest(tx: ReadTx, seq: Column[int]) -> int:
    return tx.connection.scalar(select(func.max(seq))) or 0

"""Finished shifts -> anomalies: scored as they end, kept in the books, told to people.

The last shifts are looked at again whenever the history has changed, for late events change them.
Twice changes nothing, and what was killed is done by the next look. A trouble of the detector
stops no plan, and none of what needs no detector.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog

from supplynet.core.network import Plant
from supplynet.cycle.announced import read_announced
from supplynet.cycle.counted_since import CountedAt, counted_parts, counts_since
from supplynet.cycle.incident_rows import Finding, reconcile
from supplynet.cycle.judging import Judgement, Watcher, judge_shifts, last_shift_end
from supplynet.cycle.order_holding import followed, what_is_held
from supplynet.cycle.phantom_stock import phantom_stock
from supplynet.cycle.wrong_records import WAITS
from supplynet.errors import HistoryTooShort
from supplynet.storage import ReadTx, Store, WriteTx, alerts, anomalies, values
from supplynet.storage import events as event_rows
from supplynet.storage.alerts import AlertCause, Severity
from supplynet.storage.anomalies import Anomaly, AnomalyState

log = structlog.get_logger()
ANOMALY: Final = "anomaly"
TROUBLE: Final = "anomaly_watch"
KINDS = (ANOMALY, TROUBLE)
"""Kinds of alerts that this opens and closes."""
UNANSWERED = f"nobody answered within {WAITS.days} days of its end"
COUNTED = "the parts were counted since"
WATCHED: Final = "anomalies_watched"
"""Value in the books: how far was looked."""
ANNOUNCED_WITHIN = timedelta(days=120)
"""How far back it is looked for announcements: as far as a detector looks."""
MOST_TOLD = 50
"""Alerts that are open at once; so many in a few days are no news of lines, they are one of the
detector. The others wait in the list, and one alert says how many there are."""
Mark = dict[str, Any]
_OF_HISTORY = ("until", "written")


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What a look has found; nothing was judged where no shift and no record is new.

    Attributes:
        known: How far the look before went; None before the first.
        mark: How far this one goes.
        phantoms: Parts that lines lack against the books.
        trouble: Why the shifts could not be judged, or what the watcher warns of; None = they did
            not have to be, and what was told before stands.
    """

    known: Mark | None
    mark: Mark
    judged: Judgement
    phantoms: Sequence[Finding]
    trouble: str | None


def watch(
    store: Store, history: Path, plant: Plant, watcher: Watcher, *, actor: str, now: datetime
) -> list[Anomaly]:
    """Score what has finished, keep what is odd, and open or close its alerts.

    Returns:
        Anomalies that are new or other than before.
    """
    changed: list[Anomaly] = []
    trouble: str | None
    try:
        changed, trouble = _watch(store, history, plant, watcher, actor=actor, now=now)
    except Exception as error:  # noqa: BLE001 - whatever it is, the plan goes on
        trouble = _trouble_of(error)
    try:
        if trouble is not None:
            _tell_trouble(store, trouble, actor=actor, now=now)
    except Exception:
        log.exception("the trouble with anomalies cannot be told")
    return changed


def tell(tx: WriteTx) -> None:
    """Make the open alerts those of what waits for an answer."""
    alerts.set_open_alerts(tx, causes(anomalies.open_ones(tx)), kinds=[ANOMALY])


def causes(waiting: Iterable[Anomaly]) -> list[AlertCause]:
    """One alert for all that waits for an answer about one part, or about several of a line.

    Of more than ``MOST_TOLD`` those are told that hold something back, then the oldest and rarest.
    """
    found: dict[tuple[str, str | None], list[Anomaly]] = {}
    for row in sorted(waiting, key=lambda row: (not row.held, row.seen_at, row.p_value)):
        part = row.parts[0] if len(row.parts) == 1 else None
        found.setdefault((row.location_id, part), []).append(row)
    told = [
        AlertCause(
            severity=Severity.WARNING,
            kind=ANOMALY,
            message=" ".join(f"{row.sentence}{what_is_held(row)}" for row in rows),
            location_id=line,
            part_id=part,
        )
        for (line, part), rows in found.items()
    ]
    return [*told[:MOST_TOLD], *_rest(len(told) - MOST_TOLD)]


def _rest(count: int) -> list[AlertCause]:
    """One alert for all that are not told one by one."""
    if count <= 0:
        return []
    told = (
        f"{count:,} more oddities wait for an answer, see supplynet anomalies list. So many at "
        "once say that the detector no longer knows what is usual, or that a whole feed is wrong: "
        "look at the feed, or train a detector anew (supplynet detect --retrain)."
    )
    return [AlertCause(severity=Severity.WARNING, kind=ANOMALY, message=told)]


def _watch(
    store: Store, history: Path, plant: Plant, watcher: Watcher, *, actor: str, now: datetime
) -> tuple[list[Anomaly], str | None]:
    if not watcher.alarms_per_week:
        _stop_watching(store, actor=actor, now=now)
        return [], ""
    look = _look(store, history, plant, watcher, now)
    with store.read() as tx:
        if not _anything_new(tx, plant, look, now):
            return [], look.trouble
    with store.write(actor, now) as tx:
        if values.get_value(tx, WATCHED) != look.known:
            return [], None  # another process has looked meanwhile
        changed, known = _changes(tx, plant, look, now)
        for row in changed:
            write = anomalies.revise if row.anomaly_id in known else anomalies.add
            write(tx, row)
        values.set_value(tx, WATCHED, look.mark, audited=False)
        tell(tx)
    return changed, look.trouble


def _look(store: Store, history: Path, plant: Plant, watcher: Watcher, now: datetime) -> _Look:
    with store.read() as tx:
        known = values.get_value(tx, WATCHED)
        phantoms = phantom_stock(
            tx, plant, after_seq=0 if known is None else known["event"], now=now
        )
        newest = event_rows.newest_seq(tx)
    end = last_shift_end(plant, now)
    mark = {
        "until": None if end is None else end.isoformat(),
        "written": _written_at(history),
        "event": newest,
    }
    judged, trouble = Judgement(), None
    if not _same_history(known, mark):
        try:
            with store.read() as tx:
                announced = read_announced(tx, plant, now - ANNOUNCED_WITHIN, now)
            judged = judge_shifts(history, plant, watcher, now, announced)
            trouble = watcher.warning()
        except Exception as error:  # noqa: BLE001 - counts and phantom stock need no detector
            trouble = _trouble_of(error)
            mark |= {name: (known or {}).get(name) for name in _OF_HISTORY}  # tried again
    return _Look(known=known, mark=mark, judged=judged, phantoms=phantoms, trouble=trouble)


def _trouble_of(error: Exception) -> str:
    if isinstance(error, HistoryTooShort):  # a plant that has just begun: nothing is usual yet
        log.info("anomalies are not watched yet", reason=str(error))
        return ""
    log.error("anomalies are not watched", exc_info=error)
    return f"Anomalies are not watched: {type(error).__name__}: {error}"


def _anything_new(tx: ReadTx, plant: Plant, look: _Look, now: datetime) -> bool:
    changed, _ = _changes(tx, plant, look, now)
    if changed or not _same_history(look.known, look.mark):
        return True
    told = {
        (each.open_key, each.message) for each in alerts.open_alerts(tx) if each.kind == ANOMALY
    }
    wanted = causes(anomalies.open_ones(tx))
    return told != {(each.open_key, each.message) for each in wanted}


def _changes(
    tx: ReadTx, plant: Plant, look: _Look, now: datetime
) -> tuple[list[Anomaly], set[str]]:
    """Rows that are new or other than before, and the ids of those that are known."""
    judged_from = look.judged.judged_from
    known = anomalies.since(tx, (judged_from or now) - WAITS)
    waiting = [row.end for row in known if not row.is_answered]
    counts = counts_since(tx, min(waiting, default=now))
    followed_up = [_followed(tx, plant, row, counts) for row in known]
    after = {row.anomaly_id: row for row in followed_up} | {
        row.anomaly_id: row
        for row in reconcile(
            followed_up,
            [*look.judged.findings, *look.phantoms],
            judged_from=judged_from,
            ended=lambda row: _why_over(plant, row, counts, now),
            now=now,
        )
    }
    before = {row.anomaly_id: row for row in known}
    changed = [row for name, row in after.items() if before.get(name) != row]
    return changed, set(before)


def _why_over(plant: Plant, row: Anomaly, counts: CountedAt, now: datetime) -> str:
    """Why it waits for no answer any more: books are right again after a count; "" = it waits."""
    if row.ongoing:
        return ""
    if counted_parts(plant, row, counts) == {*row.parts}:
        return COUNTED
    return UNANSWERED if now - row.end > WAITS else ""


def _followed(tx: ReadTx, plant: Plant, row: Anomaly, counts: CountedAt) -> Anomaly:
    if row.state is not AnomalyState.OPEN:
        return row
    return followed(tx, row, counted_parts(plant, row, counts))


def _same_history(known: Mark | None, mark: Mark) -> bool:
    return known is not None and all(known[name] == mark[name] for name in _OF_HISTORY)


def _written_at(history: Path) -> int:
    """When a month was last written, in nanoseconds; 0 without history."""
    return max((file.stat().st_mtime_ns for file in history.glob("*/????-??.parquet")), default=0)


def _stop_watching(store: Store, *, actor: str, now: datetime) -> None:
    with store.read() as tx:
        told = any(each.kind == ANOMALY for each in alerts.open_alerts(tx))
    if told:
        with store.write(actor, now) as tx:
            alerts.set_open_alerts(tx, [], kinds=[ANOMALY])


def _tell_trouble(store: Store, trouble: str, *, actor: str, now: datetime) -> None:
    found = [AlertCause(severity=Severity.WARNING, kind=TROUBLE, message=trouble)]
    wanted = found if trouble else []
    with store.read() as tx:
        known = [each.message for each in alerts.open_alerts(tx) if each.kind == TROUBLE]
    if known != [cause.message for cause in wanted]:
        with store.write(actor, now) as tx:
            alerts.set_open_alerts(tx, wanted, kinds=[TROUBLE])

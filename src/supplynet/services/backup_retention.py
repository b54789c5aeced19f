"""What the books know of backups: which were made, which may go, and whether one is overdue."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from supplynet.monitor.grid import iso
from supplynet.storage import ReadTx, WriteTx, values
from supplynet.storage.alerts import AlertCause, Severity

KEY = "backups"
"""Value of the books: ``{"made": {name: ...}, "since", "last", "failed_at", "error"}``."""
WEEKS = 8
"""For so many weeks one backup a week is kept, beside the newest."""
FAILED, OVERDUE = "backup_failed", "backup_overdue"
KINDS = (FAILED, OVERDUE)
FIRST_AFTER = timedelta(minutes=10)
"""When the first backup of a workspace is made, after it was first served."""
RETRY_AFTER = timedelta(hours=1)
Rows = dict[str, dict[str, Any]]


def made(tx: ReadTx) -> Rows:
    """The scheduled backups by name: ``made_at``, ``size``, ``change``, ``sealed``."""
    return dict(_state(tx).get("made", {}))


def last(tx: ReadTx) -> datetime | None:
    """When the last good scheduled backup was made; None before the first."""
    return _moment(_state(tx), "last")


def note_made(tx: WriteTx, name: str, made_at: datetime, told: Mapping[str, Any]) -> None:
    """Keep that a scheduled backup was made: what failed before it is over."""
    state = _state(tx)
    rows = {**state.get("made", {}), name: {"made_at": iso(made_at), **told}}
    _keep(tx, {**state, "made": rows, "last": iso(made_at), "failed_at": None, "error": ""})


def note_failed(tx: WriteTx, error: str) -> None:
    """Keep that a scheduled backup failed, and why."""
    _keep(tx, {**_state(tx), "failed_at": iso(tx.now), "error": error})
    tx.note("backup_failed", "", reason=error)


def note_served(tx: WriteTx) -> None:
    """Keep since when backups are expected, where none is yet."""
    _keep(tx, {"since": iso(tx.now), **_state(tx)})


def forget(tx: WriteTx, names: Collection[str]) -> None:
    """Drop backups whose files are gone."""
    state = _state(tx)
    rows = {name: row for name, row in state.get("made", {}).items() if name not in names}
    _keep(tx, {**state, "made": rows})


def superfluous(good: Mapping[str, datetime], *, keep: int, now: datetime) -> list[str]:
    """Names of the good backups that may go, the oldest first.

    The newest ``keep`` stay, and of each week the newest of those that are older, for eight weeks.
    """
    newest = sorted(good, key=lambda name: in_order(good[name], name), reverse=True)
    stay, weeks = set(newest[: max(keep, 1)]), set[tuple[int, int]]()
    for name in newest[max(keep, 1) :]:
        week = good[name].isocalendar()[:2]
        if now - good[name] <= timedelta(weeks=WEEKS) and week not in weeks:
            weeks.add(week)
            stay.add(name)
    return [name for name in reversed(newest) if name not in stay]


def in_order(made_at: datetime | str, name: str) -> tuple[datetime | str, int, str]:
    """Sorts backups by age; of one second the one with the number 10 comes after that with 9."""
    return made_at, len(name), name


def is_expected(tx: ReadTx) -> bool:
    """Whether the books say since when backups are expected."""
    return _moment(_state(tx), "since") is not None


def is_due(tx: ReadTx, now: datetime, every: timedelta) -> bool:
    """Whether a backup should be made now; after a failure an hour is waited."""
    state = _state(tx)
    since, at, failed = (_moment(state, name) for name in ("since", "last", "failed_at"))
    if failed is not None and now - failed < RETRY_AFTER:
        return False
    if at is None:
        return since is not None and now - since >= FIRST_AFTER
    return now - at >= every


def causes(tx: ReadTx, now: datetime, every: timedelta) -> list[AlertCause]:
    """Alerts: the last backup failed; none was made for twice the time between two."""
    state = _state(tx)
    found = []
    if state.get("failed_at"):
        message = f"The backup failed: {state['error']}. It is tried again every hour."
        found.append(AlertCause(severity=Severity.WARNING, kind=FAILED, message=message))
    reference = _moment(state, "last") or _moment(state, "since")
    if reference is not None and now - reference > 2 * every:
        which = "The last backup is of" if state.get("last") else "No backup was made since"
        message = f"{which} {iso(reference)}; see supplynet backups list and the server's log."
        found.append(AlertCause(severity=Severity.WARNING, kind=OVERDUE, message=message))
    return found


def _state(tx: ReadTx) -> dict[str, Any]:
    return dict(values.get_value(tx, KEY) or {})


def _keep(tx: WriteTx, state: Mapping[str, Any]) -> None:
    values.set_value(tx, KEY, dict(state), audited=False)


def _moment(state: Mapping[str, Any], name: str) -> datetime | None:
    said = state.get(name)
    return None if said is None else datetime.fromisoformat(said)

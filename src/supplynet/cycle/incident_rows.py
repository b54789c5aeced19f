"""Incidents that were found -> rows of the books: one row per incident, however often it is found.

An incident is the same when line, parts and time overlap or touch. One that a person has answered
stays answered while it is the same; what was called wrong, and goes on, is asked about again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from supplynet.anomaly.calibrated import Scored
from supplynet.anomaly.incident import Incident, Kind
from supplynet.core.ids import uuid7
from supplynet.frames.panel import Panel
from supplynet.storage.anomalies import Anomaly, AnomalyState

CORRECTED = "later reports have changed the record"
_ONCE = {Kind.SPIKE, Kind.DROP, Kind.UNUSUAL}
Ended = Callable[[Anomaly], str]
"""Why an incident that nobody answered waits for no answer any more; "" = it does."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """An incident as it was just found.

    Attributes:
        sizes: Parts beyond what was expected, by part.
        version: Of the detector.
    """

    incident: Incident
    sizes: dict[str, float]
    version: str


def finding(incident: Incident, panel: Panel, scored: Scored, version: str) -> Finding:
    """An incident with its size split over its parts."""
    if len(incident.parts) == 1:
        return Finding(incident=incident, sizes={incident.parts[0]: incident.size}, version=version)
    judged = scored.judged.expected.shape[1]
    near = panel.tail(judged)
    inside = [incident.start <= period.start < incident.end for period in near.periods]
    beyond = np.nan_to_num(near.demand - scored.judged.expected)[:, inside].sum(axis=1)
    row = {name: index for index, name in enumerate(near.series)}
    sizes = {part: float(beyond[row[incident.location_id, part]]) for part in incident.parts}
    return Finding(incident=incident, sizes=sizes, version=version)


def reconcile(
    known: Sequence[Anomaly],
    found: Iterable[Finding],
    *,
    judged_from: datetime | None,
    ended: Ended,
    now: datetime,
) -> list[Anomaly]:
    """Rows that are new or other than before.

    Args:
        known: Rows that the findings may be of, the oldest first.
        found: All that is odd from ``judged_from`` on.
        judged_from: What began there or later and is not found any more, later reports have made
            usual; None = nothing was judged.
        ended: Says what waits for no answer any more.
        now: When a new one is first seen.
    """
    rows = {row.anomaly_id: row for row in known}
    touched: set[str] = set()
    for each in sorted(found, key=lambda one: (one.incident.start, one.incident.parts)):
        left = [row for name, row in rows.items() if name not in touched]
        row = _same(left, each.incident)
        after = _new(each, now) if row is None else _updated(row, each, judged_from)
        rows[after.anomaly_id] = after
        touched.add(after.anomaly_id)
    for name, row in rows.items():
        if row.is_answered:
            continue
        if name in touched or row.state is AnomalyState.OPEN:
            unseen = name not in touched and _is_judged(row, judged_from)
            gone = unseen and judged_from is not None and row.start >= judged_from
            # What began before all that was judged, and is not found any more, has ended.
            now_is = replace(row, ongoing=False) if unseen else row
            rows[name] = _settled(now_is, CORRECTED if gone else ended(now_is))
    before = {row.anomaly_id: row for row in known}
    return [row for name, row in rows.items() if before.get(name) != row]


def _same(rows: Iterable[Anomaly], incident: Incident) -> Anomaly | None:
    """The row of an incident; one that waits for an answer before one that has it."""
    wanted = (incident.start, incident.parts)

    def order(row: Anomaly) -> tuple[bool, bool, datetime, str]:
        is_other = (row.start, row.parts) != wanted
        return row.is_answered, is_other, row.seen_at, row.anomaly_id

    return min((row for row in rows if _is_same(row, incident)), key=order, default=None)


def _is_same(row: Anomaly, incident: Incident) -> bool:
    by_rule = (row.kind is Kind.PHANTOM_STOCK, incident.kind is Kind.PHANTOM_STOCK)
    return (
        row.location_id == incident.location_id
        and by_rule[0] == by_rule[1]
        and not set(row.parts).isdisjoint(incident.parts)
        and row.start <= incident.end
        and incident.start <= row.end
        and not _has_outgrown(row, incident)
    )


def _has_outgrown(row: Anomaly, incident: Incident) -> bool:
    """Whether it goes on beyond what somebody called wrong, so that this is to be asked again.

    A wrong record is no part of what models learn, and nobody has said that of what came after.
    Only of a fault that lasts (a dead counter, every booking twice) one answer is enough.
    """
    if row.state is not AnomalyState.WRONG_RECORD or incident.end <= row.end:
        return False
    return incident.kind is not row.kind or row.kind in _ONCE


def _is_judged(row: Anomaly, judged_from: datetime | None) -> bool:
    """Whether a look at the shifts would have found it, if it were there still."""
    return judged_from is not None and row.kind is not Kind.PHANTOM_STOCK


def _settled(row: Anomaly, why: str) -> Anomaly:
    if not why:
        return replace(row, state=AnomalyState.OPEN, note="")
    return replace(row, state=AnomalyState.OVER, note=why)


def _new(found: Finding, now: datetime) -> Anomaly:
    told = found.incident
    rng = random.Random(f"{told.location_id} {told.parts} {told.start}")  # noqa: S311 - an id
    return Anomaly(
        anomaly_id=uuid7(now, rng),
        location_id=told.location_id,
        parts=told.parts,
        start=told.start,
        end=told.end,
        periods=told.periods,
        kind=told.kind,
        size=told.size,
        sizes=found.sizes,
        expected=told.expected,
        observed=told.observed,
        p_value=told.p_value,
        score=told.score,
        sentence=told.sentence,
        ongoing=told.ongoing,
        detector_version=found.version,
        seen_at=now,
    )


def _updated(row: Anomaly, found: Finding, judged_from: datetime | None) -> Anomaly:
    """The row as it is now. Of one that began before all that was judged, only the end is news."""
    fresh = _new(found, row.seen_at)
    older = judged_from is not None and row.start < judged_from
    if older and fresh.end <= row.end:
        return replace(row, ongoing=fresh.ongoing)
    after = replace(
        fresh,
        anomaly_id=row.anomaly_id,
        state=row.state,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
        note=row.note,
        ordered=row.ordered,
        held=row.held,
    )
    if not older:
        return after
    return replace(after, start=row.start, periods=max(row.periods, fresh.periods))

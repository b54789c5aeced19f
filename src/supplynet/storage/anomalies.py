"""Anomalies: one row per incident, updated while it goes on, and what people say of it.

What the detector changes goes to the change feed; answers go to the audit log too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Text, cast, func, insert, select, update

from supplynet.anomaly.incident import Kind
from supplynet.errors import InvalidInput, NotFound
from supplynet.storage.tables import anomalies as table
from supplynet.storage.transaction import ReadTx, WriteTx
from supplynet.storage.within import Within, lies_in

CHANGE: Final = "anomaly"
"""Kind of the changes in the feed."""


class AnomalyState(StrEnum):
    """What is known of an incident: nobody has said anything yet, or what somebody said."""

    OPEN = "open"
    OVER = "over"
    REAL = "real"
    WRONG_RECORD = "wrong_record"
    DISMISSED = "dismissed"


ANSWERS = (AnomalyState.REAL, AnomalyState.WRONG_RECORD, AnomalyState.DISMISSED)
"""It truly happened; the record is wrong; not worth a question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An order of which automation has not sent all.

    Attributes:
        quantity: What the books asked for, in parts.
        released: What went of it, 0 to ``quantity``.
    """

    order_id: str
    part_id: str
    quantity: int
    released: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """An incident in the books; what is not said here is as in ``anomaly.incident.Incident``.

    Attributes:
        sizes: Parts beyond what was expected, by part; they add up to ``size``.
        detector_version: That found it, or ``rule``.
        seen_at: When it was first found.
        note: What the person said, or why it is over.
        ordered: Parts that automation has sent in spite of it, by part: see ``excess_left``.
        held: Orders of which a rest waits for the answer.
    """

    anomaly_id: str
    location_id: str
    parts: tuple[str, ...]
    start: datetime
    end: datetime
    periods: int
    kind: Kind
    size: float
    sizes: Mapping[str, float]
    expected: float
    observed: float
    p_value: float
    score: float
    sentence: str
    ongoing: bool
    detector_version: str
    seen_at: datetime
    state: AnomalyState = AnomalyState.OPEN
    answered_by: str | None = None
    answered_at: datetime | None = None
    note: str = ""
    ordered: Mapping[str, float] = field(default_factory=dict)
    held: tuple[Held, ...] = ()

    @property
    def is_answered(self) -> bool:
        """Whether a person has said what it is."""
        return self.state in ANSWERS

    def excess(self, part_id: str) -> float:
        """Parts above what was expected that were not ordered yet, >= 0."""
        return max(0.0, self.sizes.get(part_id, 0.0) - self.ordered.get(part_id, 0.0))


_FIELDS = tuple(each.name for each in fields(Anomaly))


def add(tx: WriteTx, anomaly: Anomaly) -> Anomaly:
    """Write a new one."""
    tx.connection.execute(insert(table).values(**_row(anomaly)))
    tx.change(CHANGE, anomaly.anomaly_id)
    return anomaly


def revise(tx: WriteTx, after: Anomaly) -> Anomaly:
    """Write a known one as it is now; nothing happens where nothing is other than before."""
    before = _row(get(tx, after.anomaly_id))
    news = {name: value for name, value in _row(after).items() if value != before[name]}
    if news:
        same = table.c.anomaly_id == after.anomaly_id
        tx.connection.execute(update(table).where(same).values(**news))
        tx.change(CHANGE, after.anomaly_id)
    return after


def answer(tx: WriteTx, anomaly_id: str, state: AnomalyState, *, note: str = "") -> Anomaly:
    """Say what it is; who thinks better of it answers again.

    Raises:
        NotFound: There is no such anomaly.
        InvalidInput: ``state`` is no answer.
    """
    if state not in ANSWERS:
        raise InvalidInput(f"{state} is no answer; say one of {', '.join(ANSWERS)}")
    before = get(tx, anomaly_id)
    after = replace(before, state=state, note=note, answered_by=tx.actor, answered_at=tx.now)
    tx.note(
        "anomaly_answered",
        anomaly_id,
        before={"state": before.state.value, "note": before.note},
        after={"state": state.value, "sentence": before.sentence},
        reason=note,
    )
    return revise(tx, after)


def get(tx: ReadTx, anomaly_id: str, within: Within = None) -> Anomaly:
    """One anomaly; ``within`` some places only, of which it is at one.

    Raises:
        NotFound: There is none with this id.
    """
    query = select(table).where(table.c.anomaly_id == anomaly_id, *_at(within))
    row = tx.connection.execute(query).mappings().first()
    if row is None:
        raise NotFound("anomaly", anomaly_id, "see supplynet anomalies list")
    return _anomaly(row)


def open_ones(tx: ReadTx) -> list[Anomaly]:
    """What waits for an answer, the oldest first."""
    query = select(table).where(table.c.state == AnomalyState.OPEN.value)
    return _all(tx, query.order_by(table.c.seen_at, table.c.anomaly_id))


def since(tx: ReadTx, moment: datetime) -> list[Anomaly]:
    """What waits for an answer, or ended at this moment or later; the oldest first."""
    query = select(table).where(
        (table.c.state == AnomalyState.OPEN.value) | (table.c.end >= moment)
    )
    return _all(tx, query.order_by(table.c.seen_at, table.c.anomaly_id))


def wrong_records(tx: ReadTx, moment: datetime | None = None) -> list[Anomaly]:
    """Those whose records are wrong, as somebody said; that ended after ``moment`` if given."""
    query = select(table).where(
        table.c.state == AnomalyState.WRONG_RECORD.value,
        table.c.kind != Kind.PHANTOM_STOCK.value,
    )
    if moment is not None:
        query = query.where(table.c.end > moment)
    return _all(tx, query.order_by(table.c.start, table.c.anomaly_id))


def list_anomalies(
    tx: ReadTx,
    *,
    states: Collection[AnomalyState] | None = None,
    location_id: str | None = None,
    part_id: str | None = None,
    ending_after: datetime | None = None,
    within: Within = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 1000,
) -> list[Anomaly]:
    """Anomalies, the last seen first; all conditions given must hold.

    ``within`` leaves out what is at none of its places; ``before`` is ``(seen_at, anomaly_id)`` of
    the last one seen, for the page after it.
    """
    order = (table.c.seen_at.desc(), table.c.anomaly_id.desc())
    query = select(table).where(*_at(within)).order_by(*order).limit(limit)
    if states is not None:
        query = query.where(table.c.state.in_([state.value for state in states]))
    if location_id is not None:
        query = query.where(table.c.location_id == location_id)
    if part_id is not None:  # an id has no quotes; LIKE would not tell upper from lower case
        parts = cast(table.c.parts, Text)
        query = query.where(func.replace(parts, f'"{part_id}"', "") != parts)
    if ending_after is not None:
        query = query.where(table.c.end > ending_after)
    if before is not None:
        at, anomaly_id = before
        same = (table.c.seen_at == at) & (table.c.anomaly_id < anomaly_id)
        query = query.where((table.c.seen_at < at) | same)
    return _all(tx, query)


def _at(within: Within) -> list[ColumnElement[bool]]:
    return [] if within is None else [lies_in(within, table.c.location_id)]


def _all(tx: ReadTx, query: Any) -> list[Anomaly]:
    return [_anomaly(row) for row in tx.connection.execute(query).mappings()]


def _row(anomaly: Anomaly) -> dict[str, Any]:
    row = {name: getattr(anomaly, name) for name in _FIELDS}
    held = [{each.name: getattr(one, each.name) for each in fields(Held)} for one in anomaly.held]
    return row | {
        "parts": list(anomaly.parts),
        "kind": anomaly.kind.value,
        "state": anomaly.state.value,
        "sizes": dict(anomaly.sizes),
        "ordered": dict(anomaly.ordered),
        "held": held,
    }


def _anomaly(row: RowMapping) -> Anomaly:
    values = {name: row[name] for name in _FIELDS}
    return Anomaly(
        **values
        | {
            "parts": tuple(row["parts"]),
            "kind": Kind(row["kind"]),
            "state": AnomalyState(row["state"]),
            "held": tuple(Held(**each) for each in row["held"]),
        }
    )

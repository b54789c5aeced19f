"""Phantom stock, by rule: the line says that there is none, the books say that there is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select

from supplynet.anomaly.incident import Incident, Kind
from supplynet.core.events import EventType
from supplynet.core.ledger import Account
from supplynet.core.moments import moment_at
from supplynet.core.network import Plant
from supplynet.cycle.incident_rows import Finding
from supplynet.storage import ReadTx, ledger
from supplynet.storage.tables import events, movements

RULE = "rule"
"""Stands where the version of a detector does."""
LOOK_BACK = timedelta(days=3)
"""Reports of longer ago are no reason to count."""


def phantom_stock(tx: ReadTx, plant: Plant, *, after_seq: int, now: datetime) -> list[Finding]:
    """Parts that lines said they lack while a container or more should lie at their stock point.

    Args:
        tx: The books.
        plant: Says where lines draw from, and how large containers are.
        after_seq: Events up to this number were looked at before.
        now: Reports of long before are left out.
    """
    query = (
        select(events.c.location_id, events.c.part_id, events.c.occurred_at, events.c.data)
        .where(events.c.seq > after_seq, events.c.type == EventType.LINE_STARVED.value)
        .where(events.c.occurred_at > now - LOOK_BACK)
        .order_by(events.c.occurred_at, events.c.seq)
    )
    found = []
    for line, part, occurred_at, data in tx.connection.execute(query).all():
        named = {*data.get("parts", ()), *([] if part is None else [part])}
        # A report that tells the minutes is made when they are over and parts may have come.
        begun = occurred_at - timedelta(minutes=float(data.get("minutes", 0)))
        found += list(_phantoms(tx, plant, line, sorted(named), (begun, occurred_at)))
    return found


def _phantoms(
    tx: ReadTx, plant: Plant, line: str, parts: list[str], span: tuple[datetime, datetime]
) -> Iterator[Finding]:
    place = plant.stock_point_of_line.get(line)
    for part in parts:
        rule = plant.supply_rule.get((place, part)) if place is not None else None
        if place is None or rule is None:
            continue
        books = _least_held(tx, place, part, span)
        if books >= max(rule.container_size, 1):
            incident = _incident(line, place, part, books, span[1], plant.time_zone)
            yield Finding(incident=incident, sizes={part: float(-books)}, version=RULE)


def _least_held(tx: ReadTx, place: str, part: str, span: tuple[datetime, datetime]) -> int:
    """What lay there when the line ran short, by the books, less what was still taken out then."""
    held = ledger.balances_at(tx, span[0], location_id=place, part_id=part)
    taken = select(func.sum(movements.c.quantity)).where(
        movements.c.part_id == part,
        movements.c.from_location == place,
        movements.c.from_account == Account.ON_HAND.value,
        movements.c.occurred_at > span[0],
        movements.c.occurred_at <= span[1],
    )
    return held[part, place, Account.ON_HAND] - int(tx.connection.scalar(taken) or 0)


def _incident(
    line: str, place: str, part: str, books: int, moment: datetime, zone: str
) -> Incident:
    return Incident(
        location_id=line,
        parts=(part,),
        start=moment,
        end=moment,
        periods=1,
        kind=Kind.PHANTOM_STOCK,
        size=float(-books),
        expected=float(books),
        observed=0.0,
        ratio=0.0,
        p_value=0.0,
        score=1.0,
        ongoing=False,
        sentence=(
            f"The books say {books:,} of {part} lie at {place}, line {line} says there is none "
            f"({moment_at(zone, moment)}): count it."
        ),
    )

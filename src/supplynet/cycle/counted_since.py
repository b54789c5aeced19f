"""Which parts of an anomaly were counted since: a count makes the books right again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select

from supplynet.core.events import EventType
from supplynet.core.network import Plant
from supplynet.storage import ReadTx
from supplynet.storage.anomalies import Anomaly
from supplynet.storage.tables import events

CountedAt = Mapping[tuple[str, str], datetime]
"""When a part was last counted at a stock point."""


def counts_since(tx: ReadTx, moment: datetime) -> CountedAt:
    """The last counts from ``moment`` on; asked once, however many anomalies there are."""
    query = (
        select(events.c.location_id, events.c.part_id, func.max(events.c.occurred_at))
        .where(events.c.occurred_at >= moment, events.c.type == EventType.COUNTED.value)
        .group_by(events.c.location_id, events.c.part_id)
    )
    return {(place, part): at for place, part, at in tx.connection.execute(query)}


def counted_parts(plant: Plant, row: Anomaly, counts: CountedAt) -> set[str]:
    """Parts of an anomaly that were counted at its stock point at its end or later."""
    place = plant.stock_point_of_line.get(row.location_id)
    if place is None:
        return set()
    return {
        part for part in row.parts if (place, part) in counts and counts[place, part] >= row.end
    }

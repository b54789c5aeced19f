"""From when on the books know what a line uses. Before that, nothing used means nothing known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from supplynet.core.ledger import Account
from supplynet.core.network import Plant
from supplynet.errors import NotFound
from supplynet.simulate.model import plant_series
from supplynet.storage import ReadTx, WriteTx, values
from supplynet.storage.tables import movements

CONNECTED = "connected"
SeriesKey = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Connected:
    """Which series report their use, and since when.

    Attributes:
        floor: Nothing before this moment is taken from the books: it was imported.
        whole_plant: Since when every series reports, where somebody said so.
        series: Since when each (line, part) reports: the start of its first shift that began
            after its first report.
        seen: Number of the newest movement that was looked at.
    """

    floor: datetime
    whole_plant: datetime | None = None
    series: Mapping[SeriesKey, datetime] = field(default_factory=dict)
    seen: int = 0

    def known_from(self, plant: Plant) -> dict[SeriesKey, datetime]:
        """Moment from which the use of each connected series is known, by (line, part)."""
        found = {
            name: max(since, self.floor)
            for name, since in self.series.items()
            if name[0] in plant.location_by_id
        }
        if self.whole_plant is not None:
            found |= dict.fromkeys(plant_series(plant), max(self.whole_plant, self.floor))
        return found


def read_connected(tx: ReadTx, plant: Plant, floor: datetime, *, anew: bool = False) -> Connected:
    """What is stored, brought up to date; ``floor`` counts only the first time.

    With ``anew``, every movement is looked at again.
    """
    stored: dict[str, Any] = values.get_value(tx, CONNECTED, {})
    whole = stored.get("whole_plant")
    seen = 0 if anew else stored.get("seen", 0)
    series = {
        (line, part): datetime.fromisoformat(since)
        for line, part, since in stored.get("series", [])
        if not anew
    }
    newest = tx.connection.scalar(select(func.max(movements.c.seq))) or 0
    if newest > seen:
        for name, first in _first_uses(tx, seen).items():
            since = _next_shift(plant, name[0], first)
            if since is not None:  # a late report may be of an earlier shift than the first one
                series[name] = min(since, series.get(name, since))
    return Connected(
        floor=datetime.fromisoformat(stored["floor"]) if "floor" in stored else floor,
        whole_plant=None if whole is None else datetime.fromisoformat(whole),
        series=series,
        seen=newest,
    )


def write_connected(tx: WriteTx, connected: Connected) -> None:
    """Store it; decides nothing by itself and changes often, so without a line in the audit."""
    stored: dict[str, Any] = {
        "floor": connected.floor.isoformat(),
        "series": [[*name, since.isoformat()] for name, since in sorted(connected.series.items())],
        "seen": connected.seen,
    }
    if connected.whole_plant is not None:
        stored["whole_plant"] = connected.whole_plant.isoformat()
    values.set_value(tx, CONNECTED, stored, audited=False)


def connect_whole_plant(tx: WriteTx, since: datetime) -> None:
    """Say that from ``since`` on every line reports all that it uses."""
    write_connected(tx, Connected(floor=since, whole_plant=since))


def is_connected(tx: ReadTx) -> bool:
    """Whether any line has ever reported what it uses."""
    if values.get_value(tx, CONNECTED, {}).get("whole_plant") is not None:
        return True
    used = select(movements.c.seq).where(movements.c.to_account == Account.CONSUMED.value)
    return tx.connection.scalar(used.limit(1)) is not None


def _first_uses(tx: ReadTx, seen: int) -> dict[SeriesKey, datetime]:
    """First reported use of each series among the movements after number ``seen``."""
    query = (
        select(movements.c.to_location, movements.c.part_id, func.min(movements.c.occurred_at))
        .where(movements.c.seq > seen, movements.c.to_account == Account.CONSUMED.value)
        .group_by(movements.c.to_location, movements.c.part_id)
    )
    return {(line, part): first for line, part, first in tx.connection.execute(query)}


def _next_shift(plant: Plant, line: str, moment: datetime) -> datetime | None:
    """Start of the first shift that begins at or after ``moment``: the first one known whole."""
    try:
        calendar = plant.calendar_of(line)
    except NotFound:
        return None
    coming = (shift.start for shift in calendar.next_shifts(moment, 3) if shift.start >= moment)
    return next(coming, None)

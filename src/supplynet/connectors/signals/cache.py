"""Answers on disk: asked again only when old, and there when a service is not.

One file per service and symbol: a line of JSON (when, for which range, checksum), then the rows as
Parquet. A damaged file counts as none.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import polars as pl

from supplynet.connectors.signals.definition import Definition
from supplynet.connectors.signals.provider import SignalRequest
from supplynet.errors import InvalidInput
from supplynet.files import write_atomically
from supplynet.frames.tables import DRIVERS_SCHEMA, conform_table

SCHEMA = 1


@dataclass(frozen=True)
class Entry:
    """A cached answer: the rows of ``[start, end)`` as they were at ``fetched_at``."""

    fetched_at: datetime
    start: datetime
    end: datetime
    rows: pl.DataFrame

    def covers(self, request: SignalRequest, now: datetime) -> bool:
        """Whether it answers ``request``; what came after it was fetched does not count."""
        past = request.end <= now and self.end >= self.fetched_at
        return self.start <= request.start and (self.end >= request.end or past)

    def is_younger(self, hours: float, now: datetime) -> bool:
        """Whether it is younger than ``hours``; a fetch in the future is a wrong clock."""
        return timedelta(0) <= now - self.fetched_at < timedelta(hours=hours)

    def rows_of(self, request: SignalRequest) -> pl.DataFrame:
        """The rows that lie in the request's range."""
        return self.rows.filter(pl.col("at") >= request.start, pl.col("at") < request.end)


def cache_file(folder: Path, definition: Definition, symbol: str, request: SignalRequest) -> Path:
    """The file of one service, symbol and further values; neither dates nor a key are part."""
    about = {
        "definition": definition.digest,
        "symbol": symbol,
        "values": dict(sorted(request.values.items())),
        "location_id": request.location_id,
        "part_id": request.part_id,
        "lag": None if request.lag is None else request.lag.total_seconds(),
    }
    name = sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]
    return folder / f"{definition.name}-{name}.signal"


def read_entry(path: Path) -> Entry | None:
    """The entry in ``path``; None when there is none, or a damaged one."""
    try:
        head, _, content = path.read_bytes().partition(b"\n")
        about = json.loads(head)
        if about["schema"] != SCHEMA or about["sha256"] != sha256(content).hexdigest():
            return None
        rows = conform_table(pl.read_parquet(io.BytesIO(content)), DRIVERS_SCHEMA)
        fetched_at, start, end = (
            datetime.fromisoformat(about[key]) for key in ("fetched_at", "start", "end")
        )
    except (OSError, ValueError, LookupError, TypeError, InvalidInput, pl.exceptions.PolarsError):
        return None
    aware = all(each.tzinfo is not None for each in (fetched_at, start, end))
    return Entry(fetched_at, start, end, rows) if aware else None


def write_entry(path: Path, entry: Entry) -> None:
    """Replace the entry in ``path``.

    Raises:
        OSError: It cannot be written.
    """
    content = io.BytesIO()
    entry.rows.write_parquet(content)
    packed = content.getvalue()
    about = {
        "schema": SCHEMA,
        "sha256": sha256(packed).hexdigest(),
        "fetched_at": entry.fetched_at.isoformat(),
        "start": entry.start.isoformat(),
        "end": entry.end.isoformat(),
    }
    write_atomically(path, json.dumps(about).encode() + b"\n" + packed)

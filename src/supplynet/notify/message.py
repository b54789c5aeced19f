"""What goes out, and what became of one try to send it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from supplynet.outbound.hosts import HostGuard

ALERT, ORDER, TEST = "alert", "order", "test"
TOTAL_SECONDS = 30.0
"""The longest that one try may take; a claim of a delivery lasts longer."""


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One message.

    Attributes:
        message_id: The same at every try, so that a receiver can skip what it has.
        kind: ``order``, ``alert`` or ``test``.
        payload: What JSON can hold; moments are RFC 3339 texts.
        created_at: When what it tells of happened, aware.
    """

    message_id: str
    kind: str
    payload: Mapping[str, Any]
    created_at: datetime

    @property
    def type(self) -> str:
        """``alert.raised``, ``order.approved``, ``test``."""
        what = self.payload.get("turn") or self.payload.get("state")
        return f"{self.kind}.{what}" if what else self.kind

    @property
    def severity(self) -> str:
        """Of an alert; empty for other messages."""
        return str(self.payload.get("severity", "")) if self.kind == ALERT else ""

    @property
    def places(self) -> tuple[str, ...]:
        """Locations that it is about."""
        names = ("location_id", "from_location", "to_location")
        return tuple(str(self.payload[name]) for name in names if self.payload.get(name))

    def body(self) -> bytes:
        """What programs are sent: JSON, the same bytes at every try."""
        stamp = self.created_at.astimezone(UTC).isoformat(timespec="milliseconds")
        content = {
            "type": self.type,
            "timestamp": stamp.replace("+00:00", "Z"),
            "data": dict(self.payload),
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one try.

    Attributes:
        ok: The receiver has it.
        said: What it answered, or why there was no answer; without secrets.
        retry: Whether another try may help; False for an order that will never be taken.
        wait_seconds: What the receiver asked to be left alone for.
    """

    ok: bool
    said: str
    retry: bool = True
    wait_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What senders work with.

    Attributes:
        guard: Hosts that may be reached.
        folder: The workspace: relative folders of channels are in it.
        zone: Of clock times in texts for people.
        total_seconds: The longest that one try may take.
    """

    guard: HostGuard
    folder: Path
    zone: ZoneInfo
    total_seconds: float = TOTAL_SECONDS


class Sender(Protocol):
    """Carries messages over one channel; one at a time."""

    def send(self, message: Outgoing, now: datetime) -> Outcome:
        """Try once. Errors of the other side and of settings are outcomes, never raised."""
        ...

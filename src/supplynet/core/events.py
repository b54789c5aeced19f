"""Events: what machines, scanners and people report. One shape for HTTP, MQTT and CSV."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from supplynet.core.ids import check_id
from supplynet.core.moments import FIRST, LAST, in_our_time
from supplynet.errors import InvalidInput

_LONGEST_EVENT_ID = 128


class EventType(StrEnum):
    """What happened."""

    CONSUMED = "consumed"
    COUNTER = "counter"
    COUNTED = "counted"
    SHIPPED = "shipped"
    RECEIVED = "received"
    SCRAPPED = "scrapped"
    RETURNED = "returned"
    LINE_STARVED = "line_starved"
    LINE_STOPPED = "line_stopped"
    LINE_RESUMED = "line_resumed"
    RATE_CHANGED = "rate_changed"
    PLAN_CHANGED = "plan_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One report from outside. ``(source, event_id)`` is its key.

    Attributes:
        source: Who sends: ``plc-7``, ``scanner-3``, ``erp``.
        event_id: The sender's own id, unique per source: 1 to 128 printable characters, no spaces.
        occurred_at: When it happened, aware.
        location_id: The line for consumption; the stock point for receipts and counts.
        part_id: None for events of a whole line.
        quantity: In the part's unit; None where the type has none.
        data: What else the type needs: ``order_id``, ``reason``, ``minutes``, ...

    Raises:
        InvalidInput: The key cannot be a key, or ``occurred_at`` has no time zone or lies in
            another age.
    """

    source: str
    event_id: str
    type: EventType
    occurred_at: datetime
    location_id: str
    part_id: str | None = None
    quantity: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    _hash: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_id(self.source, "source")
        text = self.event_id
        if not (0 < len(text) <= _LONGEST_EVENT_ID and text.isprintable() and " " not in text):
            raise InvalidInput(
                f"event_id {text!r} of {self.source} cannot be a key; "
                f"use 1 to {_LONGEST_EVENT_ID} printable characters without spaces"
            )
        if self.occurred_at.utcoffset() is None:
            raise InvalidInput(
                f"event {self.key} has occurred_at {self.occurred_at.isoformat()} without a time "
                "zone; add Z or an offset"
            )
        if not in_our_time(self.occurred_at):
            raise InvalidInput(
                f"event {self.key} has occurred_at {self.occurred_at.isoformat()}; a time lies "
                f"between {FIRST:%Y} and {LAST:%Y}"
            )

    @property
    def key(self) -> str:
        """``source/event_id``; a source has no slash, so no two events share a key."""
        return f"{self.source}/{self.event_id}"

    @property
    def content_hash(self) -> str:
        """SHA-256 of everything but the key, the same for the same content in any spelling."""
        if not self._hash:  # asked for on the way in and on the way to the table
            self._hash.append(self._content_hash())
        return self._hash[0]

    def _content_hash(self) -> str:
        content = {
            "type": self.type.value,
            "occurred_at": self.occurred_at.astimezone(UTC).isoformat(timespec="microseconds"),
            "location_id": self.location_id,
            "part_id": self.part_id,
            "quantity": self.quantity,
            "data": dict(self.data),
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()

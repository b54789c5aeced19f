"""Changes as they happen, across lost connections and restarts of the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2

from supplynet.errors import ConnectorError

SILENT_SECONDS = 15.0
"""The server says something every three seconds; after this long the connection is dead."""


@dataclass(frozen=True, slots=True)
class Change:
    """The books moved on.

    Attributes:
        seq: Number of the newest change; ask on from here.
        kinds: What is other than before, such as ``order``; None = what was missed is not known:
            read all anew.
    """

    seq: int
    kinds: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event of ``/stream``: ``change``, ``gap`` or ``tick``, with its data."""

    event: str
    data: dict[str, object]
    event_id: str


def events_of(response: httpx2.Response) -> Iterator[StreamEvent]:
    """What a stream says, until it ends.

    Raises:
        ConnectorError: It is no stream of events.
    """
    try:
        for each in httpx2.EventSource(response):
            if each.data:
                yield StreamEvent(each.event, json.loads(each.data), each.id)
    except (httpx2.SSEError, ValueError) as error:
        raise ConnectorError(f"the stream of changes cannot be read: {error}") from error


def change_of(said: StreamEvent) -> Change | None:
    """What an event says of the books; None = nothing."""
    if said.event not in {"change", "gap"}:
        return None
    kinds, seq = said.data.get("kinds"), said.data["change"]
    assert isinstance(seq, int)
    return Change(seq, frozenset(kinds) if isinstance(kinds, list) else None)

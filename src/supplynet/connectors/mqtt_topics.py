"""What an MQTT message says: its topic names the place and the type, its payload the events.

```
supplynet/v1/{showroom}/{station}/{line}/{type}     supplynet/v1/SR2/ST1/B/consumed
supplynet/v1/{location}/{type}                      supplynet/v1/WH1/counted
```

The levels between are the id of the place, cut at its dots: ``SR2/ST1/B`` is ``SR2.ST1.B``, and so
are ``SR2/SR2.ST1/SR2.ST1.B`` (each level an id of its own) and ``SR2.ST1.B`` (one level). A payload
is one event or a list of events. Place and type may be left out of an event, then the topic says
them; where both say it they must agree, so that a broker's rules about topics hold for the books.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from supplynet.connectors.event_body import parse_event
from supplynet.core.events import Event, EventType
from supplynet.core.ids import check_id
from supplynet.errors import InvalidInput

ROOT = "supplynet/v1"
MOST_BYTES = 1024 * 1024
"""Of one message."""
MOST_EVENTS = 1000
"""Of one message."""
_MOST_LEVELS = 3
_LONGEST_TOPIC = 300


@dataclass(frozen=True, slots=True)
class Reading:
    """One event of a message, or why there is none.

    Attributes:
        payload: One event as ``parse_event`` reads it, with place and type; what came, as it
            came, where that cannot be made of it.
        event: None where it cannot be read.
        problem: Why; empty with an event.
    """

    payload: bytes
    event: Event | None
    problem: str = ""


def read_message(topic: str, payload: bytes) -> list[Reading]:
    """The events of a message, in its order; never raises, whatever the bytes."""
    try:
        if len(topic) > _LONGEST_TOPIC:
            raise InvalidInput(f"a topic of {len(topic):,} characters names no place of ours")
        location_id, kind = _place_and_type(topic)
        bodies = _bodies(payload)
    except InvalidInput as error:
        return [Reading(payload[:MOST_BYTES], None, str(error))]
    return [_reading(body, raw, location_id, kind) for body, raw in bodies]


@lru_cache(maxsize=1024)
def _place_and_type(topic: str) -> tuple[str, EventType]:
    levels = topic.removeprefix(f"{ROOT}/").split("/")
    if not topic.startswith(f"{ROOT}/") or not 2 <= len(levels) <= _MOST_LEVELS + 1:
        raise InvalidInput(
            f"topic {topic[:200]!r} names no place and type; use {ROOT}/SHOWROOM/STATION/LINE/TYPE "
            f"or {ROOT}/LOCATION/TYPE"
        )
    *place, kind = levels
    location_id = ""
    for level in place:
        check_id(level, "a level of the topic")
        is_whole = not location_id or level.startswith(f"{location_id}.")
        location_id = level if is_whole else f"{location_id}.{level}"
    try:
        return check_id(location_id, "the place in the topic"), EventType(kind)
    except ValueError:
        known = ", ".join(EventType)
        raise InvalidInput(f"topic ends in {kind[:64]!r}, which is none of {known}") from None


def _bodies(payload: bytes) -> list[tuple[Any, bytes | None]]:
    """Each event as JSON, and its bytes where the message is this one event."""
    if len(payload) > MOST_BYTES:
        raise InvalidInput(
            f"a message of {len(payload):,} bytes is too long; send at most {MOST_BYTES:,}"
        )
    try:
        said = json.loads(payload.decode())
    except UnicodeDecodeError:
        raise InvalidInput("the message is no UTF-8 text") from None
    except ValueError as error:
        raise InvalidInput(f"the message is no JSON: {error}") from None
    except RecursionError:
        raise InvalidInput("the message is nested too deeply") from None
    if not isinstance(said, list):
        return [(said, payload)]
    if len(said) > MOST_EVENTS:
        raise InvalidInput(f"a list of {len(said):,} events is too long; send {MOST_EVENTS:,}")
    return [(body, None) for body in said]


def _reading(body: Any, raw: bytes | None, location_id: str, kind: EventType) -> Reading:
    if isinstance(body, dict) and not {"location_id", "type"} <= body.keys():
        body, raw = {"location_id": location_id, "type": kind.value} | body, None
    try:
        payload = json.dumps(body).encode() if raw is None else raw
    except RecursionError:
        return Reading(b"", None, "the event is nested too deeply")
    try:
        event = parse_event(payload)
        if (event.location_id, event.type) != (location_id, kind):
            raise InvalidInput(
                f"the event is {event.type.value} at {event.location_id}, its topic says "
                f"{kind.value} at {location_id}; let them agree, or leave it to the topic"
            )
    except InvalidInput as error:
        return Reading(payload, None, str(error))
    return Reading(payload, event)

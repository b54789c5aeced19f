"""Nobody speaks at the broker in the name of another place's machine.

An event's key is its source and id: whoever sends under another's source can take its ids, and
what that machine really says is then refused as a conflict. The broker's rules limit topics and
not what stands in a message; so a source that is named after a place of the plant (``SR1.ST1``,
``SR1.ST1-plc-7``) is taken from that place alone, from what lies below it and from what it is in.
"""

from __future__ import annotations

from supplynet.core.events import Event
from supplynet.core.network import Plant

_BREAKS = frozenset(".-_")


def borrowed(plant: Plant, event: Event) -> str:
    """Why an event's source is not its own; "" when it is, or is named after no place."""
    owner = named_after(plant, event.source)
    if owner is None or event.location_id not in plant.location_by_id:
        return ""
    at = _upwards(plant, event.location_id)
    if owner in at or event.location_id in _upwards(plant, owner):
        return ""
    return (
        f"source {event.source} is named after {owner} and reports of {event.location_id}; send it "
        f"from {owner}, or give the machine a name of its own"
    )


def named_after(plant: Plant, source: str) -> str | None:
    """The place with the longest id that the name of a source begins with."""
    ends = [i for i, sign in enumerate(source) if sign in _BREAKS]
    for end in (len(source), *reversed(ends)):
        if source[:end] in plant.location_by_id:
            return source[:end]
    return None


def _upwards(plant: Plant, location_id: str) -> list[str]:
    """A place and all that it lies in."""
    found = [location_id]
    while (parent := plant.location_by_id[found[-1]].parent_id) is not None:
        found.append(parent)
    return found

"""The first screen as the API tells it: what can be decided on has its tag."""

from __future__ import annotations

from typing import Any

from supplynet.api.etags import etag_of
from supplynet.services import control_room as screen
from supplynet.services.books import Books
from supplynet.storage.within import Within


def control_room(books: Books, within: Within = None) -> dict[str, Any]:
    """The screen of those who see ``within``."""
    room = screen.control_room(books, within)
    return room | {"actions": [_tagged(action) for action in room["actions"]]}


def _tagged(action: dict[str, Any]) -> dict[str, Any]:
    tag = etag_of(action["order"])
    return {name: value for name, value in action.items() if name != "order"} | {"etag": tag}

"""The first screen as the API tells it: what can be decided on has its tag."""

from __future__ import annotations

from typing import Any

from supplynet.api.etags import etag_of
from supplynet.services import control_room as screen
from supplynet.services.books import Books
from supplynet.storage.within import Within


def control_room(books: Books, within: Within = None) -> dict[str, Any]:
    """The screen of those who see ``within``."""
    return screen.control_room(books, within, etag_of)

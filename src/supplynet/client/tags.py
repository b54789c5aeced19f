"""The ``ETag`` that a row came with, so that the row itself can be handed to ``if_match``."""

from __future__ import annotations

import weakref
from typing import Any

from pydantic import BaseModel

from supplynet.errors import InvalidInput


class Tags:
    """Tags of rows, while somebody holds them."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Any], str]] = {}

    def keep(self, row: object, tag: str) -> None:
        """Remember what ``row`` came with."""
        name, known = id(row), self._known
        known[name] = (weakref.ref(row, lambda _: known.pop(name, None)), tag)

    def of(self, said: BaseModel | str | None) -> str | None:
        """The header of a write that was decided on ``said``: a row, a tag, or nothing.

        Raises:
            InvalidInput: A row that came without a tag, or from another client.
        """
        if said is None or isinstance(said, str):
            return said
        tag = getattr(said, "etag", None)
        if isinstance(tag, str):
            return tag
        found = self._known.get(id(said))
        if found is None:
            raise InvalidInput(
                f"this {type(said).__name__} has no ETag: hand over the row as its own GET, or "
                "the write before, answered it"
            )
        return found[1]

"""Lists as one: page after page, while somebody takes rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

if TYPE_CHECKING:
    from supplynet.api.models import Page

Row = TypeVar("Row", bound=BaseModel)


def walked(page_at: Callable[[str | None], Page[Row]]) -> Iterator[Row]:
    """Every row of a list.

    Args:
        page_at: The page after a cursor; None = the first.
    """
    page = page_at(None)
    yield from page.items
    while page.next_cursor is not None:
        page = page_at(page.next_cursor)
        yield from page.items

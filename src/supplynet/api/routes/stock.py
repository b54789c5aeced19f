"""Stock by stock point and part."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from supplynet.api import cursors
from supplynet.api.depends import BooksDep, SeriesParameters
from supplynet.api.models import Page, StockRow
from supplynet.services import overview

router = APIRouter(tags=["stock"])


@router.get("/stock", response_model=Page[StockRow])
def list_stock(books: BooksDep, query: SeriesParameters) -> dict[str, Any]:
    """Stock by the ledger, with what is under way and how long it lasts."""
    rows, following = overview.stock(
        books,
        location_id=query.location_id,
        part_id=query.part_id,
        limit=query.limit,
        after=cursors.decode(query.cursor, str, str),
    )
    return {"items": rows, "next_cursor": cursors.encode(following)}

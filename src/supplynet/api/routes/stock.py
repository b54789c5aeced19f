"""Stock now and as it was, the movements behind it, what people report, and the proof."""

from __future__ import annotations

from typing import Any

from supplynet.api import cursors
from supplynet.api.admission import AccessDep
from supplynet.api.depends import NO_PARAMETERS, BooksDep, IdempotencyKey
from supplynet.api.models import MovementRow, Page, Proof, StockReported, StockRow
from supplynet.api.routing import Router
from supplynet.api.stock_bodies import (
    MovementParameters,
    StockParameters,
    StockReport,
    Undo,
    WhatPath,
)
from supplynet.errors import InvalidInput, NotFound
from supplynet.services import overview, stock, verification
from supplynet.services.commands import carried_out

router = Router(tags=["stock"])
Json = dict[str, Any]


@router.get("/stock", response_model=Page[StockRow])
def list_stock(books: BooksDep, access: AccessDep, query: StockParameters) -> Json:
    """Stock by the ledger, with what is under way and how long it lasts; or as it was."""
    wanted: Json = {
        "location_id": query.location_id,
        "part_id": query.part_id,
        "within": access.locations,
        "limit": query.limit,
        "after": cursors.decode(query.cursor, str, str),
    }
    if query.as_of is None and query.known_at is None:
        rows, following = overview.stock(books, **wanted)
    else:
        rows, following = stock.stock_at(
            books, as_of=query.as_of, known_at=query.known_at, **wanted
        )
    return {"items": rows, "next_cursor": cursors.encode(following)}


@router.post("/stock/{what}", response_model=StockReported, dependencies=[NO_PARAMETERS])
def report_stock(
    books: BooksDep,
    access: AccessDep,
    what: WhatPath,
    body: StockReport,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Report a count, scrap, a return or a transfer by hand, as a scanner would.

    A transfer goes through in_transit: it leaves one place and enters the other. The key of the
    body and an `Idempotency-Key` are the same thing: one of them is enough.
    """
    said = body.report(what, idempotency_key)
    return stock.report(books, said, actor=access.actor, within=access.locations)


@router.get("/movements", response_model=Page[MovementRow])
def list_movements(books: BooksDep, access: AccessDep, query: MovementParameters) -> Json:
    """Movements of the ledger, the last posted first."""
    position = cursors.decode(query.cursor, int)
    rows, following = stock.movements(
        books,
        query.filter(access.locations),
        limit=query.limit,
        before=position[0] if position else None,
    )
    after = None if following is None else (following,)
    return {"items": rows, "next_cursor": cursors.encode(after)}


@router.post("/movements/undo", response_model=MovementRow, dependencies=[NO_PARAMETERS])
def undo_movement(
    books: BooksDep, access: AccessDep, body: Undo, idempotency_key: IdempotencyKey = None
) -> Json:
    """Undo a mis-scan by a second movement, once.

    409: it was undone before, undoes another one, or belongs to a count or an order.
    """
    said = access.said(body.reason, idempotency_key)

    def do() -> Json:
        return stock.undo(
            books,
            body.movement_id,
            reason=body.reason,
            actor=access.actor,
            within=access.locations,
        )

    try:
        return carried_out(books, said, ["undo", body.movement_id], do)
    except NotFound as error:  # in the body: what is missing is not this address
        raise InvalidInput(str(error)) from error


@router.get("/verify", response_model=Proof, dependencies=[NO_PARAMETERS])
def verify_books(books: BooksDep) -> Json:
    """Prove the books from their ledger; takes seconds per million movements."""
    findings = verification.check(books)
    return {"proven": not findings, "findings": findings}

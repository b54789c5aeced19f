"""Shipments: a departure's orders together; the picking list; the shadow diary beside them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from supplynet.api import cursors
from supplynet.api.admission import AccessDep
from supplynet.api.depends import (
    NO_PARAMETERS,
    BooksDep,
    IdempotencyKey,
    PageParameters,
    SeriesParameters,
)
from supplynet.api.models import Page
from supplynet.api.order_bodies import (
    DiaryRow,
    DiarySum,
    Orders,
    PickingTask,
    ShipmentDetail,
    ShipmentHandling,
    ShipmentId,
    ShipmentIn,
    ShipmentRow,
)
from supplynet.api.routing import Router
from supplynet.services import diary, shipments

router = Router(tags=["orders"])
Json = dict[str, Any]
_MANY: Json = {"response_model": Orders, "dependencies": [NO_PARAMETERS]}


@router.get("/shipments", response_model=Page[ShipmentRow])
def list_shipments(books: BooksDep, access: AccessDep, query: PageParameters) -> Json:
    """Departures with open orders, the earliest first."""
    after = cursors.decode(query.cursor, datetime, str)
    rows, following = shipments.list_shipments(
        books, within=access.locations, limit=query.limit, after=after
    )
    return {"items": rows, "next_cursor": cursors.encode(following)}


@router.get("/picking", response_model=Page[PickingTask], dependencies=[NO_PARAMETERS])
def list_picking(books: BooksDep, access: AccessDep) -> Json:
    """What is still to be picked: by cut-off, in route order, what halts a line soonest first."""
    return {"items": shipments.picking_list(books, within=access.locations), "next_cursor": None}


@router.get("/shipments/{shipment_id}", response_model=ShipmentDetail, dependencies=[NO_PARAMETERS])
def get_shipment(books: BooksDep, access: AccessDep, shipment_id: ShipmentId) -> Json:
    """One departure with its orders, in route order."""
    return shipments.get_shipment(books, shipment_id, access.locations)


@router.post("/shipments/{shipment_id}/pick", **_MANY)
def pick_shipment(
    books: BooksDep,
    access: AccessDep,
    shipment_id: ShipmentId,
    body: ShipmentHandling | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Pick all approved orders of a departure, in one transaction or not at all."""
    body = body or ShipmentHandling()
    said = access.said(body.reason, idempotency_key)
    return {"items": shipments.pick(books, shipment_id, said, body.quantities)}


@router.post("/shipments/{shipment_id}/ship", **_MANY)
def ship_shipment(
    books: BooksDep,
    access: AccessDep,
    shipment_id: ShipmentId,
    body: ShipmentHandling | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Let a departure leave with its orders, in one transaction or not at all."""
    body = body or ShipmentHandling()
    said = access.said(body.reason, idempotency_key)
    return {"items": shipments.ship(books, shipment_id, said, body.quantities)}


@router.post("/shipments/{shipment_id}/receive", **_MANY)
def receive_shipment(
    books: BooksDep,
    access: AccessDep,
    shipment_id: ShipmentId,
    body: ShipmentIn | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Take in a departure, in one transaction or not at all; what is not named came whole."""
    body = body or ShipmentIn()
    said = access.said(body.reason, idempotency_key)
    return {"items": shipments.receive(books, shipment_id, said, body.told())}


@router.get("/diary", response_model=Page[DiaryRow])
def list_diary(books: BooksDep, access: AccessDep, query: SeriesParameters) -> Json:
    """What was proposed and what was done instead, the newest first; scored afterwards."""
    rows, following = diary.list_diary(
        books,
        location_id=query.location_id,
        part_id=query.part_id,
        within=access.locations,
        limit=query.limit,
        after=cursors.decode(query.cursor, datetime, str),
    )
    return {"items": rows, "next_cursor": cursors.encode(following)}


@router.get("/diary/summary", response_model=Page[DiarySum], dependencies=[NO_PARAMETERS])
def sum_diary(books: BooksDep) -> Json:
    """By actor and action: how many, who was right, halts, and stock against the proposals."""
    return {"items": diary.summary(books), "next_cursor": None}

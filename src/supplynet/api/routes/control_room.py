"""The first screen in one snapshot, automation, and whether the server is well."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from supplynet._version import __version__
from supplynet.api.admission import AccessDep
from supplynet.api.bodies import AutomationChange
from supplynet.api.depends import NO_PARAMETERS, BooksDep, IdempotencyKey
from supplynet.api.etags import IfMatch, automation_check, etag
from supplynet.api.models import Health
from supplynet.api.room import control_room
from supplynet.api.routing import Router
from supplynet.api.screen import Automation, ControlRoom
from supplynet.services import overview

router = Router(dependencies=[NO_PARAMETERS])
Json = dict[str, Any]


@router.get("/control-room", tags=["control room"], response_model=ControlRoom)
def get_control_room(request: Request, books: BooksDep, access: AccessDep) -> Json:
    """Everything the first screen shows, as of one change number."""
    room = control_room(books, access.locations)
    return room | {"clock": request.app.state.clock.show(room["clock"])}


@router.get("/automation", tags=["control room"], response_model=Automation)
def get_automation(books: BooksDep, response: Response) -> Json:
    """Whether orders leave by themselves."""
    found = overview.read_automation(books)
    response.headers["etag"] = etag(found)
    return found


@router.post("/automation", tags=["control room"], response_model=Automation)
def set_automation(
    books: BooksDep,
    access: AccessDep,
    body: AutomationChange,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Pause or resume automatic releases; plans and proposals go on. Audited."""
    said = access.said(body.reason, idempotency_key, automation_check(if_match, books))
    found = overview.set_paused(books, body.paused, said)
    response.headers["etag"] = etag(found)
    return found


@router.get("/health", tags=["health"], response_model=Health)
def get_health(books: BooksDep) -> Json:
    """200 when the books can be read, else 503; ``read_only`` when they cannot be written."""
    return {
        "status": "ok",
        "change": overview.latest_change(books),
        "version": __version__,
        "read_only": books.store.write_trouble or None,
    }

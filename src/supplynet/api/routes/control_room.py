"""The first screen in one snapshot, automation, and whether the server is well."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from supplynet._version import __version__
from supplynet.api.bodies import AutomationChange
from supplynet.api.depends import ACTOR, NO_PARAMETERS, BooksDep
from supplynet.api.models import Health
from supplynet.api.screen import Automation, ControlRoom
from supplynet.services import control_room as screen
from supplynet.services import overview

router = APIRouter(dependencies=[NO_PARAMETERS])
Json = dict[str, Any]


@router.get("/control-room", tags=["control room"], response_model=ControlRoom)
def get_control_room(request: Request, books: BooksDep) -> Json:
    """Everything the first screen shows, as of one change number."""
    room = screen.control_room(books)
    return room | {"clock": request.app.state.clock.show(room["clock"])}


@router.get("/automation", tags=["control room"], response_model=Automation)
def get_automation(books: BooksDep) -> Json:
    """Whether orders leave by themselves."""
    return overview.read_automation(books)


@router.post("/automation", tags=["control room"], response_model=Automation)
def set_automation(books: BooksDep, body: AutomationChange) -> Json:
    """Pause or resume automatic releases; plans and proposals go on. Audited."""
    return overview.set_paused(books, body.paused, reason=body.reason, actor=ACTOR)


@router.get("/health", tags=["health"], response_model=Health)
def get_health(books: BooksDep) -> Json:
    """200 when the books can be read, else 503; ``read_only`` when they cannot be written."""
    return {
        "status": "ok",
        "change": overview.latest_change(books),
        "version": __version__,
        "read_only": books.store.write_trouble or None,
    }

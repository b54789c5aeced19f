"""Events in: what machines, scanners and people report."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from supplynet import cycle
from supplynet.api.bodies import EventBatch
from supplynet.api.depends import ACTOR, NO_PARAMETERS, BooksDep
from supplynet.api.models import TakenIn
from supplynet.errors import InvalidInput, NotFound

router = APIRouter(tags=["events"], dependencies=[NO_PARAMETERS])


@router.post("/events", response_model=TakenIn)
def take_in_events(books: BooksDep, body: EventBatch) -> dict[str, Any]:
    """Take a batch in, all or nothing; send it again if the answer is lost.

    An event that is there already is skipped. 409: a key was used before with other content. 422:
    an event that cannot be, such as one at a place that does not exist.
    """
    try:
        taken = cycle.take_in(
            books.store,
            books.plant,
            [each.event() for each in body.events],
            actor=ACTOR,
            now=books.now(),
        )
    except NotFound as error:  # in the body: what is missing is not this address
        raise InvalidInput(str(error)) from error
    return {"new": taken.new, "known": taken.known}

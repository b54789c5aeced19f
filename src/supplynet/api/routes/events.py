"""Events in: what machines, scanners and people report; and what could not be taken."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from supplynet.api import cursors
from supplynet.api.admission import AccessDep
from supplynet.api.bodies import DropLetter, EventBatch, ReplayLetter
from supplynet.api.depends import (
    NO_PARAMETERS,
    BooksDep,
    IdempotencyKey,
    LetterParameters,
)
from supplynet.api.models import DeadLetterRow, Page, ReplayedRow, TakenIn
from supplynet.api.routing import Router
from supplynet.connectors.event_body import EventBody
from supplynet.services import intake
from supplynet.services.commands import carried_out

router = Router(tags=["events"])
Json = dict[str, Any]
Seq = Annotated[int, Path(ge=1, lt=2**53)]


@router.post("/events", response_model=TakenIn, dependencies=[NO_PARAMETERS])
def take_in_events(
    books: BooksDep, access: AccessDep, body: EventBatch, idempotency_key: IdempotencyKey = None
) -> Json:
    """Take a batch in, all or nothing; send it again if the answer is lost.

    An event that is there already is skipped. With an `Idempotency-Key` the same request gets the
    same answer. 409: a key was used before with other content. 422: an event that cannot be, such
    as one at a place that does not exist. 403: one at a place that is not the sender's.
    """
    batch = [each.event() for each in body.events]
    return intake.take_in(
        books,
        batch,
        actor=access.actor,
        key=access.key(idempotency_key),
        within=access.locations,
    )


@router.post("/event", response_model=TakenIn, dependencies=[NO_PARAMETERS])
def take_in_event(
    books: BooksDep, access: AccessDep, body: EventBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """Take one event in, as `/events` takes a batch."""
    return intake.take_in(
        books,
        [body.event()],
        actor=access.actor,
        key=access.key(idempotency_key),
        within=access.locations,
    )


@router.get("/dead-letters", response_model=Page[DeadLetterRow])
def list_dead_letters(books: BooksDep, query: LetterParameters) -> Json:
    """What came in by MQTT or as a file and could not be taken, oldest first."""
    position = cursors.decode(query.cursor, int)
    rows, following = intake.list_dead_letters(
        books, state=query.state, limit=query.limit, after=position[0] if position else 0
    )
    after = None if following is None else (following,)
    return {"items": rows, "next_cursor": cursors.encode(after)}


@router.post("/dead-letters/{seq}/replay", response_model=ReplayedRow, dependencies=[NO_PARAMETERS])
def replay_dead_letter(
    books: BooksDep,
    access: AccessDep,
    seq: Seq,
    body: ReplayLetter | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Try a letter again, with a corrected event if given; `reason` says why it was not taken."""
    event = None if body is None or body.event is None else body.event.event()
    asked = ["replay letter", seq, None if event is None else event.content_hash]

    def do() -> Json:
        return intake.replay(books, seq, actor=access.actor, event=event)

    return carried_out(books, access.said("", idempotency_key), asked, do)


@router.post("/dead-letters/replay", response_model=Page[ReplayedRow], dependencies=[NO_PARAMETERS])
def replay_dead_letters(
    books: BooksDep, access: AccessDep, idempotency_key: IdempotencyKey = None
) -> Json:
    """Try every waiting letter once, oldest first: after a plant file was mended, for example."""

    def do() -> Json:
        return {"items": intake.replay_waiting(books, actor=access.actor)}

    return carried_out(books, access.said("", idempotency_key), ["replay letters"], do)


@router.post("/dead-letters/{seq}/drop", response_model=DeadLetterRow, dependencies=[NO_PARAMETERS])
def drop_dead_letter(
    books: BooksDep,
    access: AccessDep,
    seq: Seq,
    body: DropLetter,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Say that a letter is worth nothing: it is kept and no longer waits."""
    key = access.key(idempotency_key)
    return intake.drop(books, seq, actor=access.actor, reason=body.reason, key=key)

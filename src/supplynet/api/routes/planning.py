"""The current plan and the forecast under it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import HTTPException, Request

from supplynet.api import cursors
from supplynet.api.admission import AccessDep
from supplynet.api.bodies import PlanRequest
from supplynet.api.depends import NO_PARAMETERS, BooksDep, IdempotencyKey, SeriesParameters
from supplynet.api.models import ForecastRow, Page, PlanMade
from supplynet.api.routing import Router
from supplynet.api.screen import PlanDocument
from supplynet.errors import NotFound
from supplynet.services import overview, planning
from supplynet.services.commands import carried_out

router = Router(tags=["planning"])
Json = dict[str, Any]


@router.get("/plan", response_model=PlanDocument, dependencies=[NO_PARAMETERS])
def get_plan(books: BooksDep, access: AccessDep) -> Json:
    """The last plan: halt risk of every line for the next 14 shifts."""
    return overview.current_plan(books, access.locations)


@router.post("/plan", response_model=PlanMade, dependencies=[NO_PARAMETERS])
def make_plan(
    request: Request,
    books: BooksDep,
    access: AccessDep,
    body: PlanRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Plan now. Twice in a row changes nothing: proposals have a natural key.

    Takes seconds, and waits for a plan that somebody else asked for. 409 when a plant, a model or
    stock is missing, and when the books kept moving.
    """
    seed = None if body is None else body.seed

    def do() -> Json:
        return planning.plan_now(books, actor=access.actor, seed=seed).summary()

    try:
        with request.app.state.planning:
            return carried_out(books, access.said("", idempotency_key), ["plan", seed], do)
    except NotFound as error:  # what is missing is not this address
        raise HTTPException(HTTPStatus.CONFLICT, error.told()) from error


@router.get("/forecasts", response_model=Page[ForecastRow])
def list_forecasts(books: BooksDep, access: AccessDep, query: SeriesParameters) -> Json:
    """Quantiles of the forecast behind the last plan; every page is of the first one's plan."""
    rows, following = overview.forecasts(
        books,
        location_id=query.location_id,
        part_id=query.part_id,
        within=access.locations,
        limit=query.limit,
        after=cursors.decode(query.cursor, str, int),
    )
    return {"items": rows, "next_cursor": cursors.encode(following)}

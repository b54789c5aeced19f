"""For those who run the server: whether it is ready, its metrics, and the checklist."""

from __future__ import annotations

from typing import Literal

from fastapi import Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CollectorRegistry, generate_latest
from pydantic import BaseModel, Field

from supplynet.api.depends import NO_PARAMETERS, BooksDep
from supplynet.api.problems import problem
from supplynet.api.routing import Router
from supplynet.services import doctor
from supplynet.services.readiness import not_ready
from supplynet.services.running import Running

router = Router(tags=["operation"], dependencies=[NO_PARAMETERS])
METRICS = "text/plain; version=0.0.4; charset=utf-8"


class Ready(BaseModel):
    """The server wants requests."""

    status: Literal["ready"] = "ready"


class CheckRow(BaseModel):
    """One line of the checklist."""

    name: str = Field(examples=["books"])
    state: Literal["ready", "todo", "broken"] = Field(
        description="`todo`: not done yet; `broken`: done, and wrong."
    )
    found: str = Field(examples=["SQLite, balances proven from the ledger"])
    next_step: str = Field(description="What to do about it; empty when ready.")


class Checks(BaseModel):
    """The checklist of `supplynet doctor`."""

    items: list[CheckRow]
    broken: int = Field(description="How many are broken.")


@router.get("/ready", response_model=Ready)
def get_readiness(request: Request, books: BooksDep) -> Response | Ready:
    """200 when requests are welcome, else 503 with the reasons: for load balancers.

    The books can be read, the last write went through, the schema is the newest, the threads that
    plan and take in are alive, the disk has room, and nobody has told the server to stop.
    """
    running: Running = request.app.state.running
    reasons = not_ready(books, running)
    if reasons:
        return problem(503, "; ".join(reasons))
    return Ready()


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def get_metrics(request: Request) -> Response:
    """Metrics for Prometheus, in its text format; numbers of the books are at most 5 s old."""
    registry: CollectorRegistry = request.app.state.registry
    request.app.state.http_metrics.streams.set(request.app.state.feed.streams)
    return Response(generate_latest(registry), media_type=METRICS)


@router.get("/checks", response_model=Checks)
def get_checks(request: Request, books: BooksDep) -> Checks:
    """The checklist: what is ready, what is still to do, what is broken, and the next step."""
    found = doctor.examine(books, request.app.state.running)
    rows = [
        CheckRow(name=one.name, state=one.state, found=one.found, next_step=one.next_step)
        for one in found
    ]
    return Checks(items=rows, broken=sum(row.state == "broken" for row in rows))

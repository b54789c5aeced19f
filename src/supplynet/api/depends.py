"""What routes ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Header, Path, Query, Request
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from supplynet.core.moments import FIRST, LAST, in_our_time
from supplynet.core.orders import OrderKind, OrderState
from supplynet.errors import InvalidInput
from supplynet.services.books import Books
from supplynet.storage.dead_letters import LetterState
from supplynet.storage.jobs import JobState
from supplynet.storage.requests import LONGEST_KEY


# Asynchronous, though they wait for nothing: a synchronous one costs a trip to the thread pool.
async def _books(request: Request) -> Books:
    books: Books = request.app.state.books
    return books


async def _no_parameters(request: Request) -> None:
    if request.query_params:
        raise InvalidInput(f"this takes no parameters, not {', '.join(request.query_params)}")


def _in_our_time(moment: datetime) -> datetime:
    if not in_our_time(moment):
        raise ValueError(f"a time lies between {FIRST:%Y} and {LAST:%Y}")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_in_our_time)]
"""A time that somebody asks about."""
BooksDep = Annotated[Books, Depends(_books)]
NO_PARAMETERS = Depends(_no_parameters)
IdempotencyKey = Annotated[
    str | None, Header(min_length=1, max_length=LONGEST_KEY, pattern=r"^[!-~]+$")
]
RecordId = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
_Id = Annotated[str | None, Field(max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]


class PageQuery(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=200, ge=1, le=1000, description="Rows of one page.")
    cursor: str | None = Field(
        default=None, max_length=500, description="`next_cursor` of the page before."
    )


class SeriesQuery(PageQuery):
    """Rows of one place, of one part, or of both."""

    location_id: _Id = None
    part_id: _Id = None


class OrderQuery(PageQuery):
    """Orders of which all that is given holds."""

    state: OrderState | None = None
    kind: OrderKind | None = None
    part_id: _Id = None
    to_location: _Id = None
    lane_id: _Id = None
    departing_from: Moment | None = Field(
        default=None, description="Only what departs then or later."
    )
    due: bool = Field(
        default=False, description="Only proposals that can still be released, not snoozed."
    )


class JobQuery(PageQuery):
    """Jobs in one state."""

    state: JobState | None = None


class LetterQuery(PageQuery):
    """Dead letters in one state."""

    state: LetterState = LetterState.WAITING


PageParameters = Annotated[PageQuery, Query()]
SeriesParameters = Annotated[SeriesQuery, Query()]
OrderParameters = Annotated[OrderQuery, Query()]
JobParameters = Annotated[JobQuery, Query()]
LetterParameters = Annotated[LetterQuery, Query()]

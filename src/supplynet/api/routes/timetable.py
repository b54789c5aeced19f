"""The departures of some days, with what goes with each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from supplynet.api.admission import AccessDep
from supplynet.api.depends import BooksDep, Moment
from supplynet.api.routing import Router
from supplynet.services import timetable

router = Router(tags=["orders"])


class TimetableQuery(BaseModel):
    """Which days."""

    model_config = ConfigDict(extra="forbid")

    start: Moment
    end: Moment = Field(description="Before this moment; at most 8 days after `start`.")


class TimetableRow(BaseModel):
    """One departure of one lane, empty or not."""

    shipment_id: str = Field(examples=["WH1-SR1@20260105T0500Z"])
    lane_id: str
    from_location: str
    to_location: str
    departure_at: AwareDatetime
    cutoff_at: AwareDatetime
    arrives_at: AwareDatetime
    state: Literal["empty", "proposed", "approved", "picked", "shipped", "received", "closed"] = (
        Field(description="Of the order that is least far.")
    )
    orders: int
    by_state: dict[str, int] = Field(description="How many orders are in which state.")
    units: int = Field(description="Of all parts together.")
    litres: float
    room_litres: float | None = Field(description="Room of one trip; null = no limit.")
    short: int
    damaged: int
    late_minutes: int = Field(
        description="Past the departure of what was released and has not left, or past the "
        "arrival of what is on the road; 0 when it is not late."
    )


class Timetable(BaseModel):
    """Departures of some days, the earliest first."""

    now: AwareDatetime = Field(description="The plant's time.")
    departures: list[TimetableRow]


@router.get("/timetable", response_model=Timetable)
def get_timetable(
    books: BooksDep, access: AccessDep, query: Annotated[TimetableQuery, Query()]
) -> dict[str, Any]:
    """Departures of some days, empty ones too, and what left before and is still on the road."""
    return timetable.timetable(books, query.start, query.end, access.locations)

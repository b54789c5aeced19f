"""What goes over the wire about what has changed since yesterday."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from supplynet.api.depends import Moment

Kind = Literal["plan", "stock", "delivery", "forecast", "network", "risk"]


class ChangesQuery(BaseModel):
    """Since when, and how many parts."""

    model_config = ConfigDict(extra="forbid")

    since: Moment | None = Field(
        default=None, description="Null = 24 hours of plant time; at most 31 days back."
    )
    limit: int = Field(default=20, ge=1, le=500, description="Most parts; the worst are told.")


class ChangeRow(BaseModel):
    """One change, in words."""

    kind: Kind
    sentence: str = Field(examples=["counted 40 fewer than the books"])
    parts: int = Field(
        description="How many parts there are more than without it; below 0 = fewer, or more are "
        "needed. 0 = cannot be counted.",
        examples=[-40],
    )
    at: AwareDatetime | None


class NextDelivery(BaseModel):
    """What comes next: released, or else proposed."""

    order_id: str
    state: Literal["proposed", "approved", "picked", "shipped"]
    quantity: int = Field(description="Not received yet.")
    departure_at: AwareDatetime
    arrives_at: AwareDatetime


class AffectedPart(BaseModel):
    """A part at a stock point that something has changed for."""

    location_id: str
    part_id: str
    description: str
    lines: list[str] = Field(description="That use it from there.")
    changes: list[ChangeRow] = Field(description="The worst first.")
    risk_before: float | None = Field(
        description="Chance to run out by the plan of then; null = there was none."
    )
    risk_after: float | None = Field(description="The same by the newest plan.")
    owner: str | None = Field(description="Who looks after it; null = nobody.")
    owner_because: Literal["alert", "order"] | None = Field(
        description="They acknowledged its alert, or approved its next orders."
    )
    next_delivery: NextDelivery | None
    on_hand: int | None
    cover_shifts: float | None
    runs_out_at: AwareDatetime | None = Field(description="With released orders only.")
    last_departure_at: AwareDatetime | None = Field(description="The last safe one.")


class ShiftUnits(BaseModel):
    """Units to be built in one shift, then and now."""

    start: AwareDatetime
    units_before: int
    units_now: int


class LineChange(BaseModel):
    """A line whose production plan of the next seven days differs."""

    line_id: str
    units_before: int = Field(description="In the shifts that had a figure then.")
    units_now: int
    shifts: int = Field(description="How many differ.")
    most: ShiftUnits = Field(description="The one that differs most.")


class NetworkChange(BaseModel):
    """A change of lines, parts, lanes or rules."""

    at: AwareDatetime
    actor: str
    subject: str
    why: str


class ChangesSince(BaseModel):
    """The sheet of the shortage meeting."""

    since: AwareDatetime
    as_of: AwareDatetime
    plan_then: AwareDatetime | None = Field(description="When the plan of then was made.")
    plan_now: AwareDatetime | None
    counts: dict[Kind, int] = Field(description="Changes by kind, also those left out.")
    lines: list[LineChange]
    network: list[NetworkChange]
    rows: list[AffectedPart]
    left_out: int = Field(description="Parts affected that are not in `rows`.")


ChangesParameters = Annotated[ChangesQuery, Query()]

"""The first screen over the wire; ``ui/src/lib/api.ts`` is its twin."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from supplynet.api.models import AlertRow


class PlantName(BaseModel):
    """Which plant."""

    plant_id: str
    name: str
    time_zone: str = Field(examples=["Europe/Berlin"])


class PlantClock(BaseModel):
    """The plant's time."""

    now: AwareDatetime
    speed: float = Field(description="Plant seconds per second; 0 when it stands still.")
    simulated: bool


class ShiftRow(BaseModel):
    """One column of the grid."""

    shift_id: str = Field(examples=["SR1/2026-01-05/night"])
    name: str
    start: AwareDatetime
    end: AwareDatetime


class RunningShift(ShiftRow):
    """The shift that runs now."""

    minutes_left: int


class Freshness(BaseModel):
    """How old the figures are."""

    last_event_at: AwareDatetime | None
    plan_made_at: AwareDatetime | None
    stale_after_seconds: int = Field(
        description="A page that hears nothing for so long must not be trusted."
    )


class Cell(BaseModel):
    """Halt risk of one line in one shift, 0 to 1."""

    risk: float = Field(description="If the policy goes on ordering.", examples=[0.031])
    risk_committed: float = Field(description="With released orders, and no other.")
    risk_with_proposals: float = Field(
        default=0.0, description="With released orders and the plan's proposals."
    )
    lost_minutes: float = Field(
        default=0.0, description="Expected minutes of halt, if the policy goes on ordering."
    )
    lost_minutes_committed: float = Field(
        default=0.0, description="The same with released orders, and no other."
    )
    part_id: str | None = Field(description="The part that causes most of the risk.")
    runs_out_at: AwareDatetime | None
    runs_out_early: AwareDatetime | None
    runs_out_late: AwareDatetime | None
    last_departure_at: AwareDatetime | None = Field(description="Leaving later is too late.")


class AnnouncedRow(BaseModel):
    """A line runs at another rate for a while, because somebody said so; forecasts follow it."""

    event: str = Field(
        description="`source/event_id` of the report; withdrawing it needs this.",
        examples=["board-1f2e3d4c/4711"],
    )
    percent: float = Field(description="Of the usual rate; 0 = it stands still.")
    from_: AwareDatetime = Field(alias="from")
    until: AwareDatetime
    by: str = Field(description="Who said it.")
    reason: str


class LineRow(BaseModel):
    """One row of the grid."""

    line_id: str
    showroom_id: str
    station_id: str
    halted: bool
    cells: list[Cell] = Field(description="One per shift of `shifts`, in that order.")
    announced: list[AnnouncedRow] = Field(
        default_factory=list, description="What holds within `shifts`, in order of time."
    )


class Action(BaseModel):
    """An order that has not left."""

    order_id: str
    part_id: str
    description: str
    from_location: str = Field(alias="from")
    to_location: str = Field(alias="to")
    quantity: int
    unit: str
    containers: int | None
    state: Literal["proposed", "approved"]
    departure_at: AwareDatetime
    cutoff_at: AwareDatetime = Field(description="Release it before this.")
    arrives_at: AwareDatetime
    expected_lost_minutes: float = Field(description="Production that it saves, line minutes.")
    risk_before: float
    risk_after: float
    lines: list[str]
    why: str
    etag: str = Field(
        description="For `If-Match` of a decision, as GET /orders/{order_id} gives it."
    )


class SetAside(BaseModel):
    """A proposal that somebody has set aside, while it can still be released."""

    order_id: str
    part_id: str
    to_location: str = Field(alias="to")
    quantity: int
    unit: str
    cutoff_at: AwareDatetime
    snoozed_until: AwareDatetime


class Automation(BaseModel):
    """Whether orders leave by themselves."""

    mode: Literal["suggest", "auto_below", "auto"]
    paused: bool


class PolicyScore(BaseModel):
    """One policy on days that it had not seen."""

    policy: str
    halts_per_line_month: float
    low: float = Field(description="Lower end of the 95 % interval of the halts.")
    high: float
    lost_minutes: float
    cover_days: float
    orders: float
    trips: float


class ForecastScore(BaseModel):
    """One model on the same days."""

    model: str
    mase: float
    wape: float
    pinball: float


class Scoreboard(BaseModel):
    """How policies and models compare."""

    policies: list[PolicyScore]
    forecast: list[ForecastScore]


class ControlRoom(BaseModel):
    """Everything the first screen shows, as of one change number."""

    generated_at: AwareDatetime
    change: int = Field(description="The newest change that is in these figures.")
    plant: PlantName
    clock: PlantClock
    shift: RunningShift | None
    headline: str
    freshness: Freshness
    shifts: list[ShiftRow]
    lines: list[LineRow]
    actions: list[Action] = Field(description="The most lost minutes first.")
    set_aside: list[SetAside] = Field(description="Those that come back first stand first.")
    alerts: list[AlertRow]
    automation: Automation
    scoreboard: Scoreboard | None


class GridLine(BaseModel):
    """One row of a plan's grid."""

    line_id: str
    showroom_id: str | None
    station_id: str | None
    cells: list[Cell]
    announced: list[AnnouncedRow] = Field(
        default_factory=list, description="What holds within `shifts`, in order of time."
    )


class PairRow(BaseModel):
    """How long one part lasts at one stock point with released orders, and no other."""

    location_id: str
    part_id: str
    on_hand: int
    cover_shifts: float | None = Field(
        description="Shifts that the stock lasts at the forecast of these shifts; null without use."
    )
    runs_out_at: AwareDatetime | None = Field(description="Likely; null beyond the grid.")
    runs_out_early: AwareDatetime | None
    runs_out_late: AwareDatetime | None
    last_departure_at: AwareDatetime | None = Field(description="Leaving later is too late.")


class PlanDocument(BaseModel):
    """A plan with its grid."""

    plan_id: str
    made_at: AwareDatetime
    snapshot_seq: int = Field(description="The newest change that it knew of.")
    seed: int
    model_version: str
    policy: str
    fallbacks: list[str] = Field(
        default_factory=list, description="What stands in for the model's forecast, and why."
    )
    shifts: list[ShiftRow]
    lines: list[GridLine]
    pairs: list[PairRow] = Field(default_factory=list)

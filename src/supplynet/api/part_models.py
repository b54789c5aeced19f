"""The page of a part over the wire. Quantities in the part's unit."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, Field

from supplynet.api.models import StockRow

_Moment = AwareDatetime | None


class UsedShift(BaseModel):
    """What was used in one shift, sum of the lines."""

    name: str = Field(examples=["night"])
    start: AwareDatetime
    end: AwareDatetime
    used: int | None = Field(description="Null = not observed.")
    starved_minutes: int
    stopped_minutes: int
    running: bool


class OddThing(BaseModel):
    """An anomaly in the use."""

    anomaly_id: str
    location_id: str
    start: AwareDatetime
    end: AwareDatetime
    kind: str
    state: str
    sentence: str


class ExpectedShift(BaseModel):
    """10, 50 and 90 % quantile of the use in one shift; the running one with what is used."""

    name: str
    start: AwareDatetime
    end: AwareDatetime
    low: float
    likely: float
    high: float


class PartForecast(BaseModel):
    """The forecast of the last plan, sum of the lines, from joint sample paths."""

    made_at: AwareDatetime
    model_version: str
    fallbacks: list[str]
    used_so_far: int = Field(description="In the running shift.")
    shifts: list[ExpectedShift]


class Coming(BaseModel):
    """What is released, or proposed and can still leave."""

    order_id: str
    state: str
    quantity: int = Field(description="Not received yet.")
    arrives_at: AwareDatetime = Field(description="Now, where it is late.")
    late: bool


class StockPoint(BaseModel):
    """Projected stock at one moment: 10, 50 and 90 % quantile."""

    at: AwareDatetime
    without: list[float] = Field(description="With released orders only.")
    with_proposals: list[float] = Field(alias="with", description="With the proposals as well.")


class RunsOut(BaseModel):
    """When 10, 50 and 90 % of the sampled futures have run out; null = later than all of it."""

    early: _Moment
    likely: _Moment
    late: _Moment


class RunsOutCases(BaseModel):
    """Without and with the proposals."""

    without: RunsOut
    with_proposals: RunsOut = Field(alias="with")


class Projection(BaseModel):
    """Stock from now on; it never falls below 0, for lines that lack a part stand still."""

    points: list[StockPoint]
    runs_out: RunsOutCases


class RunOutRisk(BaseModel):
    """Clock times with what is on hand and released now, and nothing more."""

    runs_out_at: _Moment
    runs_out_early: _Moment
    runs_out_late: _Moment
    last_departure_at: _Moment = Field(description="Leaving later is too late.")


class PartOrder(BaseModel):
    """One order of the part to this stock point, in short."""

    order_id: str
    kind: str
    state: str
    part_id: str
    from_location: str
    to_location: str
    lane_id: str
    quantity: int
    received: int
    short: int
    damaged: int
    policy: str
    model_version: str | None
    departure_at: AwareDatetime
    arrives_at: AwareDatetime
    cutoff_at: AwareDatetime
    why: str


class LastDecision(BaseModel):
    """What the last plan decided, orders of 0 included."""

    decided_at: AwareDatetime
    departure_at: AwareDatetime
    arrives_at: AwareDatetime
    granted: int
    outcome: str
    binding: str
    policy: str
    why: str


class Minutes(BaseModel):
    """A duration: at least, usually, at most."""

    low: int
    mode: int
    high: int


class Rule(BaseModel):
    """How the stock point is supplied; null = no limit, or as the plant does."""

    container_size: int
    minimum_order: int
    bin_maximum: int | None
    criticality: str
    policy: str | None
    automation: str | None


class SupplyLane(BaseModel):
    """A lane that may bring it, the usual one first."""

    lane_id: str
    from_location: str = Field(alias="from")
    departures: list[str] = Field(description="Clock times in `time_zone`.")
    weekdays: list[int] = Field(description="Monday = 0.")
    time_zone: str
    cutoff_minutes: int
    transit: Minutes
    volume_litres: float | None


class Purchase(BaseModel):
    """How a warehouse buys it."""

    supplier_id: str
    lead_time: Minutes
    minimum_order: int
    multiple: int
    reorder_point: int | None
    order_up_to_level: int | None


class Supply(BaseModel):
    """Where it comes from."""

    rule: Rule | None
    lanes: list[SupplyLane]
    purchase: Purchase | None


class JudgedShift(BaseModel):
    """A finished shift and what had been forecast of it."""

    name: str
    start: AwareDatetime
    used: int
    forecast: float = Field(description="Mean, by the last plan before the shift.")
    naive: int | None = Field(description="Used in the same shift a week before.")


class SeriesQuality(BaseModel):
    """How good the forecast was in the last shifts; errors as a share of what was used."""

    shifts: list[JudgedShift]
    error: float
    bias: float = Field(description="Above 0 = too much was forecast.")
    error_beside_naive: float | None = Field(description="In the shifts that have a naive one.")
    naive_error: float | None


class PartPage(BaseModel):
    """All about one part at one stock point, line or warehouse, from one moment."""

    now: AwareDatetime
    location_id: str
    part_id: str
    stock_point_id: str = Field(description="Where the stock of a line lies.")
    lines: list[str] = Field(description="Whose use is added up.")
    shares_with: list[str] = Field(description="Other lines that draw from the same stock.")
    stock: StockRow | None
    history: list[UsedShift] = Field(description="The oldest first, the running shift last.")
    anomalies: list[OddThing]
    forecast: PartForecast | None
    deliveries: list[Coming]
    projection: Projection | None = Field(description="Null at a warehouse, which hands on.")
    risk: RunOutRisk | None
    orders: list[PartOrder] = Field(description="Of two weeks and ahead, the latest first.")
    decision: LastDecision | None
    supply: Supply
    quality: SeriesQuality | None = Field(description="Null before a forecast could be judged.")

"""The flow of parts in the running shift over the wire."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, Field

from supplynet.api.screen import ShiftRow


class Road(BaseModel):
    """Units between a warehouse and another site in the running shift, all parts together."""

    from_location: str = Field(alias="from", examples=["WH1"])
    to_location: str = Field(alias="to", examples=["SR1"])
    planned: int = Field(description="Of orders that leave in the shift.")
    shipped: int = Field(description="Of these, what has left.")
    on_road: int = Field(description="Under way now, whenever it left.")
    late: int = Field(description="Of these, what is past its arrival.")
    due: int = Field(description="Of orders that arrive in the shift.")
    received: int = Field(description="Of these, what has been received.")


class Delivery(BaseModel):
    """One departure that is under way."""

    lane_id: str
    from_location: str = Field(alias="from")
    to_location: str = Field(alias="to")
    departure_at: AwareDatetime
    arrives_at: AwareDatetime
    late_minutes: int = Field(description="0 when it is not late.")
    parts: int = Field(description="Kinds of parts on it.")
    quantity: int = Field(description="Units not received yet.")


class LineFlow(BaseModel):
    """What one line uses in the running shift, units of all parts together."""

    line_id: str
    showroom_id: str
    planned: float | None = Field(
        description="Mean forecast of the shift by the last plan before it; null without one."
    )
    planned_by_now: float | None = Field(description="Its share of the time that has passed.")
    used: int


class LastShift(BaseModel):
    """How far the forecast of the last finished shift was off."""

    shift: ShiftRow
    series: int = Field(description="Lines and parts that were forecast.")
    used: int
    wape: float = Field(description="Sum of absolute errors over the sum used.", examples=[0.18])
    bias: float = Field(description="Sum of errors over it; above 0 = too much forecast.")


class Flow(BaseModel):
    """Planned and actual movement of the running shift."""

    shift: ShiftRow | None
    elapsed: float = Field(description="Share of the shift that is over.", examples=[0.5])
    roads: list[Road]
    deliveries: list[Delivery]
    lines: list[LineFlow]
    last_shift: LastShift | None

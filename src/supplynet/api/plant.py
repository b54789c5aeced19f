"""The plant over the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class PartRow(BaseModel):
    """One kind of part."""

    part_id: str
    description: str
    unit: str
    volume_litres: float
    unit_cost: float


class LocationRow(BaseModel):
    """A supplier, warehouse, showroom, station or line."""

    location_id: str
    kind: Literal["supplier", "warehouse", "showroom", "station", "line"]
    parent_id: str | None
    name: str
    holds_stock: bool


class RequirementRow(BaseModel):
    """What one unit built takes."""

    line_id: str
    part_id: str
    quantity: str = Field(description="A decimal number as text.", examples=["0.5"])


class TransitMinutes(BaseModel):
    """A triangular distribution, minutes."""

    low: int
    mode: int
    high: int


class LaneRow(BaseModel):
    """A way from one stock point to another."""

    lane_id: str
    from_location: str = Field(alias="from")
    to_location: str = Field(alias="to")
    departures: list[str] = Field(description="Local clock times.", examples=[["05:00", "17:00"]])
    weekdays: list[int] = Field(description="Monday is 0.")
    time_zone: str
    cutoff_minutes: int
    transit_minutes: TransitMinutes


class SupplyRuleRow(BaseModel):
    """How a stock point gets a part."""

    stock_point_id: str
    part_id: str
    lane_ids: list[str]
    container_size: int
    minimum_order: int
    bin_maximum: int | None
    criticality: str


class Network(BaseModel):
    """The plant as it is configured."""

    plant_id: str
    name: str
    time_zone: str
    locations: list[LocationRow]
    parts: list[PartRow]
    requirements: list[RequirementRow]
    lanes: list[LaneRow]
    supply_rules: list[SupplyRuleRow]

"""The plant over the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from supplynet.api.bodies import Body, Reason

_Cell = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Column = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,64}$")]


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


class PlantChange(Body):
    """Cells that become other."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rows": [{"part_id": "P-001", "unit_cost": "0.35"}],
                    "reason": "price list of March",
                }
            ]
        }
    )

    rows: list[dict[_Column, _Cell]] = Field(
        min_length=1, max_length=10_000, description="The key of a row and its changed cells."
    )
    reason: Annotated[Reason, Field(min_length=1)]
    dry_run: StrictBool = Field(default=False, description="Check everything, write nothing.")


class ChangedRow(BaseModel):
    """A row that differs."""

    key: str = Field(examples=["SR1 P-001"])
    before: dict[str, str]
    after: dict[str, str]


class PlantMistake(BaseModel):
    """Something that the plant cannot be."""

    file: str = Field(examples=["lanes.csv"])
    row: int | None = Field(description="As a spreadsheet counts: the header is row 1.")
    column: str | None
    wrong: str
    right: str


class PlantChanged(BaseModel):
    """What became of a change."""

    changed: list[ChangedRow]
    mistakes: list[PlantMistake] = Field(description="With any, nothing was written.")
    written: bool

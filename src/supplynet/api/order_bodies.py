"""What comes in and goes out with orders, shipments and the diary."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt

from supplynet.api.bodies import Body, Reason
from supplynet.api.depends import Moment
from supplynet.api.models import OrderRow
from supplynet.connectors.event_body import LARGEST, Id
from supplynet.core.orders import OrderKind
from supplynet.cycle import Receipt, Wanted
from supplynet.storage.diary import DiaryAction

MOST_LINES = 1000
Parts = Annotated[StrictInt, Field(gt=0, le=LARGEST)]
SomeParts = Annotated[StrictInt, Field(ge=0, le=LARGEST)]
NeededReason = Annotated[Reason, Field(min_length=1)]
ShipmentId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}@[0-9]{8}T[0-9]{4}Z$", description="LANE@DEPARTURE.")
]


class NewOrder(Body):
    """An order by hand; it waits for its approval like any proposal."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "transfer", "part_id": "P-001", "to_location": "SR1", "quantity": 40}
            ]
        }
    )

    kind: Literal["transfer", "purchase"]
    part_id: Id
    to_location: Id
    quantity: Parts
    lane_id: Id | None = Field(default=None, description="Null = the usual one of the supply rule.")
    departure_at: Moment | None = Field(default=None, description="Null = the next one.")
    reason: Reason = ""

    def wanted(self) -> Wanted:
        """As the cycle takes it."""
        return Wanted(
            kind=OrderKind(self.kind),
            part_id=self.part_id,
            to_location=self.to_location,
            quantity=self.quantity,
            lane_id=self.lane_id,
            departure_at=self.departure_at,
        )


class OrderChange(Body):
    """Another quantity."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"quantity": 80, "reason": "full"}]})

    quantity: Parts
    reason: Reason = ""


class OrderSnooze(Body):
    """Set a proposal aside; without a moment it comes back among what waits."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"until": "2026-01-06T06:00:00Z", "reason": "after the count"}]
        }
    )

    until: Moment | None
    reason: Reason = ""


class Split(Body):
    """Let a part of an order go with another departure."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"quantity": 40, "departure_at": "2026-01-06T14:00:00Z"}]}
    )

    quantity: Parts
    departure_at: Moment
    reason: Reason = ""


class Handling(Body):
    """Pick or ship; less than the order is for, if it says so."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"quantity": 80, "reason": "two boxes are missing"}]}
    )

    quantity: Parts | None = None
    reason: Reason = ""


class GoodsIn(Body):
    """What has come of an order."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"good": 95, "damaged": 2, "reason": "crushed"}]}
    )

    good: SomeParts
    short: SomeParts | None = Field(
        default=None,
        description="Will not come. Null: of a transfer all that is missing, of a purchase none.",
    )
    damaged: SomeParts = 0
    reason: Reason = Field(default="", description="Needed for what is damaged or said to be short")

    def receipt(self) -> Receipt:
        """As the cycle takes it."""
        return Receipt(good=self.good, short=self.short, damaged=self.damaged)


class Closing(Body):
    """End an order."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "the rest will not come"}]}
    )

    reason: Reason = ""


class Reversal(Body):
    """Undo an order."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "scanned the wrong lorry"}]}
    )

    reason: NeededReason


class ShipmentHandling(Body):
    """Pick or ship a departure's orders; quantities by order id where they are less."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"quantities": {"019b9000-0000-7000-8000-000000000000": 80}}]
        }
    )

    quantities: dict[Id, Parts] = Field(default_factory=dict, max_length=MOST_LINES)
    reason: Reason = ""


class LineIn(Body):
    """What has come of one order of a shipment."""

    good: SomeParts
    short: SomeParts | None = None
    damaged: SomeParts = 0


class ShipmentIn(Body):
    """Receive a departure; what is not named has come whole and good."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"receipts": {"019b9000-0000-7000-8000-000000000000": {"good": 95, "damaged": 2}}}
            ]
        }
    )

    receipts: dict[Id, LineIn] = Field(default_factory=dict, max_length=MOST_LINES)
    reason: Reason = ""

    def told(self) -> dict[str, Receipt]:
        """As the cycle takes it."""
        return {
            order_id: Receipt(good=line.good, short=line.short, damaged=line.damaged)
            for order_id, line in self.receipts.items()
        }


class Orders(BaseModel):
    """Orders that one command changed."""

    items: list[OrderRow]
    next_cursor: None = None


class ShipmentRow(BaseModel):
    """What goes with one departure of one lane."""

    shipment_id: str = Field(examples=["WH1-SR1@20260105T0500Z"])
    lane_id: str
    from_location: str
    to_location: str
    departure_at: AwareDatetime
    cutoff_at: AwareDatetime
    arrives_at: AwareDatetime
    state: Literal["proposed", "approved", "picked", "shipped", "received", "closed"] = Field(
        description="Of the order that is least far."
    )
    released: int = Field(description="How many orders are under way.")
    order_count: int
    litres: float
    room_litres: float | None = Field(description="Room of one trip; null = no limit.")


class ShipmentDetail(ShipmentRow):
    """A shipment with its orders, in route order."""

    orders: list[OrderRow]


class PickingTask(BaseModel):
    """One order to pick."""

    order_id: str
    shipment_id: str
    lane_id: str
    part_id: str
    from_location: str
    to_location: str
    quantity: int
    containers: int | None
    departure_at: AwareDatetime
    cutoff_at: AwareDatetime
    minutes_until_cutoff: int
    minutes_until_halt: int | None = Field(
        description="Until the part runs out there by the plan that proposed it; null = it did not."
    )


class DiaryRow(BaseModel):
    """What was proposed, and what was done."""

    entry_id: str
    at: AwareDatetime
    actor: str
    action: DiaryAction
    order_id: str | None
    location_id: str
    part_id: str
    departure_at: AwareDatetime
    proposed: int
    done: int
    reason: str
    policy: str | None
    model_version: str | None
    scored_at: AwareDatetime | None
    score: dict[str, Any] | None = Field(
        description="Minimum and average stock and parts short `proposed` and `done`; `better`: "
        "ours, theirs or equal; `halt`: avoided, caused or null."
    )


class DiarySum(BaseModel):
    """All entries of one actor and action."""

    actor: str
    action: DiaryAction
    count: int
    scored: int
    ours: int
    theirs: int
    equal: int
    halts_avoided: int
    halts_caused: int
    stock_difference: float | None = Field(
        description="Average stock as done less that as proposed, in parts; null until scored."
    )

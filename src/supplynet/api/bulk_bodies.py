"""What comes in and goes out with many orders or alerts at once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from supplynet.api.bodies import Body, Reason
from supplynet.api.depends import Moment
from supplynet.api.models import AlertRow, OrderRow, Problem
from supplynet.connectors.event_body import LARGEST, Id
from supplynet.storage.alert_life import LONGEST_SNOOZE

MOST_ITEMS = 200
_MOST_MINUTES = int(LONGEST_SNOOZE.total_seconds() // 60)
_IfMatch = Annotated[str | None, Field(max_length=500, pattern=r"^[\x20-\x7e]*$")]


class OrderDecision(Body):
    """What is to be done with one order."""

    order_id: Id
    action: Literal["approve", "cancel", "snooze"]
    quantity: StrictInt | None = Field(
        default=None, gt=0, le=LARGEST, description="Of an approval; null = as proposed."
    )
    until: Moment | None = Field(default=None, description="Of a snooze.")
    reason: Reason = ""
    if_match: _IfMatch = Field(default=None, description="The `ETag` it was decided on.")


class OrderDecisions(Body):
    """What is to be done with many orders."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {"order_id": "019b9000-0000-7000-8000-000000000000", "action": "approve"}
                    ],
                    "all_or_nothing": False,
                }
            ]
        }
    )

    items: list[OrderDecision] = Field(min_length=1, max_length=MOST_ITEMS)
    all_or_nothing: StrictBool = Field(
        default=False, description="The first that cannot be done undoes the others."
    )


class AlertHandling(Body):
    """What is to be done with one alert."""

    alert_id: Id
    action: Literal["acknowledge", "snooze", "resolve"]
    minutes: StrictInt | None = Field(default=None, ge=1, le=_MOST_MINUTES)
    until: Moment | None = None
    reason: Reason = ""
    if_match: _IfMatch = Field(default=None, description="The `ETag` it was decided on.")


class AlertHandlings(Body):
    """What is to be done with many alerts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "alert_id": "5f0b6d1c-6f0f-4b43-9d0a-0c9d4c0b6b1e",
                            "action": "acknowledge",
                        }
                    ]
                }
            ]
        }
    )

    items: list[AlertHandling] = Field(min_length=1, max_length=MOST_ITEMS)
    all_or_nothing: StrictBool = Field(
        default=False, description="The first that cannot be done undoes the others."
    )


class _Outcome(BaseModel):
    status: int = Field(description="As of a call of its own; 424: another one stopped it.")
    problem: Problem | None
    etag: str | None


class OrderOutcome(_Outcome):
    """What became of one order."""

    order_id: str
    order: OrderRow | None


class AlertOutcome(_Outcome):
    """What became of one alert."""

    alert_id: str
    alert: AlertRow | None


class OrderOutcomes(BaseModel):
    """What became of each order, as they were asked for."""

    done: int
    failed: int
    items: list[OrderOutcome]


class AlertOutcomes(BaseModel):
    """What became of each alert, as they were asked for."""

    done: int
    failed: int
    items: list[AlertOutcome]

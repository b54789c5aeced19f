"""What comes over the wire: strict bodies, unknown fields refused, nothing converted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
)

from supplynet.connectors.event_body import LARGEST, EventBody

MOST_EVENTS = 5000
# PostgreSQL cannot store a NUL, and no one can read one.
Reason = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x08]*$")]
Seed = Annotated[StrictInt | None, Field(ge=0, le=2**53 - 1)]

EVENT_EXAMPLE = EventBody.model_json_schema()["examples"][0]


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Approval(Body):
    """Release an order, with another quantity if wanted."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"quantity": 240, "reason": "one pallet more"}]}
    )

    quantity: StrictInt | None = Field(default=None, gt=0, le=LARGEST)
    reason: Reason | None = None


class Cancellation(Body):
    """Cancel an order."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "already on its way"}]})

    reason: Annotated[Reason, Field(min_length=1)]


class PlanRequest(Body):
    """Make a plan now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"seed": 7}]})

    seed: Seed = Field(default=None, description="Start of the random paths; null = settings.")


class AutomationChange(Body):
    """Pause or resume automatic releases."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"paused": True, "reason": "stocktaking"}]}
    )

    paused: StrictBool
    reason: Reason = ""


class Promotion(Body):
    """Make a version of the model champion or challenger."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "knows the new line"}]})

    alias: Literal["champion", "challenger"] = "champion"
    reason: Reason = ""


class Rollback(Body):
    """Go back to the champion before."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "too high at night"}]})

    reason: Reason = ""


class EventBatch(Body):
    """Events that are taken together or not at all."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"events": [EVENT_EXAMPLE]}]})

    events: list[EventBody] = Field(min_length=1, max_length=MOST_EVENTS)


class ReplayLetter(Body):
    """Try a dead letter again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"event": EVENT_EXAMPLE}]})

    event: EventBody | None = Field(
        default=None, description="The event as it should have been; null = as it came."
    )


class DropLetter(Body):
    """Drop a dead letter."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "a test of the PLC"}]})

    reason: Annotated[Reason, Field(min_length=1)]

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

from supplynet.anomaly.registry import DETECTORS
from supplynet.connectors.event_body import LARGEST, EventBody, Id
from supplynet.forecast.registry import MODELS
from supplynet.services.model_promotion import Promote
from supplynet.services.simulation import FAMILIES, POLICIES
from supplynet.services.what_if_question import DAYS, FUTURES, MOST_DAYS, MOST_FUTURES

MOST_EVENTS = 5000
MOST_CHANGES = 200
VersionName = Id
# PostgreSQL cannot store a NUL, and no one can read one.
Reason = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x08]*$")]
Place = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}/[A-Za-z0-9._-]{1,64}$")]
Clocks = Annotated[str, StringConstraints(max_length=500)]
Seed = Annotated[StrictInt | None, Field(ge=0, le=2**53 - 1)]


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

    events: list[EventBody] = Field(min_length=1, max_length=MOST_EVENTS)


class ReplayLetter(Body):
    """Try a dead letter again."""

    event: EventBody | None = Field(
        default=None, description="The event as it should have been; null = as it came."
    )


class DropLetter(Body):
    """Drop a dead letter."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "a test of the PLC"}]})

    reason: Annotated[Reason, Field(min_length=1)]


class TrainParams(Body):
    """Compare models, fit each on all history, keep the best."""

    models: list[Literal[tuple(sorted(MODELS))]] = Field(min_length=1, max_length=len(MODELS))  # type: ignore[valid-type]  # the registry is the list
    seed: Seed = None
    promote: Promote = Field(
        default="if_better", description="When the best takes the champion's place."
    )


class CompareParams(Body):
    """Two versions of the model on periods that neither has seen."""

    first: VersionName
    second: VersionName | None = Field(default=None, description="Null = the champion.")


class SimulateParams(Body):
    """Replay the last days in the twin: policies side by side on the same demand."""

    days: StrictInt = Field(default=28, ge=1, le=366)
    policies: list[Literal[tuple(FAMILIES)]] = Field(  # type: ignore[valid-type]  # as above
        default_factory=lambda: list(POLICIES), min_length=1, max_length=len(FAMILIES)
    )
    seed: Seed = None


class WhatIfParams(Body):
    """The plant as it is and as it might be, on the same sampled futures."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"rate": {"SR1.ST1.A": 1.2}, "days": 14}]}
    )

    rate: dict[Id, float] = Field(
        default_factory=dict, max_length=MOST_CHANGES, description="Factor by line."
    )
    line: dict[Id, Literal["on", "off"]] = Field(default_factory=dict, max_length=MOST_CHANGES)
    lead_time: dict[Id, StrictInt] = Field(
        default_factory=dict, max_length=MOST_CHANGES, description="Minutes by lane."
    )
    departures: dict[Id, Clocks] = Field(
        default_factory=dict, max_length=MOST_CHANGES, description="`06:00,14:00` by lane."
    )
    truck: dict[Id, float] = Field(
        default_factory=dict, max_length=MOST_CHANGES, description="Litres of one trip by lane."
    )
    stock: dict[Place, StrictInt] = Field(
        default_factory=dict, max_length=MOST_CHANGES, description="Parts by `PLACE/PART`."
    )
    shift: dict[str, str] = Field(
        default_factory=dict, max_length=20, description="`06:00-14:00` or `off` by shift."
    )
    days: StrictInt = Field(default=DAYS, ge=1, le=MOST_DAYS)
    futures: StrictInt = Field(default=FUTURES, ge=2, le=MOST_FUTURES)
    seed: Seed = None


class TrainDetectorParams(Body):
    """Learn from all history what is usual; the newest detector serves."""

    model: Literal[tuple(sorted(set(DETECTORS) - {"calibrated"}))] | None = Field(  # type: ignore[valid-type]  # the registry is the list
        default=None, description="Null = the default."
    )
    seed: Seed = None


class TrainJob(Body):
    """Train models."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "train", "params": {"models": ["lightgbm", "shift_mean"]}}]
        }
    )

    kind: Literal["train"]
    params: TrainParams


class CompareJob(Body):
    """Compare two versions of the model."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "compare", "params": {"first": "lightgbm-20260301T080000000000"}}]
        }
    )

    kind: Literal["compare"]
    params: CompareParams


class SimulateJob(Body):
    """Compare and tune policies."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "simulate", "params": {"days": 28}}]}
    )

    kind: Literal["simulate"]
    params: SimulateParams = Field(default_factory=SimulateParams)


class WhatIfJob(Body):
    """Play a changed plant beside the plant as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "what_if", "params": {"line": {"SR1.ST1.B": "off"}}}]
        }
    )

    kind: Literal["what_if"]
    params: WhatIfParams


class TrainDetectorJob(Body):
    """Train the detector of anomalies."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "train_detector"}]})

    kind: Literal["train_detector"]
    params: TrainDetectorParams = Field(default_factory=TrainDetectorParams)


JobRequest = Annotated[
    TrainJob | CompareJob | SimulateJob | WhatIfJob | TrainDetectorJob,
    Field(discriminator="kind"),
]

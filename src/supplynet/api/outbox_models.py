"""What goes over the wire about alerts and the outbox: bodies, questions and rows."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt, model_validator

from supplynet.api.bodies import Body, Reason
from supplynet.api.depends import PageQuery
from supplynet.core.ids import check_id
from supplynet.storage.alert_life import LONGEST_SNOOZE
from supplynet.storage.deliveries import DeliveryState

_MOST_MINUTES = int(LONGEST_SNOOZE.total_seconds() // 60)
ChannelName = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]


class Acknowledgement(Body):
    """Look after an alert."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "on my way"}]})

    reason: Reason = ""


class Snooze(Body):
    """Be told of an alert later: after some minutes, or at a moment; one of the two."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"minutes": 60}]})

    minutes: StrictInt | None = Field(default=None, ge=1, le=_MOST_MINUTES)
    until: AwareDatetime | None = None
    reason: Reason = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> Snooze:
        if (self.minutes is None) == (self.until is None):
            raise ValueError("give minutes or until, one of the two")
        return self


class Resolution(Body):
    """Close an alert by hand."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "seen and done"}]})

    reason: Annotated[Reason, Field(min_length=1)]


class Replay(Body):
    """Send a message once more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"channel": "erp"}]})

    channel: str | None = Field(
        default=None, max_length=64, description="Only on this channel; null = on all."
    )

    @model_validator(mode="after")
    def _is_name(self) -> Replay:
        if self.channel is not None:
            check_id(self.channel, "channel")
        return self


class AlertQuery(PageQuery):
    """Open alerts, all on one page; or those that are over, page by page."""

    state: Literal["open", "resolved"] = "open"


class OutboxQuery(PageQuery):
    """Deliveries in one state, of one channel, or both."""

    state: DeliveryState | None = None
    channel: str | None = Field(default=None, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")


AlertParameters = Annotated[AlertQuery, Query()]
OutboxParameters = Annotated[OutboxQuery, Query()]


class DeliveryRow(BaseModel):
    """One message on its way to one channel."""

    message_id: str
    channel: str
    kind: str = Field(examples=["order", "alert"])
    state: Literal["waiting", "sent", "dead"] = Field(
        description="`dead`: given up or refused for good; `replay` sends it once more."
    )
    attempts: int = Field(description="Tries so far.")
    due_at: AwareDatetime = Field(description="Next try of a waiting one.")
    created_at: AwareDatetime = Field(description="Since when it is tried.")
    message_at: AwareDatetime = Field(description="When what it tells of happened.")
    sent_at: AwareDatetime | None
    error: str | None = Field(description="Why the last try failed.")


class TryRow(BaseModel):
    """One try of one delivery."""

    at: AwareDatetime
    ok: bool
    said: str = Field(description="What the receiver answered, or why there was no answer.")
    seconds: float


class TriedRow(DeliveryRow):
    """One delivery with every try."""

    tries: list[TryRow]


class MessageRow(BaseModel):
    """One outgoing message and what became of it."""

    message_id: str
    kind: str
    payload: dict[str, Any]
    created_at: AwareDatetime
    due_at: AwareDatetime
    routed_at: AwareDatetime | None = Field(description="When it was handed to its channels.")
    deliveries: list[TriedRow]


class ChannelRow(BaseModel):
    """A channel of `notify.toml`; its address and its secret are told to nobody."""

    name: str = Field(examples=["planners"])
    kind: Literal["webhook", "file", "apprise"]
    messages: list[str] = Field(examples=[["alert"]])
    role: str | None = Field(description="Who reads it; null = no rules of a role.")
    locations: list[str] = Field(description="Only of these places; empty = all.")
    quiet_hours: str = Field(examples=["22:00-06:00"])


class ChannelTest(BaseModel):
    """What became of a test message."""

    channel: str
    ok: bool
    said: str
    seconds: float

"""One event as it comes over the wire: by HTTP, MQTT or as a line of a file, the same for all.

Strict: unknown fields are refused and nothing is converted.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
    ValidationError,
    field_validator,
)

from supplynet.core.events import Event, EventType
from supplynet.errors import InvalidInput

LARGEST = 2_000_000_000
MOST_BYTES = 64 * 1024
"""Of one event; ``data`` has at most 10,000 characters."""
OUR_SOURCES = frozenset({"import", "order"})
"""Events that SupplyNet posts itself; whoever else could take their ids would block an order."""
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class EventBody(BaseModel):
    """One report of a machine, a scanner or a person; ``(source, event_id)`` is its key."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "schema": 1,
                    "event_id": "4711",
                    "source": "plc-7",
                    "type": "consumed",
                    "occurred_at": "2026-01-05T21:58:00Z",
                    "location_id": "SR2.ST1.B",
                    "part_id": "P-017",
                    "quantity": 12,
                    "data": {},
                }
            ]
        },
    )

    schema_: Literal[1] = Field(alias="schema", description="Version of this shape.")
    source: Id
    event_id: str = Field(min_length=1, max_length=128, pattern=r"^[^\s\x00-\x1f\x7f]+$")
    type: EventType
    occurred_at: AwareDatetime
    location_id: Id
    part_id: Id | None = None
    quantity: StrictInt | None = Field(default=None, ge=0, le=LARGEST)
    data: dict[str, Any] = Field(default_factory=dict, description="What else the type needs.")

    @field_validator("source")
    @classmethod
    def _is_not_ours(cls, value: str) -> str:
        if value in OUR_SOURCES:
            raise ValueError(f"{value!r} is what SupplyNet calls itself; name who reports")
        return value

    @field_validator("occurred_at", mode="before")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError("a moment is a text such as 2026-01-05T21:58:00Z")
        return value

    @field_validator("data")
    @classmethod
    def _can_be_kept(cls, value: dict[str, Any]) -> dict[str, Any]:
        """NaN is no JSON though parsers take it, and deep nesting is no report."""
        try:
            text = json.dumps(value, allow_nan=False)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if len(text) > 10_000 or "\\u0000" in text:
            raise ValueError("at most 10,000 characters, and no NUL among them")
        return value

    def event(self) -> Event:
        """The event that it reports."""
        return Event(
            source=self.source,
            event_id=self.event_id,
            type=self.type,
            occurred_at=self.occurred_at,
            location_id=self.location_id,
            part_id=self.part_id,
            quantity=self.quantity,
            data=self.data,
        )


def parse_event(text: bytes) -> Event:
    """The event that a JSON text reports.

    Raises:
        InvalidInput: It is no event, in a sentence that names the field.
    """
    if len(text) > MOST_BYTES:
        raise InvalidInput(f"an event of {len(text):,} bytes is too long; use {MOST_BYTES:,}")
    try:
        return EventBody.model_validate_json(text).event()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(step) for step in first["loc"])
        where = f"field {field!r}: " if field else ""
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise InvalidInput(f"this is no event: {where}{first['msg']}{more}") from None

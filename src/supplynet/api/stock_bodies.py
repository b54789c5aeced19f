"""What is asked of stock and movements."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import ConfigDict, Field, StrictBool, StrictInt, model_validator

from supplynet.api.bodies import Body, Reason
from supplynet.api.depends import Moment, PageQuery, SeriesQuery
from supplynet.connectors.event_body import LARGEST, Id
from supplynet.core.ledger import Account
from supplynet.errors import InvalidInput
from supplynet.services.stock import Report, What
from supplynet.storage.ledger import MovementFilter
from supplynet.storage.within import Within

_OptionalId = Annotated[str | None, Field(max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
_MovementId = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[!-~]+$")]
Amount = Annotated[StrictInt | None, Field(ge=0, le=LARGEST)]


class StockQuery(SeriesQuery):
    """Stock now, or as it was."""

    as_of: Moment | None = Field(default=None, description="Stock of this moment instead of now.")
    known_at: Moment | None = Field(
        default=None, description="As the books knew it then: what they learned later is left out."
    )


class MovementQuery(PageQuery):
    """Movements of which all that is given holds."""

    location_id: _OptionalId = Field(default=None, description="From or to this place.")
    part_id: _OptionalId = None
    order_id: _OptionalId = None
    account: Account | None = Field(default=None, description="From or to this account.")
    since: Moment | None = None
    until: Moment | None = Field(default=None, description="Before this moment.")

    def filter(self, within: Within) -> MovementFilter:
        """The same for the ledger, within some places (None = all)."""
        return MovementFilter(**self.model_dump(exclude={"limit", "cursor"}), within=within)


class StockReport(Body):
    """What a person says of the stock of one part at one place."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"location_id": "SR1", "part_id": "P-001", "quantity": 120}]
        }
    )

    location_id: Id
    part_id: Id
    quantity: Amount = Field(default=None, description="In the part's unit; or give packs.")
    packs: Amount = Field(default=None, description="In containers of the supply rule.")
    to_location: Id | None = Field(default=None, description="Of a transfer or return.")
    received: StrictBool = Field(
        default=True, description="False leaves a transfer under way until it is received."
    )
    reason: Reason = ""
    occurred_at: datetime | None = Field(default=None, description="With time zone; null = now.")
    key: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[!-~]+$")] | None = Field(
        default=None, description="The same report under the same key is done once."
    )

    @model_validator(mode="after")
    def _has_zone(self) -> StockReport:
        if self.occurred_at is not None and self.occurred_at.utcoffset() is None:
            raise ValueError("occurred_at has no time zone; add Z or an offset")
        return self

    def report(self, what: What, key: str | None) -> Report:
        """The same for the service, under the key of the body or else of the header.

        Raises:
            InvalidInput: There are two keys.
        """
        if key is not None and self.key not in {None, key}:
            raise InvalidInput(
                f"the body has the key {self.key} and Idempotency-Key says {key}; leave one out"
            )
        return Report(what=what, **self.model_dump(exclude={"key"}), key=self.key or key)


class Undo(Body):
    """Undo a mis-scan."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"movement_id": "scanner-3/4711#0", "reason": "scanned twice"}]
        }
    )

    movement_id: _MovementId
    reason: Annotated[Reason, Field(min_length=1)]


StockParameters = Annotated[StockQuery, Query()]
MovementParameters = Annotated[MovementQuery, Query()]
WhatPath = Literal["count", "scrap", "return", "transfer"]

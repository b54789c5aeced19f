"""Why a part was ordered, or why not: what was last decided for it, and on what grounds."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from supplynet.api.admission import AccessDep
from supplynet.api.decision_models import DecisionRow
from supplynet.api.depends import BooksDep, Moment, RecordId
from supplynet.api.routing import Router
from supplynet.services import decisions

router = Router(tags=["planning"])


class WhyQuery(BaseModel):
    """Which decision."""

    model_config = ConfigDict(extra="forbid")

    at: Moment | None = Field(
        default=None, description="As it was decided then; null = the newest."
    )


class ExplainedDecision(DecisionRow):
    """A decision with its grounds."""

    time_zone: str = Field(description="Of the times in `why`.", examples=["Europe/Berlin"])


@router.get("/why/{location_id}/{part_id}", response_model=ExplainedDecision)
def explain_decision(
    books: BooksDep,
    access: AccessDep,
    location_id: RecordId,
    part_id: RecordId,
    query: Annotated[WhyQuery, Query()],
) -> dict[str, Any]:
    """Why a part was ordered at a stock point, or why not, in a sentence and in numbers.

    404: nothing was decided for it yet; what was never counted is not planned.
    """
    return decisions.why(books, location_id, part_id, at=query.at, within=access.locations)

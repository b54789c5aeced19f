"""The change feed: what is other than before, in order and without gaps, page by page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from supplynet.api.admission import AccessDep
from supplynet.api.depends import BooksDep
from supplynet.api.routing import Router
from supplynet.services import overview

router = Router(tags=["stream"])
Json = dict[str, Any]
_Kind = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[a-z_]+$")]


class ChangeQuery(BaseModel):
    """Which changes."""

    model_config = ConfigDict(extra="forbid")

    after: int = Field(default=0, ge=0, lt=2**63, description="`next_cursor` of the page before.")
    kind: list[_Kind] = Field(default_factory=list, max_length=20, description="Only these.")
    limit: int = Field(default=200, ge=1, le=1000)


class FeedRow(BaseModel):
    """Something is other than before."""

    seq: int
    kind: str = Field(examples=["order"])
    ref: str | None = Field(
        description="Id of what changed; null for those who may see some sites only."
    )
    at: AwareDatetime


class Changes(BaseModel):
    """Changes, oldest first."""

    items: list[FeedRow]
    next_cursor: int = Field(description="Ask again with `after` of this, whenever you like.")
    gap: bool = Field(
        description="What came right after `after` is no longer known: read all anew, and go on "
        "from `next_cursor`."
    )


@router.get("/changes", response_model=Changes)
def list_changes(
    books: BooksDep, access: AccessDep, query: Annotated[ChangeQuery, Query()]
) -> Json:
    """What changed after a number: one who has seen it all never meets a new one below it.

    `/stream` says the same as it happens, without the ids.
    """
    found = overview.changes_after(books, query.after, kinds=query.kind, limit=query.limit)
    if access.sites is not None:
        found["items"] = [row | {"ref": None} for row in found["items"]]
    return found

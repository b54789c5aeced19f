"""Tables out, as CSV, in one stream however long they are."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from supplynet.api.admission import AccessDep
from supplynet.api.depends import BooksDep, Moment
from supplynet.api.routing import Router
from supplynet.services import table_export

router = Router(prefix="/exports", tags=["exports"])
CSV = "text/csv; charset=utf-8"
_Id = Annotated[str | None, Field(max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {CSV: {"schema": {"type": "string"}}}}}


class TableQuery(BaseModel):
    """Rows of one place, of one part, or of both."""

    model_config = ConfigDict(extra="forbid")

    location_id: _Id = Field(default=None, description="Of orders: where they go.")
    part_id: _Id = None


class PeriodQuery(BaseModel):
    """Which periods of the history."""

    model_config = ConfigDict(extra="forbid")

    start: Moment | None = Field(default=None, description="From this moment on.")
    end: Moment | None = Field(default=None, description="Before this moment.")


@router.get("/history", response_class=StreamingResponse, responses=_FILE)
def export_history(books: BooksDep, query: Annotated[PeriodQuery, Query()]) -> StreamingResponse:
    """The history of consumption, as CSV, by line, part and shift."""
    rows = table_export.history_csv(books, start=query.start, end=query.end)
    return _streamed(rows, "history")


@router.get("/{table}", response_class=StreamingResponse, responses=_FILE)
def export_table(
    books: BooksDep,
    access: AccessDep,
    table: table_export.Table,
    query: Annotated[TableQuery, Query()],
) -> StreamingResponse:
    """Stock, orders, movements or the forecast of the last plan, as CSV.

    Text that a spreadsheet would run as a formula has an apostrophe before it.
    """
    rows = table_export.csv_of(
        books,
        table,
        location_id=query.location_id,
        part_id=query.part_id,
        within=access.locations,
    )
    return _streamed(rows, table)


def _streamed(rows: Any, name: str) -> StreamingResponse:
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(rows, media_type=CSV, headers=headers)

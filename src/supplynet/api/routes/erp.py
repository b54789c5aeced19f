"""The ERP: whether it can be asked, and CSV files for it; pulling and pushing are jobs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from supplynet.api.depends import NO_PARAMETERS, BooksDep, Moment
from supplynet.api.routing import Router
from supplynet.connectors.erp_csv import template_csv
from supplynet.errors import ConfigError, InvalidInput
from supplynet.services import erp, erp_export

router = Router(prefix="/erp", tags=["erp"])
Json = dict[str, Any]
CSV = "text/csv; charset=utf-8"
_FILE: dict[int | str, Json] = {200: {"content": {CSV: {"schema": {"type": "string"}}}}}
Exported = Literal["stock", "orders", "receipts", "shipments", "min_max", "kanban"]
Filled = Literal["stock", "orders", "receipts", "events"]


class ErpHealth(BaseModel):
    """An ERP that answered."""

    system: str = Field(examples=["Odoo 18.0"])
    lacking: list[str] = Field(description="Places of `erp.toml` that are not there.")


class ExportQuery(BaseModel):
    """Which rows."""

    model_config = ConfigDict(extra="forbid")

    since: Moment | None = Field(
        default=None, description="Of receipts and shipments: what the books learnt from then on."
    )


@router.get("/check", response_model=ErpHealth, dependencies=[NO_PARAMETERS])
def check_erp(books: BooksDep) -> Json:
    """Sign in to the ERP of `erp.toml` and see whether its places are there.

    422: `erp.toml` is wrong or not there. 503: it does not answer.
    """
    try:
        return asdict(erp.check(books))
    except ConfigError as error:  # the file that is tried, not the server's own settings
        raise InvalidInput(str(error)) from error


@router.get("/export/{kind}", response_class=Response, responses=_FILE)
def export_erp(books: BooksDep, kind: Exported, query: Annotated[ExportQuery, Query()]) -> Response:
    """A CSV file for an ERP: stock, open orders, receipts, shipments, tuned thresholds, cards."""
    content = erp_export.export_csv(books, kind, since=query.since)
    return _file(content, f"{kind}.csv")


@router.get(
    "/templates/{kind}", response_class=Response, responses=_FILE, dependencies=[NO_PARAMETERS]
)
def get_erp_template(kind: Filled) -> Response:
    """A CSV file to fill in, with headings and example rows; `events` is for the drop folder."""
    return _file(template_csv(kind), f"{kind}.csv")


def _file(content: bytes, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=CSV, headers=headers)

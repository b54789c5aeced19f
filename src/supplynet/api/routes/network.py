"""The plant as it is configured."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import Response

from supplynet.api.admission import AccessDep
from supplynet.api.depends import NO_PARAMETERS, BooksDep
from supplynet.api.etags import IfMatch, check_match, etag
from supplynet.api.plant import Network, PlantChange, PlantChanged
from supplynet.api.routing import Router
from supplynet.services import network, plant_editing

router = Router(tags=["network"], dependencies=[NO_PARAMETERS])


@router.get("/network", response_model=Network)
def get_network(response: Response, books: BooksDep, access: AccessDep) -> dict[str, Any]:
    """Locations, parts, requirements, lanes and supply rules, with the `ETag` of the plant."""
    found = network.network(books, access.locations)
    response.headers["etag"] = etag(plant_editing.version_of(books))
    return found


@router.put("/network/{table}", response_model=PlantChanged)
def change_network(
    books: BooksDep,
    access: AccessDep,
    table: plant_editing.TableName,
    body: PlantChange,
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """Change cells of rows of one table, checked with the whole plant; all of it or nothing.

    With mistakes nothing is written, and all of them are told. The next plan goes by it; a live
    demo plays the plant as it was until it is started again.
    """
    return plant_editing.edit(
        books,
        table,
        body.rows,
        actor=access.actor,
        reason=body.reason,
        dry_run=body.dry_run,
        check=partial(check_match, if_match),
    )

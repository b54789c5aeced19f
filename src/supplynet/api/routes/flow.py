"""What moves in the running shift."""

from __future__ import annotations

from typing import Any

from supplynet.api.admission import AccessDep
from supplynet.api.depends import NO_PARAMETERS, BooksDep
from supplynet.api.flow_models import Flow
from supplynet.api.routing import Router
from supplynet.services import flow

router = Router(tags=["control room"], dependencies=[NO_PARAMETERS])


@router.get("/flow", response_model=Flow)
def get_flow(books: BooksDep, access: AccessDep) -> dict[str, Any]:
    """Units planned and moved in the running shift: shipped, on the road, received, used."""
    return flow.flow(books, access.locations)

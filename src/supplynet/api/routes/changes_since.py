"""What has changed since yesterday, and for which parts."""

from __future__ import annotations

from typing import Any

from supplynet.api.admission import AccessDep
from supplynet.api.change_models import ChangesParameters, ChangesSince
from supplynet.api.depends import BooksDep
from supplynet.api.routing import Router
from supplynet.services import what_changed

router = Router(tags=["control room"])


@router.get("/changes-since", response_model=ChangesSince)
def get_what_changed(
    books: BooksDep, access: AccessDep, query: ChangesParameters
) -> dict[str, Any]:
    """Changes of plan, stock, deliveries and forecast, and the parts affected, the worst first."""
    return what_changed.what_changed(
        books, since=query.since, within=access.locations, limit=query.limit
    )

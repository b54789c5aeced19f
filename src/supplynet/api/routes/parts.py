"""All about one part at one place, for the page of that part."""

from __future__ import annotations

from typing import Any

from supplynet.api.admission import AccessDep
from supplynet.api.depends import NO_PARAMETERS, BooksDep, RecordId
from supplynet.api.part_models import PartPage
from supplynet.api.routing import Router
from supplynet.services import part_page

router = Router(tags=["planning"], dependencies=[NO_PARAMETERS])


@router.get("/parts/{location_id}/{part_id}", response_model=PartPage)
def get_part(
    books: BooksDep, access: AccessDep, location_id: RecordId, part_id: RecordId
) -> dict[str, Any]:
    """Use, forecast, projected stock, orders, supply and forecast quality of a part at a place.

    The place is a stock point, a line (whose stock lies at its stock point) or a warehouse. 404:
    there is no such place or part, or nothing there uses it.
    """
    return part_page.part_page(books, location_id, part_id, access.locations)

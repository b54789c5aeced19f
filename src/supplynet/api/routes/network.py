"""The plant as it is configured."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from supplynet.api.depends import NO_PARAMETERS, BooksDep
from supplynet.api.plant import Network
from supplynet.services import network

router = APIRouter(tags=["network"], dependencies=[NO_PARAMETERS])


@router.get("/network", response_model=Network)
def get_network(books: BooksDep) -> dict[str, Any]:
    """Locations, parts, requirements, lanes and supply rules of the plant."""
    return network.network(books)

"""What somebody may touch who is limited to some sites.

A service is told of the limit as ``within``: the ids of all locations at these sites, None where
there is no limit. What cannot be seen is not found, in the words of what does not exist.
"""

from __future__ import annotations

from typing import Any

from supplynet.core.network import LocationKind, Plant
from supplynet.core.orders import Order
from supplynet.core.sites import site_of
from supplynet.errors import NotAllowed
from supplynet.storage.within import Within

Row = dict[str, Any]


def must_name(within: Within, plant: Plant, *places: str | None) -> None:
    """Take only places of one's own in what somebody sends, and suppliers beside one of them.

    Raises:
        NotAllowed: Another is among them, and whether it exists is not said.
    """
    named = [place for place in places if place is not None]
    if within is None or not named:
        return
    strange = [place for place in named if place not in within]
    if len(strange) < len(named):
        strange = [place for place in strange if not _is_supplier(plant, place)]
    if strange:
        raise NotAllowed(f"{strange[0]} is at none of your sites: nothing was taken")


def must_decide(within: Within, order: Order) -> None:
    """What a place gets is decided there.

    Raises:
        NotAllowed: The order goes to another site.
    """
    _must_be(within, order, order.to_location, "is decided on and taken in where it goes")


def must_hand_out(within: Within, plant: Plant, order: Order) -> None:
    """Parts are handed out where they lie; a purchase by whoever waits for it.

    Raises:
        NotAllowed: The order leaves another site.
    """
    place = order.from_location
    if site_of(plant, place) is None:  # nobody of ours sits at a supplier
        place = order.to_location
    _must_be(within, order, place, "is picked and shipped where it leaves")


def told(explanation: Row, within: Within) -> Row:
    """An explanation without what other sites wanted of the same short part, and what they got."""
    claims = explanation.get("claims")
    if within is None or not claims:
        return explanation
    return explanation | {"claims": [one for one in claims if one["stock_point_id"] in within]}


def _is_supplier(plant: Plant, place: str) -> bool:
    found = plant.location_by_id.get(place)
    return found is not None and found.kind is LocationKind.SUPPLIER


def _must_be(within: Within, order: Order, place: str, rule: str) -> None:
    if within is not None and place not in within:
        raise NotAllowed(
            f"order {order.order_id} from {order.from_location} to {order.to_location} {rule}: "
            f"{place} is at none of your sites"
        )

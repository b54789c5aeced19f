"""Sites: the warehouses and showrooms to which what a person sees and does may be limited."""

from __future__ import annotations

from supplynet.core.network import LocationKind, Plant

Sites = frozenset[str] | None
"""Ids of warehouses and showrooms; None = all of them, also those that come later."""

_KINDS = (LocationKind.SHOWROOM, LocationKind.WAREHOUSE)


def sites_of(plant: Plant) -> tuple[str, ...]:
    """All sites of the plant, sorted."""
    return tuple(sorted(each.location_id for each in plant.locations if each.kind in _KINDS))


def site_of(plant: Plant, location_id: str) -> str | None:
    """The site that a location is or lies in; None for a supplier and what the plant lacks."""
    place = plant.location_by_id.get(location_id)
    while place is not None:
        if place.kind in _KINDS:
            return place.location_id
        place = None if place.parent_id is None else plant.location_by_id.get(place.parent_id)
    return None


def locations_in(plant: Plant, sites: Sites) -> frozenset[str] | None:
    """Every location in ``sites``, themselves included; None = no limit."""
    if sites is None:
        return None
    around: dict[str, str | None] = {}  # each place is asked for its parent's site once
    for place in plant.locations:
        parent = place.parent_id
        if place.kind in _KINDS:
            around[place.location_id] = place.location_id
        elif parent is None:
            around[place.location_id] = None
        else:
            if parent not in around:  # listed after what lies in it
                around[parent] = site_of(plant, parent)
            around[place.location_id] = around[parent]
    return frozenset(place for place, site in around.items() if site in sites)


def both(one: Sites, other: Sites) -> Sites:
    """What two limits leave."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


def either(one: Sites, other: Sites) -> Sites:
    """What two grants give together."""
    return None if one is None or other is None else one | other

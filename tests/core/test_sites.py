"""Sites: what lies in them, and what limits leave together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.network import Location, LocationKind
from supplynet.core.sites import Sites, both, either, locations_in, site_of, sites_of
from supplynet.frames.synthetic.plant import demo_plant

PLANT = demo_plant(showrooms=2, stations=2, lines="AB", parts=4)
LIMITS = st.none() | st.frozensets(st.sampled_from(["SR1", "SR2", "WH1"]))


@pytest.mark.parametrize(
    ("place", "site"),
    [
        ("SR1", "SR1"),
        ("SR1.ST2", "SR1"),
        ("SR2.ST1.B", "SR2"),
        ("WH1", "WH1"),
        ("SUP1", None),
        ("no-such-place", None),
    ],
)
def test_a_place_belongs_to_the_site_around_it(place: str, site: str | None) -> None:
    assert site_of(PLANT, place) == site


def test_sites_are_warehouses_and_showrooms() -> None:
    assert sites_of(PLANT) == ("SR1", "SR2", "WH1")


def test_the_places_of_a_site_are_it_and_all_in_it() -> None:
    stations = [f"SR2.ST{number}" for number in "12"]
    lines = [f"{station}.{letter}" for station in stations for letter in "AB"]
    assert locations_in(PLANT, frozenset({"SR2"})) == frozenset(["SR2", *stations, *lines])
    assert locations_in(PLANT, None) is None
    assert locations_in(PLANT, frozenset({"SR9"})) == frozenset()


def test_a_line_without_a_showroom_belongs_to_no_site() -> None:
    alone = Location(location_id="L1", kind=LocationKind.LINE, holds_stock=True)
    plant = replace(PLANT, locations=(*PLANT.locations, alone))
    assert site_of(plant, "L1") is None
    found = locations_in(plant, frozenset(sites_of(plant)))
    assert found is not None
    assert "L1" not in found


def test_every_place_of_a_limit_is_told_by_its_site() -> None:
    for sites in (frozenset({"SR1"}), frozenset({"SR1", "WH1"}), frozenset[str]()):
        slow = [each.location_id for each in PLANT.locations if _site(each) in sites]
        assert locations_in(PLANT, sites) == frozenset(slow)


def _site(place: Location) -> str:
    """By its name: a demo's places begin with their site's."""
    return place.location_id.split(".")[0]


@given(LIMITS, LIMITS, st.sampled_from(["SR1", "SR2", "WH1", "SR9"]))
def test_limits_together_are_sets_of_which_none_is_everything(
    one: Sites, other: Sites, site: str
) -> None:
    def holds(limit: Sites) -> bool:
        return limit is None or site in limit

    assert holds(both(one, other)) == (holds(one) and holds(other))
    assert holds(either(one, other)) == (holds(one) or holds(other))

"""What people of some sites see and may do: by the rules of what belongs where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from supplynet.security.access import Role
from supplynet.security.principal import Grant, Principal

ONE, OTHER, HUB = "SR1", "SR2", "WH1"
Person = Callable[..., Principal]
Json = dict[str, Any]


def ids(caller: Any, who: Principal, **query: Any) -> list[str]:
    """Orders that somebody sees, page by page."""
    found, more = [], dict(query)
    while True:
        page = caller.get(who, "/orders", **more).json()
        found += [row["order_id"] for row in page["items"]]
        if page["next_cursor"] is None:
            return found
        assert len(page["items"]) == query.get("limit", 200)
        more["cursor"] = page["next_cursor"]


def test_pages_are_full_and_leave_out_nothing_of_ones_own(caller: Any, person: Person) -> None:
    everything = ids(caller, person(Role.VIEWER))
    mine = [
        name
        for name in everything
        if ONE in caller.get(person(Role.VIEWER), f"/orders/{name}").json()["to_location"]
    ]
    viewer = person(Role.VIEWER, ONE)
    assert len(mine) > 30
    assert ids(caller, viewer, limit=7) == ids(caller, viewer) == mine


def test_what_leaves_a_site_is_seen_there_too(caller: Any, person: Person) -> None:
    both = {f"o-{place}-0" for place in (ONE, OTHER)}
    assert both <= set(ids(caller, person(Role.VIEWER, HUB)))


def test_where_an_order_goes_decides_and_where_it_leaves_ships(writer: Any, person: Person) -> None:
    there, here = person(Role.PLANNER, HUB), person(Role.PLANNER, ONE)
    refused = writer.post(there, f"/orders/o-{ONE}-0/approve")
    assert (refused.status_code, f"{ONE} is at none of your sites" in refused.text) == (403, True)
    assert writer.post(here, f"/orders/o-{ONE}-0/approve").status_code == 200
    assert writer.post(here, f"/orders/o-{ONE}-0/ship").status_code == 403
    assert writer.post(there, f"/orders/o-{ONE}-0/ship").status_code == 200
    assert writer.post(there, f"/orders/o-{ONE}-0/receive", good=1).status_code == 403
    assert writer.post(here, f"/orders/o-{ONE}-0/receive", good=1).json()["state"] == "closed"


def test_two_grants_hold_each_at_its_own_site(writer: Any) -> None:
    who = Principal(
        actor="ana",
        grants=(
            Grant(role=Role.PICKER, sites=frozenset({HUB})),
            Grant(role=Role.LINE_LEADER, sites=frozenset({ONE})),
        ),
        how="password",
    )
    answer = f"/anomalies/odd-{ONE}/answer"
    assert writer.post(who, f"/orders/o-{OTHER}-29/pick").status_code == 200
    assert writer.post(who, answer, state="dismissed").status_code == 200
    assert writer.post(who, answer.replace(ONE, OTHER), state="dismissed").status_code == 404
    assert writer.post(who, f"/orders/o-{ONE}-1/approve").status_code == 403


def event(number: int, **other: Any) -> Json:
    """A count at SR1."""
    plain = {
        "schema": 1,
        "source": "scanner-1",
        "event_id": f"e{number}",
        "type": "counted",
        "occurred_at": "2025-04-20T12:00:00Z",
        "location_id": ONE,
        "part_id": "P-001",
        "quantity": 4,
    }
    return plain | other


@pytest.mark.parametrize(
    "strange",
    [
        {"location_id": OTHER},
        {"location_id": f"{OTHER}.ST1.A"},
        {"location_id": "no-such-place"},
        {"location_id": "SUP1"},
        {"type": "returned", "data": {"to_location": OTHER}},
        {"type": "shipped", "data": {"to_location": OTHER, "order_id": f"o-{OTHER}-1"}},
        {"type": "shipped", "data": {"to_location": OTHER, "order_id": "no-such-order"}},
    ],
)
def test_one_event_of_another_site_refuses_the_whole_batch(
    caller: Any, person: Person, strange: Json
) -> None:
    before, who = caller.change(), person(Role.PICKER, ONE)
    answer = caller.post(who, "/events", events=[event(1), event(2, **strange)])
    assert answer.status_code == 403
    assert "nothing was taken" in answer.text
    assert caller.change() == before


def test_goods_may_be_sent_to_another_site_and_back_to_a_supplier(
    writer: Any, person: Person
) -> None:
    who = person(Role.PICKER, ONE)
    sent = event(1, type="shipped", data={"to_location": OTHER})
    back = event(2, type="returned", data={"to_location": "SUP1"})
    assert writer.post(who, "/events", events=[sent, back]).json() == {"new": 2, "known": 0}


def test_a_report_of_stock_names_places_of_ones_own_only(writer: Any, person: Person) -> None:
    said = {"location_id": ONE, "part_id": "P-001", "quantity": 1}
    who = person(Role.PICKER, ONE)
    assert writer.post(who, "/stock/transfer", **said, to_location=OTHER).status_code == 403
    assert writer.post(who, "/stock/transfer", **said, to_location="nowhere").status_code == 403
    both = person(Role.PICKER, ONE, OTHER)
    assert writer.post(both, "/stock/transfer", **said, to_location=OTHER).status_code == 200


def test_alerts_without_a_place_are_of_the_whole_plant(caller: Any, person: Person) -> None:
    def places(who: Principal) -> set[str | None]:
        return {row["location_id"] for row in caller.get(who, "/alerts").json()["items"]}

    assert None in places(person(Role.VIEWER))
    assert all(str(each).startswith(ONE) for each in places(person(Role.VIEWER, ONE)))


def test_the_first_screen_tells_of_ones_own_lines(caller: Any, person: Person) -> None:
    whole = caller.get(person(Role.VIEWER), "/control-room").json()
    room = caller.get(person(Role.VIEWER, OTHER), "/control-room").json()
    assert len(whole["lines"]) == 2 * len(room["lines"]) == 4
    assert "All 4 lines" in whole["headline"] or "of 4 lines" in whole["headline"]
    assert "4 lines" not in room["headline"]
    assert room["shift"]["shift_id"].startswith(OTHER)
    assert {row["to"] for row in room["actions"]} == {OTHER}
    assert (room["scoreboard"], whole["scoreboard"] is None) == (None, False)
    assert all(len(line["cells"]) == len(room["shifts"]) for line in room["lines"])


def test_where_no_line_stands_the_headline_says_what_leaves(caller: Any, person: Person) -> None:
    room = caller.get(person(Role.PICKER, HUB), "/control-room").json()
    assert room["lines"] == []
    waiting = len(room["actions"])
    assert room["headline"] == (
        f"No line stands at your sites; {waiting} orders wait for a departure."
    )


def test_the_network_of_a_site_hangs_together(caller: Any, person: Person) -> None:
    found = caller.get(person(Role.VIEWER, ONE), "/network").json()
    places = {row["location_id"] for row in found["locations"]}
    assert {ONE, f"{ONE}.ST1.A", HUB, "SUP1"} <= places
    assert {end for lane in found["lanes"] for end in (lane["from"], lane["to"])} <= places
    parts = {row["part_id"] for row in found["parts"]}
    assert {row["part_id"] for row in found["requirements"]} == parts
    assert {row["line_id"] for row in found["requirements"]} <= places


def test_an_explanation_tells_nothing_of_what_others_got(caller: Any, person: Person) -> None:
    def claims(who: Principal) -> list[str]:
        told = caller.get(who, f"/orders/o-{ONE}-0").json()["explanation"]["claims"]
        return [each["stock_point_id"] for each in told]

    assert claims(person(Role.VIEWER)) == [ONE, OTHER]
    assert claims(person(Role.VIEWER, ONE)) == [ONE]
    assert claims(person(Role.VIEWER, HUB)) == []

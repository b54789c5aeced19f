"""Line leaders announce for lines of their own sites; others read what was announced of theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from supplynet.security.access import Role
from supplynet.security.principal import Principal

ONE, OTHER = "SR1", "SR2"
Person = Callable[..., Principal]
Json = dict[str, Any]


def faster(line: str, **other: Any) -> Json:
    return {
        "schema": 1,
        "source": "board-1",
        "event_id": "faster",
        "type": "rate_changed",
        "occurred_at": "2025-04-20T12:00:00Z",
        "location_id": line,
        "data": {"percent": 120},
    } | other


def taken_back(line: str) -> Json:
    data = {"what": "withdrawn", "withdraws": "board-1/faster"}
    return faster(line, event_id="back", type="plan_changed", data=data)


def test_a_leader_announces_and_takes_back_at_lines_of_his_own_showroom_alone(
    writer: Any, person: Person
) -> None:
    leader, other = person(Role.LINE_LEADER, ONE), person(Role.LINE_LEADER, OTHER)
    mine, theirs = f"{ONE}.ST1.A", f"{OTHER}.ST1.A"
    assert writer.post(leader, "/events", events=[faster(theirs)]).status_code == 403
    assert writer.post(leader, "/events", events=[faster(mine)]).status_code == 200
    assert writer.post(other, "/events", events=[taken_back(mine)]).status_code == 403
    assert writer.post(other, "/events", events=[taken_back(theirs)]).status_code == 422
    assert writer.post(leader, "/events", events=[taken_back(mine)]).status_code == 200


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DATA_SCIENTIST])
def test_who_sends_no_events_announces_nothing(caller: Any, person: Person, role: Role) -> None:
    answer = caller.post(person(role), "/events", events=[faster(f"{ONE}.ST1.A")])
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "data",
    [{}, {"percent": 400}, {"percent": 90, "until": "2025-04-20T11:00:00Z"}, {"per_cent": 90}],
)
def test_nonsense_is_refused_with_what_is_right(caller: Any, person: Person, data: Json) -> None:
    events = [faster(f"{ONE}.ST1.A", data=data)]
    answer = caller.post(person(Role.LINE_LEADER, ONE), "/events", events=events)
    assert (answer.status_code, "board-1/faster" in answer.text) == (422, True)

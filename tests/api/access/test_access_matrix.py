"""Who may what, cell by cell: each operation of the OpenAPI document x role x site x credential."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from supplynet.security.access import OPERATIONS, PERMISSIONS, Reach, Role
from supplynet.security.principal import Principal

ONE, OTHER, HUB = "SR1", "SR2", "WH1"
NOWHERE = "no-such-thing"
REFUSALS = (401, 403, 404)
Person = Callable[..., Principal]
Json = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """A request for something of showroom SR1; ``{names}`` in it are those of ``things``.

    Attributes:
        path: By name of the parameter.
        query, body: What is sent besides.
        foreign: The answer to people of SR2: 404 where the address names it. A place in the body
            is the sender's own word (403), and so is a movement (422); of many at once each
            is told of by itself (200).
    """

    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    foreign: int = 404


def _order(number: int, **body: Any) -> Ask:
    return Ask({"order_id": f"o-{ONE}-{number}"}, body=body or None)


_STOCK = {"location_id": ONE, "part_id": "{part}", "quantity": 3}
_EVENT = {
    "schema": 1,
    "source": "scanner-1",
    "event_id": "e1",
    "type": "counted",
    "occurred_at": "{now}",
    **_STOCK,
}
_ALERT, _USER = {"alert_id": "{alert}"}, {"name": f"lead-{ONE}".lower()}
ASKS: dict[str, Ask] = {
    "get_alert": Ask(_ALERT),
    "acknowledge_alert": Ask(_ALERT, body={}),
    "snooze_alert": Ask(_ALERT, body={"minutes": 5}),
    "resolve_alert": Ask(_ALERT, body={"reason": "seen"}),
    "get_anomaly": Ask({"anomaly_id": f"odd-{ONE}"}),
    "answer_anomaly": Ask({"anomaly_id": f"odd-{ONE}"}, body={"state": "real"}),
    "get_decision": Ask({"decision_id": "{decision}"}),
    "get_order": _order(0),
    "approve_order": _order(1),
    "change_order": _order(2, quantity=2),
    "snooze_order": _order(3, until="{later}"),
    "split_order": _order(4, quantity=1, departure_at="{later}"),
    "cancel_order": _order(5, reason="no"),
    "close_order": _order(6),
    "reverse_order": _order(7, reason="wrong"),
    "pick_order": _order(8),
    "ship_order": _order(9),
    "receive_order": _order(10, good=1),
    "add_order": Ask(
        body={"kind": "transfer", "part_id": "{part}", "to_location": ONE, "quantity": 1},
        foreign=403,
    ),
    "decide_orders": Ask(
        body={"items": [{"order_id": f"o-{ONE}-11", "action": "approve"}]}, foreign=200
    ),
    "handle_alerts": Ask(
        body={"items": [{"alert_id": "{alert}", "action": "acknowledge"}]}, foreign=200
    ),
    "explain_decision": Ask({"location_id": ONE, "part_id": "{part}"}),
    "get_part": Ask({"location_id": ONE, "part_id": "{part}"}),
    "get_forecast": Ask({"warehouse_id": ONE, "sku_id": "{part}"}),
    "export_table": Ask({"table": "orders"}),
    "get_shipment": Ask({"shipment_id": "{shipment}"}),
    "get_timetable": Ask(query={"start": "{now}", "end": "{soon}"}),
    "pick_shipment": Ask({"shipment_id": "{shipment}"}),
    "ship_shipment": Ask({"shipment_id": "{shipment}"}),
    "receive_shipment": Ask({"shipment_id": "{shipment}"}),
    "report_stock": Ask({"what": "count"}, body=_STOCK, foreign=403),
    "undo_movement": Ask(body={"movement_id": "{movement}", "reason": "twice"}, foreign=422),
    "get_user": Ask(_USER),
    "change_user": Ask(_USER, body={"display_name": "Bo"}),
    "reset_password": Ask(_USER, body={}),
    "give_badge": Ask(_USER),
    "take_badge": Ask(_USER),
    "end_sessions": Ask(_USER),
    "take_in_event": Ask(body=_EVENT, foreign=403),
    "take_in_events": Ask(body={"events": [_EVENT]}, foreign=403),
}
"""For every operation that touches one object, and what else needs more than its address."""


@pytest.fixture(scope="module")
def served(caller: Any) -> dict[str, tuple[str, str]]:
    """Method and path of every operation, by its id, from the OpenAPI document."""
    paths = caller.app.openapi()["paths"].items()
    return {
        operation["operationId"]: (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in paths
        for method, operation in methods.items()
    }


@pytest.fixture(scope="module")
def things(caller: Any, person: Person) -> dict[str, str]:
    """What ``ASKS`` names: one of each kind at SR1."""
    chief = person(Role.ADMINISTRATOR)

    def items(path: str, **query: Any) -> Iterator[Json]:
        yield from caller.get(chief, path, **query).json()["items"]

    here = {"location_id": ONE}
    orders = {row["order_id"]: row for row in items("/orders", limit=1000, to_location=ONE)}
    leaves = orders[f"o-{ONE}-29"]["departure_at"].replace("-", "").replace(":", "")
    return {
        "alert": next(row["alert_id"] for row in items("/alerts") if row["location_id"] == ONE),
        "decision": next(items("/decisions", **here))["decision_id"],
        "movement": next(
            row["movement_id"]
            for row in items("/movements", **here)
            if row["movement_id"].startswith("test/use")
        ),
        "part": orders[f"o-{ONE}-0"]["part_id"],
        "shipment": f"{HUB}-{ONE}@{leaves[:13]}Z",
        "now": caller.get(chief, "/control-room").json()["clock"]["now"],
        "soon": orders[f"o-{ONE}-3"]["departure_at"],
        "later": orders[f"o-{ONE}-28"]["departure_at"],
    }


def filled(value: Any, things: dict[str, str]) -> Any:
    """A request with the names of things in it."""
    if isinstance(value, str):
        return value.format(**things)
    if isinstance(value, dict):
        return {name: filled(each, things) for name, each in value.items()}
    return [filled(each, things) for each in value] if isinstance(value, list) else value


def asked(caller: Any, who: Principal | None, name: str, at: tuple[str, str], things: Json) -> Any:
    """The answer to an operation: of one object, or with a parameter that it does not have.

    What concerns the whole plant need not be done to learn that it would have been: whoever is
    admitted is told of the parameter.
    """
    ask, (method, path) = ASKS.get(name, Ask()), at
    for parameter in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
        path = path.replace(f"{{{parameter}}}", filled(ask.path.get(parameter, "1"), things))
    whole = name not in ASKS and OPERATIONS[name].reach is not Reach.ROWS
    query = {"no-such-parameter": "1"} if whole else filled(ask.query, things)
    body = None if ask.body is None else filled(ask.body, things)
    return caller.ask(who, method, path, params=query, body=body)


def expected(name: str, role: Role, sites: tuple[str, ...], scopes: frozenset[str] | None) -> int:
    """The status of a refusal; 0 = admitted. By the table, and by what is where."""
    operation = OPERATIONS[name]
    if operation.reach is Reach.OPEN:
        return 0
    if scopes is not None or role not in PERMISSIONS[operation.permission].roles:
        return 403
    if operation.reach is Reach.PLANT and sites:
        return 403
    if operation.reach is Reach.OBJECT and ONE not in sites and sites:
        return ASKS[name].foreign
    return 0


def test_every_operation_has_a_row_and_a_request(served: dict[str, tuple[str, str]]) -> None:
    assert set(served) == set(OPERATIONS), "a row of security.access without a route, or without"
    objects = {name for name, row in OPERATIONS.items() if row.reach is Reach.OBJECT}
    assert objects - set(ASKS) == set(), "say in ASKS how something of SR1 is asked for"
    assert set(ASKS) - set(OPERATIONS) == set()
    assert {row.permission for row in OPERATIONS.values()} - {""} <= set(PERMISSIONS)


def test_nobody_without_credentials_gets_anything_but_what_is_open(
    caller: Any, served: dict[str, tuple[str, str]], things: dict[str, str]
) -> None:
    wrong = {}
    for name, at in served.items():
        status = asked(caller, None, name, at, things).status_code
        if (status == 401) is (OPERATIONS[name].reach is Reach.OPEN):
            wrong[name] = status
    assert wrong == {}


@pytest.mark.parametrize("role", Role)
def test_every_cell_of_a_role(
    caller: Any,
    person: Person,
    served: dict[str, tuple[str, str]],
    things: dict[str, str],
    role: Role,
) -> None:
    wrong = []
    for name, at in served.items():
        others = frozenset(PERMISSIONS) - {OPERATIONS[name].permission}
        # The refused first: what they must leave alone is as it was made.
        cells = [((OTHER,), None), ((), others), ((HUB, ONE), None), ((), None)]
        for sites, scopes in cells:
            right = expected(name, role, sites, scopes)
            watched = bool(right) and name in ASKS and at[0] != "GET"
            before = caller.change() if watched else 0
            answer = asked(caller, person(role, *sites, scopes=scopes), name, at, things)
            status = answer.status_code
            fits = status == right if right else status not in REFUSALS and status < 500
            if not fits or (watched and caller.change() != before):
                wrong.append((name, sites, scopes is None, right, status, answer.text[:200]))
    assert wrong == []


def test_lists_show_people_of_one_site_nothing_of_the_other(
    writer: Any, person: Person, served: dict[str, tuple[str, str]], things: dict[str, str]
) -> None:
    shown = {}
    for name, at in served.items():
        if OPERATIONS[name].reach is Reach.ROWS:
            for own, foreign in ((ONE, OTHER), (OTHER, ONE)):
                chief = person(Role.ADMINISTRATOR, own)
                text = asked(writer, chief, name, at, things).text
                shown[name, own] = (own in text, foreign in text)
    assert {key for key, (own, _) in shown.items() if not own} == set()
    assert {key for key, (_, foreign) in shown.items() if foreign} == set()


def test_what_is_elsewhere_is_not_found_in_the_words_of_what_is_not_there(
    caller: Any, person: Person, served: dict[str, tuple[str, str]], things: dict[str, str]
) -> None:
    chief, told = person(Role.ADMINISTRATOR, OTHER), {}
    for name, ask in ASKS.items():
        if OPERATIONS[name].reach is not Reach.OBJECT or ask.foreign != 404:
            continue
        (parameter, real), *others = filled(ask.path, things).items()
        made_up = real.replace(ONE, "SR9") if parameter == "shipment_id" else NOWHERE
        answers = []
        for value in (real, made_up):
            method, path = served[name]
            path = path.replace(f"{{{parameter}}}", value)
            for other, same in others:
                path = path.replace(f"{{{other}}}", same)
            body = None if ask.body is None else filled(ask.body, things)
            answer = caller.ask(chief, method, path, body=body)
            answers.append(answer.json()["detail"].replace(value, "it"))
        told[name] = answers
    assert {name: answers for name, answers in told.items() if answers[0] != answers[1]} == {}
    assert len(told) > 15

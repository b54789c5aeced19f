from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from supplynet.notify.message import Outgoing
from supplynet.notify.routing import Escalation, Router
from supplynet.notify.settings_file import read_settings

Make = Callable[..., Outgoing]
CHANNELS = """
[[channel]]
name = "erp"
kind = "file"
folder = "out"

[[channel]]
name = "orders-sr2"
kind = "file"
folder = "out"
messages = "order"
order_states = ["approved", "cancelled"]
locations = "SR2"

[[channel]]
name = "chat"
kind = "file"
folder = "out"
messages = "alert"
severities = "critical"
alert_kinds = ["halted", "halt_risk"]

[[channel]]
name = "lead"
kind = "file"
folder = "out"
messages = "alert"
role = "leader"

[[channel]]
name = "plan"
kind = "file"
folder = "out"
messages = "alert"
role = "planner"
quiet_hours = "22:00-06:00"

[[channel]]
name = "boss"
kind = "file"
folder = "out"
messages = "alert"
role = "manager"

[[rule]]
role = "leader"
locations = "SR1"
kinds = "halt_risk"
escalate_after_minutes = 15
escalate_to = ["planner", "boss"]

[[rule]]
role = "leader"
escalate_after_minutes = 5
escalate_to = "manager"

[[rule]]
role = "planner"
kinds = "warehouse_short"
"""
DAY = datetime(2026, 1, 5, 12, tzinfo=UTC)
NIGHT = datetime(2026, 1, 5, 23, tzinfo=UTC)
PLACES = {
    "SR1": ["SR1"],
    "SR1.ST1.A": ["SR1.ST1.A", "SR1.ST1", "SR1"],
    "SR2": ["SR2"],
    "WH1": ["WH1"],
}


def router(folder: Path, text: str = CHANNELS) -> Router:
    (folder / "notify.toml").write_text(text)
    assert tomllib.loads(text)
    return Router(read_settings(folder), lambda place: PLACES.get(place, []), ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, {"erp", "lead"}),
        ({"severity": "critical"}, {"erp", "chat", "lead"}),
        ({"severity": "critical", "kind": "overdue"}, {"erp", "lead"}),
        ({"kind": "warehouse_short"}, {"erp", "lead", "plan"}),
        ({"location_id": None}, {"erp", "lead"}),
        ({"location_id": "NOWHERE"}, {"erp", "lead"}),
    ],
)
def test_a_role_hears_what_its_rules_say_and_others_what_they_want(
    tmp_path: Path, alert: Make, changes: dict[str, Any], names: set[str]
) -> None:
    assert router(tmp_path).channels(alert(**changes), DAY).keys() == names


def test_an_order_goes_to_who_wants_orders_of_its_places(tmp_path: Path, order: Make) -> None:
    routes = router(tmp_path)
    assert routes.channels(order(), DAY).keys() == {"erp"}
    assert routes.channels(order(to_location="SR2"), DAY).keys() == {"erp", "orders-sr2"}
    proposed = order(to_location="SR2", state="proposed")
    assert routes.channels(proposed, DAY).keys() == {"erp"}


def test_a_showroom_stands_for_every_line_in_it(tmp_path: Path, alert: Make) -> None:
    only_sr1 = CHANNELS.replace('locations = "SR1"', 'locations = "SR1"', 1)
    no_second_rule = only_sr1.replace(
        '[[rule]]\nrole = "leader"\nescalate_after_minutes = 5\nescalate_to = "manager"\n',
        '[[rule]]\nrole = "manager"\nkinds = "none"\n',
    )
    routes = router(tmp_path, no_second_rule)
    for place, heard in (("SR1.ST1.A", True), ("SR1", True), ("SR2", False), ("NOWHERE", False)):
        assert ("lead" in routes.channels(alert(location_id=place), DAY)) is heard


def test_in_quiet_hours_it_waits_unless_it_is_critical(tmp_path: Path, alert: Make) -> None:
    routes = router(tmp_path)
    short = alert(kind="warehouse_short")
    assert routes.channels(short, NIGHT)["plan"] == datetime(2026, 1, 6, 6, tzinfo=UTC)
    assert routes.channels(short, NIGHT)["erp"] == NIGHT
    loud = alert(kind="warehouse_short", severity="critical")
    assert routes.channels(loud, NIGHT)["plan"] == NIGHT


def step(routes: Router, message: Outgoing, **changes: Any) -> Escalation | None:
    moments = {"raised_at": DAY, "escalated_at": None}
    return routes.escalation({**message.payload, **moments, **changes})


def test_an_unanswered_alert_goes_from_one_to_the_next_and_then_no_further(
    tmp_path: Path, alert: Make
) -> None:
    routes, later = router(tmp_path), DAY + timedelta(minutes=20)
    quarter = timedelta(minutes=15)
    assert step(routes, alert()) == Escalation(to="planner", due_at=DAY + quarter)
    second = step(routes, alert(), escalations=1, escalated_at=later)
    assert second == Escalation(to="boss", due_at=later + quarter)
    assert step(routes, alert(), escalations=2, escalated_at=later) is None


def test_the_first_rule_in_the_file_that_is_about_it_decides(tmp_path: Path, alert: Make) -> None:
    found = step(router(tmp_path), alert(location_id="SR2"))
    assert found == Escalation(to="manager", due_at=DAY + timedelta(minutes=5))


def test_an_escalation_reaches_who_is_asked_and_programs_but_not_the_others(
    tmp_path: Path, alert: Make
) -> None:
    routes = router(tmp_path)
    asked = {"turn": "escalated", "escalations": 1, "severity": "critical"}
    assert routes.channels(alert(**asked, to="planner"), DAY).keys() == {"erp", "chat", "plan"}
    assert routes.channels(alert(**asked, to="boss"), DAY).keys() == {"erp", "chat", "boss"}


def test_who_was_asked_hears_that_it_is_over(tmp_path: Path, alert: Make) -> None:
    routes = router(tmp_path)
    over = {"turn": "resolved"}
    assert routes.channels(alert(**over, escalations=1), DAY).keys() == {"erp", "lead", "plan"}
    assert "boss" in routes.channels(alert(**over, escalations=2), DAY)


def test_time_in_which_it_was_quiet_does_not_count(tmp_path: Path, alert: Make) -> None:
    quiet = CHANNELS.replace(
        'escalate_to = ["planner", "boss"]',
        'escalate_to = ["planner", "boss"]\nquiet_hours = "22:00-06:00"',
    )
    routes = router(tmp_path, quiet)
    morning = datetime(2026, 1, 6, 6, tzinfo=UTC)
    raised = step(routes, alert(), raised_at=NIGHT)
    assert raised is not None
    assert raised.due_at == morning + timedelta(minutes=15)
    evening = datetime(2026, 1, 5, 21, 50, tzinfo=UTC)
    late = step(routes, alert(), raised_at=evening)
    assert late is not None
    assert late.due_at == morning
    loud = step(routes, alert(severity="critical"), raised_at=NIGHT)
    assert loud is not None
    assert loud.due_at == NIGHT + timedelta(minutes=15)

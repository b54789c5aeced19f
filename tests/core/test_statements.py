"""What events announce is read strictly: a word that nobody understands is refused, not lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from supplynet.core.events import Event, EventType
from supplynet.core.statements import Says, Statement, statement_of
from supplynet.errors import InvalidInput

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
TWO, TEN = "2026-01-05T14:00:00Z", "2026-01-05T23:00:00+01:00"


def event(kind: str, part: str | None = None, **data: Any) -> Event:
    return Event(
        source="board-1",
        event_id="e1",
        type=EventType(kind),
        occurred_at=NOON,
        location_id="SR1.A",
        part_id=part,
        data=data,
    )


def read(kind: str, **data: Any) -> Statement:
    found = statement_of(event(kind, **data))
    assert found is not None
    return found


def test_a_rate_is_per_cent_of_the_usual_one_between_two_moments() -> None:
    said = read("rate_changed", percent=120, until=TEN, reason="big order", **{"from": TWO})
    assert (said.says, said.factor, said.reason) == (Says.RATE, 1.2, "big order")
    assert said.start == NOON + timedelta(hours=2)
    assert said.end == NOON + timedelta(hours=10)


def test_what_says_no_moments_begins_when_it_is_said_and_is_open() -> None:
    assert (read("rate_changed", percent=80).start, read("rate_changed", percent=80).end) == (
        NOON,
        None,
    )


def test_a_plan_that_changed_says_what_did() -> None:
    assert read("plan_changed", what="line_stopped").factor == 0
    assert read("plan_changed", what="line_resumed").says is Says.RESUMED
    assert read("plan_changed", what="withdrawn", withdraws="board-1/e0").withdraws == "board-1/e0"


def test_a_stop_that_says_how_long_is_announced_one_of_a_machine_is_not() -> None:
    assert read("line_stopped", until=TEN).factor == 0
    assert read("line_stopped", **{"from": NOON.isoformat()}).end is None
    assert statement_of(event("line_stopped", minutes=5)) is None
    assert statement_of(event("consumed", "bolt")) is None


@pytest.mark.parametrize(
    "percent", [None, -1, 301, float("nan"), float("inf"), 10**400, True, "120", [1]]
)
def test_a_rate_that_is_none_is_refused(percent: Any) -> None:
    with pytest.raises(InvalidInput, match="a number from 0 to 300"):
        statement_of(event("rate_changed", percent=percent))


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("plan_changed", {}, "has what None; line_stopped, line_resumed, withdrawn are right"),
        ("plan_changed", {"what": "rate"}, "has what 'rate'"),
        ("plan_changed", {"what": "withdrawn"}, "does not say what it withdraws"),
        ("plan_changed", {"what": "line_stopped", "withdraws": "a/b"}, "needs what withdrawn"),
        ("plan_changed", {"what": "line_resumed", "until": TEN}, "has an until"),
        ("rate_changed", {"percent": 90, "untill": TEN}, "did you mean 'until'"),
        ("rate_changed", {"percent": 90, "from": "14:00"}, "a moment with its zone"),
        ("rate_changed", {"percent": 90, "from": "2026-01-05T14:00:00"}, "a moment with its zone"),
        ("rate_changed", {"percent": 90, "until": 5}, "a moment with its zone"),
        ("rate_changed", {"percent": 90, "from": TEN, "until": TWO}, "not after"),
        ("rate_changed", {"percent": 90, "until": NOON.isoformat()}, "not after"),
        ("rate_changed", {"percent": 90, "until": "2026-03-05T14:00:00Z"}, "has until 59 days"),
        ("rate_changed", {"percent": 90, "from": "2025-11-05T14:00:00Z"}, "has from 61 days"),
        ("rate_changed", {"percent": 90, "from": "0001-01-01T00:00:00+14:00"}, "a moment"),
        ("rate_changed", {"percent": 90, "reason": 7}, "printable characters is right"),
        ("rate_changed", {"percent": 90, "reason": "x" * 201}, "printable characters is right"),
        ("plan_changed", {"what": "withdrawn", "withdraws": "a/\ud800"}, "printable"),
        ("line_stopped", {"until": "tomorrow"}, "a moment with its zone"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(kind: str, data: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        statement_of(event(kind, **data))


def test_a_fact_is_not_refused_for_its_reason() -> None:
    assert read("line_resumed", reason="tool\nchanged").reason == "toolchanged"
    assert read("line_resumed", reason=7).reason == ""


def test_it_is_about_a_whole_line_and_never_a_part() -> None:
    with pytest.raises(InvalidInput, match="about a whole line"):
        statement_of(event("rate_changed", "bolt", percent=90))

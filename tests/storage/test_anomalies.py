"""Anomalies in the books: kept once, listed by what is asked for, answered with an audit line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from supplynet.anomaly.incident import Kind
from supplynet.errors import InvalidInput, NotFound
from supplynet.storage import Store, anomalies, audit, changes
from supplynet.storage.anomalies import Anomaly, AnomalyState, Held

HOUR = timedelta(hours=1)
Make = Callable[..., Anomaly]


@pytest.fixture
def odd(now: datetime) -> Make:
    """700 bolts more than expected in one shift."""

    def make(name: str, **other: Any) -> Anomaly:
        values: dict[str, Any] = {
            "location_id": "SR1.A",
            "parts": ("bolt",),
            "start": now - 12 * HOUR,
            "end": now,
            "periods": 1,
            "kind": Kind.SPIKE,
            "size": 700.0,
            "sizes": {"bolt": 700.0},
            "expected": 100.0,
            "observed": 800.0,
            "p_value": 1e-9,
            "score": 1.0,
            "sentence": "800 used where 100 was expected.",
            "ongoing": True,
            "detector_version": "anomaly-test",
            "seen_at": now,
        }
        return Anomaly(anomaly_id=name, **values | other)

    return make


def test_what_is_kept_comes_back_as_it_was(store: Store, odd: Make, now: datetime) -> None:
    held = Held(order_id="o1", part_id="bolt", quantity=120, released=60)
    given = odd("a1", ordered={"bolt": 12.5}, held=(held,), note="as seen")
    with store.write("planner", now) as tx:
        anomalies.add(tx, given)
    with store.read() as tx:
        assert anomalies.get(tx, "a1") == given
        assert changes.latest_seq(tx, ["anomaly"]) == 1
    assert given.excess("bolt") == 687.5
    assert given.excess("nut") == 0


def test_a_revision_that_changes_nothing_is_no_news(store: Store, odd: Make, now: datetime) -> None:
    with store.write("planner", now) as tx:
        anomalies.add(tx, odd("a1"))
    with store.write("planner", now) as tx:
        anomalies.revise(tx, odd("a1"))
    with store.read() as tx:
        assert changes.latest_seq(tx, ["anomaly"]) == 1
    with store.write("planner", now) as tx:
        anomalies.revise(tx, odd("a1", periods=2, end=now + 12 * HOUR))
    with store.read() as tx:
        assert changes.latest_seq(tx, ["anomaly"]) == 2
        assert anomalies.get(tx, "a1").periods == 2


def test_an_answer_names_who_gave_it_and_stands_in_the_audit(
    store: Store, odd: Make, now: datetime
) -> None:
    with store.write("planner", now) as tx:
        anomalies.add(tx, odd("a1"))
    with store.write("mara", now + HOUR) as tx:
        anomalies.answer(tx, "a1", AnomalyState.REAL, note="a rush job")
    with store.write("paul", now + 2 * HOUR) as tx:
        done = anomalies.answer(tx, "a1", AnomalyState.WRONG_RECORD, note="no, scanned twice")
    assert (done.answered_by, done.answered_at) == ("paul", now + 2 * HOUR)
    with store.read() as tx:
        first, second = audit.entries(tx, subject="a1")
        assert (first.actor, first.before["state"]) == ("mara", "open")
        assert first.after["state"] == "real"
        assert (second.before["state"], second.reason) == ("real", "no, scanned twice")
        assert anomalies.open_ones(tx) == []
        assert anomalies.wrong_records(tx) == [done]
        assert anomalies.wrong_records(tx, now) == []


def test_only_the_three_answers_are_answers(store: Store, odd: Make, now: datetime) -> None:
    with store.write("planner", now) as tx:
        anomalies.add(tx, odd("a1"))
    for state in (AnomalyState.OPEN, AnomalyState.OVER):
        with pytest.raises(InvalidInput, match="real, wrong_record"), store.write("m", now) as tx:
            anomalies.answer(tx, "a1", state)
    with pytest.raises(NotFound, match="anomalies list"), store.write("mara", now) as tx:
        anomalies.answer(tx, "a2", AnomalyState.REAL)


def test_they_are_listed_by_state_place_part_and_time_page_by_page(
    store: Store, odd: Make, now: datetime
) -> None:
    given = [
        odd("a1"),
        odd("a2", seen_at=now + HOUR, parts=("nut", "rod")),
        odd("a3", seen_at=now + HOUR, location_id="SR1.B", parts=("Bolt",)),
        odd("a4", seen_at=now, end=now - HOUR, state=AnomalyState.OVER, note="counted"),
    ]
    with store.write("planner", now) as tx:
        for each in given:
            anomalies.add(tx, each)

    def ids(**asked: Any) -> list[str]:
        with store.read() as tx:
            return [each.anomaly_id for each in anomalies.list_anomalies(tx, **asked)]

    assert ids() == ["a3", "a2", "a4", "a1"]
    assert ids(states=[AnomalyState.OVER]) == ["a4"]
    assert ids(location_id="SR1.B") == ["a3"]
    assert ids(part_id="bolt") == ["a4", "a1"]
    assert ids(part_id="rod") == ["a2"]
    assert ids(part_id="o") == []
    assert ids(ending_after=now - HOUR) == ["a3", "a2", "a1"]
    assert ids(limit=2) == ["a3", "a2"]
    assert ids(before=(now + HOUR, "a2")) == ["a4", "a1"]


def test_what_is_over_long_ago_is_not_looked_at_again(
    store: Store, odd: Make, now: datetime
) -> None:
    over = odd("a1", end=now - HOUR, state=AnomalyState.OVER)
    waits = replace(odd("a2"), end=now - 100 * HOUR)
    with store.write("planner", now) as tx:
        anomalies.add(tx, over)
        anomalies.add(tx, waits)
    with store.read() as tx:
        assert [each.anomaly_id for each in anomalies.since(tx, now)] == ["a2"]
        assert {each.anomaly_id for each in anomalies.since(tx, now - HOUR)} == {"a1", "a2"}

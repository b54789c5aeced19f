"""Decision records: what is kept, for how long, and that nobody changes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from sqlalchemy import delete, func, select, text, update

from supplynet.errors import LedgerError, NotFound
from supplynet.storage import Store, audit, decision_records, decisions
from supplynet.storage.decision_frame import COMPACT, from_bytes, to_bytes, worth_keeping
from supplynet.storage.decisions import DecisionRun
from supplynet.storage.tables import decision_runs
from supplynet.storage.tables import decisions as table

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
DAY = timedelta(days=1)
ROW: dict[str, Any] = {
    "location_id": "SR1",
    "part_id": "bolt",
    "departure_at": MONDAY + timedelta(hours=11),
    "arrives_at": MONDAY + timedelta(hours=12),
    "until": MONDAY + DAY,
    "runs_out_at": None,
    "on_hand": 150,
    "on_order": 0,
    "low": 180,
    "likely": 200,
    "high": 220,
    "wanted": 0,
    "granted": 0,
    "target": 0.01,
    "stockout_before": 0.0,
    "stockout_without": 0.0,
    "stockout_with": 0.0,
    "binding": "enough stock",
    "outcome": "none",
}
ORDER = {"wanted": 80, "granted": 80, "binding": "level", "outcome": "proposed"}


def frame(*changes: dict[str, Any]) -> pl.DataFrame:
    parts = ("bolt", "nut", "screw")
    rows = [ROW | {"part_id": part} | each for part, each in zip(parts, changes, strict=False)]
    return pl.DataFrame(rows, schema=COMPACT)


def save(store: Store, at: datetime, *changes: dict[str, Any], keep: timedelta = 90 * DAY) -> int:
    run = DecisionRun(
        plan_id=f"plan-{at:%Y%m%d%H%M}",
        decided_at=at,
        snapshot_seq=7,
        seed=1,
        paths=100,
        model_version="m",
        policy="order_up_to",
        parameters={"alpha": 0.99},
        compact=frame(*changes),
    )
    with store.write("test", at) as tx:
        return decisions.save_run(tx, run, lambda place: {"why": f"{place} at {at:%d}"}, keep=keep)


def listed(store: Store, **wanted: Any) -> list[tuple[str, int]]:
    with store.read() as tx:
        found = decision_records.list_decisions(tx, **wanted)
    return [(each.plan_id, each.place) for each in found]


def test_only_what_is_new_is_kept_in_full() -> None:
    before = frame({}, ORDER, {})
    assert worth_keeping(before, None) == [1]
    assert worth_keeping(before, before) == []
    assert worth_keeping(frame(ORDER, ORDER, {}), before) == [0]
    assert worth_keeping(frame({}, ORDER | {"granted": 90}, {}), before) == [1]
    assert worth_keeping(frame({}, {}, {}), before) == [1]  # the order is gone: that is news
    later = {"departure_at": MONDAY + DAY}
    assert worth_keeping(frame(later, ORDER | later, later), before) == [1]
    assert worth_keeping(frame({"on_hand": 149}, ORDER | {"on_hand": 1}, {}), before) == []


def test_a_risk_is_news_when_it_comes_into_another_band() -> None:
    before = frame({"stockout_with": 0.011}, {}, {})
    assert worth_keeping(frame({"stockout_with": 0.049}, {}, {}), before) == []
    assert worth_keeping(frame({"stockout_with": 0.051}, {}, {}), before) == [0]
    assert worth_keeping(frame({"stockout_with": 0.3}, {}, {}), None) == [0]


def test_a_part_that_is_planned_for_the_first_time_is_compared_with_nothing() -> None:
    before = frame({})
    assert worth_keeping(frame({}, {}, ORDER), before) == [2]


def test_the_compact_numbers_come_back_as_they_were() -> None:
    made = frame({"runs_out_at": MONDAY}, ORDER)
    assert from_bytes(to_bytes(made)).equals(made)
    assert from_bytes(to_bytes(frame())).equals(frame())


def test_decisions_are_listed_the_newest_first_and_page_by_page(store: Store) -> None:
    for day in range(3):
        save(store, MONDAY + day * DAY, {}, ORDER)
    every = listed(store)
    assert every[:3] == [
        ("plan-202601070600", 0),
        ("plan-202601070600", 1),
        ("plan-202601060600", 0),
    ]
    with store.read() as tx:
        first = decision_records.list_decisions(tx, limit=3)
        rest = decision_records.list_decisions(tx, after=(first[-1].run_seq, first[-1].place))
    assert [(each.plan_id, each.place) for each in (*first, *rest)] == every
    assert listed(store, part_id="nut", limit=2) == [(plan, 1) for plan, _ in every[1:5:2]]
    assert listed(store, location_id="nowhere") == []
    assert listed(store, part_id="bolt", at=MONDAY + DAY)[0] == ("plan-202601060600", 0)
    assert listed(store, at=MONDAY - DAY) == []


def test_a_decision_has_its_full_numbers_where_it_was_news(store: Store) -> None:
    assert [save(store, MONDAY, {}, ORDER), save(store, MONDAY + DAY, {}, ORDER)] == [1, 0]
    with store.read() as tx:
        first = decision_records.get_decision(tx, "plan-202601050600.1")
        second = decision_records.get_decision(tx, "plan-202601060600.1")
        news = decision_records.last_full(tx, "SR1", "nut", second.run_seq)
        never = decision_records.last_full(tx, "SR1", "bolt", second.run_seq)
    assert (first.record, second.record, never) == ({"why": "1 at 05"}, None, None)
    assert news == first
    assert (first.snapshot_seq, first.seed, first.paths) == (7, 1, 100)
    assert first.compact["granted"] == 80


@pytest.mark.parametrize(
    "wrong", ["plan-202601050600", "plan-202601050600.2", "plan-202601050600.x", "nowhere.0", "."]
)
def test_a_decision_that_is_not_there_is_not_found(sqlite_store: Store, wrong: str) -> None:
    save(sqlite_store, MONDAY, {}, ORDER)
    with sqlite_store.read() as tx, pytest.raises(NotFound, match="decision"):
        decision_records.get_decision(tx, wrong)


def test_the_database_refuses_to_change_or_delete_a_record_before_its_time(store: Store) -> None:
    save(store, MONDAY, {}, ORDER)
    for statement in (
        update(decision_runs).values(seed=2),
        update(table).values(part_id="other"),
        delete(decision_runs),
        delete(table),
    ):
        with (
            pytest.raises(LedgerError, match="append-only"),
            store.connect_for_write() as connection,
        ):
            connection.execute(statement)
    with store.read() as tx:
        assert len(decision_records.list_decisions(tx)) == 2


def test_nobody_replaces_a_run(sqlite_store: Store) -> None:
    save(sqlite_store, MONDAY, {}, ORDER)
    replace = "INSERT OR REPLACE INTO decision_runs SELECT * FROM decision_runs"
    with (
        pytest.raises(LedgerError, match="append-only"),
        sqlite_store.connect_for_write() as connection,
    ):
        connection.execute(text(replace))


def test_records_go_when_their_time_is_over_and_no_earlier(store: Store) -> None:
    save(store, MONDAY, ORDER, keep=2 * DAY)
    save(store, MONDAY + DAY, {}, keep=2 * DAY)
    assert len(listed(store)) == 2
    save(store, MONDAY + 2 * DAY, ORDER, keep=2 * DAY)
    assert listed(store) == [("plan-202601070600", 0), ("plan-202601060600", 0)]
    with store.read() as tx:
        assert tx.connection.scalar(select(func.count()).select_from(table)) == 2


def test_what_was_kept_is_hashed_into_the_audit_log(sqlite_store: Store) -> None:
    save(sqlite_store, MONDAY, {}, ORDER)
    with sqlite_store.read() as tx:
        (note,) = audit.entries(tx, subject="plan-202601050600")
    assert (note.action, note.after["pairs"], note.after["full"]) == ("decisions_kept", 2, 1)
    assert len(note.after["sha256"]) == 64

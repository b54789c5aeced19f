"""What the books say to those who look: screen, lists, pulse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from supplynet.cycle.live import CONNECTED
from supplynet.errors import NotFound
from supplynet.monitor.grid import iso
from supplynet.services import control_room, history, overview, planning
from supplynet.services.books import CLOCK, Books, open_books
from supplynet.storage import changes, plans, values

BEGIN = datetime(2026, 1, 5, 5, tzinfo=UTC)


@pytest.fixture
def books(demo_workspace: Path) -> Iterator[Books]:
    opened = open_books(demo_workspace)
    yield opened
    opened.store.close()


def note(books: Books, value: int) -> None:
    with books.store.write("test", books.wall_clock()) as tx:
        values.set_value(tx, "note", value)


def test_a_pulse_tells_what_changed_since_a_number(books: Books) -> None:
    before = overview.pulse(books)
    assert before.kinds == frozenset()
    note(books, 1)
    after = overview.pulse(books, before.seq)
    assert after.seq == before.seq + 1
    assert after.kinds == frozenset({"setting"})
    assert overview.pulse(books, after.seq).kinds == frozenset()


def test_a_pulse_knows_nothing_of_pruned_changes_and_of_the_future(books: Books) -> None:
    seen = overview.pulse(books).seq
    for value in range(3):
        note(books, value)
    with books.store.write("test", books.wall_clock()) as tx:
        changes.prune(tx, 2)
    assert overview.pulse(books, seen).kinds is None
    assert overview.pulse(books, seen + 1).kinds == frozenset({"setting"})
    assert overview.pulse(books, seen + 99).kinds is None


def real(books: Books, now: datetime) -> Books:
    """The same workspace as that of a real plant that sends no events, at this moment."""
    with books.store.write("test", now) as tx:
        values.set_value(tx, CLOCK, None)
        values.set_value(tx, CONNECTED, {})
    return replace(books, wall_clock=lambda: now)


def test_an_old_history_stands_still_at_its_end(books: Books) -> None:
    end = history.as_of(books)
    late = real(books, end + timedelta(days=30))
    assert history.as_of(late) == end
    assert overview.clock_at(late, end) == {
        "now": iso(end),
        "speed": 0.0,
        "simulated": False,
    }


def test_a_history_that_reaches_to_now_runs_with_real_time(books: Books) -> None:
    now = history.as_of(books) + timedelta(hours=40)
    late = real(books, now)
    assert history.as_of(late) == now
    assert overview.clock_at(late, now)["speed"] == 1.0


def test_without_a_plan_there_is_none_to_show(books: Books) -> None:
    with pytest.raises(NotFound, match="supplynet plan"):
        overview.current_plan(books)
    assert overview.forecasts(books) == ([], None)


def test_stock_goes_on_after_a_position(books: Books) -> None:
    whole, following = overview.stock(books)
    assert following is None
    first, position = overview.stock(books, limit=3)
    assert position == (first[-1]["location_id"], first[-1]["part_id"])
    rest, _ = overview.stock(books, after=position)
    assert [*first, *rest] == whole


def document(cells: list[dict[str, Any]]) -> dict[str, Any]:
    shifts = []
    for index in range(len(cells)):
        start = BEGIN + timedelta(hours=12 * index)
        times = {"start": iso(start), "end": iso(start + timedelta(hours=12))}
        shifts.append({"shift_id": f"s{index}", "name": "day", **times})
    line = {"line_id": "W1", "showroom_id": None, "station_id": None, "cells": cells}
    return {"shifts": shifts, "lines": [line]}


def cells(*risks: float) -> list[dict[str, Any]]:
    return [{"risk": risk, "part_id": None, "runs_out_at": None} for risk in risks]


def screen_at(books: Books, now: datetime) -> dict[str, Any]:
    plan = plans.PlanRecord(
        plan_id="p",
        made_at=BEGIN,
        snapshot_seq=1,
        seed=1,
        model_version="m",
        policy="order_up_to",
        document=document(cells(0.1, 0.2, 0.3)),
    )
    with books.store.write("test", BEGIN) as tx:
        plans.save_plan(tx, plan, b"")
        values.set_value(tx, CLOCK, {"now": now.isoformat(), "speed": 60.0})
    return control_room.control_room(books)


def test_shifts_that_are_over_leave_the_grid(books: Books) -> None:
    room = screen_at(books, BEGIN + timedelta(hours=13))
    assert [shift["shift_id"] for shift in room["shifts"]] == ["s1", "s2"]
    assert [cell["risk"] for cell in room["lines"][0]["cells"]] == [0.2, 0.3]
    assert (room["shift"]["shift_id"], room["shift"]["minutes_left"]) == ("s1", 660)


def test_between_shifts_and_after_the_plan_no_shift_runs(books: Books) -> None:
    room = screen_at(books, BEGIN + timedelta(hours=36))
    assert (room["shift"], room["shifts"], room["lines"][0]["cells"]) == (None, [], [])
    assert room["headline"] == "The last plan is over: plan again."


def test_a_line_without_a_station_stands_under_its_own_name(books: Books) -> None:
    line = screen_at(books, BEGIN)["lines"][0]
    assert (line["showroom_id"], line["station_id"]) == ("W1", "W1")


def test_planned_orders_are_on_the_screen_until_they_leave(books: Books) -> None:
    made = planning.plan_now(books, actor="test")
    room = control_room.control_room(books)
    assert len(room["actions"]) == len(made.plan.proposals) > 0
    last = max(order.departure_at for order in made.plan.proposals)
    with books.store.write("test", BEGIN) as tx:
        now = last + timedelta(minutes=1)
        values.set_value(tx, CLOCK, {"now": now.isoformat(), "speed": 60.0})
    assert control_room.control_room(books)["actions"] == []

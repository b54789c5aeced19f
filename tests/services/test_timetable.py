"""The timetable: what its clock times say, what goes with each departure, and what is late."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from supplynet.core.orders import OrderState
from supplynet.errors import InvalidInput
from supplynet.services import history, orders, shipments, timetable
from supplynet.services.books import Books, open_books
from supplynet.services.orders import Said

MARA = Said(actor="mara", reason="test")
_DAYS = timedelta(days=2)


@pytest.fixture
def books(planned_template: Path, tmp_path: Path) -> Iterator[Books]:
    opened = open_books(Path(shutil.copytree(planned_template, tmp_path / "demo")))
    yield opened
    opened.store.close()


def rows(books: Books, start: datetime, **more: frozenset[str]) -> dict[str, timetable.Row]:
    found = timetable.timetable(books, start, start + _DAYS, **more)
    return {row["shipment_id"]: row for row in found["departures"]}


def test_every_departure_is_told_once_whether_something_goes_with_it_or_not(books: Books) -> None:
    now = history.as_of(books)
    found = timetable.timetable(books, now, now + _DAYS)["departures"]
    assert [row["departure_at"] for row in found] == sorted(row["departure_at"] for row in found)
    lanes = {lane.lane_id: len(lane.departures) for lane in books.plant.lanes}
    for lane, each_day in lanes.items():
        assert len([row for row in found if row["lane_id"] == lane]) == 2 * each_day
    known = {row["shipment_id"]: row for row in shipments.list_shipments(books)[0]}
    loaded = {row["shipment_id"]: row for row in found if row["orders"]}
    assert loaded.keys() == known.keys()
    for name, row in loaded.items():
        assert (row["orders"], row["state"]) == (known[name]["order_count"], known[name]["state"])
    assert {row["state"] for row in found if not row["orders"]} <= {"empty"}


def test_what_has_left_stays_on_the_list_until_it_is_received(books: Books) -> None:
    now = history.as_of(books)
    first = shipments.list_shipments(books)[0][0]
    name, departure = first["shipment_id"], first["departure_at"]
    for order in shipments.get_shipment(books, name)["orders"]:
        orders.approve(books, order["order_id"], MARA)
    shipments.ship(books, name, MARA, {})
    assert rows(books, now)[name]["state"] == "shipped"
    later = departure + timedelta(days=1)
    assert rows(books, later)[name]["state"] == "shipped"
    shipments.receive(books, name, MARA, {})
    assert name not in rows(books, later)
    assert rows(books, now)[name]["state"] in {"received", "closed"}


def test_people_of_another_site_see_nothing_of_it(books: Books) -> None:
    assert rows(books, history.as_of(books), within=frozenset({"elsewhere"})) == {}


def test_only_what_was_released_can_be_late(books: Books) -> None:
    now = history.as_of(books)
    first = shipments.list_shipments(books)[0][0]
    order = shipments.get_shipment(books, first["shipment_id"])["orders"][0]
    proposed, approved = (
        timetable._late([state], now, now, now + timedelta(minutes=20))
        for state in (OrderState.PROPOSED, OrderState.APPROVED)
    )
    assert (proposed, approved) == (0, 20)
    assert order["state"] == "proposed"
    assert rows(books, now)[first["shipment_id"]]["late_minutes"] == 0


@pytest.mark.parametrize("days", [-1, 0, 9])
def test_a_timetable_is_of_some_days(books: Books, days: int) -> None:
    start = history.as_of(books)
    with pytest.raises(InvalidInput, match="8 days"):
        timetable.timetable(books, start, start + timedelta(days=days))

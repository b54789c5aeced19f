"""A departure's orders together: all of them in one transaction, or none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from supplynet.core.orders import OrderState
from supplynet.cycle import Receipt
from supplynet.errors import InvalidInput, NotFound, OrderStateError
from supplynet.services import orders, shipments
from supplynet.services.books import Books, open_books
from supplynet.services.orders import Filter, Said
from supplynet.storage import changes

MARA = Said(actor="mara", reason="test")


@pytest.fixture
def books(planned_template: Path, tmp_path: Path) -> Iterator[Books]:
    opened = open_books(Path(shutil.copytree(planned_template, tmp_path / "demo")))
    yield opened
    opened.store.close()


@pytest.fixture
def approved(books: Books) -> str:
    """A shipment of which all orders are approved."""
    first = shipments.list_shipments(books)[0][0]
    for order in shipments.get_shipment(books, first["shipment_id"])["orders"]:
        orders.approve(books, order["order_id"], MARA)
    name: str = first["shipment_id"]
    return name


def states(books: Books, shipment_id: str) -> set[str]:
    return {row["state"] for row in shipments.get_shipment(books, shipment_id)["orders"]}


def test_a_shipment_groups_the_orders_of_one_departure_of_one_lane(books: Books) -> None:
    found, _ = shipments.list_shipments(books)
    assert len(found) == len({(row["lane_id"], row["departure_at"]) for row in found})
    first = found[0]
    assert first["shipment_id"] == f"{first['lane_id']}@{first['departure_at']:%Y%m%dT%H%MZ}"
    whole = shipments.get_shipment(books, first["shipment_id"])
    assert len(whole["orders"]) == first["order_count"] > 1
    assert {row["lane_id"] for row in whole["orders"]} == {first["lane_id"]}


def test_pages_of_shipments_follow_one_another(books: Books) -> None:
    whole, _ = shipments.list_shipments(books)
    first, position = shipments.list_shipments(books, limit=1)
    rest = [] if position is None else shipments.list_shipments(books, after=position)[0]
    assert [*first, *rest] == whole


def test_a_shipment_is_picked_shipped_and_received_as_one(books: Books, approved: str) -> None:
    shipments.pick(books, approved, MARA, {})
    assert states(books, approved) == {"picked"}
    least = shipments.get_shipment(books, approved)["orders"][0]
    done = shipments.ship(books, approved, MARA, {least["order_id"]: 1})
    assert {row["state"] for row in done} == {"shipped"}
    assert next(r for r in done if r["order_id"] == least["order_id"])["quantity"] == 1
    came = shipments.receive(books, approved, MARA, {least["order_id"]: Receipt(good=0, damaged=1)})
    assert {row["state"] for row in came} == {"closed"}
    assert [row["damaged"] for row in came if row["order_id"] == least["order_id"]] == [1]


def test_one_line_that_cannot_be_shipped_leaves_the_lorry_where_it_is(
    books: Books, approved: str
) -> None:
    line = shipments.get_shipment(books, approved)["orders"][-1]
    with books.store.read() as tx:
        before = changes.latest_seq(tx)
    with pytest.raises(InvalidInput, match="cannot be shipped"):
        shipments.ship(books, approved, MARA, {line["order_id"]: line["quantity"] + 1})
    with pytest.raises(InvalidInput, match="order 4711 does not go with"):
        shipments.ship(books, approved, MARA, {"4711": 1})
    with pytest.raises(OrderStateError, match="is approved and cannot become receive"):
        shipments.receive(books, approved, MARA, {})
    with books.store.read() as tx:
        assert changes.latest_seq(tx) == before


def test_a_lorry_leaves_once_under_its_key(books: Books, approved: str) -> None:
    keyed = Said(actor="mara", key="gate-1")
    assert shipments.ship(books, approved, keyed, {}) == shipments.ship(books, approved, keyed, {})
    with pytest.raises(OrderStateError):
        shipments.ship(books, approved, MARA, {})


def test_a_shipment_that_is_not_there_is_not_found(books: Books) -> None:
    for name in ("x", "x@20260105T0500Z", "x@yesterday", "@", "@20260105T0500Z"):
        with pytest.raises(NotFound):
            shipments.get_shipment(books, name)
        with pytest.raises(NotFound):
            shipments.ship(books, name, MARA, {})


def test_the_picking_list_is_by_cut_off_then_route_then_halt(books: Books, approved: str) -> None:
    tasks = shipments.picking_list(books)
    assert {task["shipment_id"] for task in tasks} == {approved}
    route = [place.location_id for place in books.plant.locations]

    def rank(task: dict[str, object]) -> tuple[object, ...]:
        halt = task["minutes_until_halt"]
        return (
            task["cutoff_at"],
            route.index(str(task["to_location"])),
            float("inf") if halt is None else halt,
        )

    assert tasks == sorted(tasks, key=rank)
    assert any(task["minutes_until_halt"] is not None for task in tasks)
    orders.pick(books, tasks[0]["order_id"], MARA)
    assert tasks[0]["order_id"] not in {row["order_id"] for row in shipments.picking_list(books)}


def test_what_is_due_leaves_out_what_is_snoozed_and_what_is_released(books: Books) -> None:
    first, second, *rest = orders.list_orders(books, Filter(due=True))[0]
    orders.approve(books, first["order_id"], MARA)
    orders.snooze(books, second["order_id"], MARA, until=second["cutoff_at"])
    assert orders.list_orders(books, Filter(due=True))[0] == rest
    asleep = orders.list_orders(books, Filter(states=[OrderState.PROPOSED]))[0]
    assert len(asleep) == len(rest) + 1

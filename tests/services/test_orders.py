"""Orders as people work with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from supplynet.cycle.live import CONNECTED
from supplynet.errors import InvalidInput, OrderStateError
from supplynet.services import history, orders, planning
from supplynet.services.books import CLOCK, Books, open_books
from supplynet.services.orders import Said
from supplynet.storage import values


@pytest.fixture
def books(demo_workspace: Path) -> Iterator[Books]:
    opened = open_books(demo_workspace)
    planning.plan_now(opened, actor="test")
    yield opened
    opened.store.close()


def test_pages_follow_one_another(books: Books) -> None:
    whole, following = orders.list_orders(books)
    assert following is None
    first, position = orders.list_orders(books, limit=2)
    rest, _ = orders.list_orders(books, after=position)
    assert [*first, *rest] == whole


def test_a_dismissed_proposal_stays_dismissed_in_the_next_plan(books: Books) -> None:
    order_id = orders.list_orders(books)[0][0]["order_id"]
    orders.cancel(books, order_id, Said(actor="anna", reason="not needed"))
    made = planning.plan_now(books, actor="test")
    assert order_id not in {order.order_id for order in made.plan.proposals}
    assert orders.get_order(books, order_id)["state"] == "cancelled"
    assert len(made.committed.new) == 0
    with pytest.raises(OrderStateError):
        orders.approve(books, order_id, Said(actor="anna"))


def test_an_order_is_approved_at_the_time_of_the_plant_and_not_of_the_wall(books: Books) -> None:
    """A history of long ago is planned and ordered as of its end."""
    end = history.as_of(books)
    late = replace(books, wall_clock=lambda: end + timedelta(days=400))
    order = orders.list_orders(books)[0][0]
    with books.store.write("test", end) as tx:
        values.set_value(tx, CLOCK, None)
        values.set_value(tx, CONNECTED, {})
    approved = orders.approve(late, order["order_id"], Said(actor="anna"))
    assert approved["state"] == "approved"


def test_after_its_cut_off_an_order_is_too_late(books: Books) -> None:
    order = orders.list_orders(books)[0][0]
    late = order["cutoff_at"] + timedelta(minutes=1)
    with books.store.write("test", late) as tx:
        values.set_value(tx, CLOCK, {"now": late.isoformat(), "speed": 1.0})
    with pytest.raises(InvalidInput, match="missed its cut-off"):
        orders.approve(books, order["order_id"], Said(actor="anna"))

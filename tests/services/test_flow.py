"""The flow of the running shift, on a plant that a test can count by head."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from supplynet.core.orders import OrderState
from supplynet.services import flow, history, orders, planning
from supplynet.services.books import Books, open_books
from supplynet.services.orders import Said
from supplynet.storage import orders as stored


@pytest.fixture
def books(demo_workspace: Path) -> Books:
    opened = open_books(demo_workspace)
    planning.plan_now(opened, actor="test")
    return opened


def test_before_the_first_shift_is_over_nothing_is_compared(books: Books) -> None:
    found = flow.flow(books)
    assert found["shift"] is not None
    assert {row["line_id"] for row in found["lines"]} == {p.location_id for p in books.plant.lines}
    assert all(row["planned"] is None or row["planned"] >= 0 for row in found["lines"])


def test_what_is_shipped_is_on_the_road_until_it_is_received(books: Books) -> None:
    before = flow.flow(books)
    with books.store.read() as tx:
        proposed = stored.list_orders(tx, states=[OrderState.PROPOSED])
    now = history.as_of(books)
    order = next(o for o in proposed if o.kind.value == "transfer" and o.cutoff_at > now)
    said = Said(actor="test", reason="test")
    orders.approve(books, order.order_id, said)
    orders.ship(books, order.order_id, said)
    after = flow.flow(books)
    road = next(r for r in after["roads"] if r["to"] == order.to_location.split(".")[0])
    assert road["on_road"] == order.quantity
    assert sum(r["on_road"] for r in before["roads"]) == 0
    [delivery] = after["deliveries"]
    assert (delivery["lane_id"], delivery["quantity"]) == (order.lane_id, order.quantity)
    assert delivery["late_minutes"] == 0


def test_people_of_another_site_see_nothing_of_it(books: Books) -> None:
    found = flow.flow(books, frozenset({"elsewhere"}))
    assert (found["roads"], found["lines"], found["deliveries"]) == ([], [], [])


def test_a_forecast_made_before_the_shift_is_what_its_use_is_compared_with(books: Books) -> None:
    """A plan of the shift before knows nothing of what happens in this one."""
    with books.store.read() as tx:
        shift = books.plant.calendar_of(books.plant.lines[0].location_id).shift_at(
            history.as_of(books)
        )
        assert shift is not None
        nothing = flow._planned(books, tx, shift.start - timedelta(days=30))
        ahead = flow._planned(books, tx, shift.end)
    assert nothing is None
    assert ahead is not None
    assert min(ahead.values()) >= 0

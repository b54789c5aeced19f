"""The orders board: many decided at once, one looked into, and what another changed meanwhile."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.web.lists import PHONE, books, check, control_room_app, shows

from supplynet.core.orders import Order, OrderState
from supplynet.services import orders as order_service
from supplynet.services.books import Books
from supplynet.services.orders import Said
from supplynet.storage import orders

__all__ = ["books", "control_room_app"]
pytestmark = pytest.mark.browser


def in_state(books: Books, state: OrderState) -> list[Order]:
    with books.store.read() as tx:
        return orders.list_orders(tx, states=[state])


def test_many_are_chosen_by_keyboard_and_decided_at_once(page: Page, books: Books) -> None:
    waiting = len(in_state(books, OrderState.PROPOSED))
    shows(page, "orders", "Orders")
    grid = page.get_by_role("grid", name="Orders: Waiting for you")
    expect(grid.locator("[role=row][id]")).to_have_count(waiting)
    check(page)
    grid.focus()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Space")
    bar = page.get_by_role("region", name="What is selected")
    expect(bar).to_contain_text("2 selected")
    check(page)
    bar.get_by_role("button", name="Approve 2 orders").click()
    expect(bar).to_contain_text("2 done.")
    expect(grid.locator("[role=row][id]")).to_have_count(waiting - 2)
    assert len(in_state(books, OrderState.APPROVED)) == 2

    expect(grid).to_be_focused()  # one goes on where one was
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    bar.get_by_role("button", name="Reject").click()
    send = bar.get_by_role("button", name="Reject 1 order")
    expect(send).to_be_disabled()
    bar.get_by_label("Reason, for the colleagues").fill("the line stands still")
    send.click()
    expect(bar).to_contain_text("1 done.")
    assert len(in_state(books, OrderState.CANCELLED)) == 1


def test_what_another_changed_meanwhile_is_not_overwritten(page: Page, books: Books) -> None:
    shows(page, "orders?sort=part", "Orders")
    grid = page.get_by_role("grid", name="Orders: Waiting for you")
    row = grid.locator("[role=row][id]").first
    part = row.get_by_role("button").inner_text()
    row.get_by_role("button").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_role("button", name="Change quantity").click()
    order = next(o for o in in_state(books, OrderState.PROPOSED) if o.part_id == part)
    said = Said(actor="somebody", reason="test")
    order_service.change(books, order.order_id, said, quantity=order.quantity + 1)
    drawer.get_by_role("textbox", name="Quantity").fill(str(order.quantity + 2))
    drawer.get_by_role("button", name="Change quantity").click()
    expect(drawer.get_by_role("alert")).to_contain_text("Changed by another meanwhile")
    check(page)
    drawer.get_by_role("button", name="Back").click()
    drawer.get_by_role("button", name="Why", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(2)


def test_an_order_by_hand_waits_like_any_other(page: Page, books: Books) -> None:
    taken = {(o.to_location, o.part_id) for o in in_state(books, OrderState.PROPOSED)}
    rules = [r for r in books.plant.supply_rules if (r.stock_point_id, r.part_id) not in taken]
    rule = (rules or list(books.plant.supply_rules))[0]
    shows(page, "orders", "Orders")
    page.get_by_role("button", name="New order").click()
    drawer = page.get_by_role("dialog", name="New order")
    drawer.locator("select").first.select_option(rule.stock_point_id)
    drawer.get_by_role("combobox", name="Part").fill(rule.part_id)
    drawer.get_by_role("textbox", name="Quantity").fill(str(rule.container_size))
    trips = drawer.locator("select").last
    expect(trips.locator("option")).not_to_have_count(1)
    trips.select_option(trips.locator("option").last.get_attribute("value"))
    drawer.get_by_role("button", name="Add the order").click()
    expect(drawer).to_have_count(0)
    assert "by hand" in {order.policy for order in in_state(books, OrderState.PROPOSED)}


def test_the_board_fits_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    shows(page, "orders", "Orders")
    check(page)

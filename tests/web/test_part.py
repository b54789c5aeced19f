"""The page of a part: found by typing, read by keyboard, every order with its reason."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.web.lists import PHONE, books, check, control_room_app, shows

from supplynet.core.orders import Order, OrderState
from supplynet.services.books import Books
from supplynet.storage import orders

__all__ = ["books", "control_room_app"]
pytestmark = pytest.mark.browser


def proposal(books: Books) -> Order:
    with books.store.read() as tx:
        return orders.list_orders(tx, states=[OrderState.PROPOSED])[0]


def test_a_planner_types_a_part_and_reads_why_it_is_ordered(page: Page, books: Books) -> None:
    order = proposal(books)
    shows(page, "part", "Find a part")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type(f"{order.to_location} {order.part_id}")
    expect(page.get_by_role("option").first).to_contain_text(order.part_id)
    check(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        f"{order.part_id} · {order.to_location}"
    )
    page.get_by_role("button", name="Why this order?").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_test_id("why-sentence")).to_have_text(order.explanation["why"])
    expect(drawer).to_contain_text("What set the quantity")
    expect(drawer).to_contain_text(order.model_version or "")
    check(page)
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    shows(page, "part", "Find a part")
    expect(page.get_by_role("option").first).to_contain_text(order.to_location)


def test_a_chart_is_read_with_the_arrow_keys_and_as_a_table(page: Page, books: Books) -> None:
    order = proposal(books)
    shows(
        page, f"part/{order.to_location}/{order.part_id}", f"{order.part_id} · {order.to_location}"
    )
    chart = page.get_by_role("slider", name="Use per shift")
    chart.focus()
    page.keyboard.press("End")
    assert "expected" in str(chart.get_attribute("aria-valuetext"))
    page.keyboard.press("Home")
    assert "used" in str(chart.get_attribute("aria-valuetext"))
    rows = page.get_by_role("table", name="Use per shift").locator("tbody tr")
    assert rows.count() == int(str(chart.get_attribute("aria-valuemax"))) + 1
    stock = page.get_by_role("slider", name="Projected stock")
    stock.focus()
    page.keyboard.press("End")
    assert "with the proposals" in str(stock.get_attribute("aria-valuetext"))


def test_the_page_fits_a_phone_and_says_what_is_not_there(page: Page, books: Books) -> None:
    order = proposal(books)
    page.set_viewport_size(PHONE)
    shows(
        page, f"part/{order.to_location}/{order.part_id}", f"{order.part_id} · {order.to_location}"
    )
    expect(page.get_by_role("heading", name="Orders, and why")).to_be_visible()
    check(page)
    shows(page, "part/nowhere/P-1", "P-1 · nowhere")
    expect(page.get_by_role("alert")).to_contain_text("nowhere")

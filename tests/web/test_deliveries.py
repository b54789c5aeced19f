"""Deliveries: the timetable of two days, and a departure picked, shipped and received in part."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.web.lists import PHONE, books, check, control_room_app, shows

from supplynet.core.orders import OrderState
from supplynet.services import orders, shipments
from supplynet.services.books import Books
from supplynet.services.orders import Said
from supplynet.storage import orders as stored

__all__ = ["books", "control_room_app"]
pytestmark = pytest.mark.browser
MARA = Said(actor="mara", reason="test")


def test_the_timetable_shows_every_departure_of_two_days(page: Page, books: Books) -> None:
    shows(page, "deliveries", "Deliveries")
    lanes = page.locator("section.lane")
    expect(lanes).to_have_count(len(books.plant.lanes))
    expect(lanes.first).to_contain_text("Today")
    expect(lanes.first).to_contain_text("Tomorrow")
    each_day = sum(len(lane.departures) for lane in books.plant.lanes)
    expect(page.locator(".trip")).to_have_count(2 * each_day)
    loaded = shipments.list_shipments(books)[0]
    page.get_by_label("Empty departures too").uncheck()
    expect(page.locator(".trip")).to_have_count(len(loaded))
    check(page)
    page.set_viewport_size(PHONE)
    check(page)


def test_a_departure_goes_its_way_and_comes_in_short(page: Page, books: Books) -> None:
    first = shipments.list_shipments(books)[0][0]
    name = first["shipment_id"]
    for order in shipments.get_shipment(books, name)["orders"]:
        orders.approve(books, order["order_id"], MARA)
    count = first["order_count"]
    shows(page, "deliveries", "Deliveries")
    page.locator(f"a.trip[href='#/deliveries/{name.replace('@', '%40')}']").click()
    page.get_by_role("button", name=f"Picked: {count} orders").click()
    expect(page.get_by_text("Picked.", exact=True)).to_be_visible()
    page.get_by_role("button", name=f"Ship {count} orders").click()
    expect(page.get_by_text("It has left.")).to_be_visible()
    send = page.get_by_role("button", name=f"Receive {count} orders")
    part = shipments.get_shipment(books, name)["orders"][0]["part_id"]
    page.get_by_label(f"Damaged {part}").fill("1")
    expect(page.get_by_text("no more than was sent")).to_be_visible()
    quantity = shipments.get_shipment(books, name)["orders"][0]["quantity"]
    page.get_by_label(f"Good {part}").fill(str(quantity - 3))
    expect(send).to_be_disabled()  # until it is said why
    page.get_by_label("Reason, for the colleagues").fill("crushed")
    check(page)
    send.click()
    expect(page.get_by_text("Received.", exact=True)).to_be_visible()
    row = shipments.get_shipment(books, name)["orders"][0]
    assert (row["received"], row["short"], row["damaged"]) == (quantity - 3, 2, 1)
    assert row["state"] in {OrderState.RECEIVED, OrderState.CLOSED}


def test_the_picking_list_prints_without_what_is_for_the_screen(page: Page, books: Books) -> None:
    with books.store.read() as tx:
        order = stored.list_orders(tx)[0]
    name = f"{order.lane_id}@{order.departure_at:%Y%m%dT%H%MZ}"
    page.evaluate("to => { location.hash = to }", f"#/deliveries/{name}")
    print_it = page.get_by_role("button", name="Print the picking list")
    expect(page.locator("td.part").first).to_be_visible()
    page.emulate_media(media="print")
    expect(print_it).to_be_hidden()
    expect(page.locator("td.box").first).to_be_visible()
    page.emulate_media(media="screen")

"""The picker's handheld: a scan is the whole action, and nothing is lost or doubled offline."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from supplynet.core.orders import OrderState
from supplynet.services import orders as order_service
from supplynet.services import shipments
from supplynet.storage import audit, ledger, orders
from supplynet.storage.ledger import MovementFilter

pytestmark = pytest.mark.browser
PHONE = (390, 844)
AGAIN_MS, UNDO_SECONDS = 20_000, 5


IN_CHARGE = """async () => {
    await navigator.serviceWorker.ready;
    const done = () => navigator.serviceWorker.controller?.state === 'activated';
    while (!done()) await new Promise((look) => setTimeout(look, 50));
}"""
"""The shell is kept and its worker answers: only then a page opens without a network."""


def scan(page: Page, code: str) -> None:
    """As a wedge scanner does: it types wherever the focus is, and ends with Enter."""
    page.keyboard.type(code + "\n")


def goods(floor: Any, shipment_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = shipments.get_shipment(floor.books, shipment_id)["orders"]
    return rows


def state(floor: Any, order_id: str) -> OrderState:
    with floor.books.store.read() as tx:
        return orders.get(tx, order_id).state


def moved(floor: Any, order_id: str) -> list[int]:
    with floor.books.store.read() as tx:
        found = ledger.newest_movements(tx, MovementFilter(order_id=order_id), limit=9)
    return [movement.quantity for _, movement in found]


def test_what_is_done_without_a_network_is_kept_over_a_reload_and_done_once(
    floor: Any, check_page: Any, later: Any
) -> None:
    shipment_id = floor.approved_departure()
    rows = goods(floor, shipment_id)
    with floor.as_person("piet", *PHONE) as (context, page):
        page.wait_for_url("**/#/pick")  # where a picker begins
        expect(page.get_by_role("button", name="Picked: ").first).to_be_visible()
        check_page(page)
        page.evaluate(IN_CHARGE)
        context.set_offline(True)
        for row in rows:
            scan(page, row["order_id"])
        scan(page, shipment_id)
        waiting = page.get_by_text(f"{len(rows) + 1} to send")
        expect(waiting).to_be_visible()
        scan(page, rows[0]["order_id"])
        expect(page.get_by_text("Wrong scan")).to_be_visible()

        page.reload()
        expect(waiting).to_be_visible()
        expect(page.get_by_text("No network. This is from")).to_be_visible()

        later(page, UNDO_SECONDS)
        context.set_offline(False)
        expect(page.get_by_text("All sent")).to_be_visible(timeout=AGAIN_MS)
    assert {state(floor, row["order_id"]) for row in rows} == {OrderState.SHIPPED}
    assert [moved(floor, row["order_id"]) for row in rows] == [[row["quantity"]] for row in rows]


def test_a_lost_answer_is_asked_for_again_and_a_refusal_waits_for_a_decision(
    floor: Any, check_page: Any, later: Any
) -> None:
    first, second, *_ = goods(floor, floor.approved_departure())
    lost: list[Any] = []

    def lose(route: Any) -> None:
        """The server does it, and the way back breaks off."""
        if len(lost) < 1:
            lost.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    with floor.as_person("piet", *PHONE) as (_, page):
        expect(page.get_by_role("button", name="Picked: ").first).to_be_visible()
        page.context.route(f"**/orders/{second['order_id']}/pick", lose)
        scan(page, first["order_id"])
        scan(page, second["order_id"])
        no = order_service.Said(actor="planner", reason="not needed")
        order_service.cancel(floor.books, first["order_id"], no)
        expect(page.get_by_text("2 to send")).to_be_visible()
        later(page, UNDO_SECONDS)
        expect(page.get_by_role("heading", name="Not taken")).to_be_visible(timeout=AGAIN_MS)
        check_page(page)
        assert state(floor, second["order_id"]) is OrderState.APPROVED
        page.get_by_role("button", name="Leave it out").click()
        page.get_by_label("Why is it left out?").fill("the planner cancelled it")
        page.get_by_role("button", name="Leave it out").click()
        expect(page.get_by_text("All sent")).to_be_visible(timeout=AGAIN_MS)
    assert [answer.status for answer in lost] == [200]
    assert state(floor, second["order_id"]) is OrderState.PICKED


def test_another_badge_is_another_person_and_a_scan_receives(
    floor: Any, check_page: Any, later: Any
) -> None:
    badge, shipment_id = floor.badge_of("paul"), floor.approved_departure()
    shipments.ship(floor.books, shipment_id, order_service.Said(actor="test"), {})
    with floor.as_person("piet", *PHONE) as (_, page):
        page.get_by_role("button", name="Receive 1").wait_for()
        scan(page, badge)
        expect(page.get_by_text("Signed in as paul.")).to_be_visible()
        scan(page, shipment_id)
        expect(page.get_by_text("Scan it again")).to_be_visible()
        check_page(page)
        scan(page, shipment_id)
        page.get_by_role("button", name="Undo (").click()
        expect(page.get_by_text("Taken back. Nothing was sent.")).to_be_visible()
        card = page.get_by_role("region", name=shipment_id)
        card.get_by_role("button", name="Short or damaged").click()
        card.get_by_label("Damaged P").first.fill("1")
        card.get_by_label("What happened?").fill("crushed")
        card.get_by_role("button", name="Receive as entered").click()
        expect(page.get_by_text("1 to send")).to_be_visible()
        later(page, UNDO_SECONDS)
        expect(page.get_by_text("All sent")).to_be_visible(timeout=AGAIN_MS)
    rows = goods(floor, shipment_id)
    assert sum(row["damaged"] for row in rows) == 1
    with floor.books.store.read() as tx:
        said = list(audit.entries(tx, subject=rows[0]["order_id"]))
    assert said[-1].actor == "paul"


def test_a_scan_before_the_lists_are_here_is_done_as_soon_as_they_are(floor: Any) -> None:
    part = goods(floor, floor.approved_departure())[0]["part_id"]
    with floor.as_person("piet", *PHONE) as (_, page):
        held: list[Any] = []

        def hold(route: Any) -> None:
            held.append(route)

        page.route("**/api/v1/network", hold)
        page.reload()
        page.get_by_role("button", name="Count").click()
        scan(page, part)
        expect(page.get_by_text("It is done as soon as the lists are here.")).to_be_visible()
        for each in held:
            each.continue_()
        expect(page.get_by_text("The books say")).to_be_visible()


def test_a_mis_scan_of_damaged_parts_is_undone_by_a_counter_movement(
    floor: Any, later: Any
) -> None:
    part = goods(floor, floor.approved_departure())[0]["part_id"]
    place = goods(floor, floor.approved_departure())[0]["from_location"]
    with floor.as_person("piet", *PHONE) as (_, page):
        page.get_by_role("button", name="Count").click()
        scan(page, part)
        expect(page.get_by_text("The books say")).to_be_visible()
        page.get_by_label("On hand").fill("2")
        page.get_by_role("button", name="Damaged: take out").click()
        expect(page.get_by_text("1 to send")).to_be_visible()
        later(page, UNDO_SECONDS)
        page.get_by_text(", sent ").wait_for(timeout=AGAIN_MS)
        page.get_by_role("button", name="Undo", exact=True).click()
        expect(page.get_by_text("Undone by a counter movement.")).to_be_visible()
        expect(page.get_by_text("All sent")).to_be_visible(timeout=AGAIN_MS)
    with floor.books.store.read() as tx:
        wanted = MovementFilter(location_id=place, part_id=part)
        newest = [each for _, each in ledger.newest_movements(tx, wanted, limit=2)]
    assert [each.quantity for each in newest] == [2, 2]
    assert newest[0].reverses == newest[1].movement_id

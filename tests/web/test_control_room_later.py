"""What may wait: alerts that somebody takes or puts off, orders that are set aside."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser
SHIFT_END = "2026-01-06T05:00:00Z"


def alert(page: Page, number: int) -> Locator:
    return page.locator(f"[data-alert=alert-{number}]")


def test_an_alert_is_taken_with_one_tap_and_names_who_has_it(page: Page) -> None:
    row = alert(page, 1)
    expect(row).to_contain_text("nobody has it")
    with page.expect_request("**/alerts/alert-1/acknowledge") as sent:
        row.get_by_role("button", name="Take it").click()
    assert len(sent.value.headers["idempotency-key"]) == 32
    expect(row).to_contain_text("you have it")
    expect(row.get_by_role("button", name="Take it")).to_have_count(0)
    expect(page.get_by_role("region", name="Alerts").first).to_contain_text("4 open, 3 with nobody")


def test_an_alert_is_put_off_to_the_end_of_the_shift_with_two_taps(page: Page) -> None:
    row = alert(page, 0)
    row.get_by_role("button", name="Later").click()
    with page.expect_request("**/alerts/alert-0/snooze") as sent:
        row.get_by_role("button", name="End of the shift (06:00)").click()
    assert sent.value.post_data_json == {"until": SHIFT_END.replace("Z", ".000Z")}
    expect(row).to_contain_text("quiet until 06:00")
    page.mouse.move(5, 5)
    page.get_by_role("heading", level=1).click()
    expect(page.locator("[data-alert]").last).to_have_attribute("data-alert", "alert-0")


def test_a_clock_time_is_the_next_one(page: Page) -> None:
    row = alert(page, 2)
    row.get_by_role("button", name="Later").click()
    row.get_by_label("At").fill("7:30")
    with page.expect_request("**/alerts/alert-2/snooze") as sent:
        row.get_by_label("At").press("Enter")
    assert sent.value.post_data_json == {"until": "2026-01-06T06:30:00.000Z"}


def test_only_what_does_not_end_by_itself_is_closed_and_with_a_reason(page: Page) -> None:
    expect(alert(page, 0).get_by_role("button", name="Close it")).to_have_count(0)
    row = alert(page, 3)
    row.get_by_role("button", name="Close it").click()
    expect(row.get_by_role("button", name="Close it")).to_be_disabled()
    row.get_by_label("What was done about it?").fill("seen")
    with page.expect_request("**/alerts/alert-3/resolve") as sent:
        row.get_by_role("button", name="Close it").click()
    assert sent.value.post_data_json == {"reason": "seen"}
    expect(row).to_contain_text("Closed.")


def test_a_refusal_is_shown_at_the_alert_and_who_may_not_sees_no_button(
    page: Page, site: Any
) -> None:
    problem = {"title": "Conflict", "status": 409, "detail": "alert-1 was resolved at 20:10"}
    page.route("**/acknowledge", lambda route: route.fulfill(status=409, json=problem))
    alert(page, 1).get_by_role("button", name="Take it").click()
    expect(alert(page, 1).get_by_role("alert")).to_have_text("alert-1 was resolved at 20:10")
    session = page.request.get(f"{site.url}/api/v1/session").json()
    reader = {**session, "permissions": {"plant.read": None}}
    page.route("**/api/v1/session", lambda route: route.fulfill(json=reader))
    page.reload()
    page.get_by_role("grid").wait_for()
    expect(page.locator("[data-alert] .buttons, li[id^=order-] .buttons")).to_have_count(0)


def test_an_alert_that_was_passed_on_says_so(page: Page, canned_plant: Any) -> None:
    passed = {"escalations": 2, "escalated_at": "2026-01-05T21:50:00Z"}
    canned_plant.alter(lambda room: room["alerts"][0].update(passed))
    expect(alert(page, 0)).to_contain_text("passed on twice, last 22:50")


def test_an_order_that_is_set_aside_leaves_the_list_and_comes_back(page: Page) -> None:
    order_id = str(page.locator("li[id^=order-]").first.get_attribute("id"))
    order = page.locator(f"#{order_id}")
    order.get_by_role("button", name="Later").click()
    expect(order).to_contain_text("Later than 01:10 it misses its departure.")
    with page.expect_request("**/snooze") as sent:
        order.get_by_role("button", name="1 hour").click()
    assert json.loads(sent.value.post_data or "").keys() == {"until"}
    expect(order).to_contain_text("Set aside until")
    page.get_by_role("heading", level=1).click()
    expect(order).to_have_count(0)
    page.get_by_text("1 set aside, back").click()
    page.get_by_role("button", name="Bring back P-017").click()
    expect(order).to_be_visible()
    expect(page.get_by_text("1 set aside, back")).to_have_count(0)


def test_thirty_alerts_and_sixty_orders_scroll_in_their_own_lists(
    page: Page, canned_plant: Any
) -> None:
    def many(room: dict[str, Any]) -> None:
        for name, key, count in (("alerts", "alert_id", 30), ("actions", "order_id", 60)):
            first = room[name][0]
            room[name] = [{**first, key: f"{name}{number}"} for number in range(count)]

    canned_plant.alter(many)
    expect(page.locator("[data-alert]")).to_have_count(30)
    page.get_by_role("button", name="Show 48 more").click()
    for side in ("Height", "Width"):
        ends = f"document.documentElement.scroll{side} - document.documentElement.client{side}"
        assert page.evaluate(ends) == 0
    page.locator("[data-alert]").last.get_by_role("button", name="Take it").click(trial=True)

"""The control room in a real browser, against whatever app ``control_room_app`` gives."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Request, expect

pytestmark = pytest.mark.browser
Json = dict[str, Any]
GRID_CELL = '[role="gridcell"]'
LIST = "rows => rows.map(row => row.id)"


def local(moment: str, room: Json) -> str:
    zone = ZoneInfo(room["plant"]["time_zone"])
    return datetime.fromisoformat(moment).astimezone(zone).strftime("%H:%M")


def reddest(room: Json) -> tuple[Json, int]:
    """Line and column of the highest risk in the running shift or the next."""
    risks = {(row, col): room["lines"][row]["cells"][col]["risk"] for row, col in positions(room)}
    row, column = max(risks, key=lambda place: risks[place])
    return room["lines"][row], column


def positions(room: Json) -> list[tuple[int, int]]:
    return [(row, column) for row in range(len(room["lines"])) for column in range(2)]


def cell_of(page: Page, line: Json, column: int) -> Locator:
    return page.locator(f'{GRID_CELL}[aria-label^="{line["line_id"]},"]').nth(column)


def first_order(page: Page) -> Locator:
    return (
        page.locator("li[id^=order-]").filter(has=page.get_by_role("button", name="Approve")).first
    )


def scrolls(page: Page, side: str) -> bool:
    return bool(
        page.evaluate(
            f"document.documentElement.scroll{side} > document.documentElement.client{side}"
        )
    )


def test_the_page_shows_headline_lines_and_shifts(page: Page, site: Any) -> None:
    room = site.control_room()
    expect(page.get_by_role("heading", level=1)).to_have_text(room["plant"]["name"])
    expect(page.get_by_role("region", name="Headline")).to_contain_text(room["headline"])
    assert page.locator("thead tr:nth-child(2) th").count() == len(room["shifts"]) == 14
    assert page.locator("tbody tr:has([role=gridcell])").count() == len(room["lines"])
    assert page.locator(GRID_CELL).count() == 14 * len(room["lines"])


def test_clicking_the_red_cell_names_the_part_and_its_clock_times(page: Page, site: Any) -> None:
    room = site.control_room()
    line, column = reddest(room)
    cell = line["cells"][column]
    cell_of(page, line, column).click()
    detail = page.get_by_test_id("cell-detail")
    expect(detail).to_contain_text(cell["part_id"])
    for key in ("runs_out_at", "runs_out_early", "runs_out_late", "last_departure_at"):
        expect(detail).to_contain_text(local(cell[key], room))
    expect(detail).to_contain_text(f"{round(cell['risk'] * 100)} %")
    expect(detail).to_contain_text(f"{round(cell['risk_committed'] * 100)} %")


def test_arrow_keys_move_through_the_grid_and_enter_opens_a_cell(page: Page) -> None:
    page.locator(f'{GRID_CELL}[tabindex="0"]').focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    focused = page.locator(f"{GRID_CELL}:focus")
    expect(focused).to_have_attribute("data-row", "1")
    expect(focused).to_have_attribute("data-column", "1")
    expect(page.get_by_test_id("cell-detail")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("cell-detail")).to_have_count(0)


def test_approving_posts_the_order_and_shows_it_as_done(page: Page) -> None:
    order = first_order(page)
    order_id = str(order.get_attribute("id")).removeprefix("order-")
    with page.expect_request(f"**/api/v1/orders/{order_id}/approve") as sent:
        order.get_by_role("button", name="Approve").click()
    assert sent.value.method == "POST"
    expect(page.locator(f"#order-{order_id}")).to_contain_text("Approved")


def test_another_quantity_is_approved_only_as_a_whole_number(page: Page) -> None:
    order = page.locator(f"#{first_order(page).get_attribute('id')}")
    order.get_by_role("button", name="Change").click()
    field = order.get_by_label("Quantity")
    for refused in ("0", "-5", "2.5", "many", ""):
        field.fill(refused)
        expect(order.get_by_role("button", name="Approve")).to_be_disabled()
    field.fill("260")
    with page.expect_request("**/approve") as sent:
        order.get_by_role("button", name="Approve 260").click()
    assert sent.value.post_data_json == {"quantity": 260}


def test_dismissing_needs_a_reason_and_sends_it(page: Page) -> None:
    order = page.locator(f"#{first_order(page).get_attribute('id')}")
    order.get_by_role("button", name="Dismiss").click()
    expect(order.get_by_role("button", name="Dismiss")).to_be_disabled()
    order.get_by_label("Why is it not needed?").fill("Already on its way")
    with page.expect_request("**/cancel") as sent:
        order.get_by_role("button", name="Dismiss").click()
    assert sent.value.post_data_json == {"reason": "Already on its way"}


def test_a_refusal_of_the_api_is_shown_at_the_order(page: Page) -> None:
    detail = "order 7 is shipped and cannot become approved"
    problem = {"type": "about:blank", "title": "Conflict", "status": 409, "detail": detail}
    page.route("**/approve", lambda route: route.fulfill(status=409, json=problem))
    order = page.locator(f"#{first_order(page).get_attribute('id')}")
    order.get_by_role("button", name="Approve").click()
    expect(order.get_by_role("alert")).to_have_text(detail)
    expect(order.get_by_role("button", name="Approve")).to_be_enabled()


def test_orders_keep_their_places_under_the_pointer(page: Page, canned_plant: Any) -> None:
    rows = page.locator("li[id^=order-]")
    ids = rows.evaluate_all(LIST)
    rows.last.hover()
    canned_plant.alter(lambda room: (room["actions"].reverse(), room.update(headline="Moved on.")))
    expect(page.get_by_role("region", name="Headline")).to_contain_text("Moved on.")
    assert rows.evaluate_all(LIST) == ids
    page.mouse.move(5, 5)
    expect(rows.first).to_have_id(ids[-1])


def approve_behind_the_page(page: Page) -> None:
    """As if another planner did it: the page hears of it through the stream."""
    order_id = str(first_order(page).get_attribute("id")).removeprefix("order-")
    url = page.url.rstrip("/")
    assert page.request.post(f"{url}/api/v1/orders/{order_id}/approve", data={}).ok


def test_what_another_planner_did_appears_by_itself(page: Page) -> None:
    order = page.locator(f"#{first_order(page).get_attribute('id')}")
    approve_behind_the_page(page)
    expect(order).to_contain_text("Approved")


def calm(room: Json) -> None:
    room["actions"], room["alerts"] = [], []
    for line in room["lines"]:
        line["halted"] = False
        for cell in line["cells"]:
            cell["risk"] = 0.0


def test_a_calm_plant_says_that_nothing_is_needed(page: Page, canned_plant: Any) -> None:
    canned_plant.alter(calm)
    expect(page.get_by_text("Nothing needs you now.")).to_be_visible()
    expect(page.get_by_text("No alert is open.")).to_be_visible()


def test_a_red_cell_without_an_order_gives_no_false_comfort(page: Page, canned_plant: Any) -> None:
    canned_plant.alter(lambda room: room["actions"].clear())
    expect(page.get_by_text("No order waits for you.")).to_be_visible()
    expect(page.get_by_text("Nothing needs you now.")).to_have_count(0)


def test_a_halted_line_is_marked_by_word(page: Page, canned_plant: Any) -> None:
    canned_plant.alter(lambda room: room["lines"][4].update(halted=True))
    expect(page.locator(GRID_CELL, has_text="HALT")).to_have_count(1)
    expect(page.get_by_role("region", name="Headline")).to_contain_text("Line halted")


def test_only_a_new_critical_alert_is_read_out(page: Page, canned_plant: Any) -> None:
    live_region = page.locator("[aria-live=assertive]")
    expect(live_region).to_have_text("")
    first = canned_plant.room["alerts"][0]
    new = {**first, "alert_id": "new", "message": "SR3.ST1.A halted."}
    canned_plant.alter(lambda room: room["alerts"].append(new))
    expect(live_region).to_have_text("SR3.ST1.A halted.")


def test_where_it_is_too_late_the_cell_says_what_can_still_be_done(
    page: Page, site: Any, canned_plant: Any
) -> None:
    line, column = reddest(site.control_room())

    def miss(room: Json) -> None:
        cells = next(row["cells"] for row in room["lines"] if row["line_id"] == line["line_id"])
        cells[column]["last_departure_at"] = None

    canned_plant.alter(miss)
    cell_of(page, line, column).click()
    detail = page.get_by_test_id("cell-detail")
    expect(detail).to_contain_text("No departure can still bring it in time.")
    expect(detail).to_contain_text("What can still be done")
    part = line["cells"][column]["part_id"]
    assert detail.get_by_role("link", name="Where else it is").get_attribute("href") == (
        f"#/stock?part={part}"
    )
    for name in ("Why", "What if ..."):
        expect(detail.get_by_role("button", name=name)).to_be_visible()


def test_old_figures_turn_grey_and_live_ones_come_back_by_themselves(page: Page, site: Any) -> None:
    stale_after_ms = site.control_room()["freshness"]["stale_after_seconds"] * 1000
    banner = page.get_by_text(re.compile(r"No data since \d\d:\d\d:\d\d - figures may be old"))
    expect(banner).to_have_count(0)
    site.silencer.silent = True
    expect(banner).to_be_visible(timeout=stale_after_ms + 5_000)
    assert page.locator("main").evaluate("main => getComputedStyle(main).filter") == "grayscale(1)"
    expect(first_order(page).get_by_role("button", name="Approve")).to_be_disabled()
    site.silencer.silent = False
    expect(banner).to_have_count(0, timeout=30_000)
    expect(first_order(page).get_by_role("button", name="Approve")).to_be_enabled()


def test_the_content_policy_is_strict(site: Any) -> None:
    answer = httpx2.get(site.url)
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1920), ("light", 390)])
def test_axe_finds_nothing_serious(page: Page, site: Any, scheme: Any, width: int) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 1080})
    cell_of(page, *reddest(site.control_room())).click()
    first_order(page).get_by_role("button", name="Change").click()
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [rule for rule in found if rule["impact"] in {"serious", "critical"}]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in serious] == []


def test_a_desk_screen_needs_no_scrolling(page: Page, site: Any) -> None:
    cell_of(page, *reddest(site.control_room())).click()
    assert not scrolls(page, "Height")
    assert not scrolls(page, "Width")
    grid = page.get_by_role("region", name="Halt risk by line and shift").last
    assert grid.evaluate("grid => grid.scrollHeight <= grid.clientHeight")


def test_a_phone_never_scrolls_sideways(page: Page, site: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    assert not scrolls(page, "Width")
    cell_of(page, *reddest(site.control_room())).click()
    detail = page.get_by_test_id("cell-detail")
    assert detail.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    detail.get_by_role("button", name="Close").click()
    first_order(page).get_by_role("button", name="Change").click()
    assert not scrolls(page, "Width")


def test_what_the_stream_tells_is_not_fetched(page: Page) -> None:
    seen: list[Request] = []
    page.on("request", lambda sent: seen.append(sent) if "control-room" in sent.url else None)
    order = page.locator(f"#{first_order(page).get_attribute('id')}")
    approve_behind_the_page(page)
    expect(order).to_contain_text("Approved")
    assert seen == []

"""The control room on the wall: the same figures, and nothing to press."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
ROWS = "tbody tr:has(.l0)"


def open_wall(page: Page, width: int = 1920) -> None:
    page.set_viewport_size({"width": width, "height": width * 9 // 16})
    page.evaluate("location.hash = '#/?wall'")
    page.get_by_role("region", name="Wall display").wait_for()


def letters(page: Page) -> float:
    size = "document.querySelector('[role=region] tbody th')"
    return float(page.evaluate(f"parseFloat(getComputedStyle({size}).fontSize)"))


def test_the_wall_has_the_headline_and_the_worst_line_first_and_no_button(
    page: Page, site: Any
) -> None:
    open_wall(page)
    expect(page.get_by_role("region", name="Headline")).to_contain_text(
        site.control_room()["headline"]
    )
    expect(page.locator(ROWS).first).to_contain_text("SR2.ST1.B")
    expect(page.get_by_text(re.compile(r"^and \d+ more, the worst at \d+ %$"))).to_be_visible()
    expect(page.locator("button, a, input, nav").locator("visible=true")).to_have_count(0)
    wall = page.get_by_role("region", name="Wall display")
    assert wall.evaluate("wall => getComputedStyle(wall).cursor") == "none"


@pytest.mark.parametrize("width", [1920, 3840])
def test_it_fits_the_screen_in_letters_to_be_read_from_afar(page: Page, width: int) -> None:
    open_wall(page, width)
    for side in ("Height", "Width"):
        ends = f"document.documentElement.scroll{side} - document.documentElement.client{side}"
        assert page.evaluate(ends) == 0
    assert letters(page) >= width / 90
    clipped = page.locator("main .rotating li").evaluate_all(
        "rows => rows.filter(row => row.scrollHeight > row.clientHeight + 1).length"
    )
    assert clipped == 0


def test_what_has_no_room_follows_by_pages(page: Page, canned_plant: Any) -> None:
    def many(room: dict[str, Any]) -> None:
        first = room["alerts"][0]
        room["alerts"] = [
            {**first, "alert_id": f"a{number}", "message": f"Alert {number:02d}."}
            for number in range(30)
        ]

    page.clock.install()
    page.reload()
    canned_plant.alter(many)
    open_wall(page)
    alerts = page.get_by_role("region", name="Alerts")
    expect(alerts).to_contain_text("Alert 00.")
    expect(alerts).to_contain_text("1 of 4")
    page.clock.run_for(12_500)
    expect(alerts).to_contain_text("2 of 4")
    expect(alerts).not_to_contain_text("Alert 00.")


def test_the_wall_says_when_its_session_ends_and_escape_leaves_it(page: Page, site: Any) -> None:
    session = page.request.get(f"{site.url}/api/v1/session").json()
    soon = page.evaluate("new Date(Date.now() + 40 * 60_000).toISOString()")
    page.route(
        "**/api/v1/session", lambda route: route.fulfill(json={**session, "expires_at": soon})
    )
    page.reload()
    open_wall(page)
    expect(page.get_by_text("This display is signed out in")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Wall display")).to_be_visible()


def test_a_session_that_ends_is_said_on_the_wall(page: Page, site: Any) -> None:
    open_wall(page)
    problem = {"title": "Unauthorized", "status": 401, "detail": "the session is over"}
    page.route("**/api/v1/control-room", lambda route: route.fulfill(status=401, json=problem))
    site.silencer.silent = True
    expect(page.get_by_text("You were signed out.")).to_be_visible(timeout=30_000)


def test_axe_finds_nothing_serious_on_the_wall(page: Page) -> None:
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    open_wall(page)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [rule for rule in found if rule["impact"] in {"serious", "critical"}]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in serious] == []

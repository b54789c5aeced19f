"""Stock and stations: a link that opens a view, counts from a spreadsheet, ten thousand rows."""

from __future__ import annotations

from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, Route, expect
from tests.web.lists import PHONE, books, check, control_room_app, shows

from supplynet.services.books import Books
from supplynet.storage import ledger

__all__ = ["books", "control_room_app"]
pytestmark = pytest.mark.browser
TITLE = "Stock and stations"
MANY = 10_000


def test_a_link_opens_a_view_and_the_view_writes_its_link(page: Page, books: Books) -> None:
    place = books.plant.supply_rules[0].stock_point_id
    shows(page, f"stock?place={place}&sort=-hand", TITLE)
    rows = page.get_by_role("grid", name=TITLE).locator("[role=row][id]")
    expect(rows).to_have_count(
        sum(rule.stock_point_id == place for rule in books.plant.supply_rules)
    )
    with books.store.read() as tx:
        held = ledger.on_hand(tx)
    most = max(held[key] for key in held if key[0] == place)
    expect(rows.first).to_contain_text(f"{most:,}")
    page.get_by_label("Search all columns").fill("nothing like it")
    expect(page.get_by_text("No row passes the filters.")).to_be_visible()
    page.wait_for_url(f"**/#/stock?q=nothing+like+it&place={place}&sort=-hand")
    page.get_by_role("button", name="Take the filters away").click()
    page.wait_for_url("**/#/stock?sort=-hand")
    check(page)
    page.set_viewport_size(PHONE)
    check(page)


def test_counts_of_a_spreadsheet_are_looked_at_and_then_reported(page: Page, books: Books) -> None:
    rules = books.plant.supply_rules[:2]
    place, parts = rules[0].stock_point_id, [rule.part_id for rule in rules]
    shows(page, "stock", TITLE)
    page.get_by_role("button", name="Paste counts").click()
    pasted = f"Place\tPart\tCounted\n{place}\t{parts[0]}\t77\n{place}\t{parts[1]}\t1,200\n"
    page.get_by_label("Paste them from a spreadsheet").fill(pasted)
    drawer = page.get_by_role("dialog", name="Counted quantities")
    expect(drawer).to_contain_text("has no whole number")
    expect(drawer.locator("tbody tr")).to_have_count(1)
    check(page)
    drawer.get_by_role("button", name="Report 1 count").click()
    expect(drawer).to_contain_text("1 reported.")
    with books.store.read() as tx:
        assert ledger.on_hand(tx)[place, parts[0]] == 77


def test_the_keyboard_moves_copies_and_opens(page: Page) -> None:
    shows(page, "stock", TITLE)
    grid = page.get_by_role("grid", name=TITLE)
    grid.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(grid.locator("[role=row][aria-selected=true]")).to_have_count(2)
    text = page.evaluate(
        """() => { const sent = new ClipboardEvent('copy', {clipboardData: new DataTransfer(),
            bubbles: true, cancelable: true});
            document.querySelector('[role=grid]').dispatchEvent(sent);
            return sent.clipboardData.getData('text/plain') }"""
    )
    assert [len(line.split("\t")) for line in text.split("\n")] == [14, 14]
    page.keyboard.press("Enter")
    page.wait_for_url("**/#/part/*/*")


def test_ten_thousand_rows_scroll_without_a_long_task(page: Page) -> None:
    rows = [
        {
            "location_id": f"SR{at % 40 + 1}",
            "part_id": f"P-{at // 40:04}",
            "unit": "pcs",
            "on_hand": at * 37 % 900,
            "reserved": 0,
            "on_order": 0,
            "in_transit": 0,
            "blocked": 0,
            "cover_shifts": at * 13 % 600 / 100,
        }
        for at in range(MANY)
    ]

    def stock(route: Route) -> None:
        start = int(parse_qs(urlparse(route.request.url).query).get("cursor", ["0"])[0])
        end = start + 1000
        following = str(end) if end < MANY else None
        route.fulfill(json={"items": rows[start:end], "next_cursor": following})

    page.route("**/api/v1/stock?*", stock)
    shows(page, "stock", TITLE)
    expect(page.get_by_text("10,000 rows")).to_be_visible()
    grid = page.get_by_role("grid", name=TITLE)
    assert grid.locator("[role=row]").count() < 80
    # Time of the processor, not of the wall: what else runs on the machine does not count.
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy_ms() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(1000 * next(m["value"] for m in metrics if m["name"] == "TaskDuration"))

    grid.hover()
    steps = []
    for _ in range(8):
        before = busy_ms()
        page.mouse.wheel(0, 9_000)
        page.wait_for_timeout(60)
        steps.append(busy_ms() - before)
    assert max(steps) < 100, steps
    grid.focus()
    page.keyboard.press("End")
    expect(grid.locator("[aria-rowindex='10001']")).to_be_visible()
    session.detach()

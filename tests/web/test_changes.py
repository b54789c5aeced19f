"""What changed since yesterday: a shortfall with its owner, a note that stays, one printed page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.web.lists import PHONE, books, check, control_room_app, shows

from supplynet.services import alerts as alert_service
from supplynet.services import history, stock
from supplynet.services.books import Books
from supplynet.services.orders import Said
from supplynet.storage import alerts
from supplynet.storage.alerts import AlertCause, Severity

__all__ = ["books", "control_room_app"]
pytestmark = pytest.mark.browser
TITLE = "What changed"


def test_the_sheet_tells_what_is_missing_and_who_looks_after_it(page: Page, books: Books) -> None:
    rule = books.plant.supply_rules[0]
    place, part = rule.stock_point_id, rule.part_id
    lost = stock.Report(what="scrap", location_id=place, part_id=part, quantity=7, reason="wet")
    stock.report(books, lost, actor="ann")
    cause = AlertCause(
        severity=Severity.WARNING, kind="x", message="look", location_id=place, part_id=part
    )
    with books.store.write("test", history.as_of(books)) as tx:
        [raised] = alerts.set_open_alerts(tx, [cause], kinds=()).raised
    step = alert_service.Step(action="acknowledge", alert_id=raised.alert_id)
    alert_service.answer(books, step, Said(actor="ann", reason=""))

    shows(page, "changes", TITLE)
    row = page.get_by_role("row").filter(has_text=part).filter(has_text="7 scrapped")
    expect(row).to_contain_text("ann")
    expect(row).to_contain_text("has the alert")
    expect(page.get_by_role("list", name="Changes by source")).to_contain_text("1 correction:")
    note = page.get_by_label(f"Note on {part} at {place}")
    note.fill("supplier called")
    page.get_by_label("Since").select_option("8")
    shows(page, "changes", TITLE)
    page.reload()
    expect(page.get_by_label(f"Note on {part} at {place}")).to_have_value("supplier called")
    check(page)

    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type ?/Page\b", printed)) == 1
    page.emulate_media(media="print")
    expect(page.get_by_text("Decisions", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Print the sheet")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    page.emulate_media(media="screen")
    page.set_viewport_size(PHONE)
    check(page)

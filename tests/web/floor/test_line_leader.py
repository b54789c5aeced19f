"""The line leader's tablet: two taps become an event, with ten seconds to take it back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from supplynet.core.events import EventType
from supplynet.storage import events, ledger

pytestmark = pytest.mark.browser
TABLET, PHONE = (1024, 768), (390, 844)
SENT_MS, UNDO_SECONDS = 25_000, 10
TOUCH = """() => [...document.querySelectorAll('#content :is(button, a.button, select)')]
    .filter((each) => each.checkVisibility())
    .map((each) => each.getBoundingClientRect())
    .filter((box) => box.height < 48).length"""


def told(floor: Any, kind: EventType) -> list[Any]:
    """Events of a kind that came from a tablet."""
    with floor.books.store.read() as tx:
        found = events.events_between(tx, types=[kind])
    return [event for event in found if event.source.startswith("board-")]


def report(page: Page, part: str, what: str) -> None:
    page.get_by_role("button", name=f"Report {part}").click()
    page.get_by_role("dialog").get_by_role("button", name=what).click()


def test_two_taps_tell_the_planner_and_ten_seconds_take_it_back(
    floor: Any, check_page: Any, later: Any
) -> None:
    with floor.as_person("lena", *TABLET) as (_, page):
        page.wait_for_url("**/#/line")  # where a line leader begins
        cards = page.get_by_role("button", name="Report ")
        expect(cards.first).to_be_visible()
        check_page(page)
        assert page.evaluate(TOUCH) == 0
        part, other, *_ = cards.locator("strong").all_inner_texts()

        report(page, other, "Damaged")
        page.get_by_role("button", name="Undo (").click()
        expect(page.get_by_text("All sent")).to_be_visible()

        page.get_by_role("button", name=f"Report {part}").click()
        check_page(page)
        page.get_by_role("dialog").get_by_role("button", name="Short").click()
        expect(page.get_by_text("telling the planner")).to_be_visible()
        later(page, UNDO_SECONDS)
        expect(page.get_by_text("told the planner, ")).to_be_visible(timeout=SENT_MS)
    (count,) = told(floor, EventType.COUNTED)
    assert (count.part_id, count.quantity) == (part, 0)
    assert told(floor, EventType.SCRAPPED) == []
    with floor.books.store.read() as tx:
        assert ledger.on_hand(tx)[count.location_id, part] == 0


def test_a_stop_is_announced_and_stands_on_the_sheet_that_prints_on_one_page(
    floor: Any, check_page: Any, later: Any
) -> None:
    with floor.as_person("lena", *PHONE) as (_, page):
        page.get_by_role("button", name="Report ").first.wait_for()
        page.get_by_role("button", name="Stop or rate").click()
        page.get_by_label("Reason").fill("tool change")
        page.get_by_role("button", name="Tell the planner").click()
        expect(page.get_by_text("telling the planner")).to_be_visible()
        later(page, UNDO_SECONDS)
        expect(page.get_by_text("told the planner, ")).to_be_visible(timeout=SENT_MS)
        check_page(page)
        page.get_by_role("link", name="Hand-over").click()
        expect(page.get_by_text(": stops")).to_be_visible()
        page.get_by_label("Notes for the next leader").fill("The left gripper sticks.")
        page.reload()
        notes = page.get_by_label("Notes for the next leader")
        expect(notes).to_have_value("The left gripper sticks.")
        check_page(page)
        sheet = page.pdf(format="A4")
    assert sheet.count(b"/Type /Page\n") == 1
    (stop,) = told(floor, EventType.LINE_STOPPED)
    assert stop.data["reason"] == "tool change"

"""What if: asked on the page, answered beside the plant as it is, nothing written."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.web.lists import PHONE, books, check, control_room_app, shows

from supplynet.services import overview
from supplynet.services.books import Books

__all__ = ["books", "control_room_app"]
pytestmark = pytest.mark.browser


def test_a_planner_asks_from_a_red_cell_and_reads_the_difference(page: Page, books: Books) -> None:
    line = books.plant.lines[0].location_id
    part = books.plant.requirements_of_line[line][0].part_id
    place = books.plant.stock_point_of(line)
    before = overview.latest_change(books)
    shows(page, f"what-if?line={line}&location={place}&part={part}", "What if")
    expect(page.get_by_label("What changes")).to_have_value("departures")
    page.get_by_role("button", name=f"+ {line} runs at 120 %").click()
    rate = page.get_by_label("Rate in percent")
    rate.fill("much")
    ask = page.get_by_role("button", name="See what it does")
    ask.click()
    expect(page.get_by_role("alert")).to_have_text("Give a number above 0.")
    rate.fill("300")
    page.get_by_label("Look ahead").select_option("3 days")
    ask.click()
    verdict = page.get_by_test_id("what-if-verdict")
    expect(verdict).to_contain_text(f"{line} uses 3 times as much", timeout=20_000)
    expect(verdict).to_contain_text(re.compile("lost minute"))
    figures = page.get_by_role("table", name="Figures of 3 days")
    expect(figures.locator("tbody tr")).to_have_count(5)
    check(page)
    rate.fill("110")
    expect(page.get_by_text("The question has changed since")).to_be_visible()
    assert overview.latest_change(books) == before


def test_a_refusal_is_said_where_the_button_is_and_nothing_typed_is_lost(page: Page) -> None:
    page.set_viewport_size(PHONE)
    shows(page, "what-if", "What if")
    page.get_by_role("button", name="+ another change").click()
    page.get_by_label("What changes").last.select_option("Stock")
    page.get_by_label("Stock point and part").fill("SR1/P-none")
    page.get_by_role("button", name="See what it does").click()
    expect(page.locator("form [role=alert]")).to_contain_text("P-none")
    expect(page.get_by_label("Stock point and part")).to_have_value("SR1/P-none")
    check(page)


def test_a_long_question_becomes_a_job_that_can_be_cancelled(page: Page) -> None:
    job = {"job_id": "j1", "kind": "what_if", "state": "running", "progress": 0.25}
    job |= {"message": "future 25 of 100", "result": None, "error": None}
    page.route("**/api/v1/what-if", lambda route: route.fulfill(status=202, json=job))
    asked: list[str] = []

    def jobs(route: object) -> None:
        over = any(url.endswith("/cancel") for url in asked)
        asked.append(route.request.url)  # type: ignore[attr-defined]
        state = "cancelled" if over else "running"
        route.fulfill(json=job | {"state": state})  # type: ignore[attr-defined]

    page.route("**/api/v1/jobs/j1*", jobs)
    page.route("**/api/v1/jobs/j1/cancel", jobs)
    shows(page, "what-if", "What if")
    page.get_by_role("button", name="+ another change").click()
    page.get_by_role("button", name="See what it does").click()
    expect(page.get_by_text("Playing both plants: 25 %")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="See what it does")).to_be_enabled(timeout=5_000)
    page.unroute_all()

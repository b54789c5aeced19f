"""A workspace with nothing in it leads the newcomer to the first plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from supplynet.api.app import create_app
from supplynet.services import generating
from supplynet.services.books import Books, open_books
from supplynet.services.setup import init
from supplynet.storage import jobs

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    folder = tmp_path_factory.mktemp("welcome") / "empty"
    init(folder)
    opened = open_books(folder)
    yield opened
    opened.store.close()


@pytest.fixture(scope="module")
def control_room_app(books: Books) -> FastAPI:
    return create_app(books, local=True)


@pytest.fixture
def page(tab: Any, site: Any) -> Iterator[Page]:
    """The first screen of a workspace with nothing in it."""
    page: Page = tab.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site.url)
    page.get_by_role("heading", name="Welcome to SupplyNet").wait_for()
    yield page
    page.goto("about:blank")
    broken = [*tab.elsewhere, *tab.errors]
    tab.elsewhere.clear()
    tab.errors.clear()
    assert broken == []


def test_the_newcomer_is_led_from_an_empty_workspace_to_the_next_step(
    page: Page, books: Books
) -> None:
    step = page.locator("[aria-current=step]")
    expect(step).to_contain_text("Plant and history")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    found = Axe().run(page).response["violations"]
    assert [each for each in found if each["impact"] in {"serious", "critical"}] == []
    expect(page.get_by_role("link", name="Demand or sales by day, Excel")).to_be_visible()

    page.get_by_role("button", name="Make the demo plant").click()
    expect(page.get_by_role("progressbar", name="Try a demo plant")).to_be_visible()
    with books.store.read() as tx:
        (job,) = jobs.list_jobs(tx, limit=10)
    assert (job.kind, job.state) == ("generate", "queued")
    page.get_by_role("button", name="Stop").click()  # nobody works on jobs in this test
    expect(page.get_by_text("stopped")).to_be_visible()

    generating.generate(books.workspace.folder, days=3, seed=1)
    page.reload()
    expect(step).to_contain_text("Opening stock")
    expect(page.get_by_role("button", name="Fill the bins of the demo")).to_be_visible()

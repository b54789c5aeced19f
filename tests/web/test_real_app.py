"""The page on the real application over a tiny demo: from the plan to the books and back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from supplynet.api.app import create_app
from supplynet.core.orders import OrderState
from supplynet.services.books import Books, open_books
from supplynet.storage import audit, orders

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def books(planned_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    folder = shutil.copytree(planned_template, tmp_path_factory.mktemp("real") / "demo")
    opened = open_books(Path(folder))
    yield opened
    opened.store.close()


@pytest.fixture(scope="module")
def control_room_app(books: Books) -> FastAPI:
    return create_app(books, local=True)


def test_what_is_approved_on_the_page_is_approved_in_the_books(
    page: Page, site: Any, books: Books
) -> None:
    room = site.control_room()
    expect(page.get_by_role("region", name="Headline")).to_contain_text(room["headline"])
    rows = page.locator("tbody tr:has([role=gridcell])")
    expect(rows).to_have_count(len(books.plant.lines))
    flow = page.get_by_role("region", name="Flow of parts in this shift")
    expect(flow.locator("tbody tr")).to_have_count(len(books.plant.lines))

    card = page.locator("li[id^=order-]").first
    order_id = str(card.get_attribute("id")).removeprefix("order-")
    assert order_id == room["actions"][0]["order_id"]
    card = page.locator(f"#order-{order_id}")
    card.get_by_role("button", name="Approve").click()
    expect(card).to_contain_text("Approved")
    with books.store.read() as tx:
        assert orders.get(tx, order_id).state is OrderState.APPROVED
        assert "order_approved" in {entry.action for entry in audit.entries(tx, subject=order_id)}

    answer = httpx2.get(site.url)
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert "unsafe" not in answer.headers["content-security-policy"]

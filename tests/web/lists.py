"""What the tests of the planner's lists share: a planned tiny demo, and a look with axe."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Page, ViewportSize, expect

from supplynet.api.app import create_app
from supplynet.services.books import Books, open_books

BLOCKING = {"serious", "critical"}
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def books(planned_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """A tiny demo with a plan, whose time stands still."""
    folder = shutil.copytree(planned_template, tmp_path_factory.mktemp("lists") / "demo")
    opened = open_books(Path(folder))
    yield opened
    opened.store.close()


@pytest.fixture(scope="module")
def control_room_app(books: Books) -> FastAPI:
    """The real application over it."""
    return create_app(books, local=True)


def shows(page: Page, screen: str, title: str) -> None:
    """Go to a screen by its address behind ``#/``, and wait for its figures."""
    page.evaluate("to => { location.hash = to }", f"#/{screen}")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator(".bones")).to_have_count(0)


def check(page: Page) -> None:
    """No serious finding of axe, in both themes, and on a phone nothing scrolls sideways."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(page).response["violations"]
        assert [
            (each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in BLOCKING
        ] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

"""The administrator's screen on the real application: people, files, the plant, the proofs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from supplynet.api.app import create_app
from supplynet.connectors.plant_folder import read_plant
from supplynet.services.books import Books, open_books
from supplynet.storage import audit, users

pytestmark = pytest.mark.browser
PARTS = (
    "users",
    "tokens",
    "import",
    "network",
    "connections",
    "audit",
    "backups",
    "health",
    "keys",
)
STOCK = b"location_id,part_id,on_hand\nSR1,P-001,120\nSR1,P-NONE,12\nSR1,P-002,many\n"


@pytest.fixture(scope="module")
def books(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    folder = shutil.copytree(demo_template, tmp_path_factory.mktemp("admin") / "demo")
    opened = open_books(Path(folder))
    yield opened
    opened.store.close()


@pytest.fixture(scope="module")
def control_room_app(books: Books) -> FastAPI:
    return create_app(books, local=True)


@pytest.fixture
def page(tab: Any, site: Any) -> Iterator[Page]:
    """The users of the administrator's screen."""
    page: Page = tab.page
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site.url}/#/admin/users")
    page.get_by_role("heading", name="Administration: Users").wait_for()
    yield page
    page.goto("about:blank")
    broken = [*tab.elsewhere, *tab.errors]
    tab.elsewhere.clear()
    tab.errors.clear()
    assert broken == []


def test_a_picker_is_added_gets_a_badge_once_and_is_disabled_with_a_reason(
    page: Page, books: Books
) -> None:
    page.get_by_role("button", name="Add a user").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_label("Name", exact=False).first.fill("ben")
    drawer.get_by_label("Picker: everywhere").check()
    drawer.get_by_label("No password").check()
    drawer.get_by_role("button", name="Add", exact=True).click()
    expect(drawer).to_contain_text("ben was added")
    drawer.get_by_role("button", name="Close").last.click()

    page.get_by_role("button", name="ben", exact=True).click()
    drawer.get_by_role("button", name="Make a badge").click()
    drawer.get_by_label("Why?").fill("first day")
    drawer.get_by_role("button", name="Make a badge").click()
    expect(drawer.get_by_role("region", name="Badge of ben").locator("code")).to_contain_text(
        "SNB-"
    )
    expect(drawer.get_by_role("img", name="Bar code")).to_be_visible()

    drawer.get_by_role("button", name="Disable").click()
    expect(drawer.get_by_role("button", name="Disable")).to_be_disabled()
    drawer.get_by_label("Why?").fill("left the plant")
    drawer.get_by_role("button", name="Disable").click()
    expect(drawer).to_contain_text("ben is disabled")
    with books.store.read() as tx:
        assert users.get(tx, "ben").state == "disabled"
        assert "left the plant" in {entry.reason for entry in audit.entries(tx, subject="ben")}


def test_a_file_is_looked_at_cell_by_cell_before_anything_is_taken(page: Page) -> None:
    page.get_by_role("link", name="Import").click()
    page.get_by_text("Say more about the file").click()
    page.get_by_label("What is in it").select_option("stock")
    file: Any = {"name": "stock.csv", "mimeType": "text/csv", "buffer": STOCK}
    page.locator("input[type=file]").set_input_files(file)
    found = page.get_by_role("region", name="What was found")
    mistakes = found.get_by_role("region", name="Mistakes, cell by cell").locator("tbody tr")
    expect(mistakes.filter(has_text="many")).to_contain_text("on_hand")
    expect(mistakes.filter(has_text="P-NONE")).to_contain_text("part_id")
    expect(page.get_by_role("listitem").filter(has_text="stock.csv").first).to_be_visible()


def test_the_plant_is_changed_only_whole_and_with_a_reason(page: Page, books: Books) -> None:
    page.evaluate("location.hash = '#/admin/network/parts'")
    page.get_by_role("button", name="P-001", exact=True).click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_label("Cost of one unit").fill("much")
    drawer.get_by_role("button", name="Check the whole plant").click()
    expect(drawer).to_contain_text("parts.csv, row 2, unit_cost")
    drawer.get_by_label("Cost of one unit").fill("9.5")
    drawer.get_by_role("button", name="Check the whole plant").click()
    expect(drawer).to_contain_text("no mistake")
    drawer.get_by_role("button", name="Write it").click()
    drawer.get_by_label("Why?").fill("price list")
    drawer.get_by_role("button", name="Write it").click()
    expect(drawer).to_contain_text("Written.")
    assert read_plant(books.workspace.plant).parts[0].unit_cost == 9.5


def test_the_audit_log_is_proven_from_the_page(page: Page) -> None:
    page.get_by_role("link", name="Audit").click()
    page.get_by_role("button", name="Prove the log").click()
    expect(page.get_by_text("Proven:")).to_be_visible()


def test_every_part_is_accessible_and_fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    axe = Axe()
    for part in PARTS:
        page.evaluate("part => location.hash = `#/admin/${part}`", part)
        page.get_by_role("heading", name=f"Administration: {part.title()}").wait_for()
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, part
        found = axe.run(page).response["violations"]
        bad = [each["id"] for each in found if each["impact"] in {"serious", "critical"}]
        assert bad == [], part

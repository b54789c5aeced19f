"""The real application over a tiny demo with people of the floor, each in an own browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from supplynet.api.app import create_app
from supplynet.security.access import Role
from supplynet.security.passwords import Cost, Passwords
from supplynet.security.principal import Grant, local_administrator
from supplynet.services import orders as order_service
from supplynet.services import shipments, user_secrets, users
from supplynet.services.books import Books, open_books

CHEAP = Passwords(cost=Cost(memory_kib=8, passes=1))
PASSWORD = "thing lamp seven cow"
BLOCKING = {"serious", "critical"}
SITE = "SR1"
PEOPLE = {
    "lena": Grant(role=Role.LINE_LEADER, sites=frozenset({SITE})),
    "piet": Grant(role=Role.PICKER),
    "paul": Grant(role=Role.PICKER),
}


@dataclass(frozen=True)
class Floor:
    """A running plant: the books behind it, and a way to look at it as somebody."""

    books: Books
    url: str
    browser: Browser

    @contextmanager
    def as_person(
        self, name: str, width: int, height: int
    ) -> Iterator[tuple[BrowserContext, Page]]:
        """A person's own browser, signed in; no rule of the pages may have been broken in it."""
        context = self.browser.new_context(viewport={"width": width, "height": height})
        context.set_default_timeout(8_000)
        context.clock.install()  # it runs as ever, until a test lets time pass
        page, broken = context.new_page(), list[str]()
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("request", lambda asked: broken.append(asked.url) if self._far(asked.url) else None)
        page.on("console", lambda said: broken.append(said.text) if _refused(said.text) else None)
        page.goto(self.url)
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        yield context, page
        context.close()
        assert broken == []

    def _far(self, url: str) -> bool:
        return not url.startswith(self.url)

    def approved_departure(self) -> str:
        """Id of the next departure, all of whose proposals are approved now."""
        rows, _ = shipments.list_shipments(self.books)
        shipment_id = str(rows[0]["shipment_id"])
        for order in shipments.get_shipment(self.books, shipment_id)["orders"]:
            if order["state"] == "proposed":
                said = order_service.Said(actor="test")
                order_service.approve(self.books, order["order_id"], said)
        return shipment_id

    def badge_of(self, name: str) -> str:
        """The code of a new badge."""
        return str(user_secrets.give_badge(self.books, name, local_administrator()).secret)


def _refused(said: str) -> bool:
    return "Content Security" in said


def pass_time(page: Page, seconds: int) -> None:
    """Time goes on for the device; the network, the server and the books keep their own."""
    page.clock.fast_forward(1000 * seconds)


@pytest.fixture
def later() -> Callable[[Page, int], None]:
    """Lets seconds pass on a device, without waiting for them."""
    return pass_time


def check(page: Page) -> None:
    """No serious finding of axe, and nothing that scrolls sideways."""
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in BLOCKING] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture
def check_page() -> Callable[[Page], None]:
    """Looks at a page with axe."""
    return check


@pytest.fixture(scope="module")
def peopled(planned_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a plan and ``PEOPLE``: to be copied, never written."""
    folder = Path(shutil.copytree(planned_template, tmp_path_factory.mktemp("floor") / "demo"))
    books = open_books(folder)
    for name, grant in PEOPLE.items():
        new = users.NewUser(
            name=name, grants=(grant,), password=PASSWORD, must_change_password=False
        )
        users.add(books, CHEAP, new, local_administrator())
    books.store.close()
    return folder


@pytest.fixture
def floor(
    peopled: Path,
    tmp_path: Path,
    browser: Browser,
    serve: Callable[..., AbstractContextManager[uvicorn.Server]],
) -> Iterator[Floor]:
    books = open_books(Path(shutil.copytree(peopled, tmp_path / "demo")))
    app = create_app(books)
    app.state.passwords = CHEAP
    with serve(app, lifespan="auto", timeout_graceful_shutdown=1) as server:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Floor(books=books, url=f"http://127.0.0.1:{port}", browser=browser)
    books.store.close()

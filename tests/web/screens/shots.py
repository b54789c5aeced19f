"""What is pictured: every screen by its address, as whom, and what is opened on it first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page

Act = Callable[[Page], None]
ANSWER_MS = 90_000
WORST_CELL = """() => {
    const chance = (cell) => Number(/[0-9.]+/.exec(cell.textContent)?.[0] ?? 0);
    const cells = [...document.querySelectorAll('[role=gridcell]')];
    cells.sort((one, other) => chance(other) - chance(one))[0].click();
}"""


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture, taken four times: dark and light, at a desk and on a phone.

    Attributes:
        name: Of the file.
        to: The address behind ``#/``; the first step is the screen.
        act: What is done there first.
        who: Whose eyes: ``admin`` sits at the server, ``nobody`` has not signed in, ``newcomer``
            looks at an empty workspace, ``cut off`` reaches no server; else a person's name.
        expects: Errors in the console that belong to it.
    """

    name: str
    to: str = ""
    act: Act = lambda _page: None
    who: str = "admin"
    expects: tuple[str, ...] = ()


def press(name: str) -> Act:
    """Press a button."""
    return lambda page: button(page, name).click()


def button(page: Page, name: str) -> Locator:
    """The first button or link that is called so."""
    exact = page.get_by_role("button", name=name, exact=True)
    return exact.or_(page.get_by_role("link", name=name, exact=True)).first


def _cell(page: Page) -> None:
    page.evaluate(WORST_CELL)
    page.get_by_test_id("cell-detail").wait_for()


def _from_cell(name: str) -> Act:
    def act(page: Page) -> None:
        _cell(page)
        page.get_by_test_id("cell-detail").get_by_role("button", name=name, exact=True).click()
        page.get_by_role("dialog").wait_for()

    return act


def _change(page: Page) -> None:
    card = page.locator("li[id^=order-]").filter(has=page.get_by_role("button", name="Approve"))
    card.first.get_by_role("button", name="Change").click()
    card.first.get_by_label("Quantity").wait_for()


def _what_if_answer(page: Page) -> None:
    page.locator(".offers button").first.click()
    page.get_by_role("button", name="See what it does").click()
    page.get_by_test_id("what-if-verdict").wait_for(timeout=ANSWER_MS)
    page.get_by_test_id("what-if-verdict").scroll_into_view_if_needed()


def _first_row(page: Page) -> None:
    page.locator(".table[role=grid] .body button.open").first.click()
    page.get_by_role("dialog").wait_for()


def _part(page: Page) -> None:
    """The part that an order waits for: its page has everything."""
    page.locator(".table[role=grid] .body button.open").first.click()
    page.get_by_role("dialog").locator("a[href*='#/part/']").click()
    page.get_by_role("slider", name="Use per shift").wait_for()


def _part_why(page: Page) -> None:
    _part(page)
    page.locator("header").get_by_role("button", name="Why", exact=False).first.click()
    page.get_by_role("dialog").wait_for()


def _part_search(page: Page) -> None:
    page.get_by_role("combobox").fill("bracket")
    page.get_by_role("option").first.wait_for()


def _first(role: str, name: str = "") -> Act:
    def act(page: Page) -> None:
        found = page.locator("main").get_by_role(role, name=name)  # type: ignore[arg-type]
        found.first.click()

    return act


def _trip(page: Page) -> None:
    page.locator("a.trip[href]").first.click()
    page.locator("a.trip").first.wait_for(state="detached")


def _anomaly(page: Page) -> None:
    rows = page.locator("a[href*='data/anomalies/']")
    if rows.count() > 1:  # the first is open already
        rows.nth(1).click()


def _filtered(page: Page) -> None:
    page.get_by_role("searchbox").first.fill("no such part")


ADMIN_TABS = (
    *("users", "tokens", "import", "network", "connections"),
    *("audit", "backups", "health", "keys", "jobs"),
)
GONE = ("net::ERR_", "Failed to load resource", "Failed to fetch")
SHOTS = (
    Shot(name="control-room"),
    Shot(name="control-room-cell", act=_cell),
    Shot(name="control-room-why", act=_from_cell("Why")),
    Shot(name="control-room-what-if", act=_from_cell("What if ...")),
    Shot(name="control-room-change", act=_change),
    Shot(name="wall", to="?wall"),
    Shot(name="stock", to="stock"),
    Shot(name="stock-none-found", to="stock", act=_filtered),
    Shot(name="stock-counts", to="stock", act=press("Paste counts")),
    Shot(name="orders", to="orders"),
    Shot(name="orders-approved", to="orders/approved"),
    Shot(name="orders-road", to="orders/road"),
    Shot(name="orders-received", to="orders/received"),
    Shot(name="order-drawer", to="orders", act=_first_row),
    Shot(
        name="order-new",
        to="orders",
        act=lambda page: page.locator("header .actions button").first.click(),
    ),
    Shot(name="deliveries", to="deliveries"),
    Shot(name="delivery", to="deliveries", act=_trip),
    Shot(name="changes", to="changes"),
    Shot(name="part-search", to="part", act=_part_search),
    Shot(name="part", to="orders/received", act=_part),
    Shot(name="part-why", to="orders/received", act=_part_why),
    Shot(name="part-missing", to="part/SR1/P-999", expects=("404",)),
    Shot(name="what-if", to="what-if"),
    Shot(name="what-if-answer", to="what-if", act=_what_if_answer),
    Shot(name="data", to="data"),
    Shot(name="data-anomaly", to="data", act=_anomaly),
    Shot(name="models", to="models"),
    Shot(name="proof", to="proof"),
    *(Shot(name=f"admin-{tab}", to=f"admin/{tab}") for tab in ADMIN_TABS),
    Shot(
        name="admin-user",
        to="admin/users",
        act=lambda page: page.locator(".body button.open").first.click(),
    ),
    Shot(name="admin-user-new", to="admin/users", act=press("Add a user")),
    Shot(
        name="admin-network-part",
        to="admin/network/parts",
        act=lambda page: page.locator(".body button.open").first.click(),
    ),
    Shot(name="not-found", to="nowhere"),
    Shot(name="pick", to="pick", who="piet"),
    Shot(
        name="pick-receive",
        to="pick",
        who="piet",
        act=lambda page: page.locator(".modes button").nth(1).click(),
    ),
    Shot(
        name="pick-count",
        to="pick",
        who="piet",
        act=lambda page: page.locator(".modes button").nth(2).click(),
    ),
    Shot(name="line", to="line", who="lena"),
    Shot(
        name="line-report",
        to="line",
        who="lena",
        act=lambda page: page.get_by_role("button", name="Report ").first.click(),
    ),
    Shot(name="line-announce", to="line", who="lena", act=press("Stop or rate")),
    Shot(name="handover", to="handover", who="lena"),
    Shot(name="planner", to="", who="paula"),
    Shot(name="not-allowed", to="admin/users", who="lena"),
    Shot(name="sign-in", who="nobody", expects=("401",)),
    Shot(name="sign-in-badge", who="nobody", expects=("401",), act=press("Sign in with a badge")),
    Shot(name="new-password", who="nora"),
    Shot(name="welcome", who="newcomer", expects=("404",)),
    Shot(name="empty-stock", to="stock", who="newcomer", expects=("404",)),
    Shot(name="empty-orders", to="orders", who="newcomer", expects=("404",)),
    Shot(name="empty-models", to="models", who="newcomer", expects=("404",)),
    Shot(name="unreachable", who="cut off", expects=GONE),
    Shot(name="gone-control-room", who="left alone", expects=GONE),
    Shot(name="gone-stock", to="stock", who="left alone", expects=GONE),
    Shot(name="gone-line", to="line", who="left alone", expects=GONE),
)

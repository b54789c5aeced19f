"""A server that dies under an open page: what the page says, and when it lives again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benchmarks.pages.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Row = dict[str, Any]
SIZE = {"width": 1920, "height": 1080}
STALE_SECONDS, LIVE_SECONDS = 12.0, 20.0
"""What the page promises: 10 s of silence, looked at twice a second; then tries 10 s apart."""
IS_OLD = {
    "": "() => document.querySelector('[role=alert][aria-label=Connection]') !== null",
    "stock": "() => document.querySelector('main > .old') !== null",
}
TYPED = "half-typed words"


def killed_rows(browser: Browser, site: Site, down_seconds: float) -> list[Row]:
    """Kill the server under two open pages for so long, and start it again."""
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]  # a TypedDict
    context.set_default_timeout(90_000)
    pages = {screen: context.new_page() for screen in IS_OLD}
    moved = dict.fromkeys(pages, 0)
    for screen, page in pages.items():
        page.goto(f"{site.url}/#/{screen}")
        page.get_by_role("gridcell").first.wait_for()
        page.evaluate("window.sameDocument = true")
    search = pages["stock"].get_by_role("searchbox").first
    search.fill(TYPED)
    for screen, page in pages.items():
        page.on("load", _counter(moved, screen))
    site.kill()
    dead_at = time.monotonic()
    old = _wait_for(pages, IS_OLD, dead_at + down_seconds)
    pages[""].wait_for_timeout(max(0.0, dead_at + down_seconds - time.monotonic()) * 1000)
    old |= _wait_for({key: page for key, page in pages.items() if key not in old}, IS_OLD, 0.0)
    started_at = time.monotonic()
    ready = site.start()
    well = {screen: f"() => !({asked})()" for screen, asked in IS_OLD.items()}
    live = _wait_for(pages, well, started_at + 90.0)
    rows = []
    for screen, page in pages.items():
        same = bool(page.evaluate("window.sameDocument === true")) and moved[screen] == 0
        kept = screen != "stock" or search.input_value() == TYPED
        told = old[screen] - dead_at if screen in old else None
        back = live[screen] - started_at - ready if screen in live else None
        said = told is not None and told < STALE_SECONDS
        rows.append(
            {
                "table": "server killed",
                "screen": screen or "control room",
                "down_s": down_seconds,
                "says_so_after_s": None if told is None else round(told, 1),
                "target_says_s": STALE_SECONDS,
                "server_up_after_s": round(ready, 1),
                "live_after_that_s": None if back is None else round(back, 1),
                "target_live_s": LIVE_SECONDS,
                "same_document": same,
                "typed_kept": kept,
                "met": said and back is not None and back < LIVE_SECONDS and same and kept,
            }
        )
    context.close()
    return rows


def _counter(moved: dict[str, int], screen: str) -> Callable[[Any], None]:
    def count(_page: Any) -> None:
        moved[screen] += 1

    return count


def _wait_for(pages: dict[str, Any], asked: dict[str, str], until: float) -> dict[str, float]:
    """When each page first answered yes; those that did not in time are left out."""
    found: dict[str, float] = {}
    while True:
        for screen, page in pages.items():
            if screen not in found and page.evaluate(asked[screen]):
                found[screen] = time.monotonic()
        if len(found) == len(pages) or time.monotonic() > until:
            return found
        time.sleep(0.05)

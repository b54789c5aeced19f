"""What the first load costs: bytes over the wire, and seconds until there is something to see."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

Row = dict[str, Any]
LOAD_KB, PAINT_SECONDS, TABLE_SECONDS = 250.0, 1.0, 1.5
QUIET_SECONDS = 2.0
SIZE = {"width": 1920, "height": 1080}
SHOWN = {"": "[role=gridcell] [class]", "stock": ".body [role=row] [role=gridcell]"}
"""What is on screen when a screen has its figures, by the screen's address."""
WATCH = """selector => {
    const look = () => {
        const found = document.querySelector(selector);
        if (!found || !found.checkVisibility()) return requestAnimationFrame(look);
        requestAnimationFrame(() => setTimeout(() => {
            document.documentElement.dataset.shownAt = performance.now();
        }));
    };
    look();
}"""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


def load_rows(
    browser: Browser, url: str, loads: int, report: Callable[[float, str], None]
) -> list[Row]:
    """Bytes of one load; times of several, each in a browser context that knows nothing yet."""
    found: dict[str, list[Row]] = {screen: [] for screen in SHOWN}
    for number in range(loads):
        for screen, loaded in found.items():
            report(number / loads, f"load {screen or 'control room'}")
            loaded.append(_load(browser, url, screen))
    first = found[""][0]
    paints = [each["paint"] for each in found[""]]
    tables = [each["shown"] for each in found["stock"]]
    rooms = [each["shown"] for each in found[""]]
    return [
        {
            "table": "bytes of the first load",
            "screen": "control room",
            "page_kb": first["page"],
            "of_it_script_kb": first["script"],
            "of_it_style_kb": first["stylesheet"],
            "api_kb": first["api"],
            "target_kb": LOAD_KB,
            "met": first["page"] < LOAD_KB,
        },
        _timed("control room: first contentful paint", paints, PAINT_SECONDS),
        _timed("control room: figures on screen", rooms, None),
        _timed("stock: table on screen", tables, TABLE_SECONDS),
    ]


def _timed(what: str, seconds: list[float], target: float | None) -> Row:
    worst = max(seconds)
    return {
        "table": "seconds of a cold load",
        "what": what,
        "loads": len(seconds),
        "median": round(median(seconds), 3),
        "worst": round(worst, 3),
        "target": target,
        "met": None if target is None else worst < target,
    }


def _load(browser: Browser, url: str, screen: str) -> Row:
    """One load from nothing; kB by kind, and seconds since the navigation began."""
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]  # a TypedDict
    asked: list[Request] = []

    def finished(request: Request) -> None:
        asked.append(request)

    context.on("requestfinished", finished)
    page = context.new_page()
    page.add_init_script(f"({WATCH})({SHOWN[screen]!r})")
    page.goto(f"{url}/#/{screen}")
    root = page.locator("html[data-shown-at]")
    root.wait_for(state="attached")
    shown, paint = float(str(root.get_attribute("data-shown-at"))), page.evaluate(PAINT)
    _rest(page, asked)
    sizes = dict.fromkeys(("page", "script", "stylesheet", "api"), 0.0)
    for request in asked:
        told = request.sizes()
        kilobytes = (told["responseBodySize"] + told["responseHeadersSize"]) / 1000
        for kind in _kinds(request):
            sizes[kind] += kilobytes
    context.close()
    return {
        "shown": shown / 1000,
        "paint": paint / 1000,
        **{kind: round(size, 1) for kind, size in sizes.items()},
    }


def _kinds(request: Request) -> list[str]:
    """Where it counts: what the page needs, or the API's answers."""
    if "/api/" in request.url:
        return ["api"]
    own = request.resource_type
    return ["page", own] if own in {"script", "stylesheet"} else ["page"]


def _rest(page: Page, asked: list[Request]) -> None:
    """Until nothing more is asked for; the stream never ends, so no other sign will do."""
    count, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET_SECONDS:
        page.wait_for_timeout(200)
        if len(asked) != count:
            count, since = len(asked), time.monotonic()

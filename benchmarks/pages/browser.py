"""A headless Chromium, or why there is none."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from supplynet import web

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
PLACES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")


def missing() -> str:
    """What is not here to look at the pages with; "" when nothing is missing."""
    if web.static_folder() is None:
        return "the pages are not built: pip install -e . with Node.js at hand"
    if importlib.util.find_spec("playwright") is None:
        return "no playwright: pip install 'supplynet[dev]'"
    try:
        with opened():
            return ""
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the reason
        said = str(error).strip().splitlines()
        return f"no Chromium; set CHROMIUM to its path ({said[0] if said else error!r})"


@contextmanager
def opened() -> Iterator[Browser]:
    """A browser, while the block runs: of ``CHROMIUM``, the system's, or Playwright's own."""
    from playwright.sync_api import sync_playwright

    named = [os.environ["CHROMIUM"]] if "CHROMIUM" in os.environ else PLACES
    path = next((place for place in named if Path(place).exists()), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()

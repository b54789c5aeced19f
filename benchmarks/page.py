"""The pages in a real browser: a load, ten thousand rows, many clients, a server that dies.

A real ``supplynet serve --local`` of the full demo plant with a plan, looked at with a headless
Chromium on the same machine: server, browser and clients share its cores.

- load: the first load of the control room over the wire, gzip, in a browser that knows nothing yet
  (what the page needs, and the API's answers alone), and seconds until the first contentful paint
  and until the stock table is on screen.
- scroll: the stock table of a real plant with 10,000 rows, scrolled, sorted and filtered: the
  longest task of the page's thread. Tasks under 50 ms are not told by the browser and count as 0.
- clients: CPU of the server with clients on its stream beside the same updates with nobody there.
- killed: the server killed under open pages and started again.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.pages import browser as chromium
from benchmarks.pages import site as sites
from benchmarks.pages.clients import client_rows
from benchmarks.pages.killing import killed_rows
from benchmarks.pages.loading import load_rows
from benchmarks.pages.scrolling import scroll_rows

from supplynet.cli.bench_options import Option, whole
from supplynet.cli.benchmarking import Result, Setup

PARTS = ("load", "scroll", "clients", "killed")
OPTIONS = (
    Option(name="demo", help="Folder of a demo that is there already; it is copied.", default=None),
    Option(name="clients", help="Clients on the stream.", default=50, read=whole(1, 500)),
)
ROWS, QUICK_ROWS = 10_000, 1_000
LOADS, SECONDS, DOWN_SECONDS = 5, 20.0, 12.0


def run(setup: Setup) -> Result:
    chosen = [part for part in PARTS if not setup.only or part in setup.only]
    lacking = chromium.missing() if set(chosen) - {"clients"} else ""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="supplynet-page-") as name:
        folder = Path(name)
        if set(chosen) - {"scroll"}:
            _plant(folder / "demo", setup)
        for number, part in enumerate(chosen):
            setup.report(0.5 + number / len(chosen) / 2, part)
            if lacking and part != "clients":
                rows.append({"table": part, "skipped": lacking})
            else:
                rows += _measured(part, folder, setup)
    return Result(params={"parts": chosen, "size": "tiny" if setup.quick else "full"}, rows=rows)


def _plant(folder: Path, setup: Setup) -> None:
    made = setup.options.get("demo")
    if made is not None:
        shutil.copytree(made, folder)
    else:
        size = "tiny" if setup.quick else "full"
        report = lambda done, what: setup.report(done / 2, what)  # noqa: E731
        sites.make_demo(folder, size=size, seed=setup.seed, report=report)


def _measured(part: str, folder: Path, setup: Setup) -> list[dict[str, Any]]:
    if part == "scroll":
        wide, rows = folder / "wide", QUICK_ROWS if setup.quick else ROWS
        sites.make_wide(wide, rows=rows, seed=setup.seed)
        with sites.serving(wide) as site, chromium.opened() as browser:
            return list(scroll_rows(browser, site.url, rows, setup.report))
    with _copy(folder / "demo", folder / part) as own, sites.serving(own) as site:
        if part == "clients":
            count = min(setup.options.get("clients", 50), 5 if setup.quick else 500)
            return client_rows(site, count, 3.0 if setup.quick else SECONDS, setup.report)
        site.settle(30.0)
        with chromium.opened() as browser:
            if part == "load":
                return load_rows(browser, site.url, 2 if setup.quick else LOADS, setup.report)
            return killed_rows(browser, site, DOWN_SECONDS)


@contextmanager
def _copy(demo: Path, folder: Path) -> Iterator[Path]:
    """Every part begins with the plant as it was."""
    shutil.copytree(demo, folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)

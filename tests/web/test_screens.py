"""The pictures of all screens: a screen that is added is pictured too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.web.screens.__main__ import main
from tests.web.screens.camera import FORMS, THEMES
from tests.web.screens.sheet import write_sheet
from tests.web.screens.shots import SHOTS

UI = Path(__file__).parents[2] / "ui" / "src"


def paths_in(file: str) -> set[str]:
    found = set(re.findall(r"\bpath: '([a-z-]*)'", (UI / file).read_text(encoding="utf-8")))
    assert found
    return found


def test_every_screen_and_every_tab_of_the_administrator_is_pictured() -> None:
    pictured = {shot.to.split("/")[0] for shot in SHOTS} | {"welcome"}  # of an empty workspace
    assert paths_in("screens.ts") <= pictured
    tabs = {shot.to.split("/")[1] for shot in SHOTS if shot.to.startswith("admin/")}
    assert paths_in("pages/Admin.svelte") <= tabs


def test_no_two_pictures_have_the_same_name() -> None:
    assert len({shot.name for shot in SHOTS}) == len(SHOTS)


def test_the_sheet_shows_the_pictures_that_are_there_and_what_is_wrong(tmp_path: Path) -> None:
    names = [f"{name}-{t}-{f}.png" for name in ("stock", "part") for f in FORMS for t in THEMES]
    for name in names:
        (tmp_path / name).touch()
    made = write_sheet(tmp_path, ["stock", "part", "orders"], ["stock-phone: <wide>"])
    sheet = made.read_text(encoding="utf-8")
    assert all(f"src='{name}'" in sheet for name in names)
    assert sheet.count("<section") == 2
    assert "&lt;wide&gt;" in sheet


def test_pictures_can_be_chosen_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--only", "sign-in"]) == 0
    assert capsys.readouterr().out.split() == ["sign-in", "sign-in-badge"]

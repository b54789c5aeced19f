"""The sentence on the first screen."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from supplynet.services.headline import headline

BERLIN = ZoneInfo("Europe/Berlin")
SHIFTS = [{"name": "day"}, {"name": "night"}, {"name": "day"}]
Row = dict[str, Any]


def cell(risk: float, part: str | None = "P-017", at: str | None = None) -> Row:
    return {"risk": risk, "part_id": part, "runs_out_at": at}


def line(name: str, *cells: Row, halted: bool = False) -> Row:
    return {"line_id": name, "halted": halted, "cells": list(cells)}


def order(quantity: int, state: str = "proposed", part: str = "P-017") -> Row:
    return {"part_id": part, "lines": ["B"], "quantity": quantity, "state": state}


def said(lines: list[Row], actions: list[Row] | None = None) -> str:
    return headline(lines, SHIFTS, actions or [], BERLIN, has_plan=True)


CALM = line("A", cell(0.0), cell(0.049), cell(0.9))
RISKY = line("B", cell(0.1), cell(0.62, at="2026-01-06T02:10:00Z"), cell(0.9))


def test_before_the_first_plan_it_says_what_to_do() -> None:
    assert headline([], [], [], BERLIN, has_plan=False) == "No plan yet: train a model, then plan."
    assert headline([], [], [], BERLIN, has_plan=True) == "The last plan is over: plan again."


def test_a_line_below_one_in_twenty_is_safe_and_later_shifts_do_not_count() -> None:
    assert said([CALM]) == "The line is safe to the end of the night shift."
    assert said([CALM, CALM]) == "All 2 lines are safe to the end of the night shift."


def test_the_worst_line_is_named_with_its_part_and_the_local_time() -> None:
    mild = line("C", cell(0.06), cell(0.07))
    assert said([CALM, mild, RISKY]) == (
        "1 of 3 lines are safe to the end of the night shift; "
        "B may halt (62%) for want of P-017 by Tue 03:10."
    )


def test_what_waits_for_approval_is_what_it_needs() -> None:
    actions = [order(240), order(20), order(999, state="approved"), order(7, part="P-1")]
    assert "B may halt (62%) and needs 260 of P-017 by Tue 03:10." in said([RISKY, CALM], actions)


@pytest.mark.parametrize(
    ("count", "names"), [(1, "L0 stands"), (2, "L0, L1 stand"), (5, "L0, L1, L2 and 2 more stand")]
)
def test_lines_that_stand_still_are_named_and_not_safe(count: int, names: str) -> None:
    halted = [line(f"L{index}", cell(0.9), halted=True) for index in range(count)]
    assert said([CALM, *halted]) == (
        f"{names} still; 1 of {count + 1} lines are safe to the end of the night shift."
    )


def test_nothing_is_called_safe_where_all_stands_still() -> None:
    assert said([line("A", cell(0.0), halted=True)]) == "A stands still."
    calm = said([line("A", cell(0.0), halted=True), CALM])
    assert calm == "A stands still; 1 of 2 lines are safe to the end of the night shift."


def test_a_halted_line_does_not_hide_the_next_one_in_danger() -> None:
    halted = line("A", cell(0.99), halted=True)
    assert said([halted, RISKY]).startswith(
        "A stands still; 0 of 2 lines are safe to the end of the night shift; B may halt (62%)"
    )
    assert "B may halt (62%)" in said([halted, RISKY])


def test_a_risk_without_a_part_names_none() -> None:
    assert said([CALM, line("B", cell(0.3, None), cell(0.0))]).endswith("B may halt (30%).")

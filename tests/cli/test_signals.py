from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@pytest.fixture
def empty(empty_workspace: Path) -> Path:
    return empty_workspace


def test_the_providers_are_listed_with_whom_they_ask(call: Call, empty: Path) -> None:
    people = call("signals", "list", "-w", empty)
    program = call("signals", "list", "-w", empty, "--json").json
    assert people.status == 0
    assert any("frankfurter" in line and "api.frankfurter.dev" in line for line in people.lines)
    assert [each["name"] for each in program][:2] == ["csv", "synthetic"]
    assert {"name", "host", "allowed", "key", "has_key", "symbol", "values"} <= program[0].keys()


def test_fetched_signals_are_shown_with_when_they_were_known(call: Call, empty: Path) -> None:
    assert call("signals", "show", "-w", empty).lines == [
        "no signals yet; supplynet signals list shows where they may come from"
    ]
    days = ("--start", "2025-01-06", "--end", "2025-01-10")
    made = call("signals", "fetch", "synthetic", "A", "B", "-w", empty, *days, "--field", "close")
    assert (made.status, made.err) == (0, "")
    assert made.lines[0] == "fetched 10 values of 2 drivers; 10 are new or revised"
    again = call("signals", "fetch", "synthetic", "A", "-w", empty, *days, "--json").json
    assert (again["values"], again["added"], again["warnings"]) == (25, 20, [])
    assert again["rows"][0]["known_at"] == "2025-01-07T00:00:00Z"
    shown = call("signals", "show", "-w", empty, "--json").json
    assert {each["driver"] for each in shown} >= {"synthetic.A.close", "synthetic.B.close"}
    assert "2025-01-10 00:00Z" in call("signals", "show", "-w", empty).out


def test_a_signal_may_be_about_a_place_and_a_part(call: Call, empty: Path) -> None:
    about = ("--location", "SR1", "--part", "P-1", "--lag-hours", "6")
    rows = call("signals", "fetch", "synthetic", "A", "-w", empty, *about, "--json").json["rows"]
    assert {(row["location_id"], row["part_id"]) for row in rows} == {("SR1", "P-1")}
    assert rows[0]["known_at"].endswith("T06:00:00Z")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["csv", "steel"], "put steel.csv into"),
        (["stoq", "AAPL"], "did you mean 'stooq'?"),
        (["stooq", "AAPL"], "STOOQ_API_KEY"),
        (["synthetic", "A", "--set", "latitude"], "must be name=value"),
        (["synthetic", "A", "--field", "mood"], "no 'mood'"),
        (["synthetic", "A", "--start", "2025-01-02", "--end", "2025-01-01"], "must come after"),
        (["synthetic", "A", "--start", "yesterday"], "--start"),
        (["synthetic"], "'symbols'"),
    ],
)
def test_what_cannot_be_fetched_is_exit_2_and_one_line(
    call: Call, empty: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    monkeypatch.delenv("STOOQ_API_KEY", raising=False)
    answer = call("signals", "fetch", *arguments, "-w", empty)
    assert (answer.status, answer.err.count("\n"), answer.out) == (2, 1, "")
    assert says in answer.err


def test_without_a_workspace_nothing_is_shown(call: Call, tmp_path: Path) -> None:
    answer = call("signals", "show", "-w", tmp_path)
    assert (answer.status, "supplynet init" in answer.err) == (2, True)

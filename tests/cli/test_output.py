from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.cli.output import capped, emit, jsonable, progress, table


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Thing:
    at: datetime
    part: str


def test_values_become_json_types() -> None:
    thing = Thing(datetime(2026, 1, 5, 22, tzinfo=UTC), "bolt")
    assert jsonable(thing) == {"at": "2026-01-05T22:00:00Z", "part": "bolt"}
    mixed = (date(2026, 1, 5), Colour.RED, Path("plant"), Decimal("0.5"), {1: None})
    assert jsonable(mixed) == ["2026-01-05", "red", "plant", "0.5", {"1": None}]


def test_numbers_of_numpy_become_plain_ones() -> None:
    assert jsonable([np.int64(3), np.float64("nan"), np.array([1, 2])]) == [3, None, [1, 2]]


def test_what_is_no_number_becomes_null(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"mase": float("nan"), "wape": float("inf")}, True, list)
    assert json.loads(capsys.readouterr().out) == {"mase": None, "wape": None}


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes()


@given(st.recursive(_LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_whatever_is_printed_is_strict_json(value: Any) -> None:
    json.dumps(jsonable(value), allow_nan=False)


def test_a_table_puts_numbers_right_and_words_left() -> None:
    assert table(("part", "stock"), [("bolt", 5), ("nut", 12_000)]) == [
        "part   stock",
        "----  ------",
        "bolt       5",
        "nut   12,000",
    ]


def test_a_table_shows_what_is_missing_as_a_dash() -> None:
    assert table(("x",), [(None,), (float("nan"),)])[2:] == ["-", "-"]


def test_a_long_list_ends_with_how_many_more_there_are() -> None:
    assert capped(["a", "b", "c"], 2) == ["a", "b", "... and 1 more (--rows N shows N)"]
    assert capped(["a"], 1, total=1_500)[-1] == "... and 1,499 more (--rows N shows N)"
    assert capped(["a", "b"], 2) == ["a", "b"]


def test_progress_is_silent_where_stderr_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress() as report:
        report(0.5, "half way")
    assert capsys.readouterr() == ("", "")


def test_progress_goes_to_stderr_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress() as report:
        report(0.5, "half way")
    out, err = capsys.readouterr()
    assert out == ""
    assert err != ""

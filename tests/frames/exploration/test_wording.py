"""Numbers as a person writes them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.frames.exploration.svg import Scale, date_marks, scale_to
from supplynet.frames.exploration.wording import (
    change,
    clip,
    count,
    duration,
    listing,
    number,
    percent,
    prose,
    safe,
    short,
    signed,
)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        *[(0, "0"), (7, "7"), (0.0421, "0.042"), (3.14159, "3.14"), (12.34, "12.3")],
        *[(1234.5, "1,234"), (12_345_678, "12.3 million"), (4.2e10, "42.0 billion")],
        *[(1e300, "1.00e+300"), (None, "–"), (float("nan"), "–")],  # noqa: RUF001 - a dash
    ],
)
def test_numbers(value: float | None, said: str) -> None:
    assert number(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        *[(0, "0 %"), (0.0004, "<0.1 %"), (0.0523, "5.2 %"), (0.31, "31 %"), (1, "100 %")],
        *[(0.9999, "99.9 %"), (-0.08, "-8 %"), (1.54, "154 %"), (0.05, "5 %")],
    ],
)
def test_what_is_nearly_nothing_or_all_is_never_said_to_be_it(value: float, said: str) -> None:
    assert percent(value) == said


def test_changes_are_less_or_more_and_large_ones_are_factors() -> None:
    assert (change(-0.31), change(0.12), change(0.001)) == ("31 % less", "12 % more", "as much")
    assert (signed(0.31), signed(-0.08), signed(131.0)) == ("+31 %", "-8 %", "132-fold")


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        *[(45, "45 min"), (60, "1 h"), (422, "7 h 02 min"), (3800, "63 h"), (-3, "0 min")],
        *[(7380, "5 d 3 h"), (144_000, "100 d"), (7200, "5 d")],
    ],
)
def test_durations(minutes: float, said: str) -> None:
    assert duration(minutes) == said


def test_counts_and_lists_are_grammatical() -> None:
    assert (count(1, "line"), count(2, "class"), count(3, "series")) == (
        "1 line",
        "2 classes",
        "3 series",
    )
    assert listing(["A"]) == "A"
    assert listing(["A", "B"]) == "A and B"
    assert listing(["A", "B", "C", "D"]) == "A, B, C and D"
    assert listing(["A", "B", "C", "D", "E"]) == "A, B, C and 2 more"
    assert listing([]) == ""


def test_what_is_clipped_keeps_both_ends() -> None:
    assert clip("SR1.ST2.A") == "SR1.ST2.A"
    assert clip("Whse_J/Product_1359") == "Whse_J/Pr…uct_1359"


@given(st.text())
def test_no_text_can_leave_its_place(text: str) -> None:
    for made in (safe(text), prose(text)):
        assert not set(made) & set("<>\"'\x00\u202e")


def test_a_number_and_its_per_cent_sign_stay_together() -> None:
    assert prose("31 % less") == "31\u00a0% less"


def test_axes_end_on_round_numbers() -> None:
    scale = scale_to([3, 87])
    assert (scale.low, scale.high, scale.ticks(4)) == (0, 100, [0, 50, 100])
    assert Scale(1, 1000, log=True).ticks() == [1, 10, 100, 1000]
    assert Scale(1, 1000, log=True).at(10) == pytest.approx(1 / 3)
    assert (short(1234), short(2e6), short(0.5)) == ("1.23k", "2M", "0.5")


@given(st.dates(), st.integers(0, 20_000))
def test_marks_of_time_are_few_ordered_and_within_the_axis(first: date, days: int) -> None:
    last = date.fromordinal(min(date.max.toordinal(), first.toordinal() + days))
    places = [at for at, _ in date_marks(first, last)]
    assert places == sorted(places)
    assert len(places) <= 8
    assert all(0 <= at <= 1 for at in places)


def test_months_are_named_with_the_year_once() -> None:
    words = [word for _, word in date_marks(date(2025, 1, 6), date(2026, 1, 5))]
    assert words == ["Mar 2025", "May", "Jul", "Sep", "Nov", "2026"]

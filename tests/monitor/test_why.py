"""The sentence that a planner reads, in the plant's own time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from supplynet.monitor.why import DISMISSED, RELEASED, Moments, chance, sentence
from supplynet.replenish.explain import Explanation

NOW = datetime(2026, 1, 5, 20, tzinfo=UTC)  # Monday 21:00 in Berlin
HOUR = timedelta(hours=1)
MOMENTS = Moments(
    now=NOW,
    arrival=NOW + 4 * HOUR,
    next_arrival=NOW + 16 * HOUR,
    due=[NOW + 2 * HOUR],
    runs_out=NOW + 9 * HOUR,
    zone=ZoneInfo("Europe/Berlin"),
)
ORDER = Explanation(
    stock_point_id="SR2",
    part_id="P-017",
    on_hand=120,
    on_order=40,
    position=160,
    due=(40,),
    window_low=110,
    window_likely=150,
    window_high=210,
    level=208,
    need=48,
    container_size=24,
    bin_room=300,
    available=1000,
    wanted=48,
    granted=48,
    binding="level",
    target=0.005,
    stockout_unhelped=0.11,
    stockout_without=0.11,
    stockout_with=0.003,
)
NOTHING = replace(ORDER, wanted=0, granted=0, need=0, binding="enough stock")


def test_an_order_says_what_it_prevents_between_which_deliveries() -> None:
    assert sentence(ORDER, MOMENTS) == (
        "Chance that SR2 runs out of P-017 between this delivery, Tue 01:00, and the next, Tue "
        "13:00: 11% without this order, 0.3% with it; 120 on hand and 40 due Mon 23:00; use until "
        "then 150 (110 to 210)."
    )


def test_what_no_order_can_prevent_comes_first() -> None:
    said = sentence(replace(ORDER, stockout_before=0.4), MOMENTS)
    assert said.startswith(
        "Nothing ordered now prevents that it runs out before that delivery: 40% "
        "(likely Tue 06:00). Chance that SR2 runs out"
    )


@pytest.mark.parametrize(
    ("binding", "granted", "end"),
    [
        ("warehouse short", 24, "Warehouse short: 24 of 48 wanted."),
        ("truck full", 24, "Truck full: 24 of 48 wanted."),
        ("bin full", 24, "Bin full: 24 of 48 wanted."),
        ("minimum trip", 72, "72 instead of 48 fill the vehicle up to its minimum."),
    ],
)
def test_what_stood_in_the_way_comes_last(binding: str, granted: int, end: str) -> None:
    assert sentence(replace(ORDER, binding=binding, granted=granted), MOMENTS).endswith(end)


def test_enough_stock_says_how_much_less_would_bring_an_order() -> None:
    row = replace(NOTHING, stockout_unhelped=0.0002, flip_stock=-37)
    assert sentence(row, MOMENTS) == (
        "Nothing ordered: 120 on hand and 40 due Mon 23:00 cover the use until Tue 13:00 of 150 "
        "(110 to 210); the chance to run out by then is 0.02%, 0.5% is allowed. With 37 fewer an "
        "order follows."
    )


def test_no_expected_use_is_a_reason_of_its_own() -> None:
    idle = replace(NOTHING, window_low=0, window_likely=0, window_high=0, on_order=0, due=())
    said = "Nothing ordered: no use is expected until Tue 13:00; 120 on hand."
    assert sentence(idle, MOMENTS) == said


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (replace(NOTHING, binding="bin full", bin_room=3), "the bin has room for 3, a container"),
        (replace(NOTHING, binding="bin full", container_size=0), "the bin is full"),
        (replace(NOTHING, binding="warehouse short", wanted=48), "none for the 48 wanted"),
        (replace(NOTHING, binding="truck full", wanted=48), "the vehicle is full"),
        (replace(NOTHING, binding="minimum trip", wanted=48), "wait for a vehicle"),
    ],
)
def test_what_could_not_be_sent_says_why_and_how_dangerous_that_is(
    row: Explanation, why: str
) -> None:
    said = sentence(row, MOMENTS)
    assert said.startswith("Nothing sent: ")
    assert why in said
    assert "Chance that SR2 runs out of P-017 before Tue 13:00: 11% (likely Tue 06:00)" in said


def test_a_person_who_was_faster_is_named() -> None:
    assert "an order for this departure is released" in sentence(ORDER, MOMENTS, RELEASED)
    dismissed = sentence(ORDER, MOMENTS, DISMISSED)
    assert "a person cancelled the order for this departure, 48 were wanted" in dismissed


def test_a_weekday_gets_its_date_where_it_is_not_enough() -> None:
    assert MOMENTS.clock(NOW + 24 * HOUR) == "Tue 21:00"
    assert MOMENTS.clock(NOW + 7 * 24 * HOUR) == "Mon 12 Jan 21:00"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "<0.01%"),
        (0.00009, "<0.01%"),
        (0.0002, "0.02%"),
        (0.0035, "0.4%"),
        (0.0995, "10%"),
        (0.11, "11%"),
        (0.994, "99%"),
        (1.0, "over 99%"),
    ],
)
def test_a_chance_has_digits_that_mean_something(value: float, text: str) -> None:
    assert chance(value) == text

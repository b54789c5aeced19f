"""The rule by which an odd record holds back a part of an order."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.anomaly.holding import (
    excess_left,
    excess_ordered,
    holds,
    in_doubt,
    is_impossible,
    missing_use,
    release_by_books,
    release_now,
)
from supplynet.anomaly.incident import Kind
from supplynet.errors import InvalidInput

quantities = st.integers(min_value=0, max_value=5000)
excesses = st.floats(min_value=0.0, max_value=10_000.0)
containers = st.integers(min_value=1, max_value=300)


@pytest.mark.parametrize(
    "kind", [Kind.SPIKE, Kind.DOUBLE_BOOKING, Kind.UNIT_JUMP, Kind.UNUSUAL, Kind.LEVEL_SHIFT]
)
def test_too_much_of_a_kind_that_may_be_a_wrong_record_holds_and_too_little_never_does(
    kind: Kind,
) -> None:
    assert holds(kind, 40.0)
    assert not holds(kind, -40.0)
    assert not holds(kind, 0.0)
    assert not holds(kind, math.nan)


@pytest.mark.parametrize("kind", [Kind.DEAD_SENSOR, Kind.DROP, Kind.STUCK_SENSOR, Kind.NIGHT_DRIFT])
def test_what_is_no_wrong_report_of_more_use_holds_nothing(kind: Kind) -> None:
    assert not holds(kind, 40.0)


def test_a_higher_level_holds_for_two_shifts_and_is_then_the_new_truth() -> None:
    held = [holds(Kind.LEVEL_SHIFT, 40.0, periods=count) for count in (1, 2, 3)]
    assert held == [True, True, False]
    assert holds(Kind.SPIKE, 40.0, periods=3)


def test_the_excess_waits_and_the_rest_goes_in_whole_containers() -> None:
    assert release_now(200, 100.0, 20, needed=False) == 100
    assert release_now(200, 95.0, 20, needed=False) == 120  # 105 is five containers and a bit
    assert release_now(200, 5.0, 20, needed=False) == 200  # less than a container never waits
    assert release_now(200, 200.0, 20, needed=False) == 0
    assert release_now(200, math.inf, 20, needed=False) == 0
    assert release_now(50, 10.0, 100, needed=False) == 50  # no more than was asked for


def test_nothing_waits_that_a_line_may_need() -> None:
    assert release_now(200, 1000.0, 20, needed=True) == 200


@given(quantities, excesses, containers, st.booleans())
def test_what_goes_covers_what_is_not_in_doubt_and_never_more_than_was_asked_for(
    quantity: int, excess: float, container: int, needed: bool
) -> None:
    now = release_now(quantity, excess, container, needed=needed)
    assert 0 <= now <= quantity
    assert now >= quantity - excess - 1e-6
    assert now % container == 0 or now == quantity


def test_an_excess_that_was_ordered_does_not_cut_the_next_order_too() -> None:
    assert excess_left(50.0, 80, 30) == 50.0  # all of it waits
    assert excess_left(50.0, 80, 80) == 0.0  # it was needed and went
    assert excess_left(50.0, 80, 40) == 40.0  # rounding up sent 10 of it
    assert excess_left(50.0, 30, 30) == 20.0  # the order was smaller than the excess
    assert excess_left(50.0, 30, 0) == 50.0


@given(quantities, excesses, containers, st.booleans())
def test_what_waits_is_what_is_left_of_the_excess_or_the_whole_order(
    quantity: int, excess: float, container: int, needed: bool
) -> None:
    now = release_now(quantity, excess, container, needed=needed)
    left = excess_left(excess, quantity, now)
    assert 0 <= left <= excess
    assert left == pytest.approx(excess - max(0.0, now - max(0.0, quantity - excess)), abs=1e-6)
    if not needed:
        assert quantity - now <= left + 1e-6


def test_an_order_brings_again_only_what_lies_above_zero_in_the_books() -> None:
    assert excess_ordered(100, 40.0) == 40.0
    assert excess_ordered(0, 40.0) == 40.0
    assert excess_ordered(-30, 40.0) == 10.0  # 10 were there, the books count them as none
    assert excess_ordered(-50, 40.0) == 0.0  # other records are wrong as well
    assert excess_ordered(-50, 0.0) == 0.0


@given(st.integers(min_value=-5000, max_value=5000), excesses)
def test_what_is_ordered_again_is_what_the_wrong_record_takes_from_the_position(
    on_hand: int, excess: float
) -> None:
    believed, true = max(on_hand, 0), max(on_hand + excess, 0.0)
    assert excess_ordered(on_hand, excess) == pytest.approx(true - believed, abs=1e-6)


def test_more_than_there_was_cannot_have_been_used() -> None:
    assert is_impossible(-1, 40.0)
    assert not is_impossible(0, 40.0)
    assert not is_impossible(-1, 0.0)


def test_all_goes_while_the_record_may_be_right_and_else_what_is_not_ordered_again() -> None:
    assert release_by_books(200, 150.0, 0, 20) == 200
    assert release_by_books(200, 150.0, -50, 20) == 100  # 100 of 150 lie above 0 in the books
    assert release_by_books(200, 900.0, -650, 20) == 0  # 250 are there
    assert release_by_books(200, 900.0, -890, 20) == 200  # 10 are there: no container less
    assert release_by_books(200, 0.0, -890, 20) == 200


@given(quantities, excesses, st.integers(min_value=-9000, max_value=9000), containers)
def test_with_what_is_there_an_order_in_doubt_still_reaches_its_level(
    quantity: int, excess: float, on_hand: int, container: int
) -> None:
    now = release_by_books(quantity, excess, on_hand, container)
    level = max(on_hand, 0) + quantity  # what the order was sized for
    assert max(on_hand + excess, on_hand, 0) + now >= level - 1e-6


def test_missing_use_counts_as_used_for_counters_that_say_too_little() -> None:
    assert missing_use(Kind.DEAD_SENSOR, -120.0) == 120.0
    assert missing_use(Kind.DROP, -30.0) == 30.0
    assert missing_use(Kind.UNIT_JUMP, -30.0) == 30.0
    assert missing_use(Kind.UNIT_JUMP, 30.0) == 0.0
    assert missing_use(Kind.NIGHT_DRIFT, -30.0) == 0.0
    assert missing_use(Kind.DROP, math.nan) == 0.0


@pytest.mark.parametrize(
    ("quantity", "excess", "container"),
    [(-1, 0.0, 1), (10, -1.0, 1), (10, math.nan, 1), (10, 1.0, 0)],
)
def test_figures_out_of_their_range_are_refused(
    quantity: int, excess: float, container: int
) -> None:
    with pytest.raises(InvalidInput):
        release_now(quantity, excess, container, needed=False)


@pytest.mark.parametrize("released", [-1, 11])
def test_more_than_was_asked_for_cannot_have_been_released(released: int) -> None:
    with pytest.raises(InvalidInput):
        excess_left(5.0, 10, released)


@pytest.mark.parametrize(
    ("kind", "size", "periods", "doubt"),
    [
        (Kind.SPIKE, 40.0, 1, True),
        (Kind.UNUSUAL, 40.0, 1, True),
        (Kind.UNUSUAL, -40.0, 1, False),
        (Kind.DROP, -40.0, 1, True),
        (Kind.DEAD_SENSOR, -40.0, 9, True),
        (Kind.STUCK_SENSOR, 0.0, 9, True),
        (Kind.UNIT_JUMP, -40.0, 1, True),
        (Kind.LEVEL_SHIFT, 40.0, 2, True),
        (Kind.LEVEL_SHIFT, -40.0, 2, True),
        (Kind.LEVEL_SHIFT, 40.0, 3, False),
        (Kind.NIGHT_DRIFT, -40.0, 1, False),
        (Kind.PHANTOM_STOCK, -40.0, 1, False),
    ],
)
def test_what_may_be_a_wrong_record_is_in_doubt(
    kind: Kind, size: float, periods: int, doubt: bool
) -> None:
    assert in_doubt(kind, size, periods=periods) is doubt

"""So many requests a minute, and no more memory for a million addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.api.rate_limits import DEAR, HEAVY, SIGN_IN, Meter, Rate, Rates
from supplynet.errors import TooManyRequests
from supplynet.security.access import OPERATIONS


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def passes(meter: Meter, key: str = "ana") -> bool:
    try:
        meter.take(key)
    except TooManyRequests:
        return False
    return True


def test_a_minutes_worth_passes_at_once_and_then_one_per_interval() -> None:
    clock = Clock()
    meter = Meter(Rate(20), clock)
    assert [passes(meter) for _ in range(21)] == [True] * 20 + [False]
    clock.now += 3
    assert [passes(meter), passes(meter)] == [True, False]
    clock.now += 60
    assert sum(passes(meter) for _ in range(30)) == 20


def test_a_refusal_says_how_long_to_wait() -> None:
    clock = Clock()
    meter = Meter(Rate(20), clock)
    for _ in range(20):
        meter.take("ana")
    with pytest.raises(TooManyRequests, match="more than 20 requests a minute") as caught:
        meter.take("ana")
    assert caught.value.retry_after_seconds == pytest.approx(3)
    clock.now += caught.value.retry_after_seconds
    meter.take("ana")


def test_a_large_body_counts_as_several_requests() -> None:
    meter = Meter(Rate(20), Clock())
    meter.take("ana", 17)
    assert [passes(meter) for _ in range(4)] == [True] * 3 + [False]


def test_others_are_not_counted() -> None:
    meter = Meter(Rate(1), Clock())
    assert passes(meter, "ana")
    assert not passes(meter, "ana")
    assert passes(meter, "ben")


@given(st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=200))
def test_in_no_two_minutes_more_than_three_minutes_worth_pass(pauses: list[float]) -> None:
    clock, passed = Clock(), list[float]()
    meter = Meter(Rate(10), clock)
    for pause in pauses:
        clock.now += pause
        if passes(meter):
            passed.append(clock.now)
    for begin in passed:
        assert sum(begin <= at <= begin + 120 for at in passed) <= 30 + 1


def test_a_million_addresses_take_the_memory_of_the_most_that_are_kept() -> None:
    clock = Clock()
    meter = Meter(Rate(1), clock, most_keys=100)
    for number in range(10_000):
        meter.take(str(number))
    assert len(meter) == 100
    assert not passes(meter, "9999")


def test_who_asks_on_is_not_forgotten() -> None:
    meter = Meter(Rate(2), Clock(), most_keys=2)
    assert [passes(meter, key) for key in ("a", "b", "a", "c", "a")] == [True] * 4 + [False]


def test_dear_operations_and_signing_in_have_lower_rates() -> None:
    rates = Rates.of(address=5, user=5, dear=2, sign_in=1, monotonic=Clock())
    for _ in range(2):
        rates.by_user("make_plan", "ana")
    with pytest.raises(TooManyRequests):
        rates.by_user("make_plan", "ana")
    rates.by_user("list_orders", "ana")
    rates.to_sign_in("list_orders", "203.0.113.9")
    for number, name in enumerate(SIGN_IN):
        rates.to_sign_in(name, f"203.0.113.{number}")
        with pytest.raises(TooManyRequests):
            rates.to_sign_in(name, f"203.0.113.{number}")


def test_a_whole_ipv6_network_is_one_address() -> None:
    rates = Rates.of(address=1, user=1, dear=1, sign_in=1, monotonic=Clock())
    rates.from_address("2001:db8::1")
    with pytest.raises(TooManyRequests):
        rates.from_address("2001:db8::2")


def test_every_operation_that_is_named_is_there() -> None:
    assert OPERATIONS.keys() >= DEAR | SIGN_IN
    assert HEAVY <= DEAR

"""How long somebody who fails has to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from supplynet.security.lockout import ADDRESS, NAME, PAIR, Failures, Limit, keys_of, place_of

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def fail(limit: Limit, times: int, *, every: timedelta = timedelta()) -> Failures:
    """Failures with some time between them, and none while it is locked."""
    known, at = None, NOW
    for _ in range(times):
        known = limit.after_failure("key", known, at)
        at = max(at + every, known.locked_until or at)
    assert known is not None
    return known


def minutes_locked(found: Failures) -> float | None:
    until = found.locked_until
    return None if until is None else (until - found.last_at) / MINUTE


def test_the_fifth_failure_locks_for_a_minute_and_each_after_it_for_twice_as_long() -> None:
    locked = [minutes_locked(fail(PAIR, times)) for times in range(4, 12)]
    assert locked == [None, 1, 2, 4, 8, 15, 15, 15]


def test_a_name_locks_after_50_failures_and_then_has_50_more() -> None:
    assert [minutes_locked(fail(NAME, times)) for times in (49, 50, 51, 99, 100)] == [
        *(None, 15, None, None, 15)
    ]


def test_an_address_locks_after_100_failures() -> None:
    assert [minutes_locked(fail(ADDRESS, times)) for times in (99, 100)] == [None, 15]


def test_an_hour_without_a_failure_forgives_one() -> None:
    four = fail(PAIR, 4)
    assert PAIR.after_failure("key", four, NOW + 59 * MINUTE).failures == 5
    assert PAIR.after_failure("key", four, NOW + 61 * MINUTE).failures == 4
    assert PAIR.after_failure("key", four, NOW + 600 * MINUTE).failures == 1


def test_a_clock_that_was_set_back_forgives_nothing() -> None:
    assert PAIR.after_failure("key", fail(PAIR, 4), NOW - 600 * MINUTE).failures == 5


def test_it_is_locked_until_the_moment_itself() -> None:
    locked = fail(PAIR, 5)
    assert locked.is_locked(NOW + MINUTE - timedelta(microseconds=1))
    assert not locked.is_locked(NOW + MINUTE)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("testclient", "testclient"),
        ("x" * 100, "x" * 64),
    ],
)
def test_an_address_of_ipv6_counts_as_its_network(address: str, place: str) -> None:
    assert place_of(address) == place


def test_what_was_typed_as_a_name_may_be_a_password_and_is_not_kept() -> None:
    keys = keys_of("10.1.2.3", "my password by mistake")
    assert list(keys.limits.values()) == [PAIR, NAME, ADDRESS]
    assert all("mistake" not in key and len(key) <= 160 for key in keys.limits)
    assert list(keys_of("10.1.2.3").limits) == ["address:10.1.2.3"]

"""Counts of failed sign-ins in the books, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

from supplynet.security.lockout import Failures
from supplynet.storage import Store, sign_in_failures


def test_counts_are_kept_under_their_keys_until_they_are_cleared(
    store: Store, now: datetime
) -> None:
    one = Failures(key="one", failures=4, last_at=now)
    two = Failures(key="two", failures=5, last_at=now, locked_until=now + timedelta(minutes=1))
    with store.write("test", now, audited=False) as tx:
        sign_in_failures.keep(tx, [one, two])
        more = Failures(key="one", failures=5, last_at=now)
        sign_in_failures.keep(tx, [more])
        assert sign_in_failures.known(tx, ["one", "two", "three"]) == {"one": more, "two": two}
        sign_in_failures.clear(tx, ["one"])
        assert sign_in_failures.known(tx, ["one", "two"]) == {"two": two}


def test_a_count_without_a_failure_for_a_day_goes(store: Store, now: datetime) -> None:
    for key, at in (("old", now), ("new", now + timedelta(hours=25))):
        with store.write("test", at, audited=False) as tx:
            sign_in_failures.keep(tx, [Failures(key=key, failures=1, last_at=at)])
    with store.read() as tx:
        assert list(sign_in_failures.known(tx, ["old", "new"])) == ["new"]

from __future__ import annotations

from datetime import datetime, timedelta

from supplynet.storage import Store, leases

MINUTE = timedelta(minutes=1)


def take(store: Store, holder: str, at: datetime) -> bool:
    with store.write(holder, at, audited=False) as tx:
        return leases.take(tx, "planner", holder, MINUTE)


def test_one_holds_a_lease_until_it_runs_out(store: Store, now: datetime) -> None:
    assert take(store, "one", now)
    assert not take(store, "two", now)
    assert take(store, "one", now + MINUTE / 2)  # renewed
    assert not take(store, "two", now + MINUTE)
    assert take(store, "two", now + 1.5 * MINUTE)
    assert not take(store, "one", now + 1.5 * MINUTE)


def test_a_lease_that_is_given_back_is_free_at_once(store: Store, now: datetime) -> None:
    take(store, "one", now)
    with store.write("two", now, audited=False) as tx:
        leases.give_back(tx, "planner", "two")
    assert not take(store, "two", now)
    with store.write("one", now, audited=False) as tx:
        leases.give_back(tx, "planner", "one")
    with store.read() as tx:
        assert leases.holder_of(tx, "planner", now) is None
    assert take(store, "two", now)

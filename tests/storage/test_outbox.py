from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

from supplynet.storage import Store, outbox

MINUTE = timedelta(minutes=1)


def claim(store: Store, at: datetime, sender: str = "sender-1") -> list[outbox.Message]:
    with store.write(sender, at, audited=False) as tx:
        return outbox.claim(tx, lease=MINUTE)


def test_a_message_goes_out_only_with_what_it_tells_of(store: Store, now: datetime) -> None:
    with contextlib.suppress(ZeroDivisionError), store.write("ann", now) as tx:
        outbox.enqueue(tx, "x1", "order_approved", {"order_id": "o1"})
        raise ZeroDivisionError
    with store.write("ann", now) as tx:
        outbox.enqueue(tx, "x2", "order_approved", {"order_id": "o2"})
    found = claim(store, now)
    assert [(m.message_id, m.payload, m.attempts) for m in found] == [("x2", {"order_id": "o2"}, 1)]


def test_a_claimed_message_is_another_senders_once_the_lease_is_over(
    store: Store, now: datetime
) -> None:
    with store.write("ann", now) as tx:
        outbox.enqueue(tx, "x1", "alert", {})
    assert len(claim(store, now)) == 1
    assert claim(store, now + MINUTE / 2, "sender-2") == []
    assert [m.attempts for m in claim(store, now + MINUTE, "sender-2")] == [2]


def test_a_sent_message_is_never_sent_again(store: Store, now: datetime) -> None:
    with store.write("ann", now) as tx:
        outbox.enqueue(tx, "x1", "alert", {})
    claim(store, now)
    with store.write("sender-1", now, audited=False) as tx:
        assert outbox.waiting(tx) == 1
        outbox.mark_sent(tx, "x1")
        assert outbox.waiting(tx) == 0
    assert claim(store, now + timedelta(days=1)) == []


def test_a_failed_message_waits_twice_as_long_each_time_and_an_hour_at_most(
    store: Store, now: datetime
) -> None:
    with store.write("ann", now) as tx:
        outbox.enqueue(tx, "x1", "alert", {})
    at, waits = now, []
    for _ in range(14):
        (message,) = claim(store, at)
        with store.write("sender-1", at, audited=False) as tx:
            due = outbox.mark_failed(tx, message, "connection refused")
        waits.append(int((due - at).total_seconds()))
        assert claim(store, due - timedelta(microseconds=1)) == []
        at = due
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

import pytest

from supplynet.errors import ConflictingContent, NotFound
from supplynet.storage import Store, outbox

MINUTE = timedelta(minutes=1)


def claimed(store: Store, at: datetime) -> list[str]:
    with store.write("sender-1", at, audited=False) as tx:
        return [message.message_id for message in outbox.claim(tx)]


def test_a_message_goes_out_only_with_what_it_tells_of(store: Store, now: datetime) -> None:
    with contextlib.suppress(ZeroDivisionError), store.write("ann", now) as tx:
        outbox.enqueue(tx, "x1", "order", {"order_id": "o1"})
        raise ZeroDivisionError
    with store.write("ann", now) as tx:
        outbox.enqueue(tx, "x2", "order", {"order_id": "o2", "at": now})
    assert claimed(store, now) == ["x2"]
    with store.read() as tx:
        found = outbox.get(tx, "x2")
        assert found.payload == {"order_id": "o2", "at": "2026-01-05T22:00:00.000000Z"}
        with pytest.raises(NotFound):
            outbox.get(tx, "x1")


def test_the_same_message_again_is_one_message_and_another_under_its_id_is_refused(
    store: Store, now: datetime
) -> None:
    with store.write("ann", now) as tx:
        assert outbox.enqueue(tx, "x1", "order", {"at": now})
        assert not outbox.enqueue(tx, "x1", "order", {"at": now})
        with pytest.raises(ConflictingContent, match="message x1"):
            outbox.enqueue(tx, "x1", "order", {"at": now + MINUTE})
    assert claimed(store, now) == ["x1"]


def test_a_message_waits_for_its_moment_and_can_be_taken_back_until_it_is_handed_on(
    store: Store, now: datetime
) -> None:
    with store.write("ann", now) as tx:
        outbox.enqueue(tx, "x1", "alert", {}, due_at=now + MINUTE)
        outbox.enqueue(tx, "x2", "alert", {}, due_at=now + MINUTE)
    assert claimed(store, now + MINUTE - timedelta(microseconds=1)) == []
    with store.write("ann", now + MINUTE) as tx:
        assert outbox.any_due(tx, tx.now)
        assert outbox.withdraw(tx, "x1")
        assert not outbox.withdraw(tx, "x1")
        outbox.mark_routed(tx, "x2")
        assert not outbox.withdraw(tx, "x2")
        assert outbox.waiting(tx) == 0
    assert claimed(store, now + MINUTE) == []

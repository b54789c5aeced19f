from __future__ import annotations

import threading
from collections.abc import Collection
from datetime import datetime, timedelta

import pytest

from supplynet.errors import DeliveryStateError, NotFound
from supplynet.storage import Store, deliveries, open_store, outbox
from supplynet.storage.deliveries import Delivery, DeliveryState, Try

MINUTE = timedelta(minutes=1)
WEEK = timedelta(days=7)


def routed(store: Store, at: datetime, *ids: str, to: Collection[str] = ("erp",)) -> None:
    with store.write("ann", at) as tx:
        for message_id in ids:
            outbox.enqueue(tx, message_id, "order", {"order_id": message_id})
        deliveries.route(tx, lambda _message: dict.fromkeys(to, at))


def claim(
    store: Store, at: datetime, sender: str = "sender-1", channel: str = "erp", limit: int = 20
) -> list[Delivery]:
    with store.write(sender, at, audited=False) as tx:
        return deliveries.claim(tx, channel, lease=MINUTE, limit=limit)


def tried(at: datetime, said: str = "answered 200", *, ok: bool = True) -> Try:
    return Try(at=at, ok=ok, said=said, seconds=0.25)


def state(store: Store, message_id: str = "x1", channel: str = "erp") -> Delivery:
    with store.read() as tx:
        return {each.channel: each for each in deliveries.of_message(tx, message_id)}[channel]


def test_a_message_is_handed_once_to_every_channel_that_wants_it(
    store: Store, now: datetime
) -> None:
    routed(store, now, "x1", to=("erp", "mail"))
    routed(store, now)
    with store.read() as tx:
        found = deliveries.of_message(tx, "x1")
        assert deliveries.due_channels(tx, now) == ["erp", "mail"]
    assert [(each.channel, each.state.value) for each in found] == [
        ("erp", "waiting"),
        ("mail", "waiting"),
    ]
    routed(store, now, "x2", to=())
    with store.read() as tx:
        assert deliveries.of_message(tx, "x2") == []
        assert outbox.waiting(tx) == 0


def test_a_claimed_delivery_is_another_senders_once_the_lease_is_over(
    store: Store, now: datetime
) -> None:
    routed(store, now, "x1")
    (first,) = claim(store, now)
    assert claim(store, now + MINUTE / 2, "sender-2") == []
    (second,) = claim(store, now + MINUTE, "sender-2")
    assert (first.attempts, second.attempts) == (1, 2)
    with store.write("sender-1", now + MINUTE, audited=False) as tx:
        assert not deliveries.mark_sent(tx, first, tried(now + MINUTE))
    assert state(store).state is DeliveryState.WAITING
    with store.write("sender-2", now + MINUTE, audited=False) as tx:
        assert deliveries.mark_sent(tx, second, tried(now + MINUTE))
    assert state(store).sent_at == now + MINUTE
    with store.read() as tx:
        assert len(deliveries.tries_of(tx, "x1")["erp"]) == 2


def test_a_sent_delivery_is_never_claimed_again(store: Store, now: datetime) -> None:
    routed(store, now, "x1")
    (one,) = claim(store, now)
    with store.write("sender-1", now, audited=False) as tx:
        deliveries.mark_sent(tx, one, tried(now))
    assert claim(store, now + WEEK) == []


def test_the_oldest_goes_first_and_a_failed_one_waits(store: Store, now: datetime) -> None:
    routed(store, now, "x2")
    routed(store, now - MINUTE, "x1")
    first, second = claim(store, now)
    assert (first.message_id, second.message_id) == ("x1", "x2")
    with store.write("sender-1", now, audited=False) as tx:
        failed = tried(now, "connection refused", ok=False)
        deliveries.mark_failed(tx, first, failed, due_at=now + 2 * MINUTE)
        deliveries.give_back(tx, second, due_at=now)
    assert [(d.message_id, d.attempts) for d in claim(store, now)] == [("x2", 1)]
    assert [(d.message_id, d.attempts) for d in claim(store, now + 2 * MINUTE)] == [
        ("x1", 2),
        ("x2", 2),
    ]
    assert state(store).error == "connection refused"


def test_a_dead_one_rests_until_a_person_sends_it_once_more(store: Store, now: datetime) -> None:
    routed(store, now, "x1", to=("erp", "mail"))
    (one,) = claim(store, now)
    refused = tried(now, "answered 410: gone\x00\n" + "x" * 900, ok=False)
    with store.write("sender-1", now, audited=False) as tx:
        deliveries.mark_dead(tx, one, refused)
        assert deliveries.dead(tx)["erp"][0] == 1
    assert claim(store, now + WEEK) == []
    assert (state(store).error or "").startswith("answered 410: gone  xxx")
    with store.write("ann", now + WEEK) as tx:
        again = deliveries.replay(tx, "x1")
        assert [(each.channel, each.state.value) for each in again] == [
            ("erp", "waiting"),
            ("mail", "waiting"),
        ]
        assert deliveries.dead(tx) == {}
        with pytest.raises(DeliveryStateError, match="still waits to be sent to erp"):
            deliveries.replay(tx, "x1", "erp")
        with pytest.raises(NotFound, match="it went to erp, mail"):
            deliveries.replay(tx, "x1", "sms")
        with pytest.raises(NotFound, match="no message"):
            deliveries.replay(tx, "x9")
    (one,) = claim(store, now + WEEK)
    assert (one.message_id, one.attempts) == ("x1", 1)


def test_what_waited_untried_can_be_overtaken_and_the_log_says_so(
    store: Store, now: datetime
) -> None:
    routed(store, now, "x1", "x2")
    claim(store, now, limit=1)
    with store.write("worker", now, audited=False) as tx:
        dropped = deliveries.supersede(tx, "erp", lambda _message: True, by="x3")
        assert [each.message_id for each in dropped] == ["x2"]
        assert "overtaken by x3" in deliveries.tries_of(tx, "x2")["erp"][0].said
        assert deliveries.of_message(tx, "x2") == []


def test_pages_meet_without_gap_and_the_old_is_forgotten(store: Store, now: datetime) -> None:
    routed(store, now, "x1", "x2", "x3", to=("erp", "mail"))
    seen: list[tuple[str, str]] = []
    before = None
    while True:
        with store.read() as tx:
            page = deliveries.list_deliveries(tx, before=before, limit=4)
        if not page:
            break
        seen += [(each.message_id, each.channel) for each in page]
        before = (page[-1].created_at, page[-1].message_id, page[-1].channel)
    assert len(seen) == len(set(seen)) == 6
    for one in claim(store, now):
        with store.write("sender-1", now, audited=False) as tx:
            deliveries.mark_sent(tx, one, tried(now))
    with store.write("worker", now + WEEK, audited=False) as tx:
        assert deliveries.prune(tx, now + MINUTE) == 3
        assert deliveries.tries_of(tx, "x1") == {}
        assert outbox.is_known(tx, "x1")  # it still waits for the mail
        waiting = deliveries.list_deliveries(tx, state=DeliveryState.WAITING, channel="mail")
        assert len(waiting) == 3
        assert deliveries.list_deliveries(tx, state=DeliveryState.SENT) == []


def test_of_many_senders_at_once_each_delivery_has_one(store: Store, now: datetime) -> None:
    ids = [f"x{number}" for number in range(40)]
    routed(store, now, *ids)
    taken: list[str] = []

    def work(sender: str) -> None:
        own = open_store(store.url)
        while found := claim(own, now, sender, limit=3):
            taken.extend(each.message_id for each in found)
        own.close()

    threads = [threading.Thread(target=work, args=(f"sender-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(ids)

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from supplynet.core.ledger import Movement
from supplynet.errors import (
    ConflictingContent,
    InsufficientStock,
    InvalidInput,
    LedgerError,
    NotFound,
)
from supplynet.storage import Store, ledger, open_store, reservations
from supplynet.storage.balances import free, rebuild_balances, verify
from supplynet.storage.reservations import Reservation, ReservationState

Make = Callable[..., Movement]


@pytest.fixture
def want(now: datetime) -> Callable[..., Reservation]:
    def make(reservation_id: str, quantity: int, order_id: str | None = None) -> Reservation:
        return Reservation(
            reservation_id=reservation_id,
            part_id="bolt",
            location_id="WH1",
            quantity=quantity,
            expires_at=now + timedelta(hours=1),
            order_id=order_id,
        )

    return make


@pytest.fixture
def stocked(store: Store, now: datetime, receipt: Make) -> Store:
    """100 bolts in WH1."""
    with store.write("scanner-1", now) as tx:
        ledger.append_movements(tx, [receipt("m1", 100)])
    return store


def free_bolts(store: Store) -> int:
    with store.read() as tx:
        assert verify(tx) == []
        return free(tx, "bolt", "WH1")


def test_what_is_reserved_is_no_longer_free_and_the_rest_can_be_had(
    stocked: Store, now: datetime, want: Callable[..., Reservation]
) -> None:
    with stocked.write("ann", now) as tx:
        reservations.reserve(tx, want("r1", 60))
        with pytest.raises(InsufficientStock) as caught:
            reservations.reserve(tx, want("r2", 41))
        reservations.reserve(tx, want("r3", 40))
    assert (caught.value.free, caught.value.wanted) == (40, 41)
    assert free_bolts(stocked) == 0


def test_the_same_reservation_again_is_the_same_one(
    stocked: Store, now: datetime, want: Callable[..., Reservation]
) -> None:
    with stocked.write("ann", now) as tx:
        assert reservations.reserve(tx, want("r1", 60)) == want("r1", 60)
        assert reservations.reserve(tx, want("r1", 60)) == want("r1", 60)
        with pytest.raises(ConflictingContent):
            reservations.reserve(tx, want("r1", 61))
        with pytest.raises(InvalidInput):
            reservations.reserve(tx, want("r2", 0))
        with pytest.raises(InvalidInput):
            reservations.reserve(tx, replace(want("r2", 1), expires_at=now))
        with pytest.raises(NotFound):
            reservations.end(tx, "r2")
    assert free_bolts(stocked) == 40


def test_a_reservation_ends_once(
    stocked: Store, now: datetime, want: Callable[..., Reservation], usage: Make
) -> None:
    with stocked.write("ann", now) as tx:
        reservations.reserve(tx, want("r1", 60, "o1"))
        reservations.reserve(tx, want("r2", 30, "o2"))
        reservations.end(tx, "r2")
        reservations.end(tx, "r2")
        ledger.append_movements(tx, [usage("m2", 60)])
        reservations.end_of_order(tx, "o1", ReservationState.USED)
        assert reservations.held(tx) == []
    assert free_bolts(stocked) == 40


def test_a_reservation_expires_at_its_moment_and_not_before(
    stocked: Store, now: datetime, want: Callable[..., Reservation]
) -> None:
    with stocked.write("ann", now) as tx:
        reservations.reserve(tx, want("r1", 60))
    for minutes, expected in ((59, 40), (60, 100)):
        with stocked.write("worker", now + timedelta(minutes=minutes)) as tx:
            reservations.expire_due(tx)
        assert free_bolts(stocked) == expected


def test_facts_are_posted_against_reservations_and_nothing_is_free_until_stock_is_back(
    stocked: Store, now: datetime, want: Callable[..., Reservation], usage: Make, receipt: Make
) -> None:
    with stocked.write("ann", now) as tx:
        reservations.reserve(tx, want("r1", 60))
        ledger.append_movements(tx, [usage("m2", 90)])
    assert free_bolts(stocked) == 0
    with stocked.write("ann", now) as tx:
        ledger.append_movements(tx, [receipt("m3", 55)])
    assert free_bolts(stocked) == 5  # 100 - 90 + 55 on hand, 60 reserved
    with stocked.write("ann", now) as tx:
        rebuild_balances(tx)
    assert free_bolts(stocked) == 5


def test_the_database_itself_refuses_to_promise_more_than_there_is(
    stocked: Store, now: datetime
) -> None:
    with pytest.raises(LedgerError), stocked.write("mallory", now) as tx:
        tx.connection.execute(text("UPDATE free_stock SET free = free - 101"))


def reserve_at_once(
    store: Store, now: datetime, want: Callable[..., Reservation], *, callers: int, requests: int
) -> Counter[str]:
    """Each caller, with books of its own, asks for 1 each time; how many had which answer."""
    told: Counter[str] = Counter()
    lock = threading.Lock()

    def ask(caller: int) -> None:
        own = open_store(store.url)
        for i in range(caller, requests, callers):
            try:
                with own.write(f"caller-{caller}", now) as tx:
                    reservations.reserve(tx, want(f"r{i}", 1))
                answer = "granted"
            except InsufficientStock:
                answer = "refused"
            with lock:
                told[answer] += 1
        own.close()

    threads = [threading.Thread(target=ask, args=(caller,)) for caller in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_64_callers_get_exactly_what_is_there(
    store: Store, now: datetime, want: Callable[..., Reservation], receipt: Make
) -> None:
    with store.write("scanner-1", now) as tx:
        ledger.append_movements(tx, [receipt("m1", 1000)])
    told = reserve_at_once(store, now, want, callers=64, requests=2000)
    assert told == {"granted": 1000, "refused": 1000}
    assert free_bolts(store) == 0
    with store.read() as tx:
        assert sum(reservation.quantity for reservation in reservations.held(tx)) == 1000


@pytest.mark.drill
@pytest.mark.parametrize("repetition", range(10))
def test_64_callers_with_10000_requests_get_exactly_what_is_there(
    store: Store,
    now: datetime,
    want: Callable[..., Reservation],
    receipt: Make,
    repetition: int,
) -> None:
    with store.write("scanner-1", now) as tx:
        ledger.append_movements(tx, [receipt("m1", 1000 + repetition)])
    told = reserve_at_once(store, now, want, callers=64, requests=10_000)
    assert told["granted"] == 1000 + repetition
    assert free_bolts(store) == 0

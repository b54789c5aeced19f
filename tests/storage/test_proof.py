"""What is wrong in the books is found, each fault by its sentence; what is right is not blamed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Account, Movement
from supplynet.core.orders import Order, OrderState
from supplynet.storage import Store, changes, events, ledger, orders, reservations
from supplynet.storage.proof import faults
from supplynet.storage.reservations import Reservation

Make = Callable[..., Movement]
MakeOrder = Callable[..., Order]


@pytest.fixture
def busy(store: Store, now: datetime, receipt: Make, proposal: MakeOrder) -> Store:
    """An event with its movement, an order under way that has received 30, and a reservation."""
    event = Event(
        source="scanner-1",
        event_id="e/1",
        type=EventType.RECEIVED,
        occurred_at=now,
        location_id="WH1",
        part_id="bolt",
        quantity=100,
    )
    arrived = {"to_location": "SR1", "from_account": Account.IN_TRANSIT, "from_location": "SR1"}
    with store.write("scanner-1", now) as tx:
        events.add_events(tx, [event])
        ledger.append_movements(tx, [receipt("m1", 100, event_id="scanner-1/e/1")])
        orders.add_order(tx, proposal("o1", 80))
        orders.advance(tx, "o1", OrderState.APPROVED)
        orders.advance(tx, "o1", OrderState.SHIPPED)
        ledger.append_movements(tx, [receipt("m2", 30, order_id="o1", **arrived)])
        orders.set_received(tx, "o1", 30)
        reservations.reserve(
            tx,
            Reservation(
                reservation_id="r1",
                part_id="bolt",
                location_id="WH1",
                quantity=5,
                expires_at=now + timedelta(hours=1),
                order_id="o1",
            ),
        )
    return store


def found(store: Store) -> list[str]:
    with store.read() as tx:
        return faults(tx)


def break_books(store: Store, *statements: str) -> None:
    """Past the triggers, as a careless hand with a database tool would."""
    with store.connect_for_write() as connection:
        if not store.is_sqlite:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in ("movements", "audit"):
            if store.is_sqlite:
                for verb in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
        for statement in statements:
            connection.execute(text(statement))


def test_books_in_which_all_hangs_together_are_proven(busy: Store) -> None:
    assert found(busy) == []


@pytest.mark.wrong_books
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("DELETE FROM movements WHERE seq = 1", "movements begin with number 2, not with 1; "),
        ("UPDATE movements SET seq = 9 WHERE seq = 2", "7 of movements are missing up to number 9"),
        ("DELETE FROM events", "movement m1 is of event scanner-1/e/1, which is not there; "),
        ("UPDATE audit SET actor = 'eve' WHERE seq = 2", "audit row 2 was edited: "),
        ("DELETE FROM audit WHERE seq = 3", "1 of audit are missing up to number "),
        ("DELETE FROM changes WHERE seq = 2", "1 of changes are missing up to number "),
        ("UPDATE orders SET received = 31", "order o1 says received 31, its movements say 30; "),
        ("UPDATE orders SET damaged = 2", "order o1 says damaged 2, its movements say 0; "),
        ("UPDATE orders SET short = 2", "order o1 says short 2, its movements say 0; "),
        ("UPDATE orders SET state = 'cancelled'", "reservation r1 still holds 5 of bolt for order"),
        ("UPDATE movements SET quantity = 99 WHERE seq = 1", "the ledger says 99; run rebuild"),
        ("UPDATE free_stock SET free = free + 1", "ledger and reservations say 95; run rebuild"),
    ],
)
def test_every_kind_of_fault_is_found(busy: Store, statement: str, sentence: str) -> None:
    break_books(busy, statement)
    assert [fault for fault in found(busy) if sentence in fault]


def test_the_change_feed_may_forget_its_oldest(busy: Store, now: datetime) -> None:
    with busy.write("test", now, audited=False) as tx:
        changes.prune(tx, 1)
    assert found(busy) == []


def test_what_comes_after_an_order_is_closed_is_no_fault(
    busy: Store, now: datetime, receipt: Make
) -> None:
    with busy.write("scanner-1", now) as tx:
        orders.advance(tx, "o1", OrderState.RECEIVED, received=30)
        reservations.end_of_order(tx, "o1")
        ledger.append_movements(tx, [receipt("m3", 3, order_id="o1", to_location="SR1")])
    assert found(busy) == []


def test_of_many_faults_the_first_are_told(store: Store, now: datetime, usage: Make) -> None:
    with store.write("plc-7", now) as tx:
        moves = [usage(f"m{i}", 1, event_id=f"plc-7/{i}") for i in range(50)]
        ledger.append_movements(tx, moves)
    told = found(store)
    assert told[0].startswith("movement m0 is of event plc-7/0")
    assert (len(told), told[-1]) == (21, "... and more like the 20 before")

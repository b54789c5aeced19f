from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from supplynet.core.orders import Order, OrderState
from supplynet.errors import (
    ConflictingContent,
    InvalidInput,
    LedgerError,
    NotFound,
    OrderKeyTaken,
    OrderStateError,
)
from supplynet.storage import Store, audit, changes, orders
from supplynet.storage.tables import orders as table

Make = Callable[..., Order]


def plan(store: Store, now: datetime, *proposals: Order) -> orders.Upserted:
    with store.write("planner", now) as tx:
        return orders.upsert_proposals(tx, proposals)


def stored(store: Store) -> list[Order]:
    with store.read() as tx:
        return orders.list_orders(tx)


def test_planning_again_confirms_or_changes_and_never_doubles(
    store: Store, now: datetime, proposal: Make
) -> None:
    first = proposal("o1", 100)
    assert plan(store, now, first).new == [first]
    fresher = replace(first, order_id="o2", explanation={"risk_before": 0.5})
    confirmed = plan(store, now, fresher).confirmed
    assert confirmed == [replace(first, explanation={"risk_before": 0.5})] == stored(store)
    changed = plan(store, now, proposal("o3", 140, created_at=now + timedelta(hours=1))).changed
    assert changed == [replace(first, quantity=140)] == stored(store)
    with store.read() as tx:
        actions = [entry.action for entry in audit.entries(tx, subject="o1")]
        assert actions == ["order_proposed", "order_changed"]
        assert [change.ref for change in changes.changes_since(tx, 0)] == ["o1", "o1"]


def test_the_same_plan_twice_writes_nothing_the_second_time(
    store: Store, now: datetime, proposal: Make
) -> None:
    plan(store, now, proposal("o1", 100))
    plan(store, now + timedelta(minutes=1), proposal("o1", 100))
    with store.read() as tx:
        assert (audit.head(tx)[0], changes.latest_seq(tx)) == (1, 1)


def test_two_proposals_under_one_key_in_one_plan_are_one_order(
    store: Store, now: datetime, proposal: Make
) -> None:
    result = plan(store, now, proposal("o1", 100), proposal("o2", 120))
    assert [order.quantity for order in stored(store)] == [120]
    assert len(result.new) == len(result.changed) == 1


def test_a_released_order_is_left_alone(store: Store, now: datetime, proposal: Make) -> None:
    plan(store, now, proposal("o1", 100))
    with store.write("ann", now) as tx:
        approved = orders.advance(tx, "o1", OrderState.APPROVED, quantity=90, reason="one pallet")
    result = plan(store, now, proposal("o2", 140))
    assert result.kept == [approved] == stored(store)
    assert (approved.quantity, approved.state) == (90, OrderState.APPROVED)
    with store.read() as tx:
        entry = audit.entries(tx, subject="o1")[-1]
    assert (entry.actor, entry.action, entry.reason) == ("ann", "order_approved", "one pallet")
    assert (entry.before["quantity"], entry.after["quantity"]) == (100, 90)


def test_after_a_cancellation_the_key_is_free_again(
    store: Store, now: datetime, proposal: Make
) -> None:
    plan(store, now, proposal("o1", 100))
    with store.write("ann", now) as tx:
        orders.advance(tx, "o1", OrderState.CANCELLED)
    assert len(plan(store, now, proposal("o2", 140)).new) == 1
    assert len(stored(store)) == 2


def test_an_order_goes_only_where_its_state_allows(
    store: Store, now: datetime, proposal: Make
) -> None:
    plan(store, now, proposal("o1", 100))
    with store.write("ann", now) as tx:
        with pytest.raises(OrderStateError):
            orders.advance(tx, "o1", OrderState.SHIPPED)
        with pytest.raises(OrderStateError):
            orders.set_received(tx, "o1", 10)
        with pytest.raises(NotFound):
            orders.advance(tx, "o2", OrderState.APPROVED)
        with pytest.raises(InvalidInput):
            orders.advance(tx, "o1", OrderState.APPROVED, quantity=0)
        for state in (OrderState.APPROVED, OrderState.PICKED, OrderState.SHIPPED):
            orders.advance(tx, "o1", state)
        with pytest.raises(InvalidInput):
            orders.advance(tx, "o1", OrderState.RECEIVED, received=-1)
        orders.advance(tx, "o1", OrderState.RECEIVED, received=95)
        closed = orders.advance(tx, "o1", OrderState.CLOSED)
    assert [closed] == stored(store)
    assert closed.received == 95


def test_an_order_by_hand_is_idempotent_and_cannot_take_a_taken_key(
    store: Store, now: datetime, proposal: Make
) -> None:
    by_hand = proposal("o1", 100, policy="by_hand")
    with store.write("ann", now) as tx:
        assert orders.add_order(tx, by_hand) == by_hand == orders.add_order(tx, by_hand)
        with pytest.raises(ConflictingContent):
            orders.add_order(tx, replace(by_hand, quantity=1))
        with pytest.raises(OrderKeyTaken, match=r"o1 \(proposed\) goes the same way"):
            orders.add_order(tx, replace(by_hand, order_id="o2"))
        with pytest.raises(InvalidInput):
            orders.upsert_proposals(tx, [replace(by_hand, state=OrderState.APPROVED)])


def test_the_database_itself_refuses_a_second_open_order_under_one_key(
    store: Store, now: datetime, proposal: Make
) -> None:
    plan(store, now, proposal("o1", 100))
    twin = {column.name: getattr(proposal("o2", 1), column.name, now) for column in table.c}
    with pytest.raises(LedgerError), store.write("mallory", now) as tx:
        tx.connection.execute(insert(table).values(**twin))


def test_two_planners_at_once_make_each_order_once(
    store: Store, now: datetime, proposal: Make
) -> None:
    barrier = threading.Barrier(4)

    def make_plan(planner: int) -> None:
        barrier.wait()
        plan(store, now, *(proposal(f"o{planner}-{i}", 10, f"part-{i}") for i in range(20)))

    threads = [threading.Thread(target=make_plan, args=(planner,)) for planner in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = stored(store)
    assert len(found) == len({order.key for order in found}) == 20


def test_orders_are_listed_by_departure_and_by_page(
    store: Store, now: datetime, proposal: Make
) -> None:
    hour = timedelta(hours=1)
    plan(
        store,
        now,
        proposal("o1", 1, "bolt", departure_at=now + 3 * hour),
        proposal("o2", 1, "nut", departure_at=now + 2 * hour),
        proposal("o3", 1, "cap", departure_at=now + 2 * hour, to_location="SR2"),
    )
    with store.read() as tx:
        first = orders.list_orders(tx, limit=2)
        last = (first[-1].departure_at, first[-1].order_id)
        rest = orders.list_orders(tx, after=last)
        assert [order.order_id for order in first + rest] == ["o2", "o3", "o1"]
        late = orders.list_orders(tx, departing_from=now + 3 * hour)
        assert [order.order_id for order in late] == ["o1"]
        assert [o.order_id for o in orders.list_orders(tx, part_id="nut")] == ["o2"]
        assert [o.order_id for o in orders.list_orders(tx, to_location="SR2")] == ["o3"]
        assert orders.list_orders(tx, states=[OrderState.SHIPPED]) == []

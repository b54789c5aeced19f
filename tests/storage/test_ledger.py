from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import count

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import insert, text, update

from supplynet.core.ledger import Account, Movement, post, reverse
from supplynet.core.orders import Order, OrderState
from supplynet.errors import ConflictingContent, LedgerError, NotFound
from supplynet.storage import Store, audit, ledger, orders
from supplynet.storage.balances import rebuild_balances, verify
from supplynet.storage.tables import balances as balance_table
from supplynet.storage.tables import movements as movement_table

Make = Callable[..., Movement]


def test_a_movement_takes_from_the_source_and_gives_to_the_target(
    store: Store, now: datetime, receipt: Make, usage: Make
) -> None:
    with store.write("scanner-1", now) as tx:
        assert ledger.append_movements(tx, [receipt("m1", 100), usage("m2", 40)]) == 2
    with store.read() as tx:
        assert ledger.on_hand(tx) == {("WH1", "bolt"): 60}
        assert ledger.balances(tx)["bolt", "SR1.ST1.A", Account.CONSUMED] == 40
        assert verify(tx) == []


def test_a_movement_comes_back_as_it_was_written(store: Store, now: datetime, usage: Make) -> None:
    local = datetime(2026, 3, 29, 3, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    movement = usage(
        "m1",
        7,
        occurred_at=local,
        shift_id="SR1/2026-03-28/night",
        event_id="plc-7/1",
        order_id="o1",
        reverses="m0",
        lot_id="L1",
        container_id="C1",
    )
    with store.write("plc-7", now) as tx:
        ledger.append_movements(tx, [movement])
    with store.read() as tx:
        found = ledger.get(tx, "m1")
        assert found == movement
        assert found.occurred_at.tzinfo is UTC
        assert ledger.movements_of_order(tx, "o1") == [movement]
        assert ledger.number_of(tx, "m1") == 1
        with pytest.raises(NotFound):
            ledger.get(tx, "m2")
        with pytest.raises(NotFound):
            ledger.number_of(tx, "m2")


def test_the_same_movement_again_is_skipped_whenever_it_was_recorded(
    store: Store, now: datetime, receipt: Make
) -> None:
    first = receipt("m1", 10)
    for again in (first, replace(first, recorded_at=now + timedelta(hours=1))):
        with store.write("scanner-1", now) as tx:
            ledger.append_movements(tx, [again, again])
    with store.read() as tx:
        assert ledger.on_hand(tx) == {("WH1", "bolt"): 10}
        assert [entry.action for entry in audit.entries(tx)] == ["moved"]


def test_other_content_under_the_same_id_is_refused_and_nothing_of_the_batch_is_written(
    store: Store, now: datetime, receipt: Make
) -> None:
    with store.write("scanner-1", now) as tx:
        ledger.append_movements(tx, [receipt("m1", 10)])
    with store.write("scanner-1", now) as tx:
        with pytest.raises(ConflictingContent, match="m1"):
            ledger.append_movements(tx, [receipt("m2", 5), receipt("m1", 11)])
        with pytest.raises(ConflictingContent, match="m3"):
            ledger.append_movements(tx, [receipt("m3", 5), receipt("m3", 6)])
    with store.read() as tx:
        assert ledger.on_hand(tx) == {("WH1", "bolt"): 10}


def test_a_fact_is_never_refused_so_on_hand_may_go_below_zero(
    store: Store, now: datetime, usage: Make
) -> None:
    with store.write("plc-7", now) as tx:
        ledger.append_movements(tx, [usage("m1", 3)])
    with store.read() as tx:
        assert ledger.on_hand(tx) == {("WH1", "bolt"): -3}
        assert verify(tx) == []


def test_a_mistake_is_undone_by_a_second_movement(
    store: Store, now: datetime, receipt: Make
) -> None:
    wrong = receipt("m1", 10)
    undo = reverse(wrong, movement_id="m2", recorded_at=now, actor="ann", reason="miscounted")
    with store.write("ann", now) as tx:
        ledger.append_movements(tx, [wrong, undo])
    with store.read() as tx:
        assert ledger.balances(tx) == Counter()
        assert verify(tx) == []


@pytest.mark.parametrize("table", ["movements", "audit"])
def test_what_is_written_cannot_be_changed(
    store: Store, now: datetime, receipt: Make, table: str
) -> None:
    with store.write("scanner-1", now) as tx:
        ledger.append_movements(tx, [receipt("m1", 10)])
    replace_all = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
    for statement in (
        f"UPDATE {table} SET reason = 'forged'",
        f"DELETE FROM {table}",
        replace_all if store.is_sqlite else f"TRUNCATE {table}",
    ):
        with pytest.raises(LedgerError, match="append-only"), store.write("mallory", now) as tx:
            tx.connection.execute(text(statement))
    with store.read() as tx:
        assert ledger.get(tx, "m1") == receipt("m1", 10)


def test_the_database_itself_refuses_a_movement_of_nothing(store: Store, now: datetime) -> None:
    row: dict[str, object] = dict.fromkeys((c.name for c in movement_table.c), "x")
    row |= {"seq": 1, "quantity": 0, "occurred_at": now, "recorded_at": now}
    row |= {"from_account": "on_hand", "to_account": "lost"}
    with pytest.raises(LedgerError), store.write("mallory", now) as tx:
        tx.connection.execute(insert(movement_table).values(**row))


def test_a_forged_balance_is_found_and_rebuilt_from_the_ledger(
    store: Store, now: datetime, receipt: Make
) -> None:
    with store.write("scanner-1", now) as tx:
        ledger.append_movements(tx, [receipt("m1", 10), receipt("m2", 5, "nut")])
    with store.write("mallory", now) as tx:
        forged = update(balance_table).where(balance_table.c.account == "on_hand")
        tx.connection.execute(forged.where(balance_table.c.part_id == "bolt").values(quantity=99))
    with store.read() as tx:
        faults = verify(tx)
    assert [fault for fault in faults if "bolt" in fault] == faults
    assert "the balances of part bolt sum to 89, not to 0" in faults
    with store.write("ann", now) as tx:
        rebuild_balances(tx)
    with store.read() as tx:
        assert verify(tx) == []
        assert ledger.on_hand(tx) == {("WH1", "bolt"): 10, ("WH1", "nut"): 5}


def test_movements_are_found_by_time_account_and_number(
    store: Store, now: datetime, receipt: Make, usage: Make
) -> None:
    hour = timedelta(hours=1)
    late, early = receipt("m1", 10, occurred_at=now + hour), usage("m2", 1, occurred_at=now - hour)
    with store.write("scanner-1", now) as tx:
        ledger.append_movements(tx, [late, early])
    with store.read() as tx:
        assert ledger.movements_between(tx) == [early, late]
        assert ledger.movements_between(tx, now - hour, now + hour) == [early]
        assert ledger.movements_between(tx, to_accounts=[Account.ON_HAND]) == [late]
        assert ledger.movements_between(tx, from_accounts=[Account.ON_HAND]) == [early]
        assert ledger.movements_after(tx, 1) == [(2, early)]


def test_on_order_is_what_released_orders_still_owe(
    store: Store, now: datetime, proposal: Callable[..., Order]
) -> None:
    with store.write("ann", now) as tx:
        for name, part in (("o1", "bolt"), ("o2", "nut"), ("o3", "cap")):
            orders.add_order(tx, proposal(name, 100, part))
        for name in ("o1", "o2"):
            orders.advance(tx, name, OrderState.APPROVED)
            orders.advance(tx, name, OrderState.SHIPPED)
        orders.set_received(tx, "o1", 30)
        orders.advance(tx, "o2", OrderState.RECEIVED, received=100)
    with store.read() as tx:
        assert ledger.on_order(tx) == {("SR1", "bolt"): 70}


_places = st.sampled_from(["WH1", "SR1", "SR2"])
_moves = st.lists(
    st.tuples(
        st.sampled_from(["bolt", "nut"]),
        st.integers(1, 10_000),
        st.tuples(_places, st.sampled_from(list(Account))),
        st.tuples(_places, st.sampled_from(list(Account))),
    ).filter(lambda move: move[2] != move[3]),
    max_size=20,
)
_ids = count()


@hypothesis_settings(max_examples=25)
@given(st.lists(_moves, max_size=3))
def test_the_stored_balances_are_those_of_the_pure_ledger(
    sqlite_store: Store, now: datetime, receipt: Make, batches: list[list[tuple[object, ...]]]
) -> None:
    with sqlite_store.read() as tx:
        expected = ledger.balances(tx)
    for batch in batches:
        moves = []
        for part, quantity, source, target in batch:
            assert isinstance(source, tuple)
            assert isinstance(target, tuple)
            ends = {"from_location": source[0], "from_account": source[1]}
            ends |= {"to_location": target[0], "to_account": target[1]}
            moves.append(receipt(f"h{next(_ids)}", quantity, part, **ends))
        expected = post(expected, moves)
        with sqlite_store.write("test", now) as tx:
            ledger.append_movements(tx, moves)
    with sqlite_store.read() as tx:
        assert ledger.balances(tx) == Counter({k: v for k, v in expected.items() if v})
        assert verify(tx) == []

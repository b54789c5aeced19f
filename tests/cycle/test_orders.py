"""Plans and orders: doing it twice changes nothing, and no part is promised twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from sqlalchemy import func, select

from supplynet import cycle
from supplynet.core.orders import Order, OrderState
from supplynet.cycle.snapshot import MISSED, NEVER_LEFT, WITHDRAWN, take_snapshot
from supplynet.errors import InsufficientStock, InvalidInput, SnapshotMoved
from supplynet.storage import audit, balances, changes, outbox, plans, reservations, tables
from supplynet.storage.history import write_history

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVENING = MONDAY + 11 * HOUR
STATES = OrderState


def seq(site: Site) -> int:
    with site.store.read() as tx:
        return changes.latest_seq(tx)


def free(site: Site, part: str = "bolt") -> int:
    with site.store.read() as tx:
        return balances.free(tx, part, "WH1")


def reasons(site: Site, order: Order) -> list[str]:
    with site.store.read() as tx:
        return [entry.reason for entry in audit.entries(tx, subject=order.order_id)]


def test_a_second_plan_changes_nothing_at_all(any_site: Site) -> None:
    site = any_site
    site.open_stock()
    _, first = site.plan(MONDAY)
    assert [(o.part_id, o.departure_at) for o in first.new] == [("bolt", EVENING), ("nut", EVENING)]
    before = seq(site)
    with site.store.read() as tx:
        waiting, written = outbox.waiting(tx), audit.head(tx)
    _, second = site.plan(MONDAY)
    assert (second.new, second.changed, second.withdrawn) == ((), (), ())
    assert {o.order_id for o in second.confirmed} == {o.order_id for o in first.new}
    assert second.plan_id == first.plan_id
    with site.store.read() as tx:
        assert (outbox.waiting(tx), audit.head(tx)) == (waiting, written)
    assert seq(site) == before


def test_a_quantity_that_changes_and_changes_back_is_one_order_and_four_messages(
    any_site: Site,
) -> None:
    site = any_site
    site.open_stock()
    site.plan(MONDAY)
    site.count("SR1", "bolt", 100, MONDAY)
    _, changed = site.plan(MONDAY)
    site.count("SR1", "bolt", 150, MONDAY)
    _, back = site.plan(MONDAY)
    assert [o.part_id for o in changed.changed] == [o.part_id for o in back.changed] == ["bolt"]
    assert len(site.orders()) == 2
    with site.store.read() as tx:
        told = select(func.count()).where(tables.outbox.c.kind == "order")
        assert tx.connection.scalar(told) == 4


def test_a_plan_waits_for_stock_to_stand_still_but_not_for_ever(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy plant stock moves during every plan."""
    site.open_stock()
    snapshots = []

    def busy(*args: Any, **named: Any) -> cycle.Snapshot:
        taken = take_snapshot(*args, **named)
        site.use(1, MONDAY)
        snapshots.append(taken.seq)
        return taken

    monkeypatch.setattr(cycle, "take_snapshot", busy)
    plan, committed = site.plan(MONDAY)
    assert len(set(snapshots)) == 3
    assert plan.snapshot.seq == snapshots[-1]
    assert len(committed.new) == 2


def test_a_plan_never_stands_when_orders_changed_meanwhile(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.open_stock()
    departures = iter(EVENING + n * timedelta(days=1) for n in range(9))

    def busy(*args: Any, **named: Any) -> cycle.Snapshot:
        taken = take_snapshot(*args, **named)
        site.release(site.hand_made(10, next(departures)), MONDAY)
        return taken

    monkeypatch.setattr(cycle, "take_snapshot", busy)
    with pytest.raises(SnapshotMoved):
        site.plan(MONDAY)
    assert site.orders(STATES.PROPOSED) == []


def test_what_is_released_is_neither_changed_nor_ordered_again(site: Site) -> None:
    site.open_stock()
    _, first = site.plan(MONDAY)
    bolt = next(order for order in first.new if order.part_id == "bolt")
    released = site.release(bolt, MONDAY, quantity=bolt.quantity + 50)
    site.count("SR1", "bolt", 0, MONDAY)
    _, again = site.plan(MONDAY)
    assert site.order(bolt) == released
    assert {o.part_id for o in (*again.new, *again.changed, *again.confirmed)} == {"nut"}


def test_a_dismissed_proposal_stays_dismissed_until_its_lorry_has_left(site: Site) -> None:
    site.open_stock(at_line=0)
    _, first = site.plan(MONDAY)
    for order in first.new:
        site.cancel(order, MONDAY)
    _, again = site.plan(MONDAY + HOUR)
    assert again.new == ()
    _, next_lorry = site.plan(EVENING)
    assert {order.departure_at for order in next_lorry.new} == {EVENING + 12 * HOUR}


def test_what_the_plan_withdrew_itself_may_come_again(site: Site) -> None:
    site.open_stock(at_line=0)
    site.plan(MONDAY)
    site.count("SR1", "bolt", 3000, MONDAY)
    _, full = site.plan(MONDAY)
    assert [order.part_id for order in full.withdrawn] == ["bolt"]
    assert reasons(site, full.withdrawn[0])[-1] == WITHDRAWN
    site.count("SR1", "bolt", 0, MONDAY)
    _, empty = site.plan(MONDAY)
    assert [order.part_id for order in empty.new] == ["bolt"]


def test_a_proposal_that_nobody_approved_in_time_says_so(site: Site) -> None:
    site.open_stock(at_line=0)
    _, first = site.plan(MONDAY)
    after_cutoff = EVENING - HOUR + timedelta(minutes=1)
    with pytest.raises(InvalidInput, match="missed its cut-off"):
        site.release(first.new[0], after_cutoff)
    _, later = site.plan(after_cutoff)
    assert {order.order_id for order in later.withdrawn} == {o.order_id for o in first.new}
    assert {reasons(site, order)[-1] for order in later.withdrawn} == {MISSED}
    assert {order.departure_at for order in later.new} == {EVENING + 12 * HOUR}


def test_parts_are_reserved_by_an_approval_and_used_by_a_shipment(any_site: Site) -> None:
    site = any_site
    site.open_stock(at_warehouse=500)
    order = site.hand_made(200, EVENING)
    assert free(site) == 500
    site.release(order, MONDAY)
    assert free(site) == 300
    site.ship(site.order(order))
    assert (free(site), site.on_hand("WH1")) == (300, 300)
    with site.store.read() as tx:
        assert reservations.held(tx) == []


def test_parts_are_given_back_by_a_cancellation(any_site: Site) -> None:
    any_site.open_stock(at_warehouse=500)
    order = any_site.hand_made(200, EVENING)
    any_site.release(order, MONDAY)
    any_site.cancel(order, MONDAY)
    assert free(any_site) == 500


def test_an_approval_beyond_the_stock_is_refused_and_leaves_a_proposal(any_site: Site) -> None:
    any_site.open_stock(at_warehouse=150)
    order = any_site.hand_made(200, EVENING)
    with pytest.raises(InsufficientStock):
        any_site.release(order, MONDAY)
    assert any_site.order(order).state is STATES.PROPOSED
    assert free(any_site) == 150


def test_an_order_that_never_left_is_cancelled_after_a_day_and_gives_its_parts_back(
    any_site: Site,
) -> None:
    site = any_site
    site.open_stock(at_warehouse=500)
    order = site.release(site.hand_made(200, EVENING), MONDAY)
    site.plan(EVENING + 23 * HOUR)
    assert site.order(order).state is STATES.APPROVED
    site.plan(EVENING + 24 * HOUR)
    assert site.order(order).state is STATES.CANCELLED
    assert reasons(site, order)[-1] == NEVER_LEFT
    assert free(site) == 500


def test_a_shipment_after_that_still_counts_as_on_the_way(site: Site) -> None:
    site.open_stock(at_line=0)
    order = site.release(site.hand_made(200, EVENING), MONDAY)
    late = EVENING + 24 * HOUR
    site.plan(late)
    site.ship(order, at=late)
    plan, _ = site.plan(late)
    assert [inbound.quantity for inbound in plan.snapshot.state.inbound] == [200]
    assert "although the order was cancelled" in site.alerts()["shipped_cancelled"]
    site.receive(order, 200, at=late + HOUR)
    site.plan(late + HOUR)
    assert "shipped_cancelled" not in site.alerts()


def test_automation_releases_what_is_due_and_only_that(site: Site) -> None:
    site.open_stock()
    due, later = site.hand_made(100, EVENING), site.hand_made(100, EVENING + 12 * HOUR)
    done, refused = cycle.release_due(
        site.store, site.plant, actor="auto", now=MONDAY, until=EVENING
    )
    assert ([o.order_id for o in done], refused) == ([due.order_id], [])
    assert site.order(later).state is STATES.PROPOSED


def test_automation_sends_whole_containers_of_what_is_there(site: Site) -> None:
    """57 of 100 are free, ten to a container: 50 go; of nuts there are 3, and none goes."""
    site.open_stock()
    site.count("WH1", "bolt", 57, MONDAY)
    site.count("WH1", "nut", 3, MONDAY)
    bolts, nuts = site.hand_made(100, EVENING), site.hand_made(100, EVENING, "nut")
    done, refused = cycle.release_due(
        site.store, site.plant, actor="auto", now=MONDAY, until=EVENING
    )
    assert [(o.order_id, o.quantity) for o in done] == [(bolts.order_id, 50)]
    assert [o.order_id for o in refused] == [nuts.order_id]


def test_the_books_keep_what_a_plan_rests_on(site: Site) -> None:
    site.open_stock()
    plan, committed = site.plan(MONDAY)
    with site.store.read() as tx:
        kept = plans.get_plan(tx, committed.plan_id)
        assert kept.snapshot_seq == plan.snapshot.seq
        assert plans.forecast_of(tx, committed.plan_id)
    why = committed.new[0].explanation
    assert why["granted"] == committed.new[0].quantity
    assert why["lines"] == ["SR1.A"]


def test_a_shift_that_is_imported_later_is_seen_by_the_next_plan(site: Site) -> None:
    """The model was bound to the history before it."""
    site.open_stock()
    before, _ = site.plan(MONDAY + 12 * HOUR)
    assert np.isnan(before.snapshot.observed.demand).all()
    shift = {"location_id": "SR1.A", "part_id": "bolt", "period_start": MONDAY, "demand": 150.0}
    write_history(site.history, "imported", pl.DataFrame([shift | {"shift": "day"}]))
    after, _ = site.plan(MONDAY + 12 * HOUR)
    assert after.snapshot.observed.demand[0, 0] == 150.0

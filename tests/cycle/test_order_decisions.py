"""What people decide stands against the next plan; late goods are pushed, not ordered again."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from supplynet import cycle
from supplynet.config import Settings
from supplynet.core.network import Part
from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.cycle import Command, Wanted, may_release
from supplynet.errors import InvalidInput
from supplynet.storage import outbox, tables

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVENING, NEXT = MONDAY + 11 * HOUR, MONDAY + 23 * HOUR
S = OrderState


def said(now: datetime = MONDAY, reason: str = "because") -> Command:
    return Command(actor="mara", now=now, reason=reason)


def bolts(site: Site, now: datetime = MONDAY) -> Order:
    """The proposal for bolts of a plan made now."""
    site.plan(now)
    return next(o for o in site.orders(S.PROPOSED) if o.part_id == "bolt")


def due(site: Site, now: datetime) -> list[str]:
    done, _ = cycle.release_due(site.store, site.plant, actor="auto", now=now, until=now + DAY)
    return [order.part_id for order in done]


def test_a_quantity_that_a_person_set_stands_and_what_is_proposed_now_is_kept_beside_it(
    any_site: Site,
) -> None:
    site = any_site
    site.open_stock()
    order = bolts(site)
    cycle.change(site.store, order.order_id, said(), quantity=7)
    site.count("SR1", "bolt", 0)
    _, again = site.plan(MONDAY)
    kept = site.order(order)
    assert "bolt" in {o.part_id for o in again.confirmed}
    assert (kept.quantity, kept.order_id) == (7, order.order_id)
    assert kept.proposed_quantity == order.quantity + 150


def test_what_a_person_added_is_not_withdrawn_before_it_has_missed_its_cut_off(
    site: Site,
) -> None:
    site.open_stock(at_line=5000)
    wanted = Wanted(kind=OrderKind.TRANSFER, part_id="bolt", to_location="SR1", quantity=40)
    order = cycle.add(site.store, site.plant, wanted, said())
    site.plan(MONDAY + HOUR)
    assert site.order(order) == order
    site.plan(EVENING)
    assert site.order(order).state is S.CANCELLED


def test_a_snoozed_proposal_is_not_released_and_the_next_plan_keeps_the_snooze(
    any_site: Site,
) -> None:
    site = any_site
    site.open_stock()
    order = bolts(site)
    until = MONDAY + 4 * HOUR
    cycle.snooze(site.store, order.order_id, said(), until=until)
    site.count("SR1", "bolt", 0)
    site.plan(MONDAY)
    again = site.order(order)
    assert (again.snoozed_until, again.quantity) == (until, order.quantity + 150)
    assert due(site, MONDAY) == ["nut"]
    assert due(site, until) == ["bolt"]
    assert site.order(order).snoozed_until is None


def test_a_snooze_beyond_the_departure_holds_for_the_next_one(site: Site) -> None:
    site.open_stock()
    order = bolts(site)
    cycle.snooze(site.store, order.order_id, said(), until=EVENING + 2 * HOUR)
    later = bolts(site, EVENING)
    assert (later.departure_at, later.snoozed_until) == (NEXT, EVENING + 2 * HOUR)
    site.release(later, EVENING)
    with site.store.read() as tx:
        asleep = select(tables.orders).where(tables.orders.c.snoozed_until.is_not(None))
        assert tx.connection.execute(asleep).all() == []


def test_a_snooze_that_is_taken_back_is_forgotten(site: Site) -> None:
    site.open_stock()
    order = bolts(site)
    cycle.snooze(site.store, order.order_id, said(), until=EVENING + 2 * HOUR)
    cycle.snooze(site.store, order.order_id, said(), until=None)
    assert site.order(order).snoozed_until is None
    assert due(site, MONDAY) == ["bolt", "nut"]


def test_nothing_is_snoozed_until_the_past(site: Site) -> None:
    order = site.hand_made(10, EVENING)
    with pytest.raises(InvalidInput, match="has passed"):
        cycle.snooze(site.store, order.order_id, said(), until=MONDAY)


def test_nothing_is_snoozed_for_longer_than_a_snooze_is_remembered(site: Site) -> None:
    order = site.hand_made(10, EVENING)
    with pytest.raises(InvalidInput, match="31 days at most"):
        cycle.snooze(site.store, order.order_id, said(), until=MONDAY + timedelta(days=32))


def test_a_rejected_purchase_of_today_stays_rejected(site: Site) -> None:
    """Its date is the begin of the day, which has passed."""
    site.open_stock()
    wanted = Wanted(kind=OrderKind.PURCHASE, part_id="bolt", to_location="WH1", quantity=40)
    order = cycle.add(site.store, site.plant, wanted, said())
    site.cancel(order, MONDAY)
    plan, _ = site.plan(MONDAY)
    assert order.key in plan.snapshot.dismissed


def test_a_departure_that_is_moved_does_not_double_its_order(site: Site) -> None:
    """The evening lorry goes at 18:00 now: what is approved for 17:00 is on order all the same."""
    site.open_stock()
    order = site.release(bolts(site), MONDAY)
    lane = replace(site.plant.lanes[0], departures=(time(5), time(18)))
    site.plant = replace(site.plant, lanes=(lane,))
    site.plan(MONDAY)
    again = [o for o in site.orders(S.PROPOSED) if o.part_id == "bolt"]
    assert sum(o.quantity for o in again) <= 10
    assert site.order(order) == order


def test_a_proposal_for_a_departure_that_is_moved_moves_with_it(site: Site) -> None:
    site.open_stock()
    order = bolts(site)
    lane = replace(site.plant.lanes[0], departures=(time(5), time(18)))
    site.plant = replace(site.plant, lanes=(lane,))
    moved = bolts(site)
    assert (moved.departure_at, site.order(order).state) == (EVENING + HOUR, S.CANCELLED)


def pushed(site: Site) -> int:
    with site.store.read() as tx:
        query = select(func.count()).where(tables.outbox.c.kind == "expedite")
        return tx.connection.scalar(query) or 0


def test_a_late_lorry_that_is_needed_is_pushed_and_not_ordered_again(any_site: Site) -> None:
    """2,000 left at 17:00 and were due at 18:00; at 20:00 the showroom has 20 left."""
    site = any_site
    site.open_stock(at_line=20)
    order = site.release(site.hand_made(2000, EVENING), MONDAY)
    site.ship(order)
    late = EVENING + 3 * HOUR
    site.plan(late)
    message = site.alerts()["expedite"]
    assert f"Push order {order.order_id}: 2000 of bolt for SR1 were due Mon 05 Jan 18:00" in message
    assert "runs out Mon 05 Jan 22:" in message
    site.plan(late)
    assert pushed(site) == 1
    assert [o for o in site.orders(S.PROPOSED) if o.part_id == "bolt"] == []
    site.receive(order, 2000, at=late + HOUR)
    site.plan(late + HOUR)
    assert "expedite" not in site.alerts()


def test_a_late_lorry_that_nobody_needs_is_only_overdue(site: Site) -> None:
    site.open_stock(at_line=5000)
    order = site.release(site.hand_made(100, EVENING), MONDAY)
    site.ship(order)
    site.plan(EVENING + 3 * HOUR)
    assert "overdue" in site.alerts()
    assert "expedite" not in site.alerts()
    assert pushed(site) == 0


def test_a_purchase_is_late_only_after_the_day_that_its_supplier_said(site: Site) -> None:
    site.open_stock(at_line=5000, at_warehouse=0)
    wanted = Wanted(kind=OrderKind.PURCHASE, part_id="bolt", to_location="WH1", quantity=40)
    order = cycle.add(site.store, site.plant, wanted, said())
    site.release(order, MONDAY)
    site.plan(MONDAY + DAY)
    assert "overdue" not in site.alerts()
    site.plan(order.arrives_at + 2 * HOUR)
    assert "overdue" in site.alerts()


def test_two_planners_at_once_make_each_order_once(any_site: Site) -> None:
    site = any_site
    site.open_stock()
    site.plan(MONDAY - 30 * HOUR)  # builds the forecaster once
    before = {o.order_id for o in site.orders()}
    barrier = threading.Barrier(2)
    failed: list[BaseException] = []

    def plan(seed: int) -> None:
        barrier.wait()
        try:
            site.plan(MONDAY, seed=seed)
        except Exception as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=plan, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    made = [o for o in site.orders(S.PROPOSED) if o.order_id not in before]
    assert sorted(o.part_id for o in made) == ["bolt", "nut"]


def automation(site: Site, quantity: int, rule: str | None = None, **values: object) -> bool:
    """10 to a container, 2.00 each."""
    order = replace(site.hand_made(quantity, EVENING))
    rules = tuple(replace(each, automation=rule) for each in site.plant.supply_rules)
    plant = replace(site.plant, supply_rules=rules, parts=(Part(part_id="bolt", unit_cost=2.0),))
    with site.store.write("test", MONDAY) as tx:
        tx.connection.execute(tables.orders.delete())
    return may_release(order, plant, Settings(**values))  # type: ignore[arg-type]  # as the file


@pytest.mark.parametrize(
    ("quantity", "rule", "values", "may"),
    [
        (10, None, {"automation_mode": "suggest"}, False),
        (10**6, None, {"automation_mode": "auto"}, True),
        (100, None, {"automation_mode": "auto_below", "auto_limit_containers": 10}, True),
        (101, None, {"automation_mode": "auto_below", "auto_limit_containers": 10}, False),
        (50, None, {"automation_mode": "auto_below", "auto_limit_cost": 100.0}, True),
        (51, None, {"automation_mode": "auto_below", "auto_limit_cost": 100.0}, False),
        (10, "auto", {"automation_mode": "suggest"}, True),
        (10, "suggest", {"automation_mode": "auto"}, False),
        (110, "auto_below", {"automation_mode": "auto"}, False),
    ],
)
def test_automation_releases_what_the_level_of_its_rule_allows(
    site: Site, quantity: int, rule: str | None, values: dict[str, object], may: bool
) -> None:
    assert automation(site, quantity, rule, **values) is may


def test_a_part_of_unknown_cost_is_not_below_a_limit_of_cost(site: Site) -> None:
    order = site.hand_made(10, EVENING)
    limited = Settings(automation_mode="auto_below", auto_limit_cost=1e9)
    assert not may_release(order, site.plant, limited)


def test_automation_leaves_to_people_what_it_may_not_release(site: Site) -> None:
    site.open_stock()
    few, many = site.hand_made(100, EVENING), site.hand_made(110, EVENING, "nut")
    level = Settings(automation_mode="auto_below")
    done, refused = cycle.release_due(
        site.store,
        site.plant,
        actor="auto",
        now=MONDAY,
        until=EVENING,
        may=lambda order: may_release(order, site.plant, level),
    )
    assert ([o.order_id for o in done], refused) == ([few.order_id], [])
    assert site.order(many).state is S.PROPOSED


def test_what_is_told_to_the_warehouse_is_told_once_per_step(site: Site) -> None:
    site.open_stock()
    order = site.hand_made(100, EVENING)
    site.release(order, MONDAY)
    cycle.ship(site.store, site.plant, order.order_id, said())
    with site.store.read() as tx:
        query = select(tables.outbox.c.payload).where(tables.outbox.c.kind == "order")
        states = [payload["state"] for payload in tx.connection.scalars(query)]
        assert outbox.waiting(tx) >= 2
    assert sorted(states) == ["approved", "shipped"]

"""The books as a decision sees them, where they lag behind what happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from supplynet import cycle
from supplynet.core.events import EventType
from supplynet.core.network import Plant
from supplynet.core.orders import OrderKind
from supplynet.core.shifts import ShiftPattern
from supplynet.cycle.snapshot import slot_minutes
from supplynet.errors import InvalidInput
from supplynet.storage.orders import add_order

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
EVENING = MONDAY + 11 * HOUR


def snapshot(site: Site, now: datetime) -> cycle.Snapshot:
    return cycle.take_snapshot(site.store, site.history, site.plant, since=MONDAY, now=now)


def bolts_at_warehouse(taken: cycle.Snapshot) -> int:
    return int(taken.state.source_on_hand[taken.model.source_index["WH1", "bolt"]])


def with_shifts(plant: Plant, *hours: time) -> Plant:
    patterns = tuple(
        ShiftPattern(name=f"s{i}", start=start, end=end)
        for i, (start, end) in enumerate(pairwise(hours))
    )
    return replace(plant, calendars=(replace(plant.calendars[0], patterns=patterns),))


def test_no_stock_known_is_an_error_and_not_nothing(site: Site) -> None:
    with pytest.raises(InvalidInput, match="unknown is not 0"):
        snapshot(site, MONDAY)


def test_a_part_is_planned_once_its_stock_is_known_here_and_at_its_warehouse(site: Site) -> None:
    for place, part in (("SR1", "bolt"), ("SR1", "nut"), ("WH1", "bolt")):
        site.count(place, part, 0)
    taken = snapshot(site, MONDAY)
    assert taken.model.pairs == (("SR1", "bolt"),)
    assert taken.unknown_stock == (("SR1", "nut"),)
    site.plan(MONDAY)
    assert "nut at SR1" in site.alerts()["unknown_stock"]


def test_stock_below_zero_counts_as_none_and_somebody_is_asked(site: Site) -> None:
    site.open_stock(at_line=10)
    site.use(50, MONDAY)
    site.plan(MONDAY)
    assert snapshot(site, MONDAY).state.on_hand.tolist() == [0, 10]
    assert "hold -40 of bolt at SR1" in site.alerts()["negative_stock"]


def test_a_fat_finger_does_not_stop_planning(site: Site) -> None:
    site.open_stock()
    site.count("SR1", "bolt", 4_000_000_000)
    plan, _ = site.plan(MONDAY)
    assert [order.part_id for order in plan.proposals] == ["nut"]


def test_goods_whose_lorry_left_are_on_the_road_and_not_in_the_warehouse(site: Site) -> None:
    """The scan is a few minutes late: the parts must not be counted in both places."""
    site.open_stock(at_warehouse=500)
    site.release(site.hand_made(200, EVENING), MONDAY)
    before, just_left = snapshot(site, EVENING - MINUTE), snapshot(site, EVENING + 5 * MINUTE)
    assert (bolts_at_warehouse(before), bolts_at_warehouse(just_left)) == (500, 300)
    assert [each.departure_at for each in just_left.state.inbound] == [EVENING]
    assert just_left.troubles == ()


def test_goods_that_missed_their_lorry_are_expected_with_the_next(site: Site) -> None:
    site.open_stock(at_warehouse=500)
    site.release(site.hand_made(200, EVENING), MONDAY)
    taken = snapshot(site, EVENING + 61 * MINUTE)
    assert [each.departure_at for each in taken.state.inbound] == [EVENING + 12 * HOUR]
    assert bolts_at_warehouse(taken) == 500
    assert [cause.kind for cause in taken.troubles] == ["not_shipped"]


def test_goods_that_do_not_arrive_are_asked_for(site: Site) -> None:
    site.open_stock()
    order = site.release(site.hand_made(200, EVENING), MONDAY)
    site.ship(order, at=EVENING + 30 * MINUTE)
    assert snapshot(site, EVENING + 150 * MINUTE).troubles == ()
    late = snapshot(site, EVENING + 151 * MINUTE)
    assert [cause.kind for cause in late.troubles] == ["overdue"]
    assert [each.departure_at for each in late.state.inbound] == [EVENING + 30 * MINUTE]


def test_parts_lost_on_the_way_stay_an_alert_until_somebody_says_so(site: Site) -> None:
    site.open_stock()
    order = site.release(site.hand_made(100, EVENING), MONDAY)
    site.ship(order)
    site.receive(order, 95)
    site.plan(EVENING + 2 * HOUR)
    assert site.alerts()["transit_difference"].startswith("5 of bolt")
    site.receive(order, 0, short=5)
    site.plan(EVENING + 2 * HOUR)
    assert "transit_difference" not in site.alerts()


def test_goods_received_for_an_order_that_is_not_theirs_are_shown(site: Site) -> None:
    site.open_stock()
    data = {"order_id": "4711", "supplier_id": "ACME"}
    site.post(site.event(EventType.RECEIVED, "WH1", MONDAY, "bolt", 50, **data))
    (cause,) = snapshot(site, MONDAY).troubles
    assert (cause.kind, "order 4711" in cause.message) == ("unknown_order", True)
    assert snapshot(site, MONDAY + timedelta(days=3)).troubles == ()


def test_a_purchase_stays_open_until_all_of_it_has_come(site: Site) -> None:
    """Of 100 ordered 50 came good and 10 broken, then the other 40."""
    site.open_stock()
    order = replace(
        site.hand_made(100, EVENING),
        order_id="purchase",
        kind=OrderKind.PURCHASE,
        from_location="ACME",
        departure_at=EVENING,
    )
    with site.store.write("mara", MONDAY) as tx:
        add_order(tx, order)
    site.release(order, MONDAY)
    site.receive(order, 50, supplier_id="ACME", damaged=10)
    assert site.order(order).outstanding == 40
    assert [each.quantity for each in snapshot(site, EVENING).state.inbound] == [40]
    site.receive(order, 40, supplier_id="ACME")
    assert site.order(order).state == "closed"
    assert snapshot(site, EVENING).state.inbound == ()


def test_shifts_of_any_length_are_cut_into_slots_that_divide_them(site: Site) -> None:
    def minutes(*hours: time) -> int:
        plant = with_shifts(site.plant, *hours)
        return slot_minutes(plant.calendars[0].next_shifts(MONDAY, 14))

    assert minutes(time(6), time(18), time(6)) == 60
    assert minutes(time(6), time(13, 30), time(21)) == 50  # 450 minutes
    assert minutes(time(0), time(0)) == 24 * 60


def test_a_plant_without_shifts_ahead_says_so(site: Site) -> None:
    site.open_stock()
    site.plant = with_shifts(site.plant)
    with pytest.raises(InvalidInput, match="no shifts after"):
        snapshot(site, MONDAY)

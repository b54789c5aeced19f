"""What the warehouse should buy: reorder point 500, up to 1,000, in the small plant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from supplynet import cycle
from supplynet.core.events import EventType
from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.cycle import Command, Receipt

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
MIDNIGHT = datetime(2026, 1, 5, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVENING = MONDAY + 11 * HOUR
SAID = Command(actor="mara", now=MONDAY, reason="because")


def bought(site: Site, now: datetime, alpha: float = 0.0) -> list[Order]:
    """Purchases of bolts that are proposed by a plan of now; by the levels, or by the forecast."""
    site.plan(now, purchase_alpha=alpha)
    proposed = site.orders(OrderState.PROPOSED)
    return [o for o in proposed if o.kind is OrderKind.PURCHASE and o.part_id == "bolt"]


def test_a_purchase_is_proposed_once_a_day_however_often_it_is_planned(any_site: Site) -> None:
    """400 of 1,000 are there: 600 are bought of ACME, to come in two days."""
    site = any_site
    site.open_stock(at_line=5000, at_warehouse=400)
    (order,) = bought(site, MONDAY)
    assert (order.quantity, order.from_location, order.to_location) == (600, "ACME", "WH1")
    assert (order.departure_at, order.arrives_at) == (MIDNIGHT, MONDAY + 2 * DAY)
    (again,) = bought(site, MONDAY + HOUR)
    assert (again.order_id, again.quantity) == (order.order_id, 600)
    assert len([o for o in site.orders() if o.part_id == "bolt"]) == 1


def test_above_the_reorder_point_nothing_is_bought(site: Site) -> None:
    site.open_stock(at_line=5000, at_warehouse=501)
    assert bought(site, MONDAY) == []


def test_what_is_bought_and_has_not_come_is_not_bought_again(site: Site) -> None:
    site.open_stock(at_line=5000, at_warehouse=400)
    (order,) = bought(site, MONDAY)
    site.release(order, MONDAY)
    assert bought(site, MONDAY + DAY) == []
    told = Receipt(good=100)
    cycle.receive(site.store, site.plant, order.order_id, told, replace(SAID, now=MONDAY + DAY))
    assert bought(site, MONDAY + DAY) == []  # 500 are there and 500 are to come


def test_a_purchase_that_is_late_is_not_bought_again(site: Site) -> None:
    site.open_stock(at_line=9000, at_warehouse=400)
    (order,) = bought(site, MONDAY)
    site.release(order, MONDAY)
    assert bought(site, MONDAY + 5 * DAY) == []
    assert "overdue" in site.alerts()


def test_what_is_promised_to_a_lorry_is_not_free(site: Site) -> None:
    """600 are there and 150 leave in the evening: 450 are at the reorder point."""
    site.open_stock(at_line=5000, at_warehouse=600)
    assert bought(site, MONDAY) == []
    site.release(site.hand_made(150, EVENING), MONDAY)
    assert [order.quantity for order in bought(site, MONDAY)] == [550]


def test_a_rejected_purchase_stays_rejected_for_the_day(site: Site) -> None:
    site.open_stock(at_line=5000, at_warehouse=400)
    (order,) = bought(site, MONDAY)
    site.cancel(order, MONDAY)
    assert bought(site, MONDAY + HOUR) == []
    assert len(bought(site, MONDAY + DAY)) == 1


def test_a_purchase_that_nobody_approved_is_proposed_anew_the_next_day(site: Site) -> None:
    site.open_stock(at_line=5000, at_warehouse=400)
    (order,) = bought(site, MONDAY)
    (later,) = bought(site, MONDAY + DAY)
    assert site.order(order).state is OrderState.CANCELLED
    assert later.departure_at == MIDNIGHT + DAY


def test_by_the_forecast_a_warehouse_buys_for_all_that_it_supplies(any_site: Site) -> None:
    """Used: 200 a day. Until the purchase after this one comes, in 3 days: 600 and what spreads.

    SR1 has to hold what it uses on the way and between two lorries, 13 hours: 108. So about 710
    to 800 suffice, and 550 are there.
    """
    site = any_site
    site.open_stock(at_line=150, at_warehouse=400)
    (order,) = bought(site, MONDAY, alpha=0.95)
    assert 150 <= order.quantity <= 260
    assert order.policy == "purchase_echelon"
    assert order.explanation["position"] == 550
    assert "suffice with 95.00%" in order.explanation["why"]
    (again,) = bought(site, MONDAY, alpha=0.95)
    assert (again.order_id, again.quantity) == (order.order_id, order.quantity)
    site.release(order, MONDAY)
    assert bought(site, MONDAY + HOUR, alpha=0.95) == []


def test_by_the_forecast_what_the_lines_hold_counts_and_by_levels_it_does_not(site: Site) -> None:
    site.open_stock(at_line=5000, at_warehouse=400)
    assert bought(site, MONDAY, alpha=0.95) == []
    assert [order.quantity for order in bought(site, MONDAY)] == [600]


def test_of_a_purchase_that_nobody_approved_what_came_is_ours_and_no_more(any_site: Site) -> None:
    """A scan is a fact; nobody's yes to the 590 that it does not tell of."""
    site = any_site
    site.open_stock(at_line=5000, at_warehouse=400)
    (order,) = bought(site, MONDAY)
    facts = {"order_id": order.order_id, "supplier_id": "ACME"}
    site.post(site.event(EventType.RECEIVED, "WH1", MONDAY + HOUR, "bolt", 10, **facts))
    after = site.order(order)
    assert (after.state, after.quantity, after.received) == (OrderState.CLOSED, 10, 10)
    assert (after.outstanding, site.on_hand("WH1")) == (0, 410)

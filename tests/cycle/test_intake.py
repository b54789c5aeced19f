"""Events in: each once, whole batches, facts before orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from supplynet.core.events import EventType
from supplynet.core.ledger import Account
from supplynet.core.orders import OrderState
from supplynet.errors import ConflictingContent, InvalidInput, NotFound
from supplynet.storage import balances, reservations

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVENING = MONDAY + 11 * HOUR  # the lorry at 17:00


def test_an_event_is_posted_once_however_often_it_is_sent(any_site: Site) -> None:
    site = any_site
    used = site.event(EventType.CONSUMED, "SR1.A", MONDAY + HOUR, "bolt", 5)
    first, second = site.post(used, used), site.post(used)
    assert (first.new, first.known, second.new, second.known) == (1, 1, 0, 1)
    assert site.on_hand("SR1") == -5


def test_a_batch_is_taken_whole_or_not_at_all(any_site: Site) -> None:
    good = any_site.event(EventType.CONSUMED, "SR1.A", MONDAY + HOUR, "bolt", 5)
    with pytest.raises(NotFound, match=r"SR1\.X"):
        any_site.post(good, replace(good, event_id="other", location_id="SR1.X"))
    with pytest.raises(ConflictingContent):
        any_site.post(good, replace(good, quantity=6))
    assert any_site.on_hand("SR1") == 0
    assert any_site.post(good).new == 1


@pytest.mark.parametrize(
    ("kind", "place", "data", "match"),
    [
        (EventType.LINE_STARVED, "SR1", {}, "name the line"),
        (EventType.LINE_STARVED, "SR1.A", {"minutes": "ten"}, "minutes 'ten'"),
        (EventType.LINE_STOPPED, "SR1.A", {"minutes": -1}, "minutes -1"),
        (EventType.LINE_STARVED, "SR1.A", {"minutes": True}, "minutes True"),
        (EventType.LINE_STARVED, "SR1.A", {"parts": "bolt"}, "list of part ids"),
        (EventType.LINE_STARVED, "SR1.A", {"ended": "no"}, "true or false"),
        (EventType.CONSUMED, "SR1.A", {"lot_id": "x" * 65}, "65 characters as lot_id"),
    ],
)
def test_what_could_only_do_harm_later_is_refused_now(
    site: Site, kind: EventType, place: str, data: dict[str, Any], match: str
) -> None:
    part = "bolt" if kind is EventType.CONSUMED else None
    wrong = site.event(kind, place, MONDAY, part, None if part is None else 5, **data)
    with pytest.raises(InvalidInput, match=match):
        site.post(wrong)


def test_a_delivery_takes_its_order_along(site: Site) -> None:
    site.open_stock()
    order = site.release(site.hand_made(200, EVENING), MONDAY)
    site.ship(order)
    assert site.order(order).state is OrderState.SHIPPED
    assert (site.on_hand("WH1"), site.balance("SR1", Account.IN_TRANSIT)) == (4800, 200)
    site.receive(order, 200)
    assert site.order(order).state is OrderState.CLOSED
    assert (site.on_hand("SR1"), site.balance("SR1", Account.IN_TRANSIT)) == (350, 0)
    with site.store.read() as tx:
        assert balances.verify(tx) == []
        assert reservations.held(tx) == []


def test_scans_in_the_wrong_order_come_to_the_same_books(site: Site) -> None:
    """The receipt is scanned at once, the shipment when the lorry's scanner is back."""
    site.open_stock()
    order = site.release(site.hand_made(200, EVENING), MONDAY)
    site.receive(order, 190, short=6, damaged=4)
    closed = site.order(order)
    assert (closed.state, closed.received) == (OrderState.CLOSED, 190)
    assert site.balance("SR1", Account.IN_TRANSIT) == -200
    site.ship(order)
    assert site.order(order) == closed
    assert (site.on_hand("WH1"), site.on_hand("SR1")) == (4800, 340)
    assert site.balance("SR1", Account.IN_TRANSIT) == 0
    with site.store.read() as tx:
        assert balances.verify(tx) == []


def test_goods_that_left_without_approval_are_an_order_under_way(site: Site) -> None:
    site.open_stock()
    order = site.hand_made(200, EVENING)
    site.ship(order, quantity=180)
    shipped = site.order(order)
    assert (shipped.state, shipped.quantity) == (OrderState.SHIPPED, 180)


def test_a_short_transfer_closes_its_order(site: Site) -> None:
    site.open_stock()
    order = site.release(site.hand_made(100, EVENING), MONDAY)
    site.ship(order)
    site.receive(order, 60)
    assert site.order(order).state is OrderState.CLOSED
    assert site.balance("SR1", Account.IN_TRANSIT) == 40


def test_a_fact_stands_though_its_order_was_cancelled(site: Site) -> None:
    site.open_stock()
    order = site.release(site.hand_made(100, EVENING), MONDAY)
    site.cancel(order, MONDAY)
    site.ship(order)
    assert site.order(order).state is OrderState.CANCELLED
    assert site.on_hand("WH1") == 4900
    site.receive(order, 100)
    assert (site.on_hand("SR1"), site.balance("SR1", Account.IN_TRANSIT)) == (250, 0)


@pytest.mark.parametrize("wrong", [{"part_id": "nut"}, {"location_id": "WH1"}])
def test_an_order_does_not_close_for_other_goods(site: Site, wrong: dict[str, Any]) -> None:
    site.open_stock()
    order = site.release(site.hand_made(100, EVENING), MONDAY)
    site.ship(order)
    strange = site.event(
        EventType.RECEIVED, "SR1", order.arrives_at, "bolt", 100, order_id=order.order_id
    )
    site.post(replace(strange, **wrong))
    assert site.order(order).state is OrderState.SHIPPED


def test_goods_for_an_order_that_nobody_knows_are_goods_all_the_same(site: Site) -> None:
    site.open_stock()
    data = {"order_id": "4711", "supplier_id": "ACME"}
    site.post(site.event(EventType.RECEIVED, "WH1", MONDAY + HOUR, "bolt", 50, **data))
    assert site.on_hand("WH1") == 5050

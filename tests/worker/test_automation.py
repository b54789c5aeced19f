"""Automation on a real clock: nobody has to press anything for a lorry to be loaded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.core.network import SupplyRule
from supplynet.core.orders import OrderState
from supplynet.services.books import CLOCK, Books, open_books, system_now
from supplynet.storage import orders
from supplynet.storage.tables import settings
from supplynet.worker.loop import Loop


@pytest.fixture
def books(demo_workspace: Path) -> Iterator[Books]:
    """The tiny demo as a real plant: a clock that goes on, five minutes before a cut-off."""
    simulated = open_books(demo_workspace)
    five_to_one = simulated.now().replace(hour=12, minute=55)
    with simulated.store.write("test", five_to_one) as tx:
        tx.connection.execute(delete(settings).where(settings.c.key == CLOCK))
        cycle.post(
            tx,
            simulated.plant,
            [_little(rule, five_to_one) for rule in simulated.plant.supply_rules],
        )
    simulated.store.close()
    begun = system_now()
    opened = open_books(demo_workspace, wall_clock=lambda: five_to_one + (system_now() - begun))
    yield opened
    opened.store.close()


def _little(rule: SupplyRule, now: datetime) -> Event:
    """A count that finds hardly anything: something has to be sent."""
    return Event(
        source="scanner-1",
        event_id=f"count-{rule.stock_point_id}-{rule.part_id}",
        type=EventType.COUNTED,
        occurred_at=now,
        location_id=rule.stock_point_id,
        part_id=rule.part_id,
        quantity=20,
    )


def approved(books: Books) -> list[str]:
    with books.store.read() as tx:
        found = orders.list_orders(tx, states=[OrderState.APPROVED])
    return [order.order_id for order in found]


def test_what_is_due_is_planned_and_released_by_itself(books: Books) -> None:
    assert books.settings.automation_mode == "auto"
    pause = threading.Event()
    with Loop(books):
        for _ in range(600):
            if approved(books):
                break
            pause.wait(0.1)
    with books.store.read() as tx:
        released = orders.list_orders(tx, states=[OrderState.APPROVED])
    assert released
    assert {order.cutoff_at - timedelta(minutes=5) for order in released} == {
        books.wall_clock().replace(hour=12, minute=55, second=0, microsecond=0)
    }

"""A plant that one can reckon with by head, its books, and hands that report what happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Account
from supplynet.core.network import (
    Duration,
    Lane,
    Location,
    LocationKind,
    Part,
    Plant,
    PurchaseRule,
    Requirement,
    SupplyRule,
)
from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.shift_mean import ShiftMean
from supplynet.frames.panel import Panel, shift_periods
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.storage import Store, alerts, ledger, orders

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
PER_SHIFT = 100
_numbers = count(1)


def small_plant(*, zone: str = "UTC", hours: tuple[int, int] = (6, 18)) -> Plant:
    """WH1 fills SR1 by a lorry at 05:00 and 17:00; line SR1.A uses bolts and nuts, 1 each."""
    first, second = (time(hour) for hour in hours)
    return Plant(
        plant_id="small",
        time_zone=zone,
        parts=(Part(part_id="bolt"), Part(part_id="nut")),
        locations=(
            Location(location_id="ACME", kind=LocationKind.SUPPLIER),
            Location(location_id="WH1", kind=LocationKind.WAREHOUSE, holds_stock=True),
            Location(location_id="SR1", kind=LocationKind.SHOWROOM, holds_stock=True),
            Location(location_id="SR1.A", kind=LocationKind.LINE, parent_id="SR1"),
        ),
        requirements=tuple(
            Requirement(line_id="SR1.A", part_id=part, quantity=Decimal(1))
            for part in ("bolt", "nut")
        ),
        lanes=(
            Lane(
                lane_id="WH1-SR1",
                from_location="WH1",
                to_location="SR1",
                departures=(time(5), time(17)),
                cutoff_minutes=60,
                transit=Duration(low=60, mode=60, high=60),
                time_zone=zone,
            ),
        ),
        supply_rules=tuple(
            SupplyRule(stock_point_id="SR1", part_id=part, lane_ids=("WH1-SR1",), container_size=10)
            for part in ("bolt", "nut")
        ),
        purchase_rules=tuple(
            PurchaseRule(
                warehouse_id="WH1",
                part_id=part,
                supplier_id="ACME",
                lead_time=Duration(low=2880, mode=2880, high=2880),
                reorder_point=500,
                order_up_to_level=1000,
            )
            for part in ("bolt", "nut")
        ),
        calendars=(
            ShiftCalendar(
                calendar_id="site",
                time_zone=zone,
                patterns=(
                    ShiftPattern(name="day", start=first, end=second),
                    ShiftPattern(name="night", start=second, end=first),
                ),
            ),
        ),
    )


def bound_forecaster(plant: Plant, until: datetime = MONDAY) -> BoundForecaster:
    """Shift means of four weeks in which every part was used about 100 times a shift."""
    calendar = plant.calendars[0]
    periods = shift_periods(calendar, until - timedelta(days=28), until)
    rng = np.random.default_rng(1)
    history = Panel(
        series=(("SR1.A", "bolt"), ("SR1.A", "nut")),
        periods=periods,
        demand=rng.normal(PER_SHIFT, 10, (2, len(periods))).round(),
    )
    ahead = shift_periods(calendar, until, until + timedelta(days=60))
    return BoundForecaster(
        predictor=ShiftMean().fit(history),
        history=history,
        calendar=(*periods, *ahead),
        model_version="shift_mean-test",
    )


def event(
    kind: EventType,
    place: str,
    at: datetime,
    part: str | None = None,
    quantity: int | None = None,
    **data: Any,
) -> Event:
    """An event under a key of its own."""
    return Event(
        source="scanner-1",
        event_id=f"e{next(_numbers)}",
        type=kind,
        occurred_at=at,
        location_id=place,
        part_id=part,
        quantity=quantity,
        data=data,
    )


@dataclass
class Site:
    """Books of the small plant."""

    store: Store
    history: Path
    plant: Plant = field(default_factory=small_plant)
    forecaster: BoundForecaster | None = None
    policy: OrderUpTo = field(default_factory=lambda: OrderUpTo(alpha=0.99))

    def event(
        self,
        kind: EventType,
        place: str,
        at: datetime,
        part: str | None = None,
        quantity: int | None = None,
        **data: Any,
    ) -> Event:
        """One under a key of its own, to be posted."""
        return event(kind, place, at, part, quantity, **data)

    def post(self, *events: Event, now: datetime | None = None) -> cycle.TakenIn:
        now = now or max(event.occurred_at for event in events)
        return cycle.take_in(self.store, self.plant, events, actor="test", now=now)

    def count(self, place: str, part: str, quantity: int, at: datetime = MONDAY) -> None:
        self.post(event(EventType.COUNTED, place, at, part, quantity))

    def use(self, quantity: int, at: datetime, part: str = "bolt") -> None:
        self.post(event(EventType.CONSUMED, "SR1.A", at, part, quantity))

    def ship(self, order: Order, quantity: int | None = None, at: datetime | None = None) -> None:
        data = {"order_id": order.order_id, "to_location": order.to_location}
        at, quantity = at or order.departure_at, quantity or order.quantity
        self.post(event(EventType.SHIPPED, "WH1", at, order.part_id, quantity, **data))

    def receive(self, order: Order, quantity: int, at: datetime | None = None, **data: Any) -> None:
        at = at or order.arrives_at
        made = event(
            EventType.RECEIVED, "SR1", at, order.part_id, quantity, order_id=order.order_id, **data
        )
        self.post(made)

    def open_stock(self, at_line: int = 150, at_warehouse: int = 5000) -> None:
        for part in ("bolt", "nut"):
            self.count("SR1", part, at_line)
            self.count("WH1", part, at_warehouse)

    def plan(
        self, now: datetime, *, seed: int = 1, purchase_alpha: float | None = None
    ) -> tuple[cycle.Plan, cycle.Committed]:
        self.forecaster = self.forecaster or bound_forecaster(self.plant)
        return cycle.run(
            self.store,
            self.history,
            self.plant,
            self.forecaster,
            self.policy,
            actor="planner",
            now=now,
            paths=100,
            seed=seed,
            purchase_alpha=purchase_alpha,
        )

    def release(self, order: Order, now: datetime, **said: Any) -> Order:
        reason = said.pop("reason", "")
        command = cycle.Command(actor="mara", now=now, reason=reason)
        return cycle.release(self.store, order.order_id, command, **said)

    def cancel(self, order: Order, now: datetime, reason: str = "no need") -> Order:
        command = cycle.Command(actor="mara", now=now, reason=reason)
        return cycle.cancel(self.store, order.order_id, command)

    def order(self, order: Order) -> Order:
        with self.store.read() as tx:
            return orders.get(tx, order.order_id)

    def orders(self, *states: OrderState) -> list[Order]:
        with self.store.read() as tx:
            return orders.list_orders(tx, states=states or None)

    def on_hand(self, place: str, part: str = "bolt") -> int:
        with self.store.read() as tx:
            return ledger.on_hand(tx).get((place, part), 0)

    def balance(self, place: str, account: Account, part: str = "bolt") -> int:
        with self.store.read() as tx:
            return ledger.balances(tx)[part, place, account]

    def alerts(self) -> dict[str, str]:
        with self.store.read() as tx:
            return {alert.kind: alert.message for alert in alerts.open_alerts(tx)}

    def hand_made(self, quantity: int, departure: datetime, part: str = "bolt") -> Order:
        """A proposal that no plan made."""
        order = Order(
            order_id=f"order-{next(_numbers)}",
            kind=OrderKind.TRANSFER,
            part_id=part,
            from_location="WH1",
            to_location="SR1",
            lane_id="WH1-SR1",
            departure_at=departure,
            cutoff_at=departure - timedelta(hours=1),
            arrives_at=departure + timedelta(hours=1),
            quantity=quantity,
            state=OrderState.PROPOSED,
            policy="by hand",
            created_at=MONDAY,
        )
        with self.store.write("mara", MONDAY) as tx:
            return orders.add_order(tx, order)


@pytest.fixture
def site(sqlite_store: Store, tmp_path: Path) -> Site:
    """Empty books on SQLite."""
    return Site(store=sqlite_store, history=tmp_path / "history")


@pytest.fixture
def any_site(store: Store, tmp_path: Path) -> Site:
    """Empty books on SQLite and then on PostgreSQL."""
    return Site(store=store, history=tmp_path / "history")

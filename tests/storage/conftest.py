"""Small makers of domain objects, as fixtures: test modules cannot import each other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from supplynet.core.ledger import Account, Movement
from supplynet.core.orders import Order, OrderKind, OrderState

_NOW = datetime(2026, 1, 5, 22, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return _NOW


@pytest.fixture
def receipt() -> Callable[..., Movement]:
    """From the supplier into the warehouse."""

    def make(movement_id: str, quantity: int, part_id: str = "bolt", **other: Any) -> Movement:
        values: dict[str, Any] = {
            "from_location": "ACME",
            "from_account": Account.SUPPLIER,
            "to_location": "WH1",
            "to_account": Account.ON_HAND,
            "occurred_at": _NOW,
            "recorded_at": _NOW,
            "reason": "received",
            "actor": "scanner-1",
        }
        return Movement(
            movement_id=movement_id, part_id=part_id, quantity=quantity, **values | other
        )

    return make


@pytest.fixture
def usage(receipt: Callable[..., Movement]) -> Callable[..., Movement]:
    """From the warehouse into a line."""

    def make(movement_id: str, quantity: int, part_id: str = "bolt", **other: Any) -> Movement:
        values: dict[str, Any] = {
            "from_location": "WH1",
            "from_account": Account.ON_HAND,
            "to_location": "SR1.ST1.A",
            "to_account": Account.CONSUMED,
            "reason": "consumed",
        }
        return receipt(movement_id, quantity, part_id, **values | other)

    return make


@pytest.fixture
def proposal() -> Callable[..., Order]:
    """A proposed transfer from the warehouse to a showroom."""

    def make(order_id: str, quantity: int, part_id: str = "bolt", **other: Any) -> Order:
        values: dict[str, Any] = {
            "kind": OrderKind.TRANSFER,
            "from_location": "WH1",
            "to_location": "SR1",
            "lane_id": "WH1-SR1",
            "departure_at": _NOW + timedelta(hours=2),
            "cutoff_at": _NOW + timedelta(hours=1),
            "arrives_at": _NOW + timedelta(hours=3),
            "state": OrderState.PROPOSED,
            "policy": "order_up_to",
            "created_at": _NOW,
            "explanation": {"risk_before": 0.4},
        }
        return Order(order_id=order_id, part_id=part_id, quantity=quantity, **values | other)

    return make

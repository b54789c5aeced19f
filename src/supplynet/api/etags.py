"""ETags on what people edit: who writes from an old view is refused and nothing is lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

from fastapi import Header
from pydantic import StringConstraints

from supplynet.core.orders import Order
from supplynet.cycle import Check
from supplynet.errors import VersionMoved
from supplynet.services import alerts, orders, overview
from supplynet.services.books import Books
from supplynet.services.model_versions import holders_in
from supplynet.storage import ReadTx
from supplynet.storage import alerts as alert_rows
from supplynet.storage import anomalies as anomaly_rows
from supplynet.storage import orders as order_rows

_ANY = "*"
_OF_ORDER = (
    *("order_id", "state", "quantity", "received", "short", "damaged"),
    *("departure_at", "snoozed_until"),
)
_OF_ALERT = ("alert_id", "severity", "resolved_at", "acknowledged_by", "snoozed_until")
_OF_ANOMALY = ("anomaly_id", "state", "note")
IfMatch = Annotated[
    Annotated[str, StringConstraints(max_length=500)] | None,
    Header(
        alias="If-Match",
        description=(
            "The `ETag` of the GET that the change is made from. When it has changed since, "
            "nothing is written and the answer is 412."
        ),
    ),
]
"""The header as it came; None = the sender does not care."""


def etag(version: object) -> str:
    """The strong entity tag of a version: what JSON can say of it, times and enums too.

    Only what an edit may change belongs into ``version``, not what is computed at each reading.
    """
    said = json.dumps(version, sort_keys=True, default=_plain, separators=(",", ":"))
    return f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'


def _plain(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def check_match(if_match: str | None, version: object) -> None:
    """Refuse a write that was decided on an older version.

    Call it inside the write transaction, on what that transaction reads.

    Args:
        if_match: The header: one or more tags with commas between, ``*`` or None.
        version: What ``etag`` was made from.

    Raises:
        VersionMoved: None of the tags is that of ``version``.
    """
    if if_match is None or if_match.strip() == _ANY:
        return
    now = etag(version)
    if now not in (each.strip() for each in if_match.split(",")):
        raise VersionMoved(
            f"it was changed since it was read: its ETag is {now} now; read it again, decide anew"
        )


def order_etag(order: Mapping[str, Any]) -> str:
    """Of an order as ``services.orders`` tells it: what people and floor change, not its why."""
    return etag(_picked(order, _OF_ORDER))


def etag_of(order: Order) -> str:
    """The same of an order as the books have it; screens have many, and seldom new ones."""
    row = {name: getattr(order, name) for name in _OF_ORDER} | {"state": order.state.value}
    return _kept_etag(tuple(_picked(row, _OF_ORDER)))


@lru_cache(maxsize=4096)
def _kept_etag(version: tuple[Any, ...]) -> str:
    return etag(version)


def alert_etag(alert: Mapping[str, Any]) -> str:
    """Of an alert: who looks after it, and how bad it is."""
    return etag(_picked(alert, _OF_ALERT))


def anomaly_etag(anomaly: Mapping[str, Any]) -> str:
    """Of an anomaly: what somebody has said of it."""
    return etag(_picked(anomaly, _OF_ANOMALY))


def order_check(if_match: str | None, order_id: str) -> Check | None:
    """Refuses a write that was decided on an older order."""
    return _check(
        if_match, lambda tx: _picked(orders.as_row(order_rows.get(tx, order_id)), _OF_ORDER)
    )


def alert_check(if_match: str | None, alert_id: str) -> Check | None:
    """Refuses a write that was decided on an older alert."""
    return _check(
        if_match, lambda tx: _picked(alerts.as_row(alert_rows.get(tx, alert_id)), _OF_ALERT)
    )


def anomaly_check(if_match: str | None, anomaly_id: str) -> Check | None:
    """Refuses an answer to an anomaly that has another answer by now."""
    return _check(
        if_match, lambda tx: _picked(asdict(anomaly_rows.get(tx, anomaly_id)), _OF_ANOMALY)
    )


def automation_check(if_match: str | None, books: Books) -> Check | None:
    """Refuses to pause or resume automation that another has paused or resumed."""
    return _check(if_match, lambda tx: overview.automation(books, tx))


def aliases_check(if_match: str | None) -> Check | None:
    """Refuses to move an alias when any was moved."""
    return _check(if_match, holders_in)


def _check(if_match: str | None, version: Callable[[ReadTx], object]) -> Check | None:
    return None if if_match is None else lambda tx: check_match(if_match, version(tx))


def _picked(row: Mapping[str, Any], names: tuple[str, ...]) -> list[Any]:
    return [row[name] for name in names]

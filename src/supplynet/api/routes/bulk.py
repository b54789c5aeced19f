"""Many orders or alerts in one call: each by itself, or all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from supplynet.api.admission import Access, AccessDep
from supplynet.api.bulk_bodies import (
    AlertHandlings,
    AlertOutcomes,
    OrderDecisions,
    OrderOutcomes,
)
from supplynet.api.depends import NO_PARAMETERS, BooksDep, IdempotencyKey
from supplynet.api.etags import alert_check, alert_etag, order_check, order_etag
from supplynet.api.problems import body_of
from supplynet.api.routing import Router
from supplynet.services import bulk
from supplynet.services.alerts import Step
from supplynet.services.books import Books

router = Router()
Json = dict[str, Any]
_STOPPED = "another item could not be done, so nothing was: see its problem"


@router.post(
    "/orders/bulk", response_model=OrderOutcomes, tags=["orders"], dependencies=[NO_PARAMETERS]
)
def decide_orders(
    books: BooksDep,
    access: AccessDep,
    body: OrderDecisions,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Approve, cancel or snooze up to 200 orders; the answer says what became of each.

    Each by itself, so that one that cannot be done stops none of the others; or all of them or
    none. With an `Idempotency-Key`, what was done is not done again.
    """
    items = [
        bulk.OrderItem(
            subject=each.order_id,
            action=each.action,
            quantity=each.quantity,
            until=each.until,
            said=access.said(each.reason, check=order_check(each.if_match, each.order_id)),
        )
        for each in body.items
    ]
    found = _done(books, access, items, body.all_or_nothing, idempotency_key)
    return _told(found, "order", order_etag)


@router.post(
    "/alerts/bulk", response_model=AlertOutcomes, tags=["alerts"], dependencies=[NO_PARAMETERS]
)
def handle_alerts(
    books: BooksDep,
    access: AccessDep,
    body: AlertHandlings,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Acknowledge, snooze or resolve up to 200 alerts, as `/orders/bulk` does with orders."""
    items = [
        bulk.AlertItem(
            step=Step(
                action=each.action,
                alert_id=each.alert_id,
                minutes=each.minutes,
                until=each.until,
            ),
            said=access.said(each.reason, check=alert_check(each.if_match, each.alert_id)),
        )
        for each in body.items
    ]
    found = _done(books, access, items, body.all_or_nothing, idempotency_key)
    return _told(found, "alert", alert_etag)


def _done(
    books: Books, access: Access, items: Sequence[bulk.Item], together: bool, key: str | None
) -> list[bulk.Outcome]:
    if together:
        return bulk.all_or_none(books, items, access.actor, access.key(key))
    return bulk.each(books, items, access.key(key))


def _told(found: Sequence[bulk.Outcome], what: str, tag: Callable[[Json], str]) -> Json:
    done = sum(each.row is not None for each in found)
    items = []
    for each in found:
        problem = None
        if each.error is not None:
            problem = body_of(each.error)
        elif each.row is None:
            problem = _stopped()
        items.append(
            {
                f"{what}_id": each.subject,
                what: each.row,
                "status": HTTPStatus.OK if problem is None else problem["status"],
                "problem": problem,
                "etag": None if each.row is None else tag(each.row),
            }
        )
    return {"done": done, "failed": len(found) - done, "items": items}


def _stopped() -> Json:
    status = HTTPStatus.FAILED_DEPENDENCY
    return {"type": "about:blank", "title": status.phrase, "status": status, "detail": _STOPPED}

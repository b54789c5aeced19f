"""The first screen: one snapshot of everything that it shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from supplynet.core.orders import Order, OrderState
from supplynet.monitor.grid import iso
from supplynet.services import history
from supplynet.services.alerts import as_row
from supplynet.services.books import Books, has_plant
from supplynet.services.headline import headline
from supplynet.services.overview import SCOREBOARD, automation, clock_at
from supplynet.services.own_grid import own_grid
from supplynet.services.plan_forecast import newest_plan
from supplynet.services.remembered import remembered
from supplynet.storage import ReadTx, alerts, changes, events, orders, values
from supplynet.storage.within import Within

Row = dict[str, Any]
Tag = Callable[[Order], str]
STALE_AFTER_SECONDS = 10
_WAITING = (OrderState.PROPOSED, OrderState.APPROVED)


def _untagged(_order: Order) -> str:
    return ""


def control_room(books: Books, within: Within = None, tag: Tag = _untagged) -> Row:
    """Everything that the first screen shows; what is not there yet is empty.

    ``within`` some places only: their lines, orders and alerts, and what is said of these. The
    scoreboard is of the whole plant. Nobody may change what is returned.

    Args:
        books: The workspace.
        within: None = all places.
        tag: Gives the ``etag`` that a decision on an order is made from.
    """
    now = history.as_of(books)
    plant, clock = _plant(books), clock_at(books, now)
    with books.store.read() as tx:
        plan = newest_plan(books, tx)
        open_alerts = [as_row(alert) for alert in alerts.open_alerts(tx, within)]
        leaving = _leaving(books, tx, now, within, tag)
        screen = {
            "generated_at": iso(books.wall_clock()),
            "change": changes.latest_seq(tx),
            "plant": plant,
            "clock": clock,
            "freshness": {
                "last_event_at": iso(events.last_event_at(tx)),
                "plan_made_at": None if plan is None else iso(plan.made_at),
                "stale_after_seconds": STALE_AFTER_SECONDS,
            },
            "alerts": open_alerts,
            "automation": automation(books, tx),
            "scoreboard": values.get_value(tx, SCOREBOARD) if within is None else None,
        }
    halted = {row["location_id"] for row in open_alerts if row["kind"] == "halted"}
    document = {} if plan is None else plan.document
    if document and within is not None:
        document = own_grid(document, books.plant, within)
    shifts, lines = _ahead(document, now, halted)
    actions = [row for order, row in leaving if not order.is_snoozed(now)]
    asleep = [order for order, _ in leaving if order.is_snoozed(now)]
    zone = ZoneInfo(plant["time_zone"])
    return screen | {
        "shift": _running(shifts, now),
        "shifts": shifts,
        "lines": lines,
        "actions": actions,
        "set_aside": _set_aside(books, asleep, now),
        "headline": headline(
            lines, shifts, actions, zone, has_plan=plan is not None, here=within is not None
        ),
    }


def _leaving(
    books: Books, tx: ReadTx, now: datetime, within: Within, tag: Tag
) -> list[tuple[Order, Row]]:
    """Proposals and approved orders that have not left, and their rows, in the rows' order."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    found = remembered(
        books,
        tx,
        ("leaving", hour, None if within is None else frozenset(within), tag),
        ("order", "plant"),
        lambda: _actions(
            books,
            orders.list_orders(tx, states=_WAITING, departing_from=hour, within=within),
            tag,
        ),
    )
    return [(order, row) for order, row in found if order.departure_at >= now]


def _plant(books: Books) -> Row:
    if not has_plant(books.workspace):
        return {"plant_id": "", "name": "No plant yet", "time_zone": "UTC"}
    plant = books.plant
    return {
        "plant_id": plant.plant_id,
        "name": plant.name or plant.plant_id,
        "time_zone": plant.time_zone,
    }


def _ahead(document: Row, now: datetime, halted: set[str]) -> tuple[list[Row], list[Row]]:
    """Shifts of the grid that are not over, and the lines with their cells of these."""
    shifts = document.get("shifts", [])
    over = sum(datetime.fromisoformat(shift["end"]) <= now for shift in shifts)
    lines = [
        {
            "line_id": line["line_id"],
            # A warehouse that is known by its sales alone is a line without a station above it.
            "station_id": line["station_id"] or line["showroom_id"] or line["line_id"],
            "showroom_id": line["showroom_id"] or line["station_id"] or line["line_id"],
            "halted": line["line_id"] in halted,
            "cells": line["cells"][over:],
            "announced": line.get("announced", []),
        }
        for line in document.get("lines", [])
    ]
    return shifts[over:], lines


def _running(shifts: list[Row], now: datetime) -> Row | None:
    """The running shift with its minutes left; None between shifts and before the first plan."""
    for shift in shifts:
        start, end = (datetime.fromisoformat(shift[name]) for name in ("start", "end"))
        if start <= now < end:
            return {**shift, "minutes_left": int((end - now).total_seconds() // 60)}
    return None


def _set_aside(books: Books, asleep: list[Order], now: datetime) -> list[Row]:
    """Proposals that somebody has set aside and that can still be released."""
    parts = books.plant.part_by_id if asleep else {}
    rows = [
        {
            "order_id": order.order_id,
            "part_id": order.part_id,
            "to": order.to_location,
            "quantity": order.quantity,
            "unit": parts[order.part_id].unit if order.part_id in parts else "pcs",
            "cutoff_at": iso(order.cutoff_at),
            "snoozed_until": iso(order.snoozed_until),
        }
        for order in asleep
        if order.cutoff_at >= now
    ]
    return sorted(rows, key=lambda row: (row["snoozed_until"], row["order_id"]))


def _actions(books: Books, waiting: list[Order], tag: Tag) -> list[tuple[Order, Row]]:
    """A row for each, the most lost minutes first."""
    parts = books.plant.part_by_id if waiting else {}
    rules = books.plant.supply_rule if waiting else {}
    found = []
    for order in waiting:
        why, part = order.explanation, parts.get(order.part_id)
        rule = rules.get((order.to_location, order.part_id))
        row = {
            "order_id": order.order_id,
            "part_id": order.part_id,
            "description": "" if part is None else part.description,
            "from": order.from_location,
            "to": order.to_location,
            "quantity": order.quantity,
            "unit": "pcs" if part is None else part.unit,
            "containers": None if rule is None else -(-order.quantity // rule.container_size),
            "state": order.state.value,
            "departure_at": iso(order.departure_at),
            "cutoff_at": iso(order.cutoff_at),
            "arrives_at": iso(order.arrives_at),
            "expected_lost_minutes": why.get("expected_lost_minutes", 0.0),
            "risk_before": why.get("risk_before", 0.0),
            "risk_after": why.get("risk_after", 0.0),
            "lines": why.get("lines", []),
            "why": why.get("why", ""),
            "etag": tag(order),
        }
        found.append((order, row))
    return sorted(found, key=lambda each: _urgency(each[1]))


def _urgency(row: Row) -> tuple[float, str, str]:
    return -row["expected_lost_minutes"], row["departure_at"], row["order_id"]

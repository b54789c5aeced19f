"""The parts that something has changed for, each with its risk, its owner and its next delivery."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

from supplynet.core.network import Plant
from supplynet.core.orders import RELEASED, Order, OrderState
from supplynet.monitor.grid import iso
from supplynet.services.change_sources import KINDS, Change, Pair
from supplynet.storage import ReadTx, alerts, audit, orders, plans

Row = dict[str, Any]
Risks = tuple[Mapping[Pair, float] | None, Mapping[Pair, float] | None]
"""Chance to run out by stock point and part, then and now."""
_CLOCKS = ("on_hand", "cover_shifts", "runs_out_at", "last_departure_at")


def affected_rows(
    tx: ReadTx, plant: Plant, changes: Iterable[Change], risks: Risks, limit: int
) -> list[Row]:
    """Up to ``limit`` parts with all that has changed for them, the worst first.

    Args:
        tx: The books.
        plant: Names, and which lines draw from where.
        changes: Of all sources.
        risks: The chance to run out of each part, then and now; None = there was no plan.
        limit: Most rows.
    """
    by_pair: dict[Pair, list[Change]] = defaultdict(list)
    for each in changes:
        by_pair[each.pair].append(each)
    then, now = (each or {} for each in risks)

    clocks = _clocks(tx)

    def badness(pair: Pair) -> tuple[float, float, bool, float, Pair]:
        risk = round(now.get(pair, 0.0), 3)
        worse = sum(each.parts for each in by_pair[pair]) < 0
        cover = clocks.get(pair, {}).get("cover_shifts")
        rise = round(risk - then.get(pair, 0.0), 3)
        return (-risk, -rise, not worse, inf if cover is None else cover, pair)

    worst = sorted(by_pair, key=badness)[:limit]
    owners, coming = _owners(tx, plant, worst), _coming(tx, worst)
    return [
        _row(plant, pair, by_pair[pair])
        | {
            "risk_before": None if risks[0] is None else round(then.get(pair, 0.0), 4),
            "risk_after": None if risks[1] is None else round(now.get(pair, 0.0), 4),
            **owners.get(pair, {"owner": None, "owner_because": None}),
            "next_delivery": coming.get(pair),
            **{name: clocks.get(pair, {}).get(name) for name in _CLOCKS},
        }
        for pair in worst
    ]


def _row(plant: Plant, pair: Pair, changes: list[Change]) -> Row:
    place, part = pair
    found = plant.part_by_id.get(part)
    order = sorted(changes, key=lambda each: (each.parts, KINDS.index(each.kind)))
    return {
        "location_id": place,
        "part_id": part,
        "description": "" if found is None else found.description,
        "lines": _lines_of(plant, pair),
        "changes": [
            {
                "kind": each.kind,
                "sentence": each.sentence,
                "parts": each.parts,
                "at": iso(each.at),
            }
            for each in order
        ],
    }


def _lines_of(plant: Plant, pair: Pair) -> list[str]:
    place, part = pair
    return [
        line
        for line, point in plant.stock_point_of_line.items()
        if point == place and any(r.part_id == part for r in plant.requirements_of_line[line])
    ]


def _clocks(tx: ReadTx) -> dict[Pair, Row]:
    plan = plans.latest_plan(tx)
    pairs = [] if plan is None else plan.document.get("pairs", [])
    return {(row["location_id"], row["part_id"]): row for row in pairs}


def _coming(tx: ReadTx, pairs: Iterable[Pair]) -> dict[Pair, Row]:
    """The next delivery of each: what is released first, else the first proposal."""
    wanted = set(pairs)
    released = [o for o in orders.list_orders(tx, states=RELEASED) if o.outstanding > 0]
    proposed = orders.list_orders(tx, states=[OrderState.PROPOSED])
    found: dict[Pair, Order] = {}
    for group in (released, proposed):
        for order in sorted(group, key=lambda each: (each.arrives_at, each.order_id)):
            pair = (order.to_location, order.part_id)
            if pair in wanted:
                found.setdefault(pair, order)
    return {
        pair: {
            "order_id": order.order_id,
            "state": order.state.value,
            "quantity": order.outstanding or order.quantity,
            "departure_at": iso(order.departure_at),
            "arrives_at": iso(order.arrives_at),
        }
        for pair, order in found.items()
    }


def _owners(tx: ReadTx, plant: Plant, pairs: Iterable[Pair]) -> dict[Pair, Row]:
    """Who looks after each: who acknowledged its alert, else who approved its order."""
    found: dict[Pair, Row] = {}
    seen = _acknowledged(alerts.open_alerts(tx))
    open_ = orders.list_orders(tx, states=RELEASED)
    for pair in pairs:
        places = [pair[0], *_lines_of(plant, pair)]
        by = next((seen[place, pair[1]] for place in places if (place, pair[1]) in seen), None)
        if by is not None:
            found[pair] = {"owner": by, "owner_because": "alert"}
            continue
        yeses = [
            entry.actor
            for order in open_
            if (order.to_location, order.part_id) == pair
            for entry in audit.entries(tx, subject=order.order_id)
            if entry.action == "order_approved"
        ]
        people = [actor for actor in yeses if actor != "automation"]
        if yeses:
            found[pair] = {"owner": (people or yeses)[0], "owner_because": "order"}
    return found


def _acknowledged(open_alerts: Iterable[alerts.Alert]) -> Mapping[Pair, str]:
    return {
        (alert.location_id, alert.part_id): alert.acknowledged_by
        for alert in open_alerts
        if alert.location_id and alert.part_id and alert.acknowledged_by
    }

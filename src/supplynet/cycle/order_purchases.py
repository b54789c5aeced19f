"""What the warehouses should buy today: proposals by the levels of their purchase rules."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from supplynet.core.ids import uuid7
from supplynet.core.orders import RELEASED, Order, OrderKind, OrderState
from supplynet.cycle.order_making import purchase_times
from supplynet.cycle.snapshot import Snapshot
from supplynet.replenish.purchasing import purchase_quantity
from supplynet.simulate.twin import Twin

POLICY = "purchase_levels"


def purchase_proposals(snapshot: Snapshot, seed: int) -> tuple[Order, ...]:
    """At most one per (part, supplier, day): up to the level once the reorder point is reached.

    The position is what the warehouse holds and has not promised, and what it has bought and not
    received: the twin's own, so that it buys as the plan does. Parts whose stock nobody knows are
    left out.
    """
    model = snapshot.model
    nothing = np.zeros((1, len(model.series), len(model.shifts)), dtype=np.int32)
    twin = Twin(model, nothing, snapshot.state, seed=seed, record_slots=False)
    position = twin.warehouse.available + twin.warehouse.on_order
    wanted = purchase_quantity(position, model.purchase)[0]
    taken = snapshot.dismissed | {o.key for o in snapshot.open_orders if o.state in RELEASED}
    made = [
        _order(snapshot, int(source), int(wanted[source]), int(position[0, source]), seed)
        for source in np.flatnonzero(wanted)
    ]
    return tuple(order for order in made if order.key not in taken)


def _order(snapshot: Snapshot, source: int, quantity: int, position: int, seed: int) -> Order:
    model = snapshot.model
    warehouse, part = model.sources[source]
    rules = {(rule.warehouse_id, rule.part_id): rule for rule in model.plant.purchase_rules}
    rule = rules[warehouse, part]
    day, until, arrives_at = purchase_times(rule, snapshot.now)
    rng = random.Random(f"{seed} {snapshot.seq} {warehouse} {part} {day}")  # noqa: S311 - ids
    return Order(
        order_id=uuid7(snapshot.now, rng),
        kind=OrderKind.PURCHASE,
        part_id=part,
        from_location=rule.supplier_id,
        to_location=warehouse,
        lane_id=rule.supplier_id,
        departure_at=day,
        cutoff_at=until,
        arrives_at=arrives_at,
        quantity=quantity,
        state=OrderState.PROPOSED,
        policy=POLICY,
        created_at=snapshot.now,
        explanation=_why(position, quantity, rule.reorder_point, rule.order_up_to_level),
    )


def _why(position: int, quantity: int, point: int | None, level: int | None) -> dict[str, Any]:
    return {
        "position": position,
        "reorder_point": point,
        "order_up_to_level": level,
        "granted": quantity,
        "expected_lost_minutes": 0.0,
        "why": (
            f"{position:,} are free or on their way, at or below the reorder point of {point:,}: "
            f"{quantity:,} fill up to {level:,}, in whole multiples."
        ),
    }

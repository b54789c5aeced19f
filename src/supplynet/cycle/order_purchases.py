"""What the warehouses should buy today: proposals by the forecast, or by their purchase rules."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from supplynet.core.ids import uuid7
from supplynet.core.orders import RELEASED, Order, OrderKind, OrderState
from supplynet.core.protocols import Forecaster
from supplynet.core.sample_paths import IntArray, SamplePaths
from supplynet.cycle.order_making import purchase_times
from supplynet.cycle.snapshot import Snapshot
from supplynet.replenish.purchasing import purchase_quantity, purchase_up_to
from supplynet.simulate.buying import EchelonPurchaser
from supplynet.simulate.outlook import steps_until
from supplynet.simulate.twin import Twin

BY_LEVELS, BY_FORECAST = "purchase_levels", "purchase_echelon"
"""Names of the two ways to buy, as policies of the orders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Buying:
    """What is to be bought and why, each of shape (source,).

    Attributes:
        position: What counts against the level.
        level: Up to where it is filled.
        alpha: Of the forecast; None = by the levels of the rules.
    """

    quantity: IntArray
    position: IntArray
    level: IntArray
    alpha: float | None


def purchase_proposals(
    snapshot: Snapshot, forecaster: Forecaster, *, alpha: float, paths: int, seed: int
) -> tuple[Order, ...]:
    """At most one per (part, supplier, day): what the plant buys now, as the twin would.

    Parts whose stock nobody knows are left out.

    Args:
        snapshot: What is known.
        forecaster: Asked for demand as far as the suppliers' lead times reach.
        alpha: Quantile of the demand of all stock points below that a warehouse buys up to, in
            (0, 1): see ``EchelonPurchaser``. 0 = by the levels of the purchase rules.
        paths: Sample paths of demand.
        seed: The same snapshot and seed give the same orders.
    """
    model = snapshot.model
    nothing = np.zeros((1, len(model.series), len(model.shifts)), dtype=np.int32)
    twin = Twin(model, nothing, snapshot.state, seed=seed, record_slots=False)
    if alpha:
        buying = _by_forecast(snapshot, twin, forecaster, alpha, (paths, seed))
    else:
        buying = _by_levels(twin)
    taken = snapshot.dismissed | {o.key for o in snapshot.open_orders if o.state in RELEASED}
    made = [
        _order(snapshot, int(source), buying, seed) for source in np.flatnonzero(buying.quantity)
    ]
    return tuple(order for order in made if order.key not in taken)


def _by_levels(twin: Twin) -> _Buying:
    """Up to the level once the reorder point is reached.

    The position is what the warehouse holds and has not promised, and what it has bought and not
    received.
    """
    terms = twin.model.purchase
    position = twin.warehouse.available + twin.warehouse.on_order
    return _Buying(
        quantity=purchase_quantity(position, terms)[0],
        position=position[0],
        level=np.asarray(terms.order_up_to_level),
        alpha=None,
    )


def _by_forecast(
    snapshot: Snapshot, twin: Twin, forecaster: Forecaster, alpha: float, draws: tuple[int, int]
) -> _Buying:
    paths, seed = draws

    def sample(_twin: Twin, until: datetime) -> SamplePaths:
        steps = steps_until(snapshot.model.calendar, snapshot.now, until)
        return forecaster.sample(
            snapshot.observed, snapshot.now, steps=steps, paths=paths, seed=seed
        )

    buyer = EchelonPurchaser(sampler=sample, alpha=alpha, seed=seed)
    position, level = buyer.position_and_level(twin)
    return _Buying(
        quantity=purchase_up_to(position, level, twin.model.purchase)[0],
        position=position[0],
        level=level,
        alpha=alpha,
    )


def _order(snapshot: Snapshot, source: int, buying: _Buying, seed: int) -> Order:
    model = snapshot.model
    warehouse, part = model.sources[source]
    rule = model.plant.purchase_rule[warehouse, part]
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
        quantity=int(buying.quantity[source]),
        state=OrderState.PROPOSED,
        policy=BY_LEVELS if buying.alpha is None else BY_FORECAST,
        created_at=snapshot.now,
        explanation=_why(buying, source, rule.reorder_point),
    )


def _why(buying: _Buying, source: int, point: int | None) -> dict[str, Any]:
    position, level = int(buying.position[source]), int(np.ceil(buying.level[source]))
    quantity = int(buying.quantity[source])
    said = (
        f"{position:,} are free or on their way, at or below the reorder point of {point}: "
        f"{quantity:,} fill up to {level:,}, in whole multiples."
    )
    if buying.alpha is not None:
        said = (
            f"{position:,} lie in the warehouse and at all that it supplies, or are on their way; "
            f"until the purchase after this one arrives {level:,} suffice with "
            f"{buying.alpha:.2%}: {quantity:,} are missing, in whole multiples."
        )
    return {
        "position": position,
        "reorder_point": point if buying.alpha is None else None,
        "order_up_to_level": level,
        "alpha": buying.alpha,
        "granted": quantity,
        "expected_lost_minutes": 0.0,
        "why": said,
    }

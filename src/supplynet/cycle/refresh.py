"""What news changes at once: the risk of the lines that it touches, before the next whole plan.

The plan that follows weighs all lines together and decides; this only shows, within a second or so
on a large plant too, what a count, a receipt or a halt has done to the lines around it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from supplynet.core.network import Plant
from supplynet.core.orders import OrderState
from supplynet.core.protocols import Policy
from supplynet.cycle.announced import with_announced
from supplynet.cycle.decision import expected_use, sample_demand, weigh, with_standby
from supplynet.cycle.snapshot import take_snapshot
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.guarded import GuardedForecaster
from supplynet.monitor.grid import grid_document, iso
from supplynet.simulate.departures import first_batch
from supplynet.storage import Store, plans

Json = dict[str, Any]


def lines_around(plant: Plant, places: Collection[str]) -> frozenset[str]:
    """Lines that draw from a stock point at one of these places, or are one of them.

    A warehouse touches no line by itself: what its stock means is the next plan's to weigh.
    """
    drawn_at = plant.stock_point_of_line
    touched = {drawn_at.get(place, place) for place in places}
    return frozenset(line for line, point in drawn_at.items() if point in touched)


def refresh(
    store: Store,
    history: Path,
    plant: Plant,
    forecaster: BoundForecaster | GuardedForecaster,
    policy: Policy,
    *,
    lines: Collection[str],
    actor: str,
    now: datetime,
    paths: int,
    seed: int,
    unseen: bool = False,
) -> bool:
    """Weigh the risk of some lines again and show it in the newest plan.

    Stock, orders and what was used are those of now; the proposals are those of that plan. Other
    lines are taken not to want anything from the warehouse meanwhile. ``unseen`` is that of
    ``take_snapshot``.

    Returns:
        Whether the plan shows it: not where there is none of this shift, or a newer one came.

    Raises:
        InvalidInput: As ``take_snapshot``.
    """
    with store.read() as tx:
        newest = plans.latest_plan(tx)
    if newest is None or not lines:
        return False
    since = forecaster.history.periods[-1].end
    snapshot = take_snapshot(
        store, history, plant, since=since, now=now, lines=lines, unseen=unseen
    )
    model = snapshot.model
    shown = [each["shift_id"] for each in newest.document["shifts"]]
    if shown != [shift.shift_id for shift in model.shifts]:
        return False
    batch = first_batch(model.batches, model.terms, model.source_of_pair)
    sampled = sample_demand(snapshot, batch, forecaster, paths, seed)
    policy, _ = with_standby(snapshot, forecaster, policy)
    proposals = [
        order
        for order in snapshot.open_orders
        if order.state is OrderState.PROPOSED
        and (order.to_location, order.part_id) in model.pair_index
    ]
    risk = weigh(snapshot, sampled, policy, proposals, seed)
    fresh = grid_document(model, risk, snapshot.state.on_hand, expected_use(model, sampled))
    fresh = with_announced(fresh, snapshot.observed.announced)
    document = _merged(newest.document, fresh) | {"refreshed_at": iso(now)}
    with store.write(actor, now) as tx:
        return plans.show_again(tx, newest.plan_id, document)


def _merged(old: Mapping[str, Any], fresh: Mapping[str, Any]) -> Json:
    """The old document with the lines and pairs that are fresh."""
    lines = {line["line_id"]: line for line in fresh["lines"]}
    pairs = {(pair["location_id"], pair["part_id"]): pair for pair in fresh["pairs"]}
    return {
        **old,
        "lines": [lines.get(line["line_id"], line) for line in old["lines"]],
        "pairs": [pairs.get((pair["location_id"], pair["part_id"]), pair) for pair in old["pairs"]],
    }

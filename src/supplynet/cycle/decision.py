"""Forecast -> decision: what to send with the next departure of every lane, and the risk."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from supplynet.core.ids import uuid7
from supplynet.core.network import LocationKind
from supplynet.core.orders import RELEASED, Order, OrderKind, OrderState
from supplynet.core.protocols import Policy
from supplynet.core.sample_paths import SamplePaths
from supplynet.cycle.snapshot import GRID_SHIFTS, Snapshot
from supplynet.cycle.underway import proposed
from supplynet.forecast.bound import BoundForecaster
from supplynet.monitor import alerts as watch
from supplynet.monitor.actions import explanations
from supplynet.monitor.grid import PlanRisk, grid_document
from supplynet.replenish.decide import Decision, decide
from supplynet.replenish.explain import explain
from supplynet.simulate.departures import Batch, first_batch
from supplynet.simulate.outlook import FixedPathsOutlook, expected_window, steps_until
from supplynet.simulate.risk import halt_risk
from supplynet.simulate.twin import Twin
from supplynet.storage.alerts import AlertCause

RISK_PATHS = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """A decision and what it rests on, before it is written.

    Attributes:
        proposals: Orders that the policy wants, at most one per pair: for its next departure.
        document: The halt risk grid, JSON.
        forecast: Quantiles of demand, a forecast frame.
        causes: What a person should look at.
    """

    snapshot: Snapshot
    seed: int
    model_version: str
    policy: str
    proposals: tuple[Order, ...]
    document: dict[str, Any]
    forecast: pl.DataFrame
    causes: tuple[AlertCause, ...]


def make_plan(
    snapshot: Snapshot, forecaster: BoundForecaster, policy: Policy, *, paths: int, seed: int
) -> Plan:
    """Forecast, decide for the next departure of every lane, and weigh the risk. Writes nothing.

    Args:
        snapshot: What is known.
        forecaster: Its sample paths are all that the decision knows of demand.
        policy: The same object that the twin was run with.
        paths: Sample paths of demand.
        seed: The same snapshot and seed give the same plan.
    """
    model = snapshot.model
    batch = first_batch(model.batches, model.terms, model.source_of_pair)
    sampled = _sample(snapshot, batch, forecaster, paths, seed)
    outlooks = FixedPathsOutlook(model, sampled, seed)
    decision = _decide(snapshot, batch, policy, outlooks, seed)
    wanted = _proposals(snapshot, batch, decision, forecaster.model_version, seed)
    risk = _risk(snapshot, sampled, policy, outlooks, list(wanted.values()), seed)
    reasons = {
        int(pair): (row, batch.departures[batch.departure_of_pair[index]])
        for index, (pair, row) in enumerate(zip(batch.pairs, explain(decision), strict=True))
    }
    why = explanations(model, risk, {pair: reasons[pair] for pair in wanted})
    return Plan(
        snapshot=snapshot,
        seed=seed,
        model_version=forecaster.model_version,
        policy=policy.name,
        proposals=tuple(replace(order, explanation=why[p]) for p, order in wanted.items()),
        document=grid_document(model, risk),
        forecast=forecaster.quantiles(snapshot.observed, snapshot.now, steps=GRID_SHIFTS),
        causes=watch.causes(
            model,
            risk,
            [row for row, _ in reasons.values() if row.granted < row.wanted],
            snapshot.below_zero,
            snapshot.state.halted,
            snapshot.troubles,
            snapshot.unknown_stock,
        ),
    )


def _sample(
    snapshot: Snapshot, batch: Batch, forecaster: BoundForecaster, paths: int, seed: int
) -> SamplePaths:
    """Paths that reach beyond the grid by one window, so that late decisions see enough."""
    window = float(expected_window(batch, snapshot.now, seed, 100).max())
    last = snapshot.model.slots.end + timedelta(minutes=window)
    steps = steps_until(snapshot.model.calendar, snapshot.now, last)
    return forecaster.sample(snapshot.observed, snapshot.now, steps=steps, paths=paths, seed=seed)


def _decide(
    snapshot: Snapshot, batch: Batch, policy: Policy, outlooks: FixedPathsOutlook, seed: int
) -> Decision:
    """The same decision as in the twin, on the state of the books."""
    model = snapshot.model
    nothing = np.zeros((1, len(model.series), len(model.shifts)), dtype=np.int32)
    twin = Twin(model, nothing, snapshot.state, seed=seed, record_slots=False)
    return decide(
        policy,
        twin.state_of(batch.pairs),
        outlooks.outlook(twin, batch),
        batch.terms,
        twin.supply_of(batch),
    )


def _proposals(
    snapshot: Snapshot, batch: Batch, decision: Decision, model_version: str, seed: int
) -> dict[int, Order]:
    """Orders by pair; none where one is released or dismissed already for the same departure."""
    rng = random.Random(f"{seed} {snapshot.seq} {snapshot.now.isoformat()}")  # noqa: S311 - ids
    taken = {order.key for order in snapshot.open_orders if order.state in RELEASED}
    taken |= snapshot.dismissed
    found: dict[int, Order] = {}
    for index, pair in enumerate(batch.pairs):
        quantity = int(decision.granted[0, index])
        if quantity <= 0:
            continue
        place, part = snapshot.model.pairs[pair]
        departure = batch.departures[batch.departure_of_pair[index]]
        lane, leaves = departure.lane, departure.departure_at
        supplied = snapshot.model.plant.location(lane.from_location).kind is LocationKind.SUPPLIER
        order = Order(
            order_id=uuid7(snapshot.now, rng),
            kind=OrderKind.PURCHASE if supplied else OrderKind.TRANSFER,
            part_id=part,
            from_location=lane.from_location,
            to_location=place,
            lane_id=lane.lane_id,
            departure_at=leaves,
            cutoff_at=departure.cutoff_at,
            arrives_at=leaves + timedelta(minutes=round(lane.transit.mean)),
            quantity=quantity,
            state=OrderState.PROPOSED,
            policy=decision.policy.name,
            created_at=snapshot.now,
            model_version=model_version,
        )
        if order.key not in taken:
            found[int(pair)] = order
    return found


def _risk(
    snapshot: Snapshot,
    sampled: SamplePaths,
    policy: Policy,
    outlooks: FixedPathsOutlook,
    proposals: Sequence[Order],
    seed: int,
) -> PlanRisk:
    """Three runs of the twin over the grid's shifts, on the same demand."""
    near = sampled.head(RISK_PATHS, len(snapshot.model.shifts))
    added = [proposed(order) for order in proposals]
    model, state = snapshot.model, snapshot.state
    return PlanRisk(
        committed=halt_risk(model, state, near, seed=seed),
        with_proposals=halt_risk(model, state, near, proposals=added, seed=seed),
        continues=halt_risk(
            model, state, near, proposals=added, policy=policy, outlooks=outlooks, seed=seed
        ),
    )

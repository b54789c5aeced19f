"""Forecast -> decision: what to send with the next departure of every lane, and the risk."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from supplynet.core.ids import uuid7
from supplynet.core.network import LocationKind
from supplynet.core.orders import RELEASED, Order, OrderKind, OrderState
from supplynet.core.protocols import Policy
from supplynet.core.sample_paths import FloatArray, SamplePaths
from supplynet.cycle.announced import with_announced
from supplynet.cycle.order_purchases import purchase_proposals
from supplynet.cycle.snapshot import GRID_SHIFTS, Snapshot
from supplynet.cycle.underway import proposed
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.guarded import GuardedForecaster
from supplynet.monitor import alerts as watch
from supplynet.monitor import expedite, running_dry
from supplynet.monitor.actions import Background, Reasons
from supplynet.monitor.expedite import Expedite
from supplynet.monitor.grid import PlanRisk, grid_document
from supplynet.monitor.why import DISMISSED
from supplynet.monitor.why import RELEASED as ALREADY
from supplynet.replenish.decide import Decision, decide
from supplynet.replenish.explain import explain
from supplynet.replenish.standby import WithStandby, thresholds_of_rules
from supplynet.simulate.buying import incurable_shortages
from supplynet.simulate.departures import Batch, first_batch
from supplynet.simulate.due import Due
from supplynet.simulate.indexing import GroupSum
from supplynet.simulate.model import PlantModel
from supplynet.simulate.outlook import FixedPathsOutlook, expected_window, steps_until
from supplynet.simulate.risk import halt_risk
from supplynet.simulate.twin import Twin
from supplynet.storage.alerts import AlertCause

RISK_PATHS = 200
"""Paths on which risk is weighed, and at which a policy that goes on looks at each decision."""
NOTHING_ELSE = Background()


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """A decision and what it rests on, before it is written.

    Attributes:
        paths: Sample paths that the decision looked at.
        proposals: Orders that the policy wants, at most one per pair, for its next departure; and
            today's purchases of the warehouses.
        reasons: The numbers behind every decision, orders of 0 included.
        document: The halt risk grid, JSON.
        forecast: Quantiles of demand, a forecast frame.
        causes: What a person should look at.
        fallbacks: What stands in for the model's forecast, in sentences; none = nothing.
        expedites: Late orders to push.
    """

    snapshot: Snapshot
    seed: int
    paths: int
    model_version: str
    policy: str
    proposals: tuple[Order, ...]
    reasons: Reasons
    document: dict[str, Any]
    forecast: pl.DataFrame
    causes: tuple[AlertCause, ...]
    fallbacks: tuple[str, ...] = ()
    expedites: tuple[Expedite, ...] = ()


def make_plan(
    snapshot: Snapshot,
    forecaster: BoundForecaster | GuardedForecaster,
    policy: Policy,
    *,
    paths: int,
    seed: int,
    background: Background = NOTHING_ELSE,
    purchase_alpha: float | None = None,
) -> Plan:
    """Forecast, decide for the next departure of every lane, and weigh the risk. Writes nothing.

    Args:
        snapshot: What is known.
        forecaster: Its sample paths are all that the decision knows of demand.
        policy: The same object that the twin was run with.
        paths: Sample paths of demand.
        seed: The same snapshot and seed give the same plan.
        background: What else goes into the explanations.
        purchase_alpha: What the warehouses buy by, see ``purchase_proposals``; None = nothing.
    """
    model = snapshot.model
    batch = first_batch(model.batches, model.terms, model.source_of_pair)
    sampled = sample_demand(snapshot, batch, forecaster, paths, seed)
    policy, fallbacks = with_standby(snapshot, forecaster, policy)
    decision, due = _decide(snapshot, batch, policy, sampled, seed)
    wanted, outcomes = _proposals(snapshot, batch, decision, forecaster.model_version, seed)
    risk = weigh(snapshot, sampled, policy, list(wanted.values()), seed)
    dry = incurable_shortages(model, snapshot.state, sampled)
    expected = expected_use(model, sampled)
    pushed = expedite.expedites(model, snapshot.state, snapshot.late, expected, batch)
    reasons = Reasons(
        model=model,
        risk=risk,
        batch=batch,
        rows=explain(decision, thresholds=background.thresholds),
        due=due,
        policy=policy,
        model_version=forecaster.model_version,
        background=replace(background, fallbacks=(*background.fallbacks, *fallbacks)),
        outcomes=outcomes,
        announced=snapshot.observed.announced,
    )
    return Plan(
        snapshot=snapshot,
        seed=seed,
        paths=paths,
        model_version=forecaster.model_version,
        policy=policy.name,
        proposals=(
            *(replace(order, explanation=reasons.of(index)) for index, order in wanted.items()),
            *_purchases(snapshot, forecaster, purchase_alpha, paths, seed),
        ),
        reasons=reasons,
        document=with_announced(
            grid_document(model, risk, snapshot.state.on_hand, expected),
            snapshot.observed.announced,
        )
        | {"fallbacks": list(fallbacks)},
        forecast=forecaster.quantiles(snapshot.observed, snapshot.now, steps=GRID_SHIFTS),
        causes=watch.causes(
            model,
            risk,
            [row for row in reasons.rows if row.granted < row.wanted],
            snapshot.below_zero,
            snapshot.state.halted,
            (
                *watch.fallback_causes(fallbacks),
                *snapshot.troubles,
                *running_dry.causes(model, dry),
                *expedite.causes(pushed, ZoneInfo(model.plant.time_zone)),
            ),
            snapshot.unknown_stock,
        ),
        fallbacks=fallbacks,
        expedites=pushed,
    )


def _purchases(
    snapshot: Snapshot,
    forecaster: BoundForecaster | GuardedForecaster,
    alpha: float | None,
    paths: int,
    seed: int,
) -> tuple[Order, ...]:
    if alpha is None:
        return ()
    return purchase_proposals(snapshot, forecaster, alpha=alpha, paths=paths, seed=seed)


def with_standby(
    snapshot: Snapshot, forecaster: BoundForecaster | GuardedForecaster, policy: Policy
) -> tuple[Policy, tuple[str, ...]]:
    """The policy, static where the forecast knows nothing; and what stood in for the model."""
    if not isinstance(forecaster, GuardedForecaster):
        return policy, ()
    told = tuple(str(each) for each in forecaster.fallbacks)
    model, lost = snapshot.model, forecaster.unknown
    drawn = zip(model.series, model.pair_of_series, strict=True)
    unknown = {model.pairs[pair] for series, pair in drawn if series in lost}
    if not unknown:
        return policy, told
    rules = thresholds_of_rules(model.plant)
    return WithStandby(policy=policy, thresholds=lambda: rules, unknown=lambda: unknown), told


def sample_demand(
    snapshot: Snapshot,
    batch: Batch,
    forecaster: BoundForecaster | GuardedForecaster,
    paths: int,
    seed: int,
) -> SamplePaths:
    """Paths that reach beyond the grid by one window, so that late decisions see enough."""
    window = float(expected_window(batch, snapshot.now, seed, 100).max())
    last = snapshot.model.slots.end + timedelta(minutes=window)
    steps = steps_until(snapshot.model.calendar, snapshot.now, last)
    return forecaster.sample(snapshot.observed, snapshot.now, steps=steps, paths=paths, seed=seed)


def _decide(
    snapshot: Snapshot, batch: Batch, policy: Policy, sampled: SamplePaths, seed: int
) -> tuple[Decision, Due]:
    """The same decision as in the twin, on the state of the books; and what is under way."""
    model = snapshot.model
    nothing = np.zeros((1, len(model.series), len(model.shifts)), dtype=np.int32)
    twin = Twin(model, nothing, snapshot.state, seed=seed, record_slots=False)
    decision = decide(
        policy,
        twin.state_of(batch.pairs),
        FixedPathsOutlook(model, sampled, seed).outlook(twin, batch),
        batch.terms,
        twin.supply_of(batch),
    )
    return decision, twin.due_of(batch.pairs)


def _proposals(
    snapshot: Snapshot, batch: Batch, decision: Decision, model_version: str, seed: int
) -> tuple[dict[int, Order], dict[int, str]]:
    """Orders by place in the batch; none where one is released or dismissed for the departure.

    Returns:
        The orders; and for places that want one and get none, which of the two it is.
    """
    rng = random.Random(f"{seed} {snapshot.seq} {snapshot.now.isoformat()}")  # noqa: S311 - ids
    taken = dict.fromkeys(snapshot.dismissed, DISMISSED)
    taken |= {each.key: ALREADY for each in snapshot.open_orders if each.state in RELEASED}
    found: dict[int, Order] = {}
    outcomes: dict[int, str] = {}
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
        if order.key in taken:
            outcomes[index] = taken[order.key]
        else:
            found[index] = order
    return found, outcomes


def expected_use(model: PlantModel, sampled: SamplePaths) -> FloatArray:
    """Mean demand of each pair in each shift of the grid, shape (pair, shift)."""
    mean = sampled.values[:, :, : len(model.shifts)].mean(axis=0)
    row = {series: index for index, series in enumerate(sampled.series)}
    by_shift = mean[[row[series] for series in model.series]].T
    return np.array(GroupSum(model.pair_of_series)(np.ascontiguousarray(by_shift)).T)


def weigh(
    snapshot: Snapshot,
    sampled: SamplePaths,
    policy: Policy,
    proposals: Sequence[Order],
    seed: int,
) -> PlanRisk:
    """Three runs of the twin over the grid's shifts, on the same demand."""
    far = sampled.head(RISK_PATHS, sampled.values.shape[2])
    # Other futures than the policy looks at, where there are enough: a level that was read from a
    # few paths fits these paths too well.
    last = replace(sampled, values=sampled.values[-RISK_PATHS:])
    near = last.head(RISK_PATHS, len(snapshot.model.shifts))
    outlooks = FixedPathsOutlook(snapshot.model, far, seed)
    added = [proposed(order) for order in proposals]
    model, state = snapshot.model, snapshot.state
    return PlanRisk(
        committed=halt_risk(model, state, near, seed=seed),
        with_proposals=halt_risk(model, state, near, proposals=added, seed=seed),
        continues=halt_risk(
            model, state, near, proposals=added, policy=policy, outlooks=outlooks, seed=seed
        ),
    )

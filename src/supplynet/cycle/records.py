"""Decision -> record: the compact numbers of every pair of a plan, as they are kept."""

from __future__ import annotations

import polars as pl

from supplynet.cycle.decision import Plan
from supplynet.monitor.actions import parameters
from supplynet.storage.decision_frame import COMPACT
from supplynet.storage.decisions import DecisionRun

_NAMES = {
    "location_id": "stock_point_id",
    "low": "window_low",
    "likely": "window_likely",
    "high": "window_high",
}
"""Columns that an explanation calls by another name."""
_TIMES = {"departure_at", "arrives_at", "until", "runs_out_at", "outcome"}


def decision_run(plan: Plan, plan_id: str) -> DecisionRun:
    """What a plan decided, in the plan's order of pairs."""
    return DecisionRun(
        plan_id=plan_id,
        decided_at=plan.snapshot.now,
        snapshot_seq=plan.snapshot.seq,
        seed=plan.seed,
        paths=plan.paths,
        model_version=plan.model_version,
        policy=plan.policy,
        parameters=parameters(plan.reasons.policy, plan.reasons.background.risk_factor),
        compact=_compact(plan),
    )


def _compact(plan: Plan) -> pl.DataFrame:
    reasons = plan.reasons
    places = range(len(reasons.rows))
    columns = {
        name: [getattr(row, _NAMES.get(name, name)) for row in reasons.rows]
        for name in COMPACT
        if name not in _TIMES
    }
    runs_out = reasons.risk.committed.runs_out
    columns |= {
        "departure_at": [reasons.departure_at(place) for place in places],
        "arrives_at": [reasons.arrives_at(place) for place in places],
        "until": [reasons.window_end(place) for place in places],
        "runs_out_at": [runs_out[int(pair)].likely for pair in reasons.batch.pairs],
        "outcome": [reasons.outcome(place) for place in places],
    }
    return pl.DataFrame(columns, schema=COMPACT)

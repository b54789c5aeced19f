"""What the books said at an earlier moment: the plan and the decisions that were valid then."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from supplynet.storage import plans
from supplynet.storage.decisions import DecisionRun, run_of
from supplynet.storage.plans import PlanRecord
from supplynet.storage.tables import decision_runs as runs
from supplynet.storage.tables import plans as plan_table
from supplynet.storage.transaction import ReadTx


def run_at(tx: ReadTx, moment: datetime) -> DecisionRun | None:
    """What was decided last by ``moment``, else the oldest that is kept; None before the first."""
    before = select(runs).where(runs.c.decided_at <= moment).order_by(runs.c.seq.desc())
    oldest = select(runs).order_by(runs.c.seq)
    for query in (before, oldest):
        found = tx.connection.execute(query.limit(1)).first()
        if found is not None:
            return run_of(found)
    return None


def plan_at(tx: ReadTx, moment: datetime) -> PlanRecord | None:
    """The last plan made by ``moment``, else the oldest that is kept; None before the first."""
    found = plans.last_before(tx, moment)
    if found is not None:
        return found
    oldest = select(plan_table.c.plan_id).order_by(plan_table.c.made_at, plan_table.c.plan_id)
    name = tx.connection.scalar(oldest.limit(1))
    return None if name is None else plans.get_plan(tx, name)

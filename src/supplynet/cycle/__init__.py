"""The main path: event -> ledger -> demand frame -> forecast -> decision -> order -> delivery.

Read ``run`` below from top to bottom, then the files in the order of that sentence: ``intake``,
``demand``, ``snapshot``, ``decision``, ``orders``. Everything is a function of the books and a
moment: doing it twice changes nothing. What is computed is computed outside a transaction; one
short transaction then checks that the books have not moved and writes plan, orders, alerts, audit
and outgoing messages together. A delivery comes back as an event.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from supplynet.core.network import Plant
from supplynet.core.protocols import Policy
from supplynet.cycle.decision import Plan, make_plan
from supplynet.cycle.demand import close_shifts
from supplynet.cycle.intake import TakenIn, take_in
from supplynet.cycle.orders import Committed, cancel, commit, release, release_due
from supplynet.cycle.snapshot import Snapshot, take_snapshot
from supplynet.errors import SnapshotMoved
from supplynet.forecast.bound import BoundForecaster
from supplynet.storage import Store

__all__ = [
    "Committed",
    "Plan",
    "Snapshot",
    "TakenIn",
    "cancel",
    "close_shifts",
    "commit",
    "make_plan",
    "release",
    "release_due",
    "run",
    "take_in",
    "take_snapshot",
]
ATTEMPTS = 3


def run(
    store: Store,
    history: Path,
    plant: Plant,
    forecaster: BoundForecaster,
    policy: Policy,
    *,
    actor: str,
    now: datetime,
    paths: int,
    seed: int,
) -> tuple[Plan, Committed]:
    """Close finished shifts, take a snapshot, decide, write; again when the books moved meanwhile.

    Raises:
        SnapshotMoved: The books moved in every attempt.
    """
    known_until = forecaster.history.periods[-1].end
    close_shifts(store, history, plant, since=known_until, now=now)
    for attempt in range(1, ATTEMPTS + 1):
        snapshot = take_snapshot(store, history, plant, since=known_until, now=now)
        plan = make_plan(snapshot, forecaster, policy, paths=paths, seed=seed)
        try:
            return plan, commit(store, plan, actor=actor)
        except SnapshotMoved:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("the loop above returns or raises")

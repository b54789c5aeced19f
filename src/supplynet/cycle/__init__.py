"""The main path: event -> ledger -> demand frame -> forecast -> decision -> order -> delivery.

Read ``run`` below from top to bottom, then the files in the order of that sentence: ``intake``,
``demand``, ``snapshot``, ``decision``, ``orders``. Everything is a function of the books and a
moment: doing it twice changes nothing. What is computed is computed outside a transaction; one
short transaction then checks that the books have not moved and writes plan, orders, alerts, audit
and outgoing messages together. A delivery comes back as an event.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from supplynet.core.network import Plant
from supplynet.core.protocols import Policy
from supplynet.cycle.announced import read_announced
from supplynet.cycle.closing import close_shifts, history_faults, rebuild_history
from supplynet.cycle.decision import NOTHING_ELSE, Plan, make_plan
from supplynet.cycle.demand import observe, used_by_line, used_by_shift
from supplynet.cycle.intake import TakenIn, post, take_in
from supplynet.cycle.judging import Watcher, judge_shifts, recent_panel
from supplynet.cycle.letters import Letter, Replayed, TakenLetters, replay, take_in_letters
from supplynet.cycle.live import connect_whole_plant, is_connected
from supplynet.cycle.order_automation import may_release, release_due
from supplynet.cycle.order_commands import (
    Check,
    Command,
    Receipt,
    add,
    cancel,
    carry_out,
    change,
    close,
    pick,
    receive,
    release,
    reverse,
    ship,
    snooze,
    split,
)
from supplynet.cycle.order_diary import score_due
from supplynet.cycle.order_holding import to_top_up
from supplynet.cycle.order_limits import Limits, limits_of
from supplynet.cycle.order_making import Wanted
from supplynet.cycle.orders import (
    ORDERS,
    STOCK_AND_ORDERS,
    Committed,
    commit,
    expire,
)
from supplynet.cycle.refresh import lines_around, refresh
from supplynet.cycle.snapshot import Snapshot, take_snapshot
from supplynet.cycle.undo import undo
from supplynet.cycle.watching import watch
from supplynet.cycle.wrong_records import is_believed, left_out, without_wrong_records
from supplynet.errors import SnapshotMoved
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.guarded import GuardedForecaster
from supplynet.monitor.actions import Background
from supplynet.storage import Store
from supplynet.storage.decisions import KEPT_FOR

__all__ = [
    "Check",
    "Command",
    "Committed",
    "Letter",
    "Limits",
    "Plan",
    "Receipt",
    "Replayed",
    "Snapshot",
    "TakenIn",
    "TakenLetters",
    "Wanted",
    "Watcher",
    "add",
    "cancel",
    "carry_out",
    "change",
    "close",
    "close_shifts",
    "commit",
    "connect_whole_plant",
    "expire",
    "history_faults",
    "is_believed",
    "is_connected",
    "judge_shifts",
    "left_out",
    "limits_of",
    "lines_around",
    "make_plan",
    "may_release",
    "observe",
    "pick",
    "post",
    "read_announced",
    "rebuild_history",
    "receive",
    "recent_panel",
    "refresh",
    "release",
    "release_due",
    "replay",
    "reverse",
    "run",
    "score_due",
    "ship",
    "snooze",
    "split",
    "take_in",
    "take_in_letters",
    "take_snapshot",
    "to_top_up",
    "undo",
    "used_by_line",
    "used_by_shift",
    "watch",
    "without_wrong_records",
]
ATTEMPTS = 3


def run(
    store: Store,
    history: Path,
    plant: Plant,
    forecaster: BoundForecaster | GuardedForecaster,
    policy: Policy,
    *,
    actor: str,
    now: datetime,
    paths: int,
    seed: int,
    background: Background = NOTHING_ELSE,
    keep: timedelta = KEPT_FOR,
    purchase_alpha: float | None = None,
    watcher: Watcher | None = None,
    unseen: bool = False,
) -> tuple[Plan, Committed]:
    """Close finished shifts, take a snapshot, decide, write; again when the books moved meanwhile.

    On a busy plant stock always moves while a plan is computed. So the last attempt stands though
    parts were used or received meanwhile: a proposal that cannot be met is refused when it is
    released. It does not stand when orders have changed. ``background`` goes into the explanations;
    decision records are kept for ``keep``. With ``purchase_alpha`` the warehouses' purchases
    are proposed too: see ``purchase_proposals``. ``watcher`` looks for anomalies in what finished;
    with ``unseen`` those that wait for an answer count as not observed.

    Raises:
        SnapshotMoved: Orders changed in every attempt.
    """
    known_until = forecaster.history.periods[-1].end
    close_shifts(store, history, plant, since=known_until, now=now)
    if watcher is not None:
        watch(store, history, plant, watcher, actor=actor, now=now)
    expire(store, actor=actor, now=now)
    score_due(store, plant, actor=actor, now=now)
    for attempt in range(1, ATTEMPTS + 1):
        snapshot = take_snapshot(store, history, plant, since=known_until, now=now, unseen=unseen)
        plan = make_plan(
            snapshot,
            forecaster,
            policy,
            paths=paths,
            seed=seed,
            background=background,
            purchase_alpha=purchase_alpha,
        )
        try:
            unmoved = STOCK_AND_ORDERS if attempt < ATTEMPTS else ORDERS
            return plan, commit(store, plan, actor=actor, unmoved=unmoved, keep=keep)
        except SnapshotMoved:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("the loop above returns or raises")

"""Decide now: one run of the cycle over a workspace."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from supplynet import cycle
from supplynet.core.orders import Order
from supplynet.monitor.exceedance import corrected
from supplynet.services import champion, history, last_good, plant_detector, promise
from supplynet.services.background import background_of
from supplynet.services.books import Books, open_books
from supplynet.services.policies import policy_of
from supplynet.storage import alerts
from supplynet.storage.alerts import AlertCause, Severity

MODEL_DAMAGED = "model_damaged"
"""Kind of the alert that is open while another model serves than the champion."""


@dataclass(frozen=True, kw_only=True)
class PlanOutcome:
    """What a planning run decided and changed.

    Attributes:
        warning: Why another model forecast than the champion; "" when that did.
    """

    plan: cycle.Plan
    committed: cycle.Committed
    as_of: datetime
    historical: bool
    warning: str = ""

    def summary(self) -> dict[str, Any]:
        """For programs."""
        done = self.committed
        return {
            "plan_id": done.plan_id,
            "as_of": self.as_of,
            "historical": self.historical,
            "policy": self.plan.policy,
            "model_version": self.plan.model_version,
            "new": len(done.new),
            "changed": len(done.changed),
            "confirmed": len(done.confirmed),
            "withdrawn": len(done.withdrawn),
            "not_planned": len(self.plan.snapshot.unknown_stock),
            "alerts": [cause.message for cause in self._causes()],
            "proposals": [_proposal(order) for order in self._proposals()],
        }

    def lines(self) -> list[str]:
        """For people: what changed, then what to send, the most urgent first."""
        done = self.committed
        when = f"{self.as_of:%Y-%m-%d %H:%M}Z"
        if self.historical:
            when += " (where the history ends)"
        head = (
            f"plan as of {when}: {len(done.new)} new, {len(done.changed)} changed, "
            f"{len(done.confirmed)} confirmed, {len(done.withdrawn)} withdrawn proposals"
        )
        left_out = len(self.plan.snapshot.unknown_stock)
        notes = []
        if left_out:
            notes.append(
                f"{left_out:,} positions are not planned: their stock was never counted; "
                "supplynet import STOCK.csv --kind stock"
            )
        actions = [
            f"{order.departure_at:%m-%d %H:%M}Z  {order.quantity:>7,} {order.part_id}  "
            f"{order.from_location} -> {order.to_location}  {order.explanation['why']}"
            for order in self._proposals()
        ]
        alerts = [f"{cause.severity.value}: {cause.message}" for cause in self._causes()]
        return [head, *notes, *alerts, *actions]

    def _causes(self) -> list[AlertCause]:
        return [*_model_causes(self.warning), *self.plan.causes]

    def _proposals(self) -> list[Order]:
        found = [*self.committed.new, *self.committed.changed, *self.committed.confirmed]
        return sorted(found, key=lambda order: -order.explanation["expected_lost_minutes"])


def plan_in(folder: Path, *, actor: str, seed: int | None = None) -> PlanOutcome:
    """``plan_now`` for the workspace in ``folder``."""
    return plan_now(open_books(folder), actor=actor, seed=seed)


def plan_now(books: Books, *, actor: str, seed: int | None = None) -> PlanOutcome:
    """Plan as of now; twice in a row changes nothing.

    Raises:
        InvalidInput: No stock is known, or no model is trained.
        SnapshotMoved: Orders kept changing meanwhile.
    """
    with books.planning:
        begun = books.wall_clock()  # real time goes on while the plan is made
        now = history.as_of(books)
        serving = champion.serving(books)
        forecaster = last_good.guarded(books, serving.forecaster)
        _watch_model(books, serving.warning, actor=actor, now=now)
        review = promise.current(books, actor=actor, now=now)
        plan, committed = cycle.run(
            books.store,
            books.workspace.history,
            books.plant,
            forecaster,
            corrected(policy_of(books, forecaster.history), review.factor),
            actor=actor,
            now=now,
            paths=books.settings.paths,
            seed=books.settings.seed if seed is None else seed,
            background=background_of(books, forecaster.history, review, serving.warning),
            keep=timedelta(days=books.settings.keep_decisions_days),
            watcher=plant_detector.watcher_of(books),
            unseen=books.settings.anomaly_unseen,
            # A twin buys by itself.
            purchase_alpha=None if books.is_simulated else books.settings.purchase_alpha,
        )
        if not serving.warning:  # what stands in for the champion is not worth keeping
            last_good.keep_last_good(books, forecaster)
    return PlanOutcome(
        plan=plan,
        committed=committed,
        as_of=now,
        historical=not books.is_simulated and now < begun,
        warning=serving.warning,
    )


def refresh_now(books: Books, places: Collection[str], *, actor: str) -> bool:
    """Show at once, in the newest plan, what news at some places does to the lines around them.

    Returns:
        Whether anything was shown; not where most lines are touched, for a plan is as quick then.

    Raises:
        InvalidInput: As ``plan_now``.
    """
    lines = cycle.lines_around(books.plant, places)
    if not lines or 2 * len(lines) > len(books.plant.lines):
        return False
    with books.planning:
        forecaster = last_good.guarded(books, champion.serving(books).forecaster)
        now = history.as_of(books)
        review = promise.current(books, actor=actor, now=now)
        return cycle.refresh(
            books.store,
            books.workspace.history,
            books.plant,
            forecaster,
            corrected(policy_of(books, forecaster.history), review.factor),
            lines=lines,
            actor=actor,
            now=now,
            paths=books.settings.paths,
            seed=books.settings.seed,
            unseen=books.settings.anomaly_unseen,
        )


def _watch_model(books: Books, warning: str, *, actor: str, now: datetime) -> None:
    """Open the alert while the champion cannot serve, and close it when it can again."""
    causes = _model_causes(warning)
    with books.store.read() as tx:
        known = [each.message for each in alerts.open_alerts(tx) if each.kind == MODEL_DAMAGED]
    if known == [cause.message for cause in causes]:
        return
    with books.store.write(actor, now) as tx:
        alerts.set_open_alerts(tx, causes, kinds=[MODEL_DAMAGED])


def _model_causes(warning: str) -> list[AlertCause]:
    if not warning:
        return []
    return [AlertCause(severity=Severity.WARNING, kind=MODEL_DAMAGED, message=warning)]


def _proposal(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "part_id": order.part_id,
        "from": order.from_location,
        "to": order.to_location,
        "quantity": order.quantity,
        "departure_at": order.departure_at,
        "arrives_at": order.arrives_at,
        "expected_lost_minutes": order.explanation["expected_lost_minutes"],
        "why": order.explanation["why"],
    }

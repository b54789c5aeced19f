"""What is counted in the books for those who watch the server: cheap, and one snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Table, func, select

from supplynet.storage import plans
from supplynet.storage.tables import (
    alerts,
    audit,
    changes,
    dead_letters,
    deliveries,
    events,
    jobs,
    movements,
)
from supplynet.storage.transaction import ReadTx

_NUMBERED = {"changes": changes, "movements": movements, "events": events, "audit": audit}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One look at the books.

    Attributes:
        newest: Number of the newest row by kind: changes, movements, events, audit; as none is
            missing, that is also how many there ever were.
        dead_letters: Waiting ones by channel.
        jobs: By state.
        open_alerts: By severity.
        deliveries: To one channel each, by state.
        oldest_delivery_at: Since when the oldest waiting one is tried; None when none waits.
        plan_made_at: By the plant's clock; None before the first plan.
        highest_risk: Of the newest plan: the highest halt risk of any line in any shift, 0..1.
    """

    newest: Mapping[str, int]
    dead_letters: Mapping[str, int]
    jobs: Mapping[str, int]
    open_alerts: Mapping[str, int]
    deliveries: Mapping[str, int]
    oldest_delivery_at: datetime | None
    plan_made_at: datetime | None
    highest_risk: float | None


def read_figures(tx: ReadTx) -> Figures:
    """All of them, as of one moment."""
    waiting = deliveries.c.state == "waiting"
    plan = plans.latest_plan(tx)
    lines = [] if plan is None else plan.document.get("lines", [])
    risks = [cell["risk"] for line in lines for cell in line["cells"]]
    return Figures(
        newest={name: _newest(tx, table) for name, table in _NUMBERED.items()},
        dead_letters=_counted(tx, dead_letters.c.channel, dead_letters.c.state == "waiting"),
        jobs=_counted(tx, jobs.c.state, jobs.c.state.is_not(None)),
        open_alerts=_counted(tx, alerts.c.severity, alerts.c.resolved_at.is_(None)),
        deliveries=_counted(tx, deliveries.c.state, deliveries.c.state.is_not(None)),
        oldest_delivery_at=tx.connection.scalar(
            select(func.min(deliveries.c.created_at)).where(waiting)
        ),
        plan_made_at=None if plan is None else plan.made_at,
        highest_risk=max((risk for risk in risks if risk is not None), default=None),
    )


def _newest(tx: ReadTx, table: Table) -> int:
    return tx.connection.scalar(select(func.max(table.c.seq))) or 0


def _counted(tx: ReadTx, by: Column[str], where: object) -> dict[str, int]:
    query = select(by, func.count()).where(where).group_by(by)  # type: ignore[arg-type]
    return {row[0]: row[1] for row in tx.connection.execute(query)}

"""Plans: what was decided from which snapshot.

The newest few are kept, and of older ones two a day, so that a page can say what is other than
yesterday and how well the last weeks were forecast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, insert, select, update

from supplynet.errors import ConflictingContent, NotFound
from supplynet.storage.tables import plans as table
from supplynet.storage.transaction import ReadTx, WriteTx

LOOKED_BACK = timedelta(days=14)
_HALF_A_DAY = timedelta(hours=12)
_LIGHT = tuple(column for column in table.c if column.name != "forecast")
# Where the clock stands still, the plan that knew more is the newer one.
_NEWEST_FIRST = (table.c.made_at.desc(), table.c.snapshot_seq.desc(), table.c.plan_id.desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecord:
    """One plan.

    Attributes:
        snapshot_seq: Newest change that it knew of.
        seed: Start of its random paths; the same seed and snapshot give the same plan.
        document: The plan itself, as JSON.
    """

    plan_id: str
    made_at: datetime
    snapshot_seq: int
    seed: int
    model_version: str
    policy: str
    document: dict[str, Any]


def save_plan(tx: WriteTx, plan: PlanRecord, forecast: bytes, *, keep: int = 50) -> None:
    """Store a plan and its forecast (Parquet); the same plan again is skipped.

    The newest ``keep`` stay, and of each half day of the ``LOOKED_BACK`` before this plan the last.

    Raises:
        ConflictingContent: The id was used for another plan.
    """
    known = _first(tx, select(*_LIGHT).where(table.c.plan_id == plan.plan_id))
    if known is not None:
        if known != plan:
            raise ConflictingContent("plan", plan.plan_id)
        return
    values = {column.name: getattr(plan, column.name) for column in _LIGHT}
    tx.connection.execute(insert(table).values(forecast=forecast, **values))
    gone = _superfluous(made(tx)[::-1], max(keep, 1))
    tx.connection.execute(delete(table).where(table.c.plan_id.in_(gone)))
    names = ("snapshot_seq", "seed", "model_version", "policy")
    tx.note("plan_made", plan.plan_id, after={name: getattr(plan, name) for name in names})
    tx.change("plan", plan.plan_id)


def _superfluous(newest_first: Sequence[tuple[datetime, str]], keep: int) -> list[str]:
    since = newest_first[0][0] - LOOKED_BACK
    halves: set[int] = set()
    gone = []
    for place, (made_at, plan_id) in enumerate(newest_first):
        half = int(made_at.timestamp() // _HALF_A_DAY.total_seconds())
        if place >= keep and (half in halves or made_at < since):
            gone.append(plan_id)
        halves.add(half)
    return gone


def show_again(tx: WriteTx, plan_id: str, document: dict[str, Any]) -> bool:
    """Let the newest plan show other figures; False when it is not the newest any more."""
    newest = latest_plan(tx)
    if newest is None or newest.plan_id != plan_id:
        return False
    tx.connection.execute(update(table).where(table.c.plan_id == plan_id).values(document=document))
    tx.change("plan", plan_id)
    return True


def latest_plan(tx: ReadTx) -> PlanRecord | None:
    """The newest plan; None before the first."""
    query = select(*_LIGHT).order_by(*_NEWEST_FIRST).limit(1)
    return _first(tx, query)


def last_before(tx: ReadTx, moment: datetime) -> PlanRecord | None:
    """The newest kept plan that was made by ``moment``; None when there is none."""
    plan_id = id_before(tx, moment)
    return None if plan_id is None else get_plan(tx, plan_id)


def id_before(tx: ReadTx, moment: datetime) -> str | None:
    """Id of the newest kept plan that was made by ``moment``; None when there is none."""
    query = select(table.c.plan_id).where(table.c.made_at <= moment)
    found: str | None = tx.connection.scalar(query.order_by(*_NEWEST_FIRST).limit(1))
    return found


def made(tx: ReadTx) -> list[tuple[datetime, str]]:
    """When the kept plans were made, and their ids, oldest first."""
    query = select(table.c.made_at, table.c.plan_id).order_by(*_NEWEST_FIRST)
    return [(at, plan_id) for at, plan_id in tx.connection.execute(query)][::-1]


def get_plan(tx: ReadTx, plan_id: str) -> PlanRecord:
    """One plan.

    Raises:
        NotFound: There is none with this id, or it is no longer kept.
    """
    plan = _first(tx, select(*_LIGHT).where(table.c.plan_id == plan_id))
    if plan is None:
        raise NotFound("plan", plan_id, "only the newest plans are kept")
    return plan


def forecast_of(tx: ReadTx, plan_id: str) -> bytes:
    """The forecast behind a plan, Parquet.

    Raises:
        NotFound: There is no such plan, or it is no longer kept.
    """
    found = tx.connection.scalar(select(table.c.forecast).where(table.c.plan_id == plan_id))
    if found is None:
        raise NotFound("plan", plan_id, "only the newest plans are kept")
    return bytes(found)


def _first(tx: ReadTx, query: Select[Any]) -> PlanRecord | None:
    row = tx.connection.execute(query).mappings().first()
    return None if row is None else PlanRecord(**row)

"""A break of pace: a line uses more since the newest plan than that plan thought possible."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import func, select

from supplynet.core.ledger import Account
from supplynet.services.books import Books
from supplynet.services.plan_forecast import forecast_of
from supplynet.storage import ReadTx, plans
from supplynet.storage.tables import movements

HIGH = 0.95
SPREAD = 2.0
"""Times the distance from the median to the ``HIGH`` quantile: about one false alarm in 2,000."""
LEAST = 2
"""Parts above that limit which are worth a plan."""
Series = tuple[str, str]
Expected = dict[Series, tuple[float, float]]
_OPENED = "pace"


@dataclass(frozen=True, slots=True)
class _Opened:
    plan_id: str
    expected: Expected


def broken(books: Books, now: datetime) -> list[Series]:
    """(line, part) whose use since the newest plan is beyond what that plan expected by now.

    The plan knows the rest of its running shift: of median m and high quantile h a share s is
    over, so ``m s + SPREAD (h - m) sqrt(s)`` is the most that is believed. Empty without a plan,
    and once its shift is over: the next turn plans anyway.
    """
    with books.store.read() as tx:
        plan = plans.latest_plan(tx)
        if plan is None or plan.made_at >= now:
            return []
        expected = _expected_by(books, tx, plan.plan_id)
        used = _used(tx, plan.made_at, now)
    share = _share(books, plan.made_at, now)
    return [] if share is None else _beyond(expected, used, share)


def _beyond(expected: Expected, used: Counter[Series], share: float) -> list[Series]:
    found = []
    for series, quantity in used.items():
        usual, high = expected.get(series, (float("inf"), float("inf")))
        most = usual * share + SPREAD * (high - usual) * share**0.5
        if quantity > most + LEAST:
            found.append(series)
    return sorted(found)


def _share(books: Books, made_at: datetime, now: datetime) -> float | None:
    """How much of what was left of the shift at the plan is over; None when all of it is."""
    calendar = books.plant.calendar_of(books.plant.lines[0].location_id)
    shift = calendar.shift_at(made_at)
    if shift is None or now >= shift.end:
        return None
    return (now - made_at) / (shift.end - made_at)


def _expected_by(books: Books, tx: ReadTx, plan_id: str) -> Expected:
    """What a plan expected; that of the newest one is kept open."""
    known = books.opened.get(_OPENED)
    if not isinstance(known, _Opened) or known.plan_id != plan_id:
        known = _Opened(plan_id, _expected(forecast_of(books, tx, plan_id).frame))
        books.opened[_OPENED] = known
    return known.expected


def _expected(frame: pl.DataFrame) -> Expected:
    """Median and high quantile of the rest of the running shift, by (line, part)."""
    rest = frame.filter(pl.col("step") == 0)
    high = rest.filter(pl.col("quantile") == HIGH)
    usual = rest.filter(pl.col("quantile") == 0.5)
    keys = ["location_id", "part_id"]
    both = usual.join(high, on=keys, suffix="_high").select(*keys, "demand", "demand_high")
    return {(line, part): (middle, most) for line, part, middle, most in both.iter_rows()}


def _used(tx: ReadTx, since: datetime, now: datetime) -> Counter[Series]:
    query = (
        select(movements.c.to_location, movements.c.part_id, func.sum(movements.c.quantity))
        .where(movements.c.occurred_at > since, movements.c.occurred_at <= now)
        .where(movements.c.to_account == Account.CONSUMED.value)
        .group_by(movements.c.to_location, movements.c.part_id)
    )
    rows = tx.connection.execute(query)
    return Counter({(line, part): int(quantity) for line, part, quantity in rows})

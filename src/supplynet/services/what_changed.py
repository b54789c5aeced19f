"""The sheet of the shortage meeting: what has changed since yesterday, and for which parts.

The chance to run out is the plan's own, then and now: of the two windows that a decision looks at,
until its order can be used and until the next one can, the larger chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from supplynet.core.ledger import Account, Movement
from supplynet.core.network import Plant
from supplynet.core.orders import RELEASED, OrderState
from supplynet.errors import InvalidInput
from supplynet.monitor.grid import iso
from supplynet.services import beside, change_sources, history
from supplynet.services.affected_parts import affected_rows
from supplynet.services.books import Books, has_plant
from supplynet.services.change_sources import KINDS, Change, LinePlan, Pair
from supplynet.services.plan_forecast import forecast_of
from supplynet.storage import ReadTx, audit, ledger, looking_back, orders, plans
from supplynet.storage.audit import Wanted
from supplynet.storage.decisions import DecisionRun, latest_run
from supplynet.storage.within import Within

Row = dict[str, Any]
LONGEST = timedelta(days=31)
NETWORK_ACTIONS = ("network_changed", "plant_changed")
RISEN = 0.05
"""A chance to run out that rose by this and is above it is told of without a known cause too."""
_IN = (OrderState.RECEIVED, OrderState.CLOSED)
_LATE_BOOKING = timedelta(days=7)
"""What is posted later than so long after it happened is not looked for."""
_AHEAD = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class _Then:
    """Both moments and what was decided at them."""

    books: Books
    plant: Plant
    since: datetime
    now: datetime
    zone: ZoneInfo
    run_then: DecisionRun | None
    run_now: DecisionRun | None


def what_changed(
    books: Books,
    *,
    since: datetime | None = None,
    within: Within = None,
    limit: int = 20,
) -> Row:
    """Parts that something has changed for since a moment, the worst first.

    Args:
        books: The workspace.
        since: None = 24 hours before where the plant stands.
        within: Stock points at some places only.
        limit: Most parts that are told.

    Returns:
        ``since``, ``as_of``, ``plan_then``, ``plan_now`` (when the compared plans were made; null =
        none), ``counts`` of changes by kind, ``lines`` whose production plan differs, ``network``
        changes in words, ``rows`` and ``left_out``: how many more parts are affected.

    Raises:
        InvalidInput: ``since`` lies ahead, or more than 31 days back.
    """
    now = history.as_of(books)
    since = now - timedelta(days=1) if since is None else since.astimezone(UTC)
    if not now - LONGEST <= since <= now:
        raise InvalidInput(
            f"since {since.isoformat()} is not within the 31 days before {now.isoformat()}"
        )
    told: Row = {"since": iso(since), "as_of": iso(now), "plan_then": None, "plan_now": None}
    counts = dict.fromkeys(KINDS, 0)
    if not has_plant(books.workspace) or not books.plant.lines:
        empty: Row = {"lines": [], "network": [], "rows": [], "left_out": 0}
        return {**told, "counts": counts, **empty}
    plant = books.plant
    with books.store.read() as tx:
        here = _Then(
            books=books,
            plant=plant,
            since=since,
            now=now,
            zone=ZoneInfo(plant.time_zone),
            run_then=looking_back.run_at(tx, since),
            run_now=latest_run(tx),
        )
        lines = _line_plans(books, here, within)
        seen = [each for each in _changes(tx, here, lines) if _is_seen(each.pair, within)]
        risks = (_risks(here.run_then), _risks(here.run_now))
        network = [] if within is not None else _network(tx, since)
        rows = affected_rows(tx, plant, seen, risks, limit)
    counts |= Counter(each.kind for each in seen) | {"network": len(network)}
    affected = len({each.pair for each in seen})
    return {
        **told,
        "plan_then": None if here.run_then is None else iso(here.run_then.decided_at),
        "plan_now": None if here.run_now is None else iso(here.run_now.decided_at),
        "counts": counts,
        "lines": [each.as_row() for each in lines],
        "network": network,
        "rows": rows,
        "left_out": affected - len(rows),
    }


def _is_seen(pair: Pair, within: Within) -> bool:
    return within is None or pair[0] in within


def _line_plans(books: Books, here: _Then, within: Within) -> list[LinePlan]:
    table = beside.table_of(books, "plan")
    coming = (pl.col("period_start") >= here.now) & (pl.col("period_start") < here.now + _AHEAD)
    ours = [
        place.location_id
        for place in here.plant.lines
        if within is None or place.location_id in within
    ]
    wanted = table.filter(coming & pl.col("location_id").is_in(ours)).drop_nulls("units")
    return change_sources.line_plans(wanted, here.since, here.now)


def _changes(tx: ReadTx, here: _Then, lines: list[LinePlan]) -> list[Change]:
    """From all sources, and risks that rose without any."""
    found = [
        *change_sources.of_plan(here.plant, lines),
        *change_sources.of_stock(_corrections(tx, here.since), here.since),
        *_deliveries(tx, here),
        *_forecast(tx, here),
    ]
    return [*found, *_risen(here, {each.pair for each in found})]


def _corrections(tx: ReadTx, since: datetime) -> Iterator[Movement]:
    start = since - _LATE_BOOKING
    yield from ledger.movements_between(tx, start, to_accounts=change_sources.CORRECTED)
    yield from ledger.movements_between(tx, start, from_accounts=change_sources.CORRECTED)


def _deliveries(tx: ReadTx, here: _Then) -> Iterator[Change]:
    came: dict[str, datetime] = {}
    for move in ledger.movements_between(tx, here.since, to_accounts=[Account.ON_HAND]):
        if move.order_id is not None:
            came[move.order_id] = move.occurred_at
    moving = orders.list_orders(tx, states=RELEASED)
    in_ = orders.list_orders(tx, states=_IN, departing_from=here.since - _LATE_BOOKING)
    done = [order for order in in_ if order.order_id in came]
    risks = _risks(here.run_now) or {}
    for each in change_sources.of_deliveries([*moving, *done], came, here.now, here.zone):
        if each.parts or risks.get(each.pair, 0.0) >= RISEN:  # it has come, and nothing is short
            yield each


def _forecast(tx: ReadTx, here: _Then) -> Iterator[Change]:
    then, newest = looking_back.plan_at(tx, here.since), plans.latest_plan(tx)
    if then is None or newest is None or then.plan_id == newest.plan_id:
        return
    before, now = (forecast_of(here.books, tx, plan.plan_id) for plan in (then, newest))
    yield from change_sources.of_forecast(here.plant, before, now, here.now)


def _risen(here: _Then, known: set[Pair]) -> Iterator[Change]:
    """Parts that may run out now and did not then, though no source tells why."""
    before = _risks(here.run_then) or {}
    for pair, risk in (_risks(here.run_now) or {}).items():
        if pair not in known and risk >= RISEN and risk - before.get(pair, 0.0) >= RISEN:
            said = "no change is told: stock went down as expected and no order came in time"
            yield Change(kind="risk", pair=pair, sentence=said)


def _risks(run: DecisionRun | None) -> dict[Pair, float] | None:
    if run is None:
        return None
    chances = run.compact.select("location_id", "part_id", "stockout_before", "stockout_with")
    return {
        (place, part): max(before or 0.0, after or 0.0)
        for place, part, before, after in chances.iter_rows()
    }


def _network(tx: ReadTx, since: datetime) -> list[Row]:
    found = [
        entry
        for action in NETWORK_ACTIONS
        for entry in audit.newest(tx, Wanted(action=action, since=since), limit=50)
    ]
    return [
        {"at": iso(entry.at), "actor": entry.actor, "subject": entry.subject, "why": entry.reason}
        for entry in sorted(found, key=lambda each: each.seq, reverse=True)
    ]

"""What people look at behind the first screen: lists and single facts, read from the books.

A list is read page by page: a function takes the position after which to go on and returns rows
with the position of the last one, None after the last page.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from supplynet.core.ledger import Account
from supplynet.core.network import Plant
from supplynet.errors import NotFound
from supplynet.monitor.cover import cover_shifts
from supplynet.monitor.grid import iso
from supplynet.services import history
from supplynet.services.books import Books
from supplynet.services.commands import written
from supplynet.services.orders import Said
from supplynet.services.own_grid import own_grid
from supplynet.services.plan_forecast import forecast_of, newest_plan
from supplynet.storage import ReadTx, WriteTx, balances, changes, ledger, plans, values
from supplynet.storage.within import Within

Row = dict[str, Any]
Pair = tuple[str, str]
SCOREBOARD = "scoreboard"
"""Value in the books: how policies and models compare, as the page shows it."""
PAUSED = "paused"
"""Value in the books: whether automation holds still."""
MANY_CHANGES = 10_000
"""One who missed more than this takes a new snapshot instead of their list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What a watcher of the books needs to know.

    Attributes:
        seq: Number of the newest change.
        clock: The plant's, as in the first screen.
        kinds: What changed since the number asked for; None when that is no longer known.
    """

    seq: int
    clock: Row
    kinds: frozenset[str] | None


def pulse(books: Books, after: int | None = None) -> Pulse:
    """The newest change, the plant's time, and the kinds of what changed after ``after``."""
    clock = clock_at(books, history.as_of(books))
    with books.store.read() as tx:
        seq = changes.latest_seq(tx)
        return Pulse(seq=seq, clock=clock, kinds=_kinds(tx, seq if after is None else after, seq))


def _kinds(tx: ReadTx, after: int, upto: int) -> frozenset[str] | None:
    if after == upto:
        return frozenset()
    # Books that were restored from a backup are behind a client; pruned ones are ahead of it.
    if not 0 <= upto - after <= MANY_CHANGES or after + 1 < changes.oldest_seq(tx):
        return None
    return frozenset(change.kind for change in changes.changes_since(tx, after, MANY_CHANGES))


def latest_change(books: Books) -> int:
    """Number of the newest change."""
    with books.store.read() as tx:
        return changes.latest_seq(tx)


def clock_at(books: Books, now: datetime) -> Row:
    """The plant's clock as data: ``now`` is ``services.history.as_of``.

    It stands still (speed 0) where the plant's history ends long ago.
    """
    read = books.clock()
    standing = not read.simulated and now < read.now
    return {
        "now": iso(now),
        "speed": 0.0 if standing else read.speed,
        "simulated": read.simulated,
    }


def automation(books: Books, tx: ReadTx) -> Row:
    """Whether orders leave by themselves, and whether that is paused."""
    return {
        "mode": books.settings.automation_mode,
        "paused": bool(values.get_value(tx, PAUSED, False)),
    }


def read_automation(books: Books) -> Row:
    """``automation`` in a transaction of its own."""
    with books.store.read() as tx:
        return automation(books, tx)


def set_paused(books: Books, paused: bool, said: Said) -> Row:
    """Pause or resume automatic releases; planning and proposals go on. The same again is fine.

    Raises:
        ConflictingContent: The key was used for something else.
        VersionMoved: The check of ``said`` says so.
    """

    def do(tx: WriteTx) -> Row:
        values.set_value(tx, PAUSED, paused, reason=said.reason)
        return automation(books, tx)

    return written(books, said, ["automation", paused], do, books.now())


def stock(
    books: Books,
    *,
    location_id: str | None = None,
    part_id: str | None = None,
    within: Within = None,
    limit: int = 200,
    after: tuple[str, str] | None = None,
) -> tuple[list[Row], tuple[str, str] | None]:
    """Stock by (location, part) with what is under way; positions are (location, part).

    ``within`` some places only, if given.
    """
    plant = books.plant
    with books.store.read() as tx:
        coming = ledger.on_order(tx, part_id)
        promised = balances.reserved(tx, part_id)
        stands = {
            (place, part, account): quantity
            for (part, place, account), quantity in ledger.balances(tx, part_id).items()
        }
        held = {key[:2]: each for key, each in stands.items() if key[2] is Account.ON_HAND}
        lasting = _cover(books, tx, held, part_id)
    keys = sorted(
        key
        for key in set(held) | set(coming) | set(plant.supply_rule)
        if location_id in {None, key[0]}
        and part_id in {None, key[1]}
        and (within is None or key[0] in within)
        and (after is None or key > after)
    )
    rows = [
        {
            "location_id": key[0],
            "part_id": key[1],
            "on_hand": held.get(key, 0),
            "reserved": promised.get((key[1], key[0]), 0),
            "on_order": coming.get(key, 0),
            "in_transit": stands.get((*key, Account.IN_TRANSIT), 0),
            "blocked": stands.get((*key, Account.BLOCKED), 0),
            "unit": _unit(plant, key[1]),
            "cover_shifts": lasting.get(key),
        }
        for key in keys[:limit]
    ]
    return rows, keys[limit - 1] if len(keys) > limit else None


def current_plan(books: Books, within: Within = None) -> Row:
    """The last plan with its grid; ``within`` some places only, see ``own_grid``.

    Raises:
        NotFound: None was made yet.
    """
    with books.store.read() as tx:
        plan = newest_plan(books, tx)
    if plan is None:
        raise NotFound("plan", "latest", "make one: supplynet plan, or POST /api/v1/plan")
    document = plan.document if within is None else own_grid(plan.document, books.plant, within)
    return {
        "plan_id": plan.plan_id,
        "made_at": iso(plan.made_at),
        "snapshot_seq": plan.snapshot_seq,
        "seed": plan.seed,
        "model_version": plan.model_version,
        "policy": plan.policy,
        **document,
    }


def forecasts(
    books: Books,
    *,
    location_id: str | None = None,
    part_id: str | None = None,
    within: Within = None,
    limit: int = 200,
    after: tuple[str, int] | None = None,
) -> tuple[list[Row], tuple[str, int] | None]:
    """Quantiles behind the last plan; positions are (plan, rows seen).

    Later pages are of the same plan as the first, whatever was planned meanwhile. ``within`` some
    places only, if given.

    Raises:
        NotFound: The plan of ``after`` is no longer kept: begin again.
    """
    with books.store.read() as tx:
        newest = newest_plan(books, tx)
        if newest is None:
            return [], None
        plan_id, start = (newest.plan_id, 0) if after is None else after
        frame = forecast_of(books, tx, plan_id).frame
    if location_id is not None:
        frame = frame.filter(pl.col("location_id") == location_id)
    if part_id is not None:
        frame = frame.filter(pl.col("part_id") == part_id)
    if within is not None:
        frame = frame.filter(pl.col("location_id").is_in(sorted(within)))
    rows, seen = frame.slice(start, limit).to_dicts(), start + limit
    return rows, (plan_id, seen) if seen < frame.height else None


def _cover(
    books: Books, tx: ReadTx, held: Mapping[Pair, int], part_id: str | None
) -> dict[Pair, float]:
    """Shifts that stock lasts at the median forecast of these shifts, by (stock point, part).

    Of the last plan's forecast; what is never used is left out.
    """
    plan = newest_plan(books, tx)
    if plan is None:
        return {}
    plant, medians = books.plant, forecast_of(books, tx, plan.plan_id).medians
    ours = [i for i, (_, part) in enumerate(medians.series) if part_id in {None, part}]
    drawn = [(plant.stock_point_of(medians.series[i][0]), medians.series[i][1]) for i in ours]
    row = {pair: number for number, pair in enumerate(dict.fromkeys(drawn))}
    pairs = list(row)
    demand = np.zeros((len(pairs), len(medians.starts)))
    np.add.at(demand, [row[pair] for pair in drawn], medians.demand[ours])
    stock = np.array([held.get(pair, 0) for pair in pairs])
    share = np.ones(len(medians.starts))
    share[:1] = _share_ahead(plan)
    cover = cover_shifts(stock, demand, share)
    found = zip(pairs, cover.tolist(), strict=True)
    return {pair: round(shifts, 2) for pair, shifts in found if np.isfinite(shifts)}


def _share_ahead(plan: plans.PlanRecord) -> float:
    """How much of the shift in which a plan was made was still to come."""
    shifts = plan.document.get("shifts", [])
    if not shifts:
        return 1.0
    start, end = (datetime.fromisoformat(shifts[0][name]) for name in ("start", "end"))
    return (end - max(start, plan.made_at)) / (end - start)


def _unit(plant: Plant, part_id: str) -> str:
    part = plant.part_by_id.get(part_id)
    return "pcs" if part is None else part.unit


def changes_after(
    books: Books, after: int, *, kinds: Collection[str] = (), limit: int = 200
) -> Row:
    """A page of the change feed.

    Args:
        books: The workspace.
        after: Number of the last change that was seen; 0 = none.
        kinds: Only these; none = all.
        limit: Changes of one page.

    Returns:
        ``items`` (``seq, kind, ref, at``, oldest first), ``next_cursor``, and ``gap``: whether
        what came right after ``after`` is no longer known, or the books are older than it. Then
        there are no items, and ``next_cursor`` is the newest change.
    """
    with books.store.read() as tx:
        newest, oldest = changes.latest_seq(tx), changes.oldest_seq(tx)
        if after > newest or after + 1 < oldest:
            return {"items": [], "next_cursor": newest, "gap": True}
        found = changes.changes_since(tx, after, limit, kinds)
    rows = [asdict(each) for each in found]
    full = len(rows) == limit
    return {"items": rows, "next_cursor": rows[-1]["seq"] if full else newest, "gap": False}

"""Delivery -> ledger -> judgement: what became of the decisions whose window is over."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime

import polars as pl
from sqlalchemy import case, select

from supplynet.core.events import EventType
from supplynet.core.ledger import Account
from supplynet.core.network import Plant
from supplynet.core.orders import RELEASED, OrderState
from supplynet.core.timetable import departures_between
from supplynet.monitor.exceedance import OUTCOMES
from supplynet.storage import ReadTx, decision_records, events, orders
from supplynet.storage.decision_frame import COMPACT
from supplynet.storage.tables import movements

_DONE = (*RELEASED, OrderState.RECEIVED, OrderState.CLOSED)
_PAIR = ["location_id", "part_id"]
_MOMENT = pl.Datetime("us", "UTC")


def outcomes(tx: ReadTx, plant: Plant, start: datetime, now: datetime) -> pl.DataFrame:
    """Decisions made from ``start`` on whose window is over, with what came of them.

    The last decision before each cut-off counts, and only where it was carried out: an order that
    a person refused or made smaller proves nothing. Parts of which nothing was ever reported used
    are left out, for unknown is not 0.

    Args:
        tx: The books.
        plant: Its timetables say which decision was the last for a departure.
        start: Earlier decisions are not looked at.
        now: Windows that end later are not over.

    Returns:
        Columns of ``monitor.exceedance.OUTCOMES`` and ``until``.
    """
    final = _final(tx, plant, start, now).filter(pl.col("until") <= now)
    made = _carried_out(tx, final, start)
    used = _used(tx, plant, start, now)
    known = made.join(used.select(_PAIR).unique(), on=_PAIR, how="semi")
    found = _between(known, used)
    starved = _starved(tx, plant, found, start, now)
    return found.with_columns(
        level=(pl.col("on_hand") + pl.col("on_order") + pl.col("ordered")).cast(pl.Int64),
        promised=pl.col("stockout_with").cast(pl.Float64),
        allowed=pl.col("target").cast(pl.Float64) / pl.col("risk_factor"),
        starved=starved,
    ).select(*(pl.col(name).cast(kind) for name, kind in OUTCOMES.items()), "until")


def _final(tx: ReadTx, plant: Plant, start: datetime, now: datetime) -> pl.DataFrame:
    """The last decision of each pair before the cut-off of each departure."""
    moments = decision_records.moments(tx, start, now)
    times = [moment for _, moment in moments]
    cutoffs = {
        each.cutoff_at for lane in plant.lanes for each in departures_between(lane, start, now)
    }
    places = {bisect_right(times, cutoff) - 1 for cutoff in cutoffs}
    chosen = [moments[place][0] for place in sorted(places) if place >= 0]
    frames = [
        run.compact.with_columns(
            decided_at=pl.lit(run.decided_at, dtype=_MOMENT),
            risk_factor=pl.lit(float(run.parameters.get("risk_factor", 1.0))),
        )
        for run in decision_records.runs_of(tx, chosen)
    ]
    if not frames:
        schema = {**COMPACT, "decided_at": _MOMENT, "risk_factor": pl.Float64()}
        return pl.DataFrame(schema=schema)
    every = pl.concat(frames)
    return every.unique([*_PAIR, "departure_at"], keep="last", maintain_order=True)


def _carried_out(tx: ReadTx, final: pl.DataFrame, start: datetime) -> pl.DataFrame:
    """With the quantity that really went (``ordered``); without those that were not carried out."""
    done = orders.list_orders(tx, states=_DONE, departing_from=start)
    went = pl.DataFrame(
        [(o.to_location, o.part_id, o.departure_at, o.quantity) for o in done],
        schema={**dict.fromkeys(_PAIR, pl.String()), "departure_at": _MOMENT, "went": pl.Int64()},
        orient="row",
    )
    keys = [*_PAIR, "departure_at"]
    joined = final.join(went.unique(keys), on=keys, how="left", maintain_order="left")
    proposed = pl.col("outcome") == "proposed"
    return joined.filter(
        pl.col("outcome").is_in(["none", "released"])
        | (proposed & (pl.col("went") >= pl.col("granted")))
    ).with_columns(ordered=pl.when(proposed).then(pl.col("went")).otherwise(0))


def _used(tx: ReadTx, plant: Plant, start: datetime, now: datetime) -> pl.DataFrame:
    """Everything used at the lines of each stock point, in order of time, summed up (``total``)."""
    consumed = Account.CONSUMED.value
    goes_in = movements.c.to_account == consumed
    line = case((goes_in, movements.c.to_location), else_=movements.c.from_location)
    amount = case((goes_in, movements.c.quantity), else_=-movements.c.quantity)
    query = select(line, movements.c.part_id, movements.c.occurred_at, amount).where(
        goes_in | (movements.c.from_account == consumed),
        movements.c.occurred_at >= start,
        movements.c.occurred_at < now,
    )
    place = plant.stock_point_of_line
    rows = [
        (place[name], part, moment, quantity)
        for name, part, moment, quantity in tx.connection.execute(query)
        if name in place
    ]
    schema = {**dict.fromkeys(_PAIR, pl.String()), "at": _MOMENT, "used": pl.Int64()}
    frame = pl.DataFrame(rows, schema=schema, orient="row").sort("at")
    return frame.with_columns(total=pl.col("used").cum_sum().over(_PAIR))


def _between(made: pl.DataFrame, used: pl.DataFrame) -> pl.DataFrame:
    """What was used from each decision until the end of its window, >= 0."""
    totals = used.select(*_PAIR, "at", "total")
    for name in ("decided_at", "until"):
        made = (
            made.sort(name)
            .join_asof(totals, left_on=name, right_on="at", by=_PAIR, check_sortedness=False)
            .rename({"total": f"total_{name}"})
            .drop("at")
        )
    passed = pl.col("total_until").fill_null(0) - pl.col("total_decided_at").fill_null(0)
    return made.with_columns(used=passed.clip(lower_bound=0))


def _starved(
    tx: ReadTx, plant: Plant, found: pl.DataFrame, start: datetime, now: datetime
) -> pl.Series:
    """Whether a line of the stock point waited for the part between this delivery and the next.

    What was missing before the delivery was an earlier decision's to prevent.
    """
    place = plant.stock_point_of_line
    waited: dict[tuple[str, str], list[datetime]] = {}
    for event in events.events_between(tx, start, now, types=[EventType.LINE_STARVED]):
        for part in event.data.get("parts", ()):
            if event.location_id in place:
                key = (place[event.location_id], part)
                waited.setdefault(key, []).append(event.occurred_at)
    rows = found.select(*_PAIR, "arrives_at", "until").iter_rows()
    return pl.Series(
        [
            any(arrives < moment <= until for moment in waited.get((name, part), ()))
            for name, part, arrives, until in rows
        ],
        dtype=pl.Boolean(),
    )

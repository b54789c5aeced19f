"""What is expected of a part: its use in the next shifts, and the stock that is left."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from supplynet.core.orders import RELEASED, Order, OrderState
from supplynet.core.sample_paths import FloatArray
from supplynet.core.shifts import Shift
from supplynet.errors import SupplyNetError
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.paths import QuantileForecast, sample_paths
from supplynet.frames.panel import Period, shift_periods
from supplynet.learning.artifacts import load_metrics
from supplynet.monitor.grid import iso
from supplynet.services import part_series
from supplynet.services.books import Books
from supplynet.services.plan_forecast import forecast_of
from supplynet.services.remembered import remembered
from supplynet.storage import ReadTx
from supplynet.storage.plans import PlanRecord

Row = dict[str, Any]
PATHS = 500
STEPS = (timedelta(hours=1), timedelta(hours=4))
"""Between two points of the projected stock: at first, and later."""
NEAR = timedelta(days=3)
FAN = (0.1, 0.5, 0.9)


@dataclass(frozen=True, kw_only=True, eq=False)
class Ahead:
    """Sampled use of a part from ``now`` on, of some lines together.

    Attributes:
        use: Parts, shape (path, step); step 0 is the rest of the running shift.
        shifts: One per step.
    """

    now: datetime
    use: FloatArray
    shifts: tuple[Shift, ...]

    def fan(self, used: int) -> list[Row]:
        """Quantiles of every shift; the running one counts what is ``used`` already."""
        low, likely, high = np.quantile(self.use, FAN, axis=0)
        rows: list[dict[str, Any]] = [
            {
                "name": shift.name,
                "start": iso(shift.start),
                "end": iso(shift.end),
                "low": float(low[step]),
                "likely": float(likely[step]),
                "high": float(high[step]),
            }
            for step, shift in enumerate(self.shifts)
        ]
        if rows and self.shifts[0].start <= self.now:
            rows[0] |= {name: rows[0][name] + used for name in ("low", "likely", "high")}
        return [row | {n: round(row[n], 1) for n in ("low", "likely", "high")} for row in rows]


def ahead(
    books: Books,
    tx: ReadTx,
    plan: PlanRecord,
    lines: Collection[str],
    part: str,
    now: datetime,
) -> Ahead | None:
    """The forecast of a plan as joint paths, from now on; None where it says nothing of these.

    A plan that is older than the running moment forecast more than is left: its running shift
    counts by the share of the time that is still to come.
    """
    key = ("sampled", plan.plan_id, tuple(sorted(lines)), part)
    made = remembered(
        books, tx, key, ("plant",), lambda: _sampled(books, tx, plan, frozenset(lines), part)
    )
    if made is None:
        return None
    left = [i for i, period in enumerate(made.periods) if period.end > now]
    if not left:
        return None
    use = made.use[:, left].copy()
    first = made.periods[left[0]]
    begin = max(first.start, made.cutoff)
    use[:, 0] *= _share(first.end - max(first.start, now), first.end - begin)
    return Ahead(now=now, use=use, shifts=tuple(made.shifts[i] for i in left))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sampled:
    """Use by a whole forecast: parts, shape (path, step), with the period and shift of each."""

    use: FloatArray
    periods: tuple[Period, ...]
    shifts: tuple[Shift, ...]
    cutoff: datetime


def _sampled(
    books: Books, tx: ReadTx, plan: PlanRecord, lines: Collection[str], part: str
) -> _Sampled | None:
    frame = forecast_of(books, tx, plan.plan_id).of_part(lines, part)
    found = part_series.quantiles_of(frame)
    if not found:
        return None
    starts = frame["period_start"].unique().sort().to_list()
    calendar = books.plant.calendar_of(min(found))
    until = starts[-1] + timedelta(minutes=1)
    known = {shift.start: shift for shift in calendar.shifts_between(starts[0], until)}
    periods = [p for p in shift_periods(calendar, starts[0], until) if p.start in set(starts)]
    names = tuple(sorted(found))
    if len(periods) != len(starts) or any(len(found[n][0]) != len(starts) for n in names):
        return None
    cutoff = frame.select(pl.col("cutoff").first()).item()
    forecast = QuantileForecast(
        values=np.stack([found[name][0] for name in names]),
        levels=found[names[0]][1],
        series=tuple((name, part) for name in names),
        periods=tuple(periods),
        cutoff=cutoff,
        model_version=plan.model_version,
    )
    # The same paths as those of the plan.
    dependence = _dependence(books, plan.model_version)
    paths = sample_paths(forecast, dependence=dependence, paths=PATHS, seed=plan.seed)
    return _Sampled(
        use=np.asarray(paths.values.sum(axis=1), dtype=np.float64),
        periods=tuple(periods),
        shifts=tuple(known[period.start] for period in periods),
        cutoff=cutoff,
    )


def _share(left: timedelta, of: timedelta) -> float:
    return min(1.0, left / of) if of > timedelta(0) else 0.0


def _dependence(books: Books, version: str) -> Dependence:
    """Of the model; as usual where a stand-in forecast, or the model is gone."""
    try:
        return Dependence(**load_metrics(books.workspace.folder, version)["dependence"])
    except (SupplyNetError, OSError, KeyError, TypeError, ValueError):
        return Dependence()


def deliveries(orders: Sequence[Order], now: datetime) -> list[Row]:
    """What is coming, the first in front: released, and proposals that can still leave.

    What is late is expected any moment.
    """
    coming = [
        (order, order.outstanding if order.state in RELEASED else order.quantity)
        for order in orders
        if order.state in RELEASED or _may_leave(order, now)
    ]
    rows = [
        {
            "order_id": order.order_id,
            "state": order.state.value,
            "quantity": quantity,
            "arrives_at": iso(max(order.arrives_at, now)),
            "late": order.arrives_at < now,
        }
        for order, quantity in coming
        if quantity > 0
    ]
    return sorted(rows, key=lambda row: (row["arrives_at"], row["order_id"]))


def _may_leave(order: Order, now: datetime) -> bool:
    return order.state is OrderState.PROPOSED and order.cutoff_at >= now


def projection(coming: Ahead, on_hand: int, arriving: Sequence[Row]) -> Row:
    """Stock from now on, with released orders only and with the proposals as well.

    Lines that lack a part stand still: stock does not fall below 0.

    Returns:
        ``points`` (``at``, then quantiles without and with the proposals) and ``runs_out``
        (early, likely and late by name of the case; null beyond the last shift).
    """
    times = _times(coming, arriving)
    use = _between(coming, times)
    released = [row for row in arriving if row["state"] != OrderState.PROPOSED.value]
    cases = {"without": released, "with": list(arriving)}
    stocks = {name: _stock(use, times, on_hand, rows) for name, rows in cases.items()}
    bands = {
        name: np.quantile(stock, FAN, axis=0).round(1).T.tolist() for name, stock in stocks.items()
    }
    return {
        "points": [
            {"at": iso(at), "without": without, "with": both}
            for at, without, both in zip(times, bands["without"], bands["with"], strict=True)
        ],
        "runs_out": {name: _runs_out(stock, use, times) for name, stock in stocks.items()},
    }


def _times(coming: Ahead, arriving: Sequence[Row]) -> list[datetime]:
    """Every hour or few, at the ends of shifts and just before and at every arrival."""
    end = coming.shifts[-1].end
    found = {coming.now, end, *(shift.end for shift in coming.shifts)}
    at = coming.now
    while at < end:
        found.add(at)
        at += STEPS[at - coming.now >= NEAR]
    for row in arriving:
        arrival = datetime.fromisoformat(row["arrives_at"])
        if coming.now < arrival <= end:
            found |= {arrival, arrival - timedelta(seconds=1)}
    return sorted(moment for moment in found if moment >= coming.now)


def _between(coming: Ahead, times: Sequence[datetime]) -> FloatArray:
    """Use between each moment and the one before it, shape (path, moment); even in a shift."""
    moments = np.array([at.timestamp() for at in times])
    begins = [max(shift.start, coming.now).timestamp() for shift in coming.shifts]
    lengths = [shift.end.timestamp() - b for shift, b in zip(coming.shifts, begins, strict=True)]
    over = np.clip((moments - np.array(begins)[:, None]) / np.array(lengths)[:, None], 0.0, 1.0)
    return np.diff(coming.use @ over, axis=1, prepend=0.0)


def _stock(
    use: FloatArray, times: Sequence[datetime], on_hand: int, arriving: Sequence[Row]
) -> FloatArray:
    stock, result = np.full(len(use), float(max(on_hand, 0))), np.empty_like(use)
    waiting = [(datetime.fromisoformat(row["arrives_at"]), row["quantity"]) for row in arriving]
    for i, at in enumerate(times):
        stock = np.maximum(stock - use[:, i], 0.0)
        stock = stock + sum(quantity for arrival, quantity in waiting if arrival <= at)
        waiting = [each for each in waiting if each[0] > at]
        result[:, i] = stock
    return result


def _runs_out(stock: FloatArray, use: FloatArray, times: Sequence[datetime]) -> Row:
    """When 10, 50 and 90 % of the paths have run out for the first time."""
    empty = stock <= 0
    rows, first = np.arange(len(stock)), empty.argmax(axis=1)
    before = stock[rows, np.maximum(first - 1, 0)]
    share = np.clip(before / np.maximum(use[rows, first], 1e-9), 0.0, 1.0)
    since = np.array([(at - times[0]).total_seconds() for at in times])
    begin = since[np.maximum(first - 1, 0)]
    moment = np.where(first > 0, begin + share * (since[first] - begin), 0.0)
    seconds = np.where(empty.any(axis=1), moment, np.inf)
    found = np.quantile(seconds, FAN, method="inverted_cdf")
    return {
        name: iso(times[0] + timedelta(seconds=float(at))) if np.isfinite(at) else None
        for name, at in zip(("early", "likely", "late"), found, strict=True)
    }

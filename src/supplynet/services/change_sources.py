"""What has changed since a moment and for which parts: plan, stock, deliveries, forecast, network.

Each source tells changes in words, with ``parts``: how many parts the stock point has more than
it would have had without the change (below 0: fewer, or more are needed).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from supplynet.core.ledger import Account, Movement
from supplynet.core.network import DEFAULT_PRODUCT, Plant, Requirement
from supplynet.core.orders import Order, OrderState
from supplynet.monitor.deliveries import LATE
from supplynet.monitor.grid import iso
from supplynet.services.plan_forecast import PlanForecast

Row = dict[str, Any]
Pair = tuple[str, str]
"""(stock point, part)."""
KINDS = ("plan", "stock", "delivery", "forecast", "network", "risk")
PLAN_SHARE = 0.05
"""A changed production plan is told of a part where it moves its need by this share or more."""
FORECAST_SHARE = 0.10
"""A changed forecast of a part is told from this share on."""
OPENING = "opening count"
"""Reason of the count that a stock begins with: there was no book to differ from."""
CORRECTED = (Account.ADJUSTMENT, Account.SCRAPPED, Account.LOST, Account.BLOCKED)
_SAID = {
    Account.ADJUSTMENT: ("counted {n} fewer than the books", "counted {n} more than the books"),
    Account.SCRAPPED: ("{n} scrapped", "{n} of the scrap taken back"),
    Account.LOST: ("{n} missing on receipt", "{n} of the missing found"),
    Account.BLOCKED: ("{n} damaged and blocked", "{n} of the blocked set free"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one part at one stock point.

    Attributes:
        kind: ``plan``, ``stock``, ``delivery``, ``forecast``, ``network`` or ``risk``.
        sentence: What has changed, in words.
        parts: More (above 0) or fewer parts than without it; 0 where that cannot be counted.
        at: When; None = not at one moment.
    """

    kind: str
    pair: Pair
    sentence: str
    parts: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlan:
    """What a line is to build in coming shifts, as it was said then and as it is said now.

    Attributes:
        before, now: Units in the shifts that had a figure both times.
        shifts: ``(start, units then, units now)`` of those that differ.
    """

    line_id: str
    before: int
    now: int
    shifts: tuple[tuple[datetime, int, int], ...]

    def as_row(self) -> Row:
        """For the API."""
        start, then, now = max(self.shifts, key=lambda each: abs(each[2] - each[1]))
        most = {"start": iso(start), "units_before": then, "units_now": now}
        numbers = {"units_before": self.before, "units_now": self.now}
        return {"line_id": self.line_id, **numbers, "shifts": len(self.shifts), "most": most}


def line_plans(table: pl.DataFrame, since: datetime, now: datetime) -> list[LinePlan]:
    """Lines whose production plan differs, by line.

    Args:
        table: Rows of the plan (``PLAN_SCHEMA``), only of the shifts that matter.
        since: What was known by then is compared with what is known by ``now``.
        now: What is recorded later is not known yet.
    """
    key = ["location_id", "period_start"]

    def known(moment: datetime, name: str) -> pl.DataFrame:
        newest = table.filter(pl.col("recorded_at") <= moment).sort("recorded_at")
        each = newest.group_by(*key, "product").agg(pl.col("units").last())
        return each.group_by(key).agg(pl.col("units").sum().alias(name))

    both = known(since, "then").join(known(now, "now"), on=key).sort(key)
    lines: dict[str, list[tuple[datetime, int, int]]] = defaultdict(list)
    for line, start, then, units in both.select(*key, "then", "now").iter_rows():
        lines[line].append((start, int(then), int(units)))
    found = []
    for line, shifts in sorted(lines.items()):
        other = tuple(each for each in shifts if each[1] != each[2])
        if other:
            then, units = sum(each[1] for each in shifts), sum(each[2] for each in shifts)
            found.append(LinePlan(line_id=line, before=then, now=units, shifts=other))
    return found


def of_plan(plant: Plant, lines: Iterable[LinePlan]) -> Iterator[Change]:
    """Parts whose need moves by ``PLAN_SHARE`` or more with the production plan."""
    needed: Counter[Pair] = Counter()
    more: Counter[Pair] = Counter()
    said: dict[Pair, list[str]] = defaultdict(list)
    for line in lines:
        point = plant.stock_point_of_line.get(line.line_id)
        if point is None or line.before == line.now:
            continue
        for rule in _one_of_each(plant.requirements_of_line.get(line.line_id, ())):
            pair = (point, rule.part_id)
            needed[pair] += _parts(rule, line.before)
            more[pair] += _parts(rule, line.now) - _parts(rule, line.before)
            said[pair].append(f"{line.line_id} {_signed(line.now - line.before)}")
    for pair, parts in more.items():
        if parts and abs(parts) >= PLAN_SHARE * max(1, needed[pair]):
            units = ", ".join(said[pair][:3]) + (", ..." if len(said[pair]) > 3 else "")
            what = f"production plan needs {abs(parts)} {'more' if parts > 0 else 'fewer'}"
            yield Change(kind="plan", pair=pair, parts=-parts, sentence=f"{what} (units: {units})")


def _one_of_each(rules: Sequence[Requirement]) -> Iterator[Requirement]:
    """Of parts that replace each other the first; the plan counts units of all products."""
    groups: set[str] = set()
    for rule in rules:
        if rule.product != DEFAULT_PRODUCT or rule.alternative_group in groups:
            continue
        if rule.alternative_group is not None:
            groups.add(rule.alternative_group)
        yield rule


def _parts(rule: Requirement, units: int) -> int:
    return round(Decimal(units) * rule.quantity)


def of_stock(movements: Iterable[Movement], since: datetime) -> Iterator[Change]:
    """Counts that differed, scrap, and what was missing or damaged, as far as told since then.

    A line that scraps names itself; the parts leave the stock point above it.
    """
    gained: Counter[tuple[Pair, Account]] = Counter()
    last: dict[tuple[Pair, Account], datetime] = {}
    for move in movements:
        if move.recorded_at < since or move.reason == OPENING:
            continue
        gone = move.to_account in CORRECTED
        account = move.to_account if gone else move.from_account
        if account not in CORRECTED:
            continue
        place = move.from_location if gone else move.to_location
        key = ((place, move.part_id), account)
        gained[key] += -move.quantity if gone else move.quantity
        last[key] = max(last.get(key, move.occurred_at), move.occurred_at)
    for (pair, account), parts in gained.items():
        if parts:
            sentence = _SAID[account][parts > 0].format(n=abs(parts))
            at = last[pair, account]
            yield Change(kind="stock", pair=pair, sentence=sentence, parts=parts, at=at)


def of_deliveries(
    orders: Iterable[Order], received: Mapping[str, datetime], now: datetime, zone: ZoneInfo
) -> Iterator[Change]:
    """What is late, has not left, or came late.

    Args:
        orders: Released, or received since.
        received: When the last of each order came, by order id.
        now: Plant time.
        zone: Of the clock times.
    """
    for order in orders:
        pair, count = (order.to_location, order.part_id), order.outstanding
        came = received.get(order.order_id)
        due = f"{order.arrives_at.astimezone(zone):%a %H:%M}"
        late = (now if count else came or now) - order.arrives_at
        if order.state is OrderState.SHIPPED and count and late > timedelta(0):
            said, parts, at = f"{count} due {due} are {_span(late)} late", -count, order.arrives_at
        elif order.state in (OrderState.APPROVED, OrderState.PICKED) and order.departure_at < now:
            left = f"{order.departure_at.astimezone(zone):%a %H:%M}"
            said, parts, at = (
                f"{order.quantity:,} were to leave {left} and have not been shipped",
                -order.quantity,
                order.departure_at,
            )
        elif came is not None and not count and late >= LATE:
            said, parts, at = f"{order.received} due {due} came {_span(late)} late", 0, came
        else:
            continue
        yield Change(kind="delivery", pair=pair, sentence=said, parts=parts, at=at)


def of_forecast(
    plant: Plant, then: PlanForecast, now: PlanForecast, start: datetime
) -> Iterator[Change]:
    """Parts of which ``FORECAST_SHARE`` more or less is expected to be used.

    Args:
        plant: Whose lines draw from which stock point.
        then: The earlier forecast.
        now: The later one.
        start: Only shifts from then on, and of these the ones that both know.
    """
    point = plant.stock_point_of_line
    before, after = (_medians(each, start) for each in (then, now))
    keys = before.keys() & after.keys()
    sums: dict[Pair, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for key in keys:
        line, part, _ = key
        if line in point:
            sums[point[line], part][0] += before[key]
            sums[point[line], part][1] += after[key]
    for pair, (was, is_) in sorted(sums.items()):
        parts = round(is_ - was)
        if parts and abs(parts) >= FORECAST_SHARE * max(1.0, was):
            share = f" by {abs(parts) / was:.0%}" if was >= 1 else ""
            way = "up" if parts > 0 else "down"
            said = f"forecast {way}{share}: {was:.0f} before, {is_:.0f} now"
            yield Change(kind="forecast", pair=pair, sentence=said, parts=-parts)


def _medians(forecast: PlanForecast, start: datetime) -> dict[tuple[str, str, datetime], float]:
    middle = forecast.frame.filter((pl.col("quantile") == 0.5) & (pl.col("period_start") >= start))
    rows = middle.select("location_id", "part_id", "period_start", "demand").iter_rows()
    return {(line, part, at): float(demand) for line, part, at, demand in rows}


def _signed(units: int) -> str:
    return f"{units:+d}"


def _span(late: timedelta) -> str:
    minutes = int(late.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    return f"{rest} min" if not hours else f"{hours} h {rest:02d} min"

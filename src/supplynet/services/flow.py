"""The flow of parts in the running shift: out of the warehouse, on the road, in, and used.

Units of all parts are added up: a chart of how much moves, not of what. Planned use is what the
last plan before the shift expected of it, so that it does not move with what happens in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from supplynet import cycle
from supplynet.core.network import LocationKind, Plant
from supplynet.core.orders import Order, OrderState
from supplynet.core.shifts import Shift, day_and_name
from supplynet.core.sites import site_of
from supplynet.monitor.grid import iso
from supplynet.services import history
from supplynet.services.books import Books, has_plant
from supplynet.services.plan_forecast import forecast_of
from supplynet.services.remembered import remembered
from supplynet.storage import ReadTx, orders, plans
from supplynet.storage.within import Within

Row = dict[str, Any]
Pair = tuple[str, str]
_LEFT = (OrderState.SHIPPED, OrderState.RECEIVED, OrderState.CLOSED)
_OVER = (OrderState.CANCELLED, OrderState.REVERSED)
_LONGEST_ROAD = timedelta(days=30)
"""What left longer ago and is still not received is an alert, and no part of the flow."""


@dataclass(frozen=True, kw_only=True)
class _Now:
    """What all parts of the chart are made from."""

    plant: Plant
    now: datetime
    shift: Shift
    within: Within

    def sees(self, *places: str) -> bool:
        return self.within is None or any(place in self.within for place in places)

    def in_shift(self, moment: datetime) -> bool:
        return self.shift.start <= moment < self.shift.end


def flow(books: Books, within: Within = None) -> Row:
    """Planned and actual units of the running shift.

    Returns:
        ``shift`` (null between shifts, then all is empty), ``elapsed`` (its share that is over),
        ``roads`` (by warehouse and site: planned and shipped, on the road now, late of these,
        due and received), ``deliveries`` (what is on the road, by lane and departure, the latest
        first), ``lines`` (planned, planned until now, and used; planned is null before
        the first plan of another shift) and ``last_shift`` (see ``_last_shift``).
    """
    empty: Row = {"shift": None, "elapsed": 0.0, "roads": [], "deliveries": [], "lines": []}
    empty["last_shift"] = None
    if not has_plant(books.workspace) or not books.plant.lines:
        return empty
    plant, now = books.plant, history.as_of(books)
    place = _clock_place(plant, within)
    shift = None if place is None else plant.calendar_of(place).shift_at(now)
    if shift is None:
        return empty
    here = _Now(plant=plant, now=now, shift=shift, within=within)
    with books.store.read() as tx:
        moving = remembered(books, tx, ("moving", shift), ("order",), lambda: _moving(tx, shift))
        used = cycle.used_by_line(tx, shift)
        planned = _planned(books, tx, shift.start)
        last = _last_shift(books, tx, here)
    elapsed = (now - shift.start) / (shift.end - shift.start)
    return {
        "shift": _shift(shift),
        "elapsed": round(elapsed, 4),
        "roads": _roads(here, [order for order in moving if order.state not in _OVER]),
        "deliveries": _deliveries(here, moving),
        "lines": _lines(here, planned, used, elapsed),
        "last_shift": last,
    }


def _moving(tx: ReadTx, shift: Shift) -> list[Order]:
    return orders.moving(tx, shift.start, shift.end, shift.start - _LONGEST_ROAD)


def _clock_place(plant: Plant, within: Within) -> str | None:
    """The place whose shifts are shown: a line that is seen, else any place that is."""
    lines = [line.location_id for line in plant.lines]
    seen = [*lines, *plant.location_by_id]
    return next((place for place in seen if within is None or place in within), None)


def _roads(here: _Now, moving: list[Order]) -> list[Row]:
    sums: dict[Pair, Counter[str]] = {}
    for order in moving:
        source, target = (
            site_of(here.plant, order.from_location),
            site_of(here.plant, order.to_location),
        )
        if source is None or target is None or not here.sees(source, target):
            continue
        sums.setdefault((source, target), Counter()).update(_moved(here, order))
    names = ("planned", "shipped", "on_road", "late", "due", "received")
    return [
        {"from": source, "to": target} | {name: found[name] for name in names}
        for (source, target), found in sorted(sums.items())
        if any(found.values())
    ]


def _moved(here: _Now, order: Order) -> Counter[str]:
    """What one order adds to its road."""
    found: Counter[str] = Counter()
    if here.in_shift(order.departure_at):
        found["planned"] = order.quantity
        found["shipped"] = order.quantity if order.state in _LEFT else 0
    if here.in_shift(order.arrives_at):
        found["due"], found["received"] = order.quantity, order.received
    if order.state is OrderState.SHIPPED:
        found["on_road"] = order.outstanding
        found["late"] = order.outstanding if order.arrives_at < here.now else 0
    return found


def _deliveries(here: _Now, moving: list[Order]) -> list[Row]:
    """Vehicles under way: what is on them, when they are due, how late they are."""
    found: dict[tuple[str, datetime], list[Order]] = {}
    for order in moving:
        seen = here.sees(order.from_location, order.to_location)
        if order.state is OrderState.SHIPPED and seen:
            found.setdefault((order.lane_id, order.departure_at), []).append(order)
    rows = [
        {
            "lane_id": lane,
            "from": loaded[0].from_location,
            "to": loaded[0].to_location,
            "departure_at": iso(departure),
            "arrives_at": iso(max(order.arrives_at for order in loaded)),
            "late_minutes": _late(here.now, loaded),
            "parts": len({order.part_id for order in loaded}),
            "quantity": sum(order.outstanding for order in loaded),
        }
        for (lane, departure), loaded in found.items()
    ]
    return sorted(rows, key=lambda row: (-row["late_minutes"], row["arrives_at"], row["lane_id"]))


def _late(now: datetime, loaded: list[Order]) -> int:
    due = min(order.arrives_at for order in loaded)
    return max(0, int((now - due).total_seconds() // 60))


def _lines(
    here: _Now, planned: Mapping[Pair, float] | None, used: Mapping[str, int], elapsed: float
) -> list[Row]:
    expected: Counter[str] = Counter()
    for (line, _), amount in (planned or {}).items():
        expected[line] += amount  # type: ignore[assignment]  # a Counter of whatever adds up
    rows = []
    for place in here.plant.lines:
        line = place.location_id
        if not here.sees(line):
            continue
        whole = None if planned is None else round(float(expected[line]), 1)
        rows.append(
            {
                "line_id": line,
                "showroom_id": here.plant.ancestor(line, LocationKind.SHOWROOM)
                or site_of(here.plant, line)
                or line,
                "planned": whole,
                "planned_by_now": None if whole is None else round(whole * elapsed, 1),
                "used": used.get(line, 0),
            }
        )
    return rows


def _planned(books: Books, tx: ReadTx, start: datetime) -> Mapping[Pair, float] | None:
    """Mean forecast of the shift that starts at ``start`` by the last plan before it."""
    plan_id = plans.id_before(tx, start)
    return None if plan_id is None else forecast_of(books, tx, plan_id).means(start) or None


def _used(tx: ReadTx, shift: Shift) -> Counter[Pair]:
    """What was used in a shift, also by what was scanned after its end."""
    used: Counter[Pair] = Counter()
    for (line, part, shift_id), quantity in cycle.used_by_shift(tx, shift.start).items():
        if day_and_name(shift_id) == day_and_name(shift.shift_id):
            used[line, part] += quantity
    return used


def _last_shift(books: Books, tx: ReadTx, here: _Now) -> Row | None:
    """How far the forecast of the last finished shift was off; null before the second shift.

    ``wape`` is the sum of absolute errors over the sum used, ``bias`` the sum of errors over it:
    above 0 when too much was forecast. Both over lines and parts that were forecast.
    """
    place = _clock_place(here.plant, here.within)
    if place is None:
        return None
    calendar = here.plant.calendar_of(place)
    before = calendar.shifts_between(here.shift.start - timedelta(days=3), here.shift.start)
    done = [shift for shift in before if shift.end <= here.shift.start]
    planned = _planned(books, tx, done[-1].start) if done else None
    if planned is None:
        return None
    # A late scan of the last shift may be told of a minute later.
    minute = books.wall_clock().replace(second=0, microsecond=0)
    used = remembered(books, tx, ("used", done[-1], minute), (), lambda: _used(tx, done[-1]))
    rows = {key: amount for key, amount in planned.items() if here.sees(key[0])}
    total = sum(used[key] for key in rows)
    if not total:
        return None
    errors = np.array([amount - used[key] for key, amount in rows.items()])
    return {
        "shift": _shift(done[-1]),
        "series": len(rows),
        "used": total,
        "wape": round(float(np.abs(errors).sum()) / total, 4),
        "bias": round(float(errors.sum()) / total, 4),
    }


def _shift(shift: Shift) -> Row:
    return {
        "shift_id": shift.shift_id,
        "name": shift.name,
        "start": iso(shift.start),
        "end": iso(shift.end),
    }

"""All about one part at one place: what was used, what is expected, what is ordered and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from supplynet.core.network import Plant
from supplynet.core.orders import Order
from supplynet.core.shifts import Shift
from supplynet.core.timetable import departures_between
from supplynet.errors import NotFound
from supplynet.monitor.grid import iso
from supplynet.services import (
    decisions,
    history,
    overview,
    part_outlook,
    part_series,
    part_supply,
)
from supplynet.services.books import Books
from supplynet.services.plan_forecast import newest_plan
from supplynet.services.remembered import remembered
from supplynet.storage import ReadTx, anomalies, orders
from supplynet.storage.plans import PlanRecord
from supplynet.storage.within import Within

Row = dict[str, Any]
PAST_ORDERS = timedelta(days=14)
MOST_ANOMALIES = 50


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """What a page is about.

    Attributes:
        place: Where the stock lies: the place itself, or the stock point of a line.
        lines: Whose use is shown.
        drawing: All that draw from ``place``.
        moves: Whether stock there is used up by lines; a warehouse hands on instead.
    """

    location: str
    part: str
    place: str
    lines: tuple[str, ...]
    drawing: tuple[str, ...]
    moves: bool


def part_page(books: Books, location_id: str, part_id: str, within: Within = None) -> Row:
    """Everything that the page of a part shows, from one moment of the books.

    ``within`` some places only, the use of others is not counted.

    Raises:
        NotFound: No such place or part, or no line there uses the part.
    """
    subject = _subject(books.plant, location_id, part_id, within)
    now = history.as_of(books)
    shifts = _shifts(books.plant, subject, now)
    with books.store.read() as tx:
        plan = newest_plan(books, tx)
        used = part_series.history_of(books, tx, subject.lines, part_id, shifts)
        finished = [shift for shift in shifts if shift.end <= now]
        judged = part_series.quality(
            books, tx, subject.lines, part_id, finished, used[: len(finished)]
        )
        moving = _orders(tx, subject, now)
        odd = _anomalies(tx, subject, now, within)
        found = _ahead(books, tx, plan, subject, now)
        whole = found if subject.drawing == subject.lines else None
        if whole is None and subject.moves:
            whole = _ahead(books, tx, plan, subject, now, subject.drawing)
        running = [shift for shift in shifts if shift.start <= now < shift.end]
        so_far = part_series.used_so_far(tx, subject.lines, part_id, running[0]) if running else 0
        decided = remembered(
            books,
            tx,
            ("decided", subject.place, part_id, None if within is None else frozenset(within)),
            ("plan", "plant"),
            lambda: _decision(books, tx, subject, within),
        )
    stock, _ = overview.stock(books, location_id=subject.place, part_id=part_id)
    arriving = part_outlook.deliveries(moving, now)
    on_hand = stock[0]["on_hand"] if stock else 0
    projected = (
        part_outlook.projection(whole, on_hand, arriving)
        if whole is not None and subject.moves
        else None
    )
    return {
        "now": iso(now),
        "location_id": location_id,
        "part_id": part_id,
        "stock_point_id": subject.place,
        "lines": list(subject.lines),
        "shares_with": [line for line in subject.drawing if line not in subject.lines],
        "stock": stock[0] if stock else None,
        "history": part_series.history_rows(shifts, used, now),
        "anomalies": odd,
        "forecast": None if plan is None or found is None else _forecast(plan, found, so_far),
        "deliveries": arriving,
        "projection": projected,
        "risk": None if projected is None else _risk(projected, books.plant, subject, now),
        "orders": [_order(order) for order in sorted(moving, key=_newest, reverse=True)],
        "decision": decided,
        "supply": part_supply.supply_of(books.plant, subject.place, subject.part),
        "quality": judged,
    }


def _subject(plant: Plant, location: str, part: str, within: Within) -> _Subject:
    if within is not None and location not in within:
        raise NotFound("location", location)  # and no hint, which could name another's
    place = plant.location(location)
    plant.part(part)
    lines = part_series.lines_drawing(plant, location, part)
    if within is not None:
        lines = tuple(line for line in lines if line in within)
    if not lines and not {(location, part)} & {*plant.supply_rule, *plant.purchase_rule}:
        raise NotFound("use of part", f"{part} at {location}", "search it among all places")
    stock = location if place.holds_stock or not lines else plant.stock_point_of(lines[0])
    drawing = tuple(
        line
        for line in part_series.lines_drawing(plant, stock, part)
        if plant.stock_point_of(line) == stock
    )
    return _Subject(
        location=location,
        part=part,
        place=stock,
        lines=lines,
        drawing=drawing or lines,
        moves=bool(drawing),
    )


def _shifts(plant: Plant, subject: _Subject, now: datetime) -> list[Shift]:
    calendar = plant.calendar_of(subject.lines[0] if subject.lines else subject.location)
    found = calendar.shifts_between(now - part_series.SHOWN - part_series.WEEK, now)
    return [shift for shift in found if shift.start <= now]


def _ahead(
    books: Books,
    tx: ReadTx,
    plan: PlanRecord | None,
    subject: _Subject,
    now: datetime,
    lines: Sequence[str] | None = None,
) -> part_outlook.Ahead | None:
    if plan is None:
        return None
    return part_outlook.ahead(books, tx, plan, lines or subject.lines, subject.part, now)


def _forecast(plan: PlanRecord, found: part_outlook.Ahead, so_far: int) -> Row:
    return {
        "made_at": iso(plan.made_at),
        "model_version": plan.model_version,
        "fallbacks": list(plan.document.get("fallbacks", [])),
        "used_so_far": so_far,
        "shifts": found.fan(so_far),
    }


def _risk(projected: Row, plant: Plant, subject: _Subject, now: datetime) -> Row:
    """When it runs out with what is released by now, and when it must leave to come before.

    The control room says the same as of the last plan.
    """
    out = projected["runs_out"]["without"]
    rule = plant.supply_rule.get((subject.place, subject.part))
    last: datetime | None = None
    if rule is not None and out["early"] is not None:
        early = datetime.fromisoformat(out["early"])
        lane = plant.lane_by_id[rule.lane_ids[0]]
        safe = [
            each.departure_at
            for each in departures_between(lane, now, early)
            if each.cutoff_at >= now and each.arrives_late_at <= early
        ]
        last = max(safe, default=None)
    return {
        "runs_out_at": out["likely"],
        "runs_out_early": out["early"],
        "runs_out_late": out["late"],
        "last_departure_at": iso(last),
    }


def _orders(tx: ReadTx, subject: _Subject, now: datetime) -> list[Order]:
    return orders.list_orders(
        tx,
        part_id=subject.part,
        to_location=subject.place,
        departing_from=now - PAST_ORDERS,
    )


def _newest(order: Order) -> tuple[datetime, str]:
    return order.departure_at, order.order_id


def _order(order: Order) -> Row:
    names = ("order_id", "part_id", "from_location", "to_location", "lane_id", "quantity")
    counts = ("received", "short", "damaged", "policy", "model_version")
    row = {name: getattr(order, name) for name in (*names, *counts)}
    times = {n: iso(getattr(order, n)) for n in ("departure_at", "arrives_at", "cutoff_at")}
    said = str(order.explanation.get("why", ""))
    return row | times | {"kind": order.kind.value, "state": order.state.value, "why": said}


def _anomalies(tx: ReadTx, subject: _Subject, now: datetime, within: Within) -> list[Row]:
    places = frozenset({subject.location, *subject.lines})
    found = anomalies.list_anomalies(
        tx,
        part_id=subject.part,
        ending_after=now - part_series.SHOWN - part_series.WEEK,
        within=places if within is None else places.intersection(within),
        limit=MOST_ANOMALIES,
    )
    return [
        {
            "anomaly_id": each.anomaly_id,
            "location_id": each.location_id,
            "start": iso(each.start),
            "end": iso(each.end),
            "kind": each.kind.value,
            "state": each.state.value,
            "sentence": each.sentence,
        }
        for each in found
    ]


def _decision(books: Books, tx: ReadTx, subject: _Subject, within: Within) -> Row | None:
    """The newest decision, in short; null where none was made, and where none ever is."""
    if (subject.place, subject.part) not in books.plant.supply_rule:
        return None  # a warehouse: to find out would take a look into every plan that is kept
    try:
        row = decisions.why_in_books(books, tx, subject.place, subject.part, within=within)
    except NotFound:
        return None
    times = {name: iso(row[name]) for name in ("decided_at", "departure_at", "arrives_at")}
    return times | {name: row[name] for name in ("granted", "outcome", "binding", "policy", "why")}

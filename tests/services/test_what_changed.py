"""What has changed since yesterday, on numbers that a reader can check by head."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from supplynet.core.ledger import Account, Movement
from supplynet.core.network import Location, LocationKind, Part, Plant, Requirement
from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.errors import InvalidInput
from supplynet.frames.tables import PLAN_SCHEMA
from supplynet.services import alerts as alert_service
from supplynet.services import change_sources as sources
from supplynet.services import history, orders, planning, stock, what_changed
from supplynet.services.affected_parts import affected_rows
from supplynet.services.books import Books, open_books
from supplynet.services.orders import Said
from supplynet.services.plan_forecast import PlanForecast
from supplynet.storage import alerts
from supplynet.storage import orders as stored
from supplynet.storage.alerts import AlertCause, Severity

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAIR = ("SR1", "bolt")


def plant() -> Plant:
    """One line draws 4 bolts a unit from its showroom."""
    return Plant(
        plant_id="small",
        parts=(Part(part_id="bolt"),),
        locations=(
            Location(location_id="SR1", kind=LocationKind.SHOWROOM, holds_stock=True),
            Location(location_id="SR1.A", kind=LocationKind.LINE, parent_id="SR1"),
        ),
        requirements=(Requirement(line_id="SR1.A", part_id="bolt", quantity=Decimal(4)),),
    )


def planned(*rows: tuple[datetime, int, datetime]) -> pl.DataFrame:
    """Rows of line SR1.A: begin of the shift, units, and when that was said."""
    names = ("location_id", "product", "period_start", "units", "recorded_at")
    made = [dict(zip(names, ("SR1.A", "default", *row), strict=True)) for row in rows]
    return pl.DataFrame(made, schema={name: PLAN_SCHEMA[name] for name in names})


def moved(source: Account, target: Account, quantity: int, **more: Any) -> Movement:
    return Movement(
        movement_id=f"m-{source}-{target}-{quantity}",
        part_id="bolt",
        quantity=quantity,
        from_location="SR1",
        from_account=source,
        to_location="SR1",
        to_account=target,
        **{"occurred_at": MONDAY, "recorded_at": MONDAY, "reason": "x", "actor": "a", **more},
    )


def order(**more: Any) -> Order:
    """100 bolts that leave at 06:00 and are due at 08:00."""
    made: dict[str, Any] = {
        "order_id": "o1",
        "kind": OrderKind.TRANSFER,
        "part_id": "bolt",
        "from_location": "WH1",
        "to_location": "SR1",
        "lane_id": "l",
        "departure_at": MONDAY,
        "cutoff_at": MONDAY - HOUR,
        "arrives_at": MONDAY + 2 * HOUR,
        "quantity": 100,
        "state": OrderState.SHIPPED,
        "policy": "p",
        "created_at": MONDAY - 2 * HOUR,
    }
    return Order(**made | more)


def late(*found: Order, now: datetime, **came: datetime) -> list[tuple[str, int]]:
    told = sources.of_deliveries(found, came, now, ZoneInfo("UTC"))
    return [(each.sentence, each.parts) for each in told]


def test_ten_units_more_at_four_bolts_a_unit_need_forty_bolts_more() -> None:
    table = planned((MONDAY, 50, MONDAY - 48 * HOUR), (MONDAY, 60, MONDAY - HOUR))
    [line] = sources.line_plans(table, MONDAY - 24 * HOUR, MONDAY)
    assert (line.before, line.now, line.shifts) == (50, 60, ((MONDAY, 50, 60),))
    [change] = sources.of_plan(plant(), [line])
    assert (change.pair, change.parts) == (PAIR, -40)
    assert change.sentence == "production plan needs 40 more (units: SR1.A +10)"


def test_a_shift_planned_for_the_first_time_is_no_change_and_nor_is_what_is_not_known_yet() -> None:
    table = planned((MONDAY, 50, MONDAY - HOUR), (MONDAY, 70, MONDAY + HOUR))
    assert sources.line_plans(table, MONDAY - 24 * HOUR, MONDAY) == []


def test_less_than_a_twentieth_of_the_plan_is_not_told_of_a_part() -> None:
    table = planned((MONDAY, 100, MONDAY - 48 * HOUR), (MONDAY, 104, MONDAY - HOUR))
    lines = sources.line_plans(table, MONDAY - 24 * HOUR, MONDAY)
    assert [each.now for each in lines] == [104]
    assert list(sources.of_plan(plant(), lines)) == []


@pytest.mark.parametrize(
    ("source", "target", "says", "parts"),
    [
        (Account.ON_HAND, Account.ADJUSTMENT, "counted 7 fewer than the books", -7),
        (Account.ADJUSTMENT, Account.ON_HAND, "counted 7 more than the books", 7),
        (Account.ON_HAND, Account.SCRAPPED, "7 scrapped", -7),
        (Account.IN_TRANSIT, Account.LOST, "7 missing on receipt", -7),
        (Account.IN_TRANSIT, Account.BLOCKED, "7 damaged and blocked", -7),
    ],
)
def test_what_the_books_did_not_expect_is_told(
    source: Account, target: Account, says: str, parts: int
) -> None:
    [change] = sources.of_stock([moved(source, target, 7)], MONDAY)
    assert (change.sentence, change.parts, change.pair) == (says, parts, PAIR)


def test_what_was_taken_back_the_first_count_and_the_day_before_are_not_told() -> None:
    there = moved(Account.ON_HAND, Account.SCRAPPED, 7)
    back = moved(Account.SCRAPPED, Account.ON_HAND, 7)
    first = moved(Account.ADJUSTMENT, Account.ON_HAND, 500, reason=sources.OPENING)
    old = moved(Account.ON_HAND, Account.LOST, 3, recorded_at=MONDAY - HOUR)
    assert list(sources.of_stock([there, back, first, old], MONDAY)) == []


def test_late_not_shipped_and_come_late() -> None:
    due = MONDAY + 2 * HOUR
    assert late(order(), now=due) == []
    assert late(order(), now=due + 1.5 * HOUR) == [("100 due Mon 08:00 are 1 h 30 min late", -100)]
    waiting = order(state=OrderState.APPROVED)
    said = "100 were to leave Mon 06:00 and have not been shipped"
    assert late(waiting, now=MONDAY + HOUR) == [(said, -100)]
    closed = order(state=OrderState.CLOSED, received=100)
    assert late(closed, now=due + 9 * HOUR, o1=due + HOUR / 2) == []
    said = "100 due Mon 08:00 came 2 h 00 min late"
    assert late(closed, now=due + 9 * HOUR, o1=due + 2 * HOUR) == [(said, 0)]


def test_a_forecast_is_told_from_a_tenth_on_and_only_of_shifts_that_both_know() -> None:
    def forecast(*demands: float) -> PlanForecast:
        rows = [("SR1.A", "bolt", MONDAY + 12 * i * HOUR, 0.5, d) for i, d in enumerate(demands)]
        names = ["location_id", "part_id", "period_start", "quantile", "demand"]
        return PlanForecast(pl.DataFrame(rows, schema=names, orient="row"))

    then = forecast(900.0, 50.0, 50.0)
    start = MONDAY + 12 * HOUR
    assert list(sources.of_forecast(plant(), then, forecast(1.0, 50.0, 59.0, 99.0), start)) == []
    [change] = sources.of_forecast(plant(), then, forecast(1.0, 50.0, 70.0, 99.0), start)
    assert (change.parts, change.pair) == (-20, PAIR)
    assert change.sentence == "forecast up by 20%: 100 before, 120 now"


@pytest.fixture
def books(demo_workspace: Path) -> Books:
    opened = open_books(demo_workspace)
    planning.plan_now(opened, actor="test")
    return opened


def test_a_shortfall_in_the_store_tells_part_owner_and_next_delivery(books: Books) -> None:
    with books.store.read() as tx:
        waiting = stored.list_orders(tx, states=[OrderState.PROPOSED])
    first = next(o for o in waiting if o.kind is OrderKind.TRANSFER)
    place, part = first.to_location, first.part_id
    now = history.as_of(books)
    before = what_changed.what_changed(books)
    assert all((row["location_id"], row["part_id"]) != (place, part) for row in before["rows"])
    scrapped = stock.Report(
        what="scrap", location_id=place, part_id=part, quantity=5, key="k", reason="wet"
    )
    stock.report(books, scrapped, actor="ann")
    cause = AlertCause(
        severity=Severity.WARNING, kind="x", message="m", location_id=place, part_id=part
    )
    with books.store.write("test", now) as tx:
        raised = alerts.set_open_alerts(tx, [cause], kinds=()).raised
    step = alert_service.Step(action="acknowledge", alert_id=raised[0].alert_id)
    alert_service.answer(books, step, Said(actor="ann", reason=""))
    found = what_changed.what_changed(books)
    [row] = [r for r in found["rows"] if (r["location_id"], r["part_id"]) == (place, part)]
    assert [(c["kind"], c["sentence"], c["parts"]) for c in row["changes"]] == [
        ("stock", "5 scrapped", -5)
    ]
    assert (row["owner"], row["owner_because"]) == ("ann", "alert")
    assert row["next_delivery"]["quantity"] == first.quantity
    assert row["next_delivery"]["state"] == "proposed"
    assert found["counts"]["stock"] == before["counts"]["stock"] + 1
    assert found["rows"][0]["risk_after"] is not None
    nothing = what_changed.what_changed(books, within=frozenset({"elsewhere"}))
    assert (nothing["rows"], nothing["lines"], nothing["left_out"]) == ([], [], 0)


def test_who_approved_the_next_delivery_owns_it(books: Books) -> None:
    with books.store.read() as tx:
        waiting = stored.list_orders(tx, states=[OrderState.PROPOSED])
    now = history.as_of(books)
    chosen = next(o for o in waiting if o.kind is OrderKind.TRANSFER and o.cutoff_at > now)
    orders.approve(books, chosen.order_id, Said(actor="bob", reason=""))
    change = sources.Change(kind="risk", pair=(chosen.to_location, chosen.part_id), sentence="x")
    with books.store.read() as tx:
        [row] = affected_rows(tx, books.plant, [change], (None, {}), 5)
    assert (row["owner"], row["owner_because"]) == ("bob", "order")
    assert (row["risk_before"], row["risk_after"]) == (None, 0.0)
    assert row["next_delivery"]["order_id"] == chosen.order_id


def test_the_worst_come_first_and_the_rest_is_counted(books: Books) -> None:
    pairs = [(rule.stock_point_id, rule.part_id) for rule in books.plant.supply_rules[:3]]
    changes = [sources.Change(kind="stock", pair=p, sentence="x", parts=-1) for p in pairs]
    risks: tuple[dict[Any, float], dict[Any, float]] = (
        {},
        {pairs[0]: 0.1, pairs[1]: 0.6, pairs[2]: 0.3},
    )
    with books.store.read() as tx:
        rows = affected_rows(tx, books.plant, changes, risks, 2)
    assert [(r["location_id"], r["part_id"]) for r in rows] == [pairs[1], pairs[2]]


def test_a_moment_ahead_or_long_ago_is_refused(books: Books) -> None:
    now = history.as_of(books)
    for since in (now + HOUR, now - timedelta(days=40)):
        with pytest.raises(InvalidInput, match="31 days"):
            what_changed.what_changed(books, since=since)


def test_without_a_plant_nothing_has_changed(folder: Path) -> None:
    empty = what_changed.what_changed(open_books(folder))
    assert (empty["rows"], empty["lines"], empty["plan_now"]) == ([], [], None)

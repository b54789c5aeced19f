"""The shadow diary: what was done beside each proposal, and who was right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from supplynet import cycle
from supplynet.core.events import EventType
from supplynet.core.orders import Order, OrderKind
from supplynet.cycle import Command, Wanted
from supplynet.cycle.order_diary import Step, play
from supplynet.storage import changes, diary
from supplynet.storage.diary import DiaryAction, DiaryEntry

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVENING, NEXT = MONDAY + 11 * HOUR, MONDAY + 23 * HOUR
ARRIVAL, NEXT_ARRIVAL = EVENING + HOUR, NEXT + HOUR
A = DiaryAction


def said(reason: str = "because") -> Command:
    return Command(actor="mara", now=MONDAY, reason=reason)


def entries(site: Site) -> list[DiaryEntry]:
    with site.store.read() as tx:
        return diary.list_entries(tx)


def only(site: Site) -> DiaryEntry:
    (entry,) = entries(site)
    return entry


def scored(site: Site, now: datetime = NEXT_ARRIVAL) -> dict[str, Any]:
    assert cycle.score_due(site.store, site.plant, actor="test", now=now) == 1
    score = only(site).score
    assert score is not None
    return score


def bolts(site: Site) -> Order:
    site.plan(MONDAY)
    return next(order for order in site.orders() if order.part_id == "bolt")


def test_every_decision_is_an_entry_with_what_was_proposed_and_done(any_site: Site) -> None:
    site = any_site
    site.open_stock()
    as_is, changed, refused, asleep, halved = (
        site.hand_made(100, EVENING + n * DAY) for n in range(5)
    )
    site.release(as_is, MONDAY)
    cycle.change(site.store, changed.order_id, said(), quantity=80)
    site.release(changed, MONDAY)
    cycle.cancel(site.store, refused.order_id, said("no room"))
    cycle.snooze(site.store, asleep.order_id, said(), until=EVENING)
    at = halved.departure_at + 12 * HOUR
    _, moved = cycle.split(
        site.store, site.plant, halved.order_id, said(), quantity=30, departure_at=at
    )
    wanted = Wanted(kind=OrderKind.TRANSFER, part_id="nut", to_location="SR1", quantity=40)
    added = cycle.add(site.store, site.plant, wanted, said())
    site.release(added, MONDAY)
    found = {e.entry_id: (e.action, e.proposed, e.done) for e in entries(site)}
    assert found == {
        as_is.order_id: (A.APPROVE, 100, 100),
        changed.order_id: (A.CHANGE, 100, 80),
        refused.order_id: (A.REJECT, 100, 0),
        asleep.order_id: (A.SNOOZE, 100, 0),
        halved.order_id: (A.SPLIT, 100, 70),
        moved.order_id: (A.SPLIT, 0, 30),
        added.order_id: (A.ADD, 0, 40),
    }
    assert {e.reason for e in entries(site) if e.action is A.REJECT} == {"no room"}


def test_another_quantity_on_approval_is_a_change(site: Site) -> None:
    site.open_stock()
    order = bolts(site)
    site.release(order, MONDAY, quantity=order.quantity + 10, reason="one more")
    entry = only(site)
    assert (entry.action, entry.proposed, entry.done) == (
        A.CHANGE,
        order.quantity,
        order.quantity + 10,
    )
    assert (entry.policy, entry.model_version) == ("order_up_to", "shift_mean-test")


def test_what_came_without_an_order_of_ours_is_an_entry(any_site: Site) -> None:
    """An ERP's transfer is noted once, with its shipment; a receipt alone where that is missing."""
    site = any_site
    site.open_stock()
    order = bolts(site)
    site.post(site.event(EventType.SHIPPED, "WH1", MONDAY, "bolt", 60, to_location="SR1"))
    site.post(site.event(EventType.RECEIVED, "SR1", MONDAY + HOUR, "bolt", 60))
    site.post(site.event(EventType.RECEIVED, "SR1", MONDAY + HOUR, "nut", 9))
    site.post(site.event(EventType.RECEIVED, "WH1", MONDAY + HOUR, "nut", 500, supplier_id="ACME"))
    found = {(e.part_id, e.action, e.actor, e.proposed, e.done) for e in entries(site)}
    nut = next(o for o in site.orders() if o.part_id == "nut")
    assert found == {
        ("bolt", A.OUTSIDE, "scanner-1", order.quantity, 60),
        ("nut", A.OUTSIDE, "scanner-1", nut.quantity, 9),
    }


def test_a_rejection_that_halts_the_line_is_judged_ours(any_site: Site) -> None:
    """150 there, 100 used before the lorry and 100 after it: 50 were short, 100 were proposed."""
    site = any_site
    site.open_stock(at_line=150)
    order = site.hand_made(100, EVENING)
    cycle.cancel(site.store, order.order_id, said())
    site.use(100, EVENING)
    site.use(100, ARRIVAL + 6 * HOUR)
    score = scored(site)
    assert (score["better"], score["halt"]) == ("ours", "caused")
    assert score["done"]["parts_short"] == 50
    assert score["proposed"] == {"parts_short": 0, "minimum_stock": 50, "average_stock": 100.0}


def test_a_rejection_that_nobody_missed_is_judged_theirs(site: Site) -> None:
    """300 there and 100 used half way through: 250 on average; with 100 more, 350."""
    site.open_stock(at_line=300)
    order = site.hand_made(100, EVENING)
    cycle.cancel(site.store, order.order_id, said())
    site.use(100, ARRIVAL + 6 * HOUR)
    score = scored(site)
    assert (score["better"], score["halt"]) == ("theirs", None)
    assert [score[name]["average_stock"] for name in ("done", "proposed")] == [250.0, 350.0]


def test_minutes_that_a_line_waited_count_as_parts_short(site: Site) -> None:
    """120 used in 720 minutes, and 60 minutes lost: 10 parts, which 40 more would have covered."""
    site.open_stock(at_line=0)
    order = site.hand_made(160, EVENING)
    site.release(order, MONDAY, quantity=120)
    site.ship(site.order(order))
    site.receive(order, 120)
    site.use(120, ARRIVAL + HOUR)
    waits: dict[str, Any] = {"parts": ["bolt"], "minutes": 60, "ended": True}
    site.post(site.event(EventType.LINE_STARVED, "SR1.A", ARRIVAL + 8 * HOUR, **waits))
    score = scored(site)
    assert (score["done"]["parts_short"], score["proposed"]["parts_short"]) == (10, 0)
    assert (score["better"], score["halt"]) == ("ours", "caused")


def test_an_approval_as_proposed_is_equal(site: Site) -> None:
    site.open_stock()
    order = site.release(site.hand_made(100, EVENING), MONDAY)
    site.ship(order)
    site.receive(order, 100)
    score = scored(site)
    assert (score["better"], score["done"]) == ("equal", score["proposed"])


def test_an_entry_is_judged_once_and_not_before_its_window_is_over(any_site: Site) -> None:
    site = any_site
    site.open_stock()
    cycle.cancel(site.store, site.hand_made(100, EVENING).order_id, said())

    def score(now: datetime) -> int:
        return cycle.score_due(site.store, site.plant, actor="test", now=now)

    assert score(NEXT_ARRIVAL - timedelta(minutes=1)) == 0
    assert score(NEXT_ARRIVAL) == 1
    with site.store.read() as tx:
        seq = changes.latest_seq(tx)
    assert score(NEXT_ARRIVAL + DAY) == 0
    with site.store.read() as tx:
        assert changes.latest_seq(tx) == seq


def test_what_is_wanted_and_not_there_is_short_and_lost() -> None:
    """10 at first, 4 used, 8 wanted of 6, then 5 more: 2 short; 10, 6, 0 and 5 for an hour each."""
    steps = [
        Step(at=MONDAY + HOUR, change=-4, wanted=True),
        Step(at=MONDAY + 2 * HOUR, change=-8, wanted=True),
        Step(at=MONDAY + 3 * HOUR, change=5),
    ]
    played = play(10, steps, MONDAY, MONDAY + 4 * HOUR)
    assert (played.minimum, played.short, played.average) == (0, 2, 5.25)


def test_goods_that_are_taken_away_are_not_short() -> None:
    played = play(5, [Step(at=MONDAY, change=-9)], MONDAY, MONDAY + HOUR)
    assert (played.minimum, played.short, played.average) == (0, 0, 0.0)

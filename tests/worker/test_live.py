"""The demo's twin beside the books: what it does and what they say are the same to the part."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Account
from supplynet.core.orders import OrderState
from supplynet.cycle.demand import ledger_demand
from supplynet.cycle.live import read_connected
from supplynet.services import champion, demo, planning
from supplynet.services.books import Books, open_books
from supplynet.services.policies import policy_of
from supplynet.simulate.outlook import PathOutlook
from supplynet.simulate.run import run
from supplynet.simulate.twin import Twin
from supplynet.storage import alerts, balances, events, ledger, orders
from supplynet.storage.history import read_history
from supplynet.worker import lease as lease_module
from supplynet.worker import live as live_module
from supplynet.worker import loop as loop_module
from supplynet.worker.live import LivePlant
from supplynet.worker.loop import Loop

DAYS = 3
Shipped = dict[tuple[str, str, datetime], int]


@dataclass
class Played:
    """Three days of a tiny demo, played through the books."""

    books: Books
    plant: LivePlant
    faults: list[str] = field(default_factory=list)
    copy_at_noon: Path | None = None


def play(books: Books, plant: LivePlant) -> None:
    """One slot, as the live loop plays it."""
    for batch in plant.due():
        planning.plan_now(books, actor="test")
        until = max(each.cutoff_at for each in batch.departures)
        cycle.release_due(books.store, books.plant, actor="test", now=plant.now, until=until)
    plant.step(60.0)


def differences(books: Books, plant: LivePlant) -> Iterator[str]:
    """Where the books and the twin do not agree."""
    with books.store.read() as tx:
        held, fault, sums = ledger.on_hand(tx), balances.verify(tx), Counter[str]()
        for (part, _, _), quantity in ledger.balances(tx).items():
            sums[part] += quantity
    yield from fault
    yield from (f"{plant.now}: {part} sums to {total}" for part, total in sums.items() if total)
    twin = plant.twin
    for amounts, places in (
        (twin.on_hand[0], twin.model.pairs),
        (twin.warehouse.on_hand[0], twin.model.sources),
    ):
        for place, amount in zip(places, amounts.tolist(), strict=True):
            if held.get(place, 0) != amount:
                yield f"{plant.now}: {place} has {held.get(place, 0)}, the twin {amount}"


@pytest.fixture(scope="module")
def played(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("live")
    books = open_books(Path(shutil.copytree(demo_template, folder / "demo")))
    found = Played(books=books, plant=LivePlant(books))
    start = found.plant.now
    while found.plant.now < start + timedelta(days=DAYS):
        play(books, found.plant)
        found.faults += differences(books, found.plant)
        if found.plant.now == start + timedelta(hours=31):  # in the middle of a shift
            copy = shutil.copytree(books.workspace.folder, folder / "noon")
            found.copy_at_noon = Path(copy)
    planning.plan_now(books, actor="test")
    yield found
    books.store.close()


def shipped(books: Books) -> Shipped:
    with books.store.read() as tx:
        return {
            (order.to_location, order.part_id, order.departure_at): order.quantity
            for order in orders.list_orders(
                tx, states=[OrderState.SHIPPED, OrderState.RECEIVED, OrderState.CLOSED]
            )
        }


def test_after_every_slot_the_ledger_holds_what_the_twin_holds(played: Played) -> None:
    """And all balances of a part sum to zero, and the books prove themselves."""
    assert played.faults == []
    with played.books.store.read() as tx:
        assert len(events.events_between(tx, types=[EventType.CONSUMED])) > 100 * DAYS


def test_the_books_decide_the_same_orders_as_the_twin_alone(played: Played) -> None:
    """Same policy, forecaster, paths and seed: event by event or in memory makes no difference."""
    books, model = played.books, played.plant.twin.model
    demand, _ = demo.future_demand(books)
    with books.store.read() as tx:
        state = live_module._opening(tx, model)
    twin = Twin(model, demand[None], state, seed=books.settings.seed, record_slots=False)
    forecaster = champion.champion_forecaster(books)
    # Bound to the history as it was when the plant went live, as the books were.
    assert forecaster.history.periods[-1].end == model.slots.start
    outlooks = PathOutlook(forecaster, paths=books.settings.paths, seed=books.settings.seed)

    def alone(twin: Twin) -> Iterator[tuple[tuple[str, str, datetime], int]]:
        for goods in run(_Until(twin, played.plant.now), policy_of(books), outlooks).dispatches:
            for pair, quantity in zip(goods.pairs, goods.quantities[0].tolist(), strict=True):
                if quantity and goods.departure.departure_at < played.plant.now:
                    yield (*model.pairs[pair], goods.departure.departure_at), quantity

    assert dict(alone(twin)) == shipped(books)
    assert len(shipped(books)) >= 2 * DAYS


class _Until(Twin):
    """A twin whose horizon ends early."""

    def __init__(self, twin: Twin, end: datetime) -> None:
        self.__dict__ = twin.__dict__
        self._end = end

    @property
    def done(self) -> bool:
        return self.now >= self._end


def test_the_history_is_what_the_ledger_says(played: Played) -> None:
    books = played.books
    stored = read_history(books.workspace.history, kind="ledger")
    start, now = played.plant.twin.model.slots.start, played.plant.now
    with books.store.read() as tx:
        derived = ledger_demand(tx, books.plant, read_connected(tx, books.plant, start), start, now)
    assert stored.equals(derived)
    assert stored["period_start"].n_unique() == 2 * DAYS
    with books.store.read() as tx:
        moves = ledger.movements_between(tx, start, now, to_accounts=[Account.CONSUMED])
    assert stored["consumed"].sum() == sum(move.quantity for move in moves)


def test_the_imported_past_is_as_it_was(played: Played, demo_template: Path) -> None:
    before = read_history(demo_template / "history", kind="imported")
    assert read_history(played.books.workspace.history, kind="imported").equals(before)
    both = read_history(played.books.workspace.history)
    since = read_history(played.books.workspace.history, kind="ledger")
    assert both.height == before.height + since.height


def test_a_restart_in_the_middle_of_a_shift_changes_nothing(played: Played) -> None:
    """The plant that was stopped at noon comes to the same books as the one that ran on."""
    assert played.copy_at_noon is not None
    books = open_books(played.copy_at_noon)
    again = LivePlant(books)
    assert again.now == books.now()
    assert list(differences(books, again)) == []
    while again.now < played.plant.now:
        play(books, again)
    assert shipped(books) == shipped(played.books)
    for name in ("on_hand", "halted"):
        assert np.array_equal(getattr(again.twin, name), getattr(played.plant.twin, name))
    assert np.array_equal(again.twin.warehouse.on_order, played.plant.twin.warehouse.on_order)
    with books.store.read() as tx, played.books.store.read() as other:
        assert ledger.balances(tx) == ledger.balances(other)
    books.store.close()


def test_a_model_that_is_bound_later_still_sees_the_running_shift(played: Played) -> None:
    """Opened after the plant went live, its history ends later than the imported one."""
    folder = played.books.workspace.folder
    books = open_books(folder)
    late = champion.champion_forecaster(books)
    assert late.history.periods[-1].end > played.plant.twin.model.slots.start
    since, now = late.history.periods[-1].end, books.now() - timedelta(hours=5)
    with books.store.read() as tx:
        seen = cycle.observe(
            tx, books.workspace.history, books.plant, late.history.series, since=since, now=now
        )
        assert seen.period_starts == ()
        assert seen.running is None or np.nansum(seen.running) > 0
    books.store.close()


@pytest.fixture
def books(demo_workspace: Path) -> Iterator[Books]:
    opened = open_books(demo_workspace)
    yield opened
    opened.store.close()


def by_hand(books: Books, kind: EventType, place: str, **said: Any) -> None:
    event = Event(
        source="mara",
        event_id=f"{kind}-{place}",
        type=kind,
        occurred_at=books.now(),
        location_id=place,
        **said,
    )
    cycle.take_in(books.store, books.plant, [event], actor="mara", now=books.now())


def test_what_people_count_is_what_the_twin_goes_on_with(books: Books) -> None:
    plant = LivePlant(books)
    place, part = plant.twin.model.pairs[0]
    by_hand(books, EventType.COUNTED, place, part_id=part, quantity=7)
    plant.step(60.0)
    assert list(differences(books, plant)) == []
    assert plant.twin.on_hand[0, 0] <= 7


def test_an_order_approved_at_the_last_minute_goes_and_a_cancelled_one_stays(
    books: Books,
) -> None:
    """After the decision was due and before the lorry leaves, people may still change it."""
    plant = LivePlant(books)
    while not plant.due():
        plant.step(60.0)
    waiting = planning.plan_now(books, actor="test").committed.new
    for order in waiting[:2]:
        cycle.release(books.store, order.order_id, cycle.Command(actor="mara", now=plant.now))
    no = cycle.Command(actor="mara", now=plant.now, reason="no")
    cycle.cancel(books.store, waiting[0].order_id, no)
    while plant.now <= waiting[0].departure_at:
        plant.step(60.0)
        assert list(differences(books, plant)) == []
    left = waiting[1]
    assert shipped(books) == {(left.to_location, left.part_id, left.departure_at): left.quantity}


def test_a_line_that_halts_is_told_and_that_it_goes_on_as_well(books: Books) -> None:
    plant = LivePlant(books)
    place, part = plant.twin.model.pairs[0]
    by_hand(books, EventType.COUNTED, place, part_id=part, quantity=0)
    while not plant.twin.halted.any():
        plant.step(60.0)
    planning.plan_now(books, actor="test")
    with books.store.read() as tx:
        assert "halted" in {alert.kind for alert in alerts.open_alerts(tx)}
    bought = {"supplier_id": "SUP1"}
    by_hand(books, EventType.RECEIVED, place, part_id=part, quantity=5000, data=bought)
    for _ in range(2):
        plant.step(60.0)
    assert not plant.twin.halted.any()
    planning.plan_now(books, actor="test")
    with books.store.read() as tx:
        assert "halted" not in {alert.kind for alert in alerts.open_alerts(tx)}


def test_the_loop_plans_releases_and_says_when_the_demo_is_over(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "FUTURE_DAYS", 1)
    monkeypatch.setattr(loop_module, "PLAN_EVERY_SLOTS", 12)
    with Loop(books, speed=3600.0 * 1000):
        wait_for(lambda: "demo_ended" in kinds(books))
    assert shipped(books)


def test_the_loop_goes_on_after_a_failure(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planning fails once, and so does a step in the middle; the twin is made anew."""
    monkeypatch.setattr(demo, "FUTURE_DAYS", 1)
    monkeypatch.setattr(loop_module, "PLAN_EVERY_SLOTS", 12)
    plans, steps = iter([True]), iter([False, False, True])
    plan_now, post = planning.plan_now, cycle.post

    def sometimes(turns: Iterator[bool], function: Any) -> Any:
        def call(*args: Any, **named: Any) -> Any:
            if next(turns, False):
                raise RuntimeError("the disk is full")
            return function(*args, **named)

        return call

    monkeypatch.setattr(planning, "plan_now", sometimes(plans, plan_now))
    monkeypatch.setattr(cycle, "post", sometimes(steps, post))
    with Loop(books, speed=3600.0 * 1000, retry_seconds=0.01):
        wait_for(lambda: "demo_ended" in kinds(books))
    assert list(differences(books, LivePlant(books))) == []


def test_of_two_servers_one_plans_and_the_other_takes_over(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[Loop] = []

    def plan(loop: Loop) -> bool:
        planned.append(loop)
        return True

    monkeypatch.setattr(Loop, "_release", lambda *_: None)

    monkeypatch.setattr(Loop, "_plan", plan)
    monkeypatch.setattr(lease_module, "LASTS", timedelta(seconds=1))
    first, second = Loop(books, retry_seconds=0.01), Loop(books, retry_seconds=0.01)
    with first:
        wait_for(lambda: planned)
        with second:
            assert second not in planned
            first.__exit__()
            wait_for(lambda: second in planned)


def kinds(books: Books) -> set[str]:
    with books.store.read() as tx:
        return {alert.kind for alert in alerts.open_alerts(tx)}


def wait_for(happened: Any) -> None:
    """Up to a minute, for the thread of the loop."""
    pause = threading.Event()
    for _ in range(1200):
        if happened():
            return
        pause.wait(0.05)
    raise AssertionError("it did not happen")


def test_a_count_brings_a_plan_at_once_and_everyday_use_does_not(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_module, "LOOK_EVERY", timedelta(milliseconds=10))
    planned = threading.Semaphore(0)

    def plan(_loop: Loop) -> bool:
        planned.release()
        return True

    monkeypatch.setattr(Loop, "_release", lambda *_: None)

    monkeypatch.setattr(Loop, "_plan", plan)
    (place, part) = books.plant.supply_rules[0].stock_point_id, books.plant.supply_rules[0].part_id
    line = books.plant.lines[0].location_id
    with Loop(books):
        assert planned.acquire(timeout=30)  # the first turn
        by_hand(books, EventType.CONSUMED, line, part_id=part, quantity=1)
        assert not planned.acquire(timeout=0.5)
        by_hand(books, EventType.COUNTED, place, part_id=part, quantity=500)
        assert planned.acquire(timeout=30)

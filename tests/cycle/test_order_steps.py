"""The life of an order: every command in every state, and what it does to stock and promises."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet import cycle
from supplynet.core.events import EventType
from supplynet.core.ledger import Account
from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.cycle import Command, Receipt, Wanted
from supplynet.errors import (
    ConflictingContent,
    InsufficientStock,
    InvalidInput,
    NotFound,
    OrderKeyTaken,
    OrderStateError,
    SupplyNetError,
)
from supplynet.storage import audit, balances, changes, ledger, open_store, orders, reservations

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cycle.conftest import Site

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVENING, NEXT = MONDAY + 11 * HOUR, MONDAY + 23 * HOUR
S = OrderState
Do = Callable[["Site", Order, Command], Any]

COMMANDS: dict[str, tuple[set[OrderState], Do]] = {
    "approve": ({S.PROPOSED}, lambda s, o, c: cycle.release(s.store, o.order_id, c)),
    "change": (
        {S.PROPOSED, S.APPROVED},
        lambda s, o, c: cycle.change(s.store, o.order_id, c, quantity=90),
    ),
    "cancel": (
        {S.PROPOSED, S.APPROVED, S.PICKED},
        lambda s, o, c: cycle.cancel(s.store, o.order_id, c),
    ),
    "snooze": ({S.PROPOSED}, lambda s, o, c: cycle.snooze(s.store, o.order_id, c, until=EVENING)),
    "split": (
        {S.PROPOSED, S.APPROVED},
        lambda s, o, c: cycle.split(
            s.store, s.plant, o.order_id, c, quantity=30, departure_at=o.departure_at + 12 * HOUR
        ),
    ),
    "pick": ({S.APPROVED}, lambda s, o, c: cycle.pick(s.store, o.order_id, c)),
    "ship": ({S.APPROVED, S.PICKED}, lambda s, o, c: cycle.ship(s.store, s.plant, o.order_id, c)),
    "receive": (
        {S.SHIPPED},
        lambda s, o, c: cycle.receive(s.store, s.plant, o.order_id, Receipt(good=100), c),
    ),
    "close": ({S.RECEIVED}, lambda s, o, c: cycle.close(s.store, s.plant, o.order_id, c)),
    "reverse": (
        {S.SHIPPED, S.RECEIVED, S.CLOSED},
        lambda s, o, c: cycle.reverse(s.store, o.order_id, c),
    ),
}
WAY: dict[OrderState, tuple[str, ...]] = {
    S.PROPOSED: (),
    S.APPROVED: ("approve",),
    S.PICKED: ("approve", "pick"),
    S.SHIPPED: ("approve", "ship"),
    S.CLOSED: ("approve", "ship", "receive"),
    S.CANCELLED: ("cancel",),
    S.REVERSED: ("approve", "ship", "reverse"),
}


def said(reason: str = "because", now: datetime = MONDAY, key: str | None = None) -> Command:
    return Command(actor="mara", now=now, reason=reason, key=key)


def in_state(site: Site, state: OrderState, departure: datetime = EVENING) -> Order:
    """100 bolts from WH1 to SR1, taken to a state by commands."""
    order = site.hand_made(100, departure)
    if state is S.RECEIVED:  # a receipt closes it at once, unless somebody did it otherwise
        in_transit = walk(site, order, WAY[S.SHIPPED])
        with site.store.write("test", MONDAY) as tx:
            return orders.advance(tx, in_transit.order_id, S.RECEIVED, received=100)
    return walk(site, order, WAY[state])


def walk(site: Site, order: Order, steps: tuple[str, ...]) -> Order:
    for step in steps:
        COMMANDS[step][1](site, order, said())
    return site.order(order)


def books(site: Site) -> tuple[Any, ...]:
    with site.store.read() as tx:
        held = [(each.reservation_id, each.quantity) for each in reservations.held(tx)]
        return changes.latest_seq(tx), audit.head(tx), ledger.balances(tx), held


def proven(site: Site) -> None:
    with site.store.read() as tx:
        assert balances.verify(tx) == []


def free(site: Site) -> int:
    with site.store.read() as tx:
        return balances.free(tx, "bolt", "WH1")


def test_a_command_is_refused_in_every_state_that_does_not_allow_it(any_site: Site) -> None:
    """Every command in every state: allowed, or refused and nothing is written."""
    any_site.open_stock(at_warehouse=100_000)
    departure = EVENING
    for state in S:
        order = in_state(any_site, state, departure)
        before = books(any_site)
        for name, (allowed, do) in COMMANDS.items():
            if state in allowed:
                continue
            with pytest.raises(OrderStateError, match=f"is {state} and cannot"):
                do(any_site, order, said())
            assert books(any_site) == before, (state, name)
        for allowed, do in COMMANDS.values():
            if state in allowed:
                departure += 2 * DAY
                do(any_site, in_state(any_site, state, departure), said())
        departure += 2 * DAY
    proven(any_site)


def test_a_command_for_an_order_that_is_not_there_is_not_found(site: Site) -> None:
    ghost = replace(site.hand_made(1, EVENING), order_id="ghost")
    for _, do in COMMANDS.values():
        with pytest.raises(NotFound):
            do(site, ghost, said())


def test_a_transfer_moves_through_transit_and_closes_with_its_receipt(any_site: Site) -> None:
    """Of 100 shipped, 90 come good and 4 broken; 6 are missing: a short transfer closes."""
    site = any_site
    site.open_stock(at_line=0, at_warehouse=500)
    order = in_state(site, S.SHIPPED)
    assert (site.on_hand("WH1"), site.balance("SR1", Account.IN_TRANSIT), free(site)) == (
        400,
        100,
        400,
    )
    told = Receipt(good=90, damaged=4)
    closed = cycle.receive(site.store, site.plant, order.order_id, told, said("crushed"))
    assert (closed.state, closed.received, closed.damaged, closed.short) == (S.CLOSED, 90, 4, 6)
    places = (Account.ON_HAND, Account.BLOCKED, Account.LOST, Account.IN_TRANSIT)
    assert [site.balance("SR1", account) for account in places] == [90, 4, 6, 0]
    with site.store.read() as tx:
        assert {m.reason for m in ledger.movements_of_order(tx, order.order_id)} == {
            "because",
            "crushed",
        }
    proven(site)


def test_goods_in_transit_are_not_available_at_their_source(site: Site) -> None:
    site.open_stock(at_warehouse=100)
    in_state(site, S.SHIPPED)
    assert (site.on_hand("WH1"), free(site)) == (0, 0)
    other = site.hand_made(1, NEXT)
    with pytest.raises(InsufficientStock):
        site.release(other, MONDAY)


def test_what_is_not_shipped_is_free_again(any_site: Site) -> None:
    site = any_site
    site.open_stock(at_warehouse=500)
    order = in_state(site, S.APPROVED)
    shipped = cycle.ship(site.store, site.plant, order.order_id, said(), quantity=70)
    assert (shipped.quantity, site.on_hand("WH1"), free(site)) == (70, 430, 430)
    proven(site)


def test_what_is_not_picked_is_free_again(site: Site) -> None:
    site.open_stock(at_warehouse=500)
    order = in_state(site, S.APPROVED)
    picked = cycle.pick(site.store, order.order_id, said(), quantity=60)
    assert (picked.state, picked.quantity, free(site)) == (S.PICKED, 60, 440)
    for quantity in (0, -1, 61):
        with pytest.raises(InvalidInput, match="is for 60"):
            cycle.ship(site.store, site.plant, order.order_id, said(), quantity=quantity)
    proven(site)


def test_a_reservation_follows_a_change_and_is_never_more_than_is_there(any_site: Site) -> None:
    site = any_site
    site.open_stock(at_warehouse=150)
    order = in_state(site, S.APPROVED)
    cycle.change(site.store, order.order_id, said(), quantity=140)
    assert free(site) == 10
    before = books(site)
    with pytest.raises(InsufficientStock, match="has 150 of part bolt free, 151 are wanted"):
        cycle.change(site.store, order.order_id, said(), quantity=151)
    assert books(site) == before
    cycle.change(site.store, order.order_id, said(), quantity=20)
    assert free(site) == 130
    proven(site)


def test_a_part_of_an_order_goes_with_another_departure(any_site: Site) -> None:
    site = any_site
    site.open_stock(at_warehouse=500)
    order = in_state(site, S.APPROVED)
    rest, moved = cycle.split(
        site.store, site.plant, order.order_id, said(), quantity=30, departure_at=NEXT
    )
    assert (rest.quantity, rest.departure_at, rest.proposed_quantity) == (70, EVENING, 100)
    assert (moved.quantity, moved.departure_at, moved.state) == (30, NEXT, S.APPROVED)
    assert moved.cutoff_at == NEXT - HOUR
    assert free(site) == 400
    proven(site)


def test_a_split_never_makes_a_second_order_for_a_departure(site: Site) -> None:
    site.open_stock()
    order, there = site.hand_made(100, EVENING), site.hand_made(5, NEXT)
    with pytest.raises(OrderKeyTaken, match=there.order_id):
        cycle.split(site.store, site.plant, order.order_id, said(), quantity=30, departure_at=NEXT)
    assert site.order(order) == order


@pytest.mark.parametrize(
    ("quantity", "departure", "wrong"),
    [
        (100, NEXT, "between 1 and 99"),
        (0, NEXT, "between 1 and 99"),
        (30, NEXT + HOUR, "no such departure; next: 2026-01-05 17:00"),
        (30, MONDAY - HOUR, "closed"),
    ],
)
def test_a_split_is_for_less_and_for_a_departure_to_come(
    site: Site, quantity: int, departure: datetime, wrong: str
) -> None:
    order = site.hand_made(100, EVENING)
    with pytest.raises(InvalidInput, match=wrong):
        cycle.split(
            site.store,
            site.plant,
            order.order_id,
            said(),
            quantity=quantity,
            departure_at=departure,
        )


def purchase(site: Site, quantity: int = 100) -> Order:
    wanted = Wanted(kind=OrderKind.PURCHASE, part_id="bolt", to_location="WH1", quantity=quantity)
    order = cycle.add(site.store, site.plant, wanted, said())
    return cycle.release(site.store, order.order_id, said())


def test_the_rest_of_a_purchase_stays_open_until_it_has_come(any_site: Site) -> None:
    """100 ordered: 40 come, then 30 good and 5 broken, and of the other 25 none will."""
    site = any_site
    site.open_stock(at_warehouse=0)
    order = purchase(site)
    assert (order.from_location, order.arrives_at) == ("ACME", MONDAY + 2 * DAY)

    def receive(good: int, reason: str = "", damaged: int = 0) -> Order:
        told = Receipt(good=good, damaged=damaged)
        return cycle.receive(site.store, site.plant, order.order_id, told, said(reason))

    assert (receive(40).state, site.order(order).outstanding) == (S.SHIPPED, 60)
    assert (receive(30, "wet", 5).outstanding, site.on_hand("WH1")) == (25, 70)
    with site.store.read() as tx:
        assert ledger.on_order(tx) == {("WH1", "bolt"): 25}
    with pytest.raises(InvalidInput, match="say why"):
        cycle.close(site.store, site.plant, order.order_id, said(""))
    closed = cycle.close(site.store, site.plant, order.order_id, said("sold out"))
    assert (closed.state, closed.received, closed.damaged, closed.short) == (S.CLOSED, 70, 5, 25)
    assert site.balance("WH1", Account.BLOCKED) == 5
    proven(site)


def test_no_more_of_a_purchase_is_short_than_is_still_to_come(site: Site) -> None:
    order = purchase(site)
    told = Receipt(good=40, short=61)
    with pytest.raises(InvalidInput, match="61 cannot be short, 60 can"):
        cycle.receive(site.store, site.plant, order.order_id, told, said("sold out"))
    assert site.order(order).received == 0


def test_two_purchases_of_a_part_on_one_day_are_one(site: Site) -> None:
    purchase(site)
    wanted = Wanted(kind=OrderKind.PURCHASE, part_id="bolt", to_location="WH1", quantity=5)
    with pytest.raises(OrderKeyTaken, match="change its quantity"):
        cycle.add(site.store, site.plant, wanted, said(now=MONDAY + HOUR))
    later = cycle.add(site.store, site.plant, wanted, said(now=MONDAY + DAY))
    assert later.departure_at == datetime(2026, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("receipt", "reason", "wrong"),
    [
        (Receipt(good=0, short=0), "x", "rest of a transfer is short: say 100"),
        (Receipt(good=90, short=5), "x", "say 10, or leave it out"),
        (Receipt(good=90, short=15), "x", "15 cannot be short, 10 can"),
        (Receipt(good=90, damaged=5), "", "say why"),
        (Receipt(good=-1), "x", "0 or more"),
        (Receipt(good=101, damaged=-1), "x", "0 or more"),
    ],
)
def test_a_receipt_accounts_for_every_part(
    site: Site, receipt: Receipt, reason: str, wrong: str
) -> None:
    site.open_stock()
    order = in_state(site, S.SHIPPED)
    before = books(site)
    with pytest.raises(InvalidInput, match=wrong):
        cycle.receive(site.store, site.plant, order.order_id, receipt, said(reason))
    assert books(site) == before


@pytest.mark.parametrize("end", [S.SHIPPED, S.RECEIVED, S.CLOSED])
def test_a_reversal_restores_every_balance(any_site: Site, end: OrderState) -> None:
    site = any_site
    site.open_stock()
    with site.store.read() as tx:
        before = ledger.balances(tx)
    order = in_state(site, end)
    gone = cycle.reverse(site.store, order.order_id, said("wrong lorry"))
    with site.store.read() as tx:
        assert ledger.balances(tx) == before
        last = audit.entries(tx, subject=order.order_id)[-1]
        posted = ledger.movements_of_order(tx, order.order_id)
    assert (gone.state, last.action, last.reason) == (S.REVERSED, "order_reversed", "wrong lorry")
    undone = {move.reverses for move in posted if move.reverses}
    assert undone == {move.movement_id for move in posted if not move.reverses}
    proven(site)


def test_a_count_after_the_shipment_stays_right_when_it_is_reversed(site: Site) -> None:
    """100 were posted as shipped and never left: a count of 500 had seen them."""
    site.open_stock(at_line=0, at_warehouse=500)
    order = in_state(site, S.SHIPPED)
    site.count("WH1", "bolt", 500, MONDAY + HOUR)
    cycle.reverse(site.store, order.order_id, said("never left", now=MONDAY + 2 * HOUR))
    assert (site.on_hand("WH1"), site.balance("SR1", Account.IN_TRANSIT)) == (500, 0)
    proven(site)


def test_a_fact_after_a_reversal_is_posted_and_leaves_the_order_alone(site: Site) -> None:
    site.open_stock(at_line=0)
    order = in_state(site, S.REVERSED)
    site.receive(order, 100)
    assert (site.order(order).state, site.on_hand("SR1")) == (S.REVERSED, 100)
    site.plan(order.arrives_at + HOUR)
    assert "transit_difference" in site.alerts()


def test_the_same_key_gets_the_same_answer_and_moves_the_books_once(any_site: Site) -> None:
    site = any_site
    site.open_stock()
    order = in_state(site, S.APPROVED)
    first = cycle.ship(site.store, site.plant, order.order_id, said(key="k1"), quantity=70)
    before = books(site)
    later = said(key="k1", now=MONDAY + HOUR)
    assert cycle.ship(site.store, site.plant, order.order_id, later, quantity=70) == first
    assert books(site) == before
    with pytest.raises(ConflictingContent):
        cycle.ship(site.store, site.plant, order.order_id, said(key="k1"), quantity=60)
    with pytest.raises(ConflictingContent):
        cycle.reverse(site.store, order.order_id, said(key="k1"))


def test_a_split_and_an_order_by_hand_are_made_once_under_their_key(site: Site) -> None:
    site.open_stock()
    wanted = Wanted(kind=OrderKind.TRANSFER, part_id="nut", to_location="SR1", quantity=40)
    made = [cycle.add(site.store, site.plant, wanted, said(key="a")) for _ in range(2)]
    halves = [
        cycle.split(
            site.store,
            site.plant,
            made[0].order_id,
            said(key="s"),
            quantity=10,
            departure_at=NEXT,
        )
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert halves[0] == halves[1]
    assert [order.quantity for order in site.orders()] == [30, 10]


@pytest.mark.parametrize("key", ["", "x" * 129, "a\x00b"])
def test_a_key_is_short_and_printable(key: str) -> None:
    with pytest.raises(InvalidInput, match="idempotency key"):
        said(key=key)


@pytest.mark.parametrize(
    ("wanted", "wrong"),
    [
        ({"part_id": "cap"}, "no part 'cap'"),
        ({"to_location": "SR9"}, "no location 'SR9'"),
        ({"to_location": "WH1"}, "no supply rule at WH1"),
        ({"lane_id": "WH1-SR9"}, "use WH1-SR1"),
        ({"quantity": 0}, "1 or more"),
        ({"kind": OrderKind.PURCHASE}, "nobody is known to supply bolt to SR1"),
        ({"departure_at": EVENING + HOUR}, "no such departure"),
    ],
)
def test_an_order_by_hand_is_checked(site: Site, wanted: dict[str, Any], wrong: str) -> None:
    right = Wanted(kind=OrderKind.TRANSFER, part_id="bolt", to_location="SR1", quantity=40)
    with pytest.raises(InvalidInput, match=wrong):
        cycle.add(site.store, site.plant, replace(right, **wanted), said())
    assert site.orders() == []


def test_an_event_from_a_command_names_the_order_and_is_posted_once(site: Site) -> None:
    site.open_stock()
    order = in_state(site, S.CLOSED)
    with site.store.read() as tx:
        posted = ledger.movements_of_order(tx, order.order_id)
    assert [move.event_id for move in posted] == [
        f"order/{order.order_id}.ship",
        f"order/{order.order_id}.receive-0",
    ]


STEPS = ("plan", "approve", "change", "snooze", "split", "cancel", "ship", "receive", "reverse")


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(STEPS), st.integers(0, 3), st.integers(1, 200)), max_size=8
    )
)
@settings(max_examples=15)
def test_no_sequence_of_commands_doubles_an_order_or_loses_a_part(
    site: Site,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, int, int]],
) -> None:
    """At most one open order per part, way and departure; the books prove themselves."""
    folder = tmp_path_factory.mktemp("site")
    store = open_store(f"sqlite:///{shutil.copy(sqlite_template, folder)}")
    site = replace(site, store=store, history=folder / "history")
    site.open_stock()
    propose(site, 0, 50)
    for name, which, quantity in steps:
        if name == "plan":
            propose(site, which, quantity)
            continue
        every = site.orders()
        if not every:
            continue
        order, command = every[which % len(every)], said()
        try:
            act(site, name, order, quantity, command)
        except SupplyNetError:
            continue
    found = [order.key for order in site.orders(*orders.OPEN)]
    assert len(found) == len(set(found))
    with site.store.read() as tx:
        assert sum(ledger.balances(tx).values()) == 0
    proven(site)
    site.store.close()


def propose(site: Site, version: int, quantity: int) -> None:
    """What any planner does, by any policy and model version."""
    order = Order(
        order_id=f"proposal-{version}-{quantity}-{len(site.orders())}",
        kind=OrderKind.TRANSFER,
        part_id="bolt",
        from_location="WH1",
        to_location="SR1",
        lane_id="WH1-SR1",
        departure_at=EVENING,
        cutoff_at=EVENING - HOUR,
        arrives_at=EVENING + HOUR,
        quantity=quantity,
        state=S.PROPOSED,
        policy=f"policy-{version}",
        model_version=f"model-{version}",
        created_at=MONDAY,
    )
    with site.store.write("planner", MONDAY) as tx:
        orders.upsert_proposals(tx, [order])


def act(site: Site, name: str, order: Order, quantity: int, command: Command) -> None:
    store, plant, order_id = site.store, site.plant, order.order_id
    if name == "change":
        cycle.change(store, order_id, command, quantity=quantity)
    elif name == "split":
        at = order.departure_at + 12 * HOUR
        cycle.split(store, plant, order_id, command, quantity=quantity, departure_at=at)
    elif name == "receive":
        cycle.receive(store, plant, order_id, Receipt(good=quantity), command)
    else:
        COMMANDS[name][1](site, order, command)


def test_what_came_before_it_was_shipped_is_late_news_and_no_error(site: Site) -> None:
    site.open_stock(at_line=0)
    order = site.hand_made(100, EVENING)
    site.receive(order, 95, short=5, at=MONDAY)
    known = site.order(order)
    assert (known.state, known.received, known.short) == (S.CLOSED, 95, 5)
    site.post(site.event(EventType.CONSUMED, "SR1.A", MONDAY, "bolt", 5))
    proven(site)

"""Pulling from an ERP and pushing to it, on both databases; the ERP is a list of answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from supplynet.connectors.erp import Erp, ErpOrder, ErpStock, Health, Pushed, Threshold
from supplynet.core.events import Event, EventType
from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.errors import ConfigError, ConnectorError, InvalidInput
from supplynet.services import erp
from supplynet.services.books import Books
from supplynet.storage import dead_letters, ledger, orders

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@dataclass
class FakeErp:
    """Gives what it is told to give, and keeps what it is told."""

    stock: list[ErpStock] = field(default_factory=list)
    receipts: list[Event] = field(default_factory=list)
    orders: list[ErpOrder] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    since: list[datetime] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    thresholds: list[Threshold] = field(default_factory=list)
    answers: bool = True

    def health(self) -> Health:
        return Health(system="fake")

    def pull_stock(self) -> list[ErpStock]:
        return self.stock

    def pull_receipts(self, since: datetime) -> list[Event]:
        self.since.append(since)
        return self.receipts

    def pull_orders(self, since: datetime) -> list[ErpOrder]:
        self.since.append(since)
        return self.orders

    def push_order(self, order: Order) -> Pushed:
        if order.part_id == "nut":
            raise InvalidInput("no product nut")
        done = "there" if order.order_id in self.made else "created"
        self.made += [order.order_id] if done == "created" else []
        if not self.answers:
            raise ConnectorError("nothing came for 30 s")
        return Pushed(what=order.order_id, done=done, erp_id="P1")

    def push_min_max(self, rows: Sequence[Threshold]) -> list[Pushed]:
        self.thresholds += rows
        return [Pushed(what=row.part_id, done="updated") for row in rows]


@pytest.fixture
def fake() -> FakeErp:
    return FakeErp()


def connected(fake: FakeErp) -> Callable[[Books, bool], Erp]:
    return lambda _books, _dry_run: fake


def receipt(number: int, part: str = "bolt") -> Event:
    return Event(
        source="odoo",
        event_id=f"move-{number}",
        type=EventType.RECEIVED,
        occurred_at=NOON - timedelta(hours=1),
        location_id="WH1",
        part_id=part,
        quantity=5,
        data={"supplier_id": "ACME"},
    )


def approved(books: Books, part: str = "bolt", policy: str = "no_stockout") -> Order:
    order = Order(
        order_id=f"{policy}-{part}",
        kind=OrderKind.PURCHASE,
        part_id=part,
        from_location="ACME",
        to_location="WH1",
        lane_id="ACME",
        departure_at=NOON if policy == "erp" else NOON - timedelta(hours=12),
        cutoff_at=NOON,
        arrives_at=NOON + timedelta(days=2),
        quantity=40,
        state=OrderState.APPROVED,
        policy=policy,
        created_at=NOON,
    )
    with books.store.write("test", NOON) as tx:
        return orders.add_order(tx, order)


def on_hand(books: Books) -> int:
    with books.store.read() as tx:
        return ledger.on_hand(tx).get(("WH1", "bolt"), 0)


def test_receipts_are_taken_once_and_what_cannot_be_is_put_aside(
    small_books: Books, fake: FakeErp
) -> None:
    fake.receipts = [receipt(1), receipt(2, "screw")]
    for summary in ("2 receipts: 1 new, 0 known, 1 put aside", "2 receipts: 0 new, 1 known"):
        done = erp.pull(small_books, "receipts", connect=connected(fake))
        assert done.summary.startswith(summary)
    assert on_hand(small_books) == 5
    with small_books.store.read() as tx:
        (letter,) = dead_letters.list_letters(tx)
    assert (letter.channel, letter.source, letter.tries) == ("erp", "odoo/move-2", 2)
    assert b'"part_id": "screw"' in letter.payload


def test_a_pull_goes_on_a_day_before_the_last_one(small_books: Books, fake: FakeErp) -> None:
    erp.pull(small_books, "receipts", dry_run=True, connect=connected(fake))
    erp.pull(small_books, "receipts", connect=connected(fake))
    erp.pull(small_books, "receipts", connect=connected(fake))
    asked = [NOON - each for each in fake.since]
    assert asked == [timedelta(days=30), timedelta(days=30), timedelta(days=1)]


def test_a_dry_run_takes_nothing(small_books: Books, fake: FakeErp) -> None:
    fake.receipts = [receipt(1), receipt(2, "screw")]
    fake.orders = [
        ErpOrder(
            erp_id="P7",
            from_location="ACME",
            to_location="WH1",
            part_id="bolt",
            quantity=9,
            ordered_at=NOON,
        )
    ]
    done = erp.pull(small_books, "receipts", dry_run=True, connect=connected(fake))
    assert done.summary == "2 receipts: 1 new, 0 known, 1 put aside"
    done = erp.pull(small_books, "orders", dry_run=True, connect=connected(fake))
    assert done.summary == "1 orders: 1 new, 0 changed, 0 known, 0 refused"
    assert on_hand(small_books) == 0
    with small_books.store.read() as tx:
        assert orders.list_orders(tx) == []
        assert dead_letters.waiting(tx) == 0


def test_the_stock_of_an_erp_overwrites_nothing(small_books: Books, fake: FakeErp) -> None:
    fake.receipts = [receipt(1)]
    erp.pull(small_books, "receipts", connect=connected(fake))
    fake.stock = [
        ErpStock(location_id="WH1", part_id="bolt", on_hand=7, as_of=NOON),
        ErpStock(location_id="WH1", part_id="nut", on_hand=0, as_of=NOON),
    ]
    done = erp.pull(small_books, "stock", connect=connected(fake))
    assert done.rows == ({"location_id": "WH1", "part_id": "bolt", "ours": 5, "theirs": 7},)
    assert on_hand(small_books) == 5


def test_orders_of_the_erp_are_taken_and_ours_are_known_also_when_merged(
    small_books: Books, fake: FakeErp
) -> None:
    ours = approved(small_books)
    theirs = ErpOrder(
        erp_id="PO/2026/7",
        from_location="ACME",
        to_location="WH1",
        part_id="bolt",
        quantity=9,
        ordered_at=NOON + timedelta(days=1),
    )
    merged = replace(theirs, erp_id="P8", our_ids=(ours.order_id, "another"))
    fake.orders = [theirs, merged, replace(theirs, erp_id="P9", part_id="screw")]
    done = erp.pull(small_books, "orders", connect=connected(fake))
    assert done.summary == "3 orders: 1 new, 0 changed, 1 known, 1 refused"
    assert "screw" in done.refused[0]
    again = erp.pull(small_books, "orders", connect=connected(fake))
    assert again.summary == "3 orders: 0 new, 0 changed, 2 known, 1 refused"


def test_approved_orders_are_pushed_but_not_those_of_the_erp(
    small_books: Books, fake: FakeErp
) -> None:
    ours = approved(small_books)
    approved(small_books, part="nut")
    approved(small_books, policy="erp")
    done = erp.push(small_books, "orders", connect=connected(fake))
    assert fake.made == [ours.order_id]
    assert done.summary == "orders: 1 created, 0 updated, 0 there already, 1 refused"
    assert done.refused == ("order no_stockout-nut: no product nut",)
    again = erp.push(small_books, "orders", connect=connected(fake))
    assert again.summary == "orders: 0 created, 0 updated, 1 there already, 1 refused"


def test_after_a_lost_answer_the_erp_is_left_to_settle_before_it_is_asked_again(
    small_books: Books, fake: FakeErp
) -> None:
    ours, fake.answers = approved(small_books), False
    with pytest.raises(ConnectorError):
        erp.push(small_books, "orders", connect=connected(fake))
    fake.answers = True
    at_once = erp.push(small_books, "orders", connect=connected(fake))
    assert "may still be making it" in at_once.refused[0]
    later = replace(small_books, wall_clock=lambda: NOON + timedelta(minutes=5))
    done = erp.push(later, "orders", connect=connected(fake))
    assert done.summary == "orders: 0 created, 0 updated, 1 there already, 0 refused"
    assert fake.made == [ours.order_id]


def test_two_pushes_at_once_are_one(small_books: Books, fake: FakeErp) -> None:
    def meanwhile(books: Books, _dry_run: bool) -> Erp:
        with pytest.raises(InvalidInput, match="another push is running"):
            erp.push(books, "orders", connect=connected(fake))
        return fake

    approved(small_books)
    assert erp.push(small_books, "orders", connect=meanwhile).rows
    assert not erp.push(small_books, "orders", connect=connected(fake)).rows


def test_without_settings_it_says_what_is_missing(small_books: Books) -> None:
    with pytest.raises(ConfigError, match=r"there is no .*erp.toml"):
        erp.check(small_books)
    file = small_books.workspace.folder / "erp.toml"
    file.write_text('system = "odoo"\nurl = "https://x"\ndatabase = "d"\nuser = "u"\n')
    with pytest.raises(ConfigError, match="locations"):
        erp.check(small_books)
    file.write_text(file.read_text() + 'key_env = "NO_SUCH_KEY"\n[locations]\nWH1 = "WH/Stock"\n')
    with pytest.raises(ConfigError, match="NO_SUCH_KEY"):
        erp.check(small_books)
    for kind in ("prices", "min_max"):
        with pytest.raises(InvalidInput, match="cannot be pulled"):
            erp.pull(small_books, kind)

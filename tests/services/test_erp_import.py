"""What an ERP tells as CSV, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.errors import InvalidInput
from supplynet.services.books import Books
from supplynet.services.erp_export import export, export_csv
from supplynet.services.erp_import import ErpImport, import_file
from supplynet.storage import diary, events, ledger, orders

SIX = datetime(2026, 1, 5, 6, tzinfo=UTC)
STOCK = "location_id,part_id,on_hand,counted_at"
ORDERS = "order_id,from_location,location_id,part_id,quantity,ordered_at,due_at"
RECEIPTS = "event_id,occurred_at,location_id,part_id,quantity,data.supplier_id,data.damaged"


def given(books: Books, kind: str, *lines: str, dry_run: bool = False) -> ErpImport:
    file = books.workspace.folder / f"{kind}.csv"
    file.write_text("\n".join(lines) + "\n")
    return import_file(books, kind, file, dry_run=dry_run)


def post(books: Books, *batch: Event) -> None:
    cycle.take_in(books.store, books.plant, batch, actor="test", now=books.now())


def event(kind: EventType, number: int, quantity: int, **data: object) -> Event:
    return Event(
        source="scanner-1",
        event_id=f"e{number}",
        type=kind,
        occurred_at=SIX + timedelta(minutes=number),
        location_id="WH1",
        part_id="bolt",
        quantity=quantity,
        data=data,
    )


def on_hand(books: Books) -> int:
    with books.store.read() as tx:
        return ledger.on_hand(tx).get(("WH1", "bolt"), 0)


def all_orders(books: Books) -> list[Order]:
    with books.store.read() as tx:
        return orders.list_orders(tx)


def movements(books: Books) -> int:
    with books.store.read() as tx:
        return len(ledger.movements_after(tx, 0))


def happened(books: Books) -> list[Event]:
    with books.store.read() as tx:
        return events.events_between(tx)


def proposal(books: Books, departure: datetime) -> Order:
    order = Order(
        order_id="ours-1",
        kind=OrderKind.TRANSFER,
        part_id="bolt",
        from_location="WH1",
        to_location="SR1",
        lane_id="WH1-SR1",
        departure_at=departure,
        cutoff_at=departure - timedelta(hours=1),
        arrives_at=departure + timedelta(hours=1),
        quantity=40,
        state=OrderState.PROPOSED,
        policy="no_stockout",
        created_at=SIX,
    )
    with books.store.write("test", SIX) as tx:
        return orders.add_order(tx, order)


def test_a_count_is_a_count_and_the_same_file_again_changes_nothing(small_books: Books) -> None:
    rows = (STOCK, "WH1,bolt,100,2026-01-05 07:00")  # 06:00 UTC, the plant is in Berlin
    assert given(small_books, "stock", *rows).new == 1
    again = given(small_books, "stock", *rows)
    assert (again.new, again.unchanged) == (0, 1)
    assert on_hand(small_books) == 100
    assert movements(small_books) == 1


def test_a_stale_count_does_not_overwrite_what_happened_since(small_books: Books) -> None:
    post(small_books, event(EventType.RECEIVED, 60, 30, supplier_id="ACME"))
    given(small_books, "stock", STOCK, "WH1,bolt,100,2026-01-05T06:00:00Z")
    assert on_hand(small_books) == 130


def test_stock_without_the_moment_of_its_count_is_refused(small_books: Books) -> None:
    without = given(small_books, "stock", "location_id,part_id,on_hand", "WH1,bolt,100")
    empty = given(small_books, "stock", STOCK, "WH1,bolt,100,")
    ahead = given(small_books, "stock", STOCK, "WH1,bolt,100,2026-01-05T12:11:00Z")
    assert [found.total for found in (without, empty, ahead)] == [1, 1, 1]
    assert (empty.mistakes[0].row, empty.mistakes[0].column) == (2, "counted_at")
    assert "still to come" in str(ahead.mistakes[0])
    assert movements(small_books) == 0


def test_cells_with_mistakes_are_named_and_nothing_is_taken(small_books: Books) -> None:
    at = "2026-01-05T06:00:00Z"
    found = given(
        small_books, "stock", STOCK, f"WH1,bolt,1,{at}", f"WH1,bold,x,{at}", f"WH9,nut,5,{at}"
    )
    named = [(mistake.row, mistake.column) for mistake in found.mistakes]
    assert sorted(named, key=str) == [(3, "on_hand"), (3, "part_id"), (4, "location_id")]
    assert happened(small_books) == []


def test_an_export_of_stock_taken_back_is_no_count(small_books: Books) -> None:
    post(small_books, event(EventType.COUNTED, 0, 100))
    before = happened(small_books)
    file = small_books.workspace.folder / "out.csv"
    export_csv(small_books, "stock", output=file)
    back = import_file(small_books, "stock", file)
    assert (back.rows, back.left_out, back.new) == (1, 1, 0)
    assert happened(small_books) == before


def test_a_row_of_an_export_that_somebody_counted_is_taken(small_books: Books) -> None:
    post(small_books, event(EventType.COUNTED, 0, 100))
    text = export_csv(small_books, "stock").decode()
    assert text.splitlines()[1] == "WH1,bolt,100,pcs,2026-01-05T12:00:00Z,"
    counted = text.replace("100,pcs,2026-01-05T12:00:00Z,", "90,pcs,x,2026-01-05T11:00:00Z")
    assert given(small_books, "stock", *counted.splitlines()).new == 1
    assert on_hand(small_books) == 90


def test_an_order_of_the_erp_is_under_way_and_known_the_second_time(small_books: Books) -> None:
    row = "PO7,ACME,WH1,bolt,200,2026-01-05T08:00:00Z,2026-01-07T08:00:00Z"
    assert given(small_books, "orders", ORDERS, row).new == 1
    again = given(small_books, "orders", ORDERS, row)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 1)
    (order,) = all_orders(small_books)
    assert (order.order_id, order.kind, order.state) == (
        "erp.PO7.bolt",
        OrderKind.PURCHASE,
        OrderState.APPROVED,
    )
    assert order.outstanding == 200
    more = given(small_books, "orders", ORDERS, row.replace("200", "250"))
    assert (more.new, more.changed) == (0, 1)
    assert all_orders(small_books)[0].quantity == 250


def test_an_order_of_the_erp_takes_the_place_of_our_proposal_and_the_diary_has_both(
    small_books: Books,
) -> None:
    departure = datetime(2026, 1, 5, 17, tzinfo=UTC)
    proposal(small_books, departure)
    found = given(small_books, "orders", ORDERS, "T1,WH1,SR1,bolt,60,2026-01-05T12:00:00Z,")
    assert found.new == 1
    states = {order.order_id: order.state for order in all_orders(small_books)}
    assert states == {"ours-1": OrderState.CANCELLED, "erp.T1.bolt": OrderState.APPROVED}
    with small_books.store.read() as tx:
        (entry,) = diary.list_entries(tx)
    assert (entry.action.value, entry.proposed, entry.done) == ("outside", 40, 60)


def test_an_order_of_ours_under_way_is_not_doubled(small_books: Books) -> None:
    departure = datetime(2026, 1, 5, 17, tzinfo=UTC)
    order = proposal(small_books, departure)
    with small_books.store.write("test", SIX) as tx:
        orders.advance(tx, order.order_id, OrderState.APPROVED)
    found = given(small_books, "orders", ORDERS, "T1,WH1,SR1,bolt,60,2026-01-05T12:00:00Z,")
    assert "our order ours-1 for the same departure is approved" in str(found.mistakes[0])
    file = small_books.workspace.folder / "out.csv"
    export_csv(small_books, "orders", output=file)
    back = import_file(small_books, "orders", file)
    assert (back.new, back.changed, back.unchanged) == (0, 0, 1)
    assert len(all_orders(small_books)) == 1


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("PO7,ACME,WH1,nut,5,2026-01-05T08:00:00Z,", "fill in due_at"),
        ("PO7,ACME,SR1.A,bolt,5,2026-01-05T08:00:00Z,", "holds no stock; name SR1"),
        ("PO7,SR1,WH1,bolt,5,2026-01-05T08:00:00Z,", "no lane goes from SR1 to WH1"),
        ("PO7,ACME,WH1,bolt,0,2026-01-05T08:00:00Z,", "is for 0"),
    ],
)
def test_an_order_that_cannot_be_stops_the_whole_file(
    small_books: Books, row: str, says: str
) -> None:
    good = "PO6,ACME,WH1,bolt,5,2026-01-05T08:00:00Z,"
    found = given(small_books, "orders", ORDERS, good, row)
    assert found.total == 1
    assert says in str(found.mistakes[0])
    assert all_orders(small_books) == []


def test_receipts_are_posted_once(small_books: Books) -> None:
    rows = (RECEIPTS, "GR1,2026-01-05T08:00:00Z,WH1,bolt,95,ACME,5")
    assert given(small_books, "receipts", *rows, dry_run=True).new == 1
    assert on_hand(small_books) == 0
    assert given(small_books, "receipts", *rows).new == 1
    again = given(small_books, "receipts", *rows)
    assert (again.new, again.unchanged) == (0, 1)
    assert on_hand(small_books) == 95


def test_receipts_with_a_mistake_are_refused_by_cell(small_books: Books) -> None:
    good = "GR1,2026-01-05T08:00:00Z,WH1,bolt,95,ACME,5"
    found = given(
        small_books,
        "receipts",
        RECEIPTS,
        good,
        good.replace("95", "2.5").replace("GR1", "GR2"),
        good.replace("bolt", "bold").replace("GR1", "GR3"),
        good.replace("95", "94"),
    )
    assert [(mistake.row, mistake.column) for mistake in found.mistakes] == [
        (3, "quantity"),
        (4, None),
        (5, None),
    ]
    assert happened(small_books) == []


def test_receipts_need_their_numbers(small_books: Books) -> None:
    rows = (RECEIPTS.replace("event_id,", ""), "2026-01-05T08:00:00Z,WH1,bolt,95,ACME,5")
    with pytest.raises(InvalidInput, match="no column event_id"):
        given(small_books, "receipts", *rows)


def test_an_export_of_receipts_taken_back_changes_nothing(small_books: Books) -> None:
    odd = {"reason": "=1+1", "note": " x ", "short": 2, "lot_id": "-7"}
    post(
        small_books,
        event(EventType.RECEIVED, 1, 5, supplier_id="ACME", **odd),
        event(EventType.RECEIVED, 2, 6, supplier_id="ACME", reason="'=1"),
    )
    before = happened(small_books)
    file = small_books.workspace.folder / "out.csv"
    text = export_csv(small_books, "receipts", output=file).decode()
    assert "'=1+1" in text
    back = import_file(small_books, "receipts", file)
    assert (back.total, back.new, back.unchanged) == (0, 0, 2)
    assert happened(small_books) == before


def test_an_export_since_has_what_came_late(small_books: Books) -> None:
    post(small_books, event(EventType.SHIPPED, 1, 5, to_location="SR1"))
    (row,) = export(small_books, "shipments", since=small_books.now())
    assert (row["event_id"], row["quantity"], row["data.to_location"]) == ("e1", 5, "SR1")
    later = small_books.now() + timedelta(seconds=1)
    assert export(small_books, "shipments", since=later) == []
    with pytest.raises(InvalidInput, match="as it stands now"):
        export(small_books, "stock", since=later)


def test_a_file_that_is_not_there_or_of_no_kind_is_refused(
    small_books: Books, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match="no file"):
        import_file(small_books, "stock", tmp_path / "no.csv")
    with pytest.raises(InvalidInput, match="choose from stock, orders, receipts"):
        import_file(small_books, "kanban", tmp_path / "no.csv")

"""Stock as it was, what people report by hand, and what cannot be reported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from supplynet.errors import ConflictingContent, InvalidInput, LedgerError, NotFound
from supplynet.services import stock, verification
from supplynet.services.books import Books, open_books
from supplynet.services.stock import Report
from supplynet.storage.ledger import MovementFilter

MORNING = datetime(2026, 3, 2, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Clock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def books(sold: Path, clock: Clock) -> Iterator[Books]:
    """A warehouse W1 with its supply rules; containers hold 10."""
    opened = open_books(sold, wall_clock=clock)
    yield opened
    assert verification.check(opened) == []
    opened.store.close()


def say(books: Books, what: stock.What, **said: object) -> stock.Row:
    values: dict[str, object] = {"location_id": "W1", "part_id": "bolt", **said}
    return stock.report(books, Report(what=what, **values), actor="ann")  # type: ignore[arg-type]  # by name


def on_hand(books: Books, **when: datetime) -> int:
    rows, _ = stock.stock_at(books, **when)  # type: ignore[arg-type]  # by name
    return sum(row["on_hand"] for row in rows if row["part_id"] == "bolt")


def test_stock_of_any_moment_and_as_known_at_any_moment(books: Books, clock: Clock) -> None:
    say(books, "count", quantity=100)
    clock.now = MORNING + 4 * HOUR
    say(books, "scrap", quantity=30, occurred_at=MORNING + HOUR, reason="bent")
    assert on_hand(books, as_of=MORNING) == 100
    assert on_hand(books, as_of=MORNING + HOUR) == 70
    assert on_hand(books, as_of=MORNING + HOUR, known_at=MORNING + 3 * HOUR) == 100
    assert on_hand(books, known_at=MORNING + 3 * HOUR) == 100
    assert on_hand(books, as_of=MORNING - HOUR) == 0


def test_packs_are_whole_containers_and_nothing_is_rounded(books: Books) -> None:
    made = say(books, "count", packs=3)
    assert (made["quantity"], made["on_hand"], made["unit"]) == (30, 30, "pcs")
    with pytest.raises(InvalidInput, match="one of both"):
        say(books, "count", packs=3, quantity=30)
    with pytest.raises(InvalidInput, match="one of both"):
        say(books, "count")
    assert stock.whole_number("3.0", "packs") == 3
    for text, why in (
        ("2.5", "is no whole number; parts are counted whole"),
        ("-1", "is not 0 or more"),
        ("many", "is no number"),
        ("NaN", "is not 0 or more"),
        ("1e30", "more than anybody has"),
    ):
        with pytest.raises(InvalidInput, match=why):
            stock.whole_number(text, "packs")


def test_the_same_report_under_the_same_key_is_done_once(books: Books, clock: Clock) -> None:
    say(books, "count", quantity=100)
    first = say(books, "scrap", quantity=2, key="k1")
    clock.now += HOUR
    assert say(books, "scrap", quantity=2, key="k1") == first
    assert on_hand(books) == 98
    with pytest.raises(ConflictingContent, match="k1"):
        say(books, "scrap", quantity=3, key="k1")


@pytest.mark.parametrize(
    ("what", "said", "why"),
    [
        ("count", {"location_id": "W9", "quantity": 1}, "W9"),
        ("count", {"part_id": "blot", "quantity": 1}, "did you mean 'bolt'"),
        ("count", {"quantity": 1, "to_location": "W1"}, "has no to_location"),
        ("transfer", {"quantity": 1}, "needs to_location"),
        ("transfer", {"quantity": 1, "to_location": "W1"}, "to itself"),
        ("count", {"quantity": 1, "occurred_at": MORNING + HOUR}, "60 minutes ahead"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    books: Books, what: stock.What, said: dict[str, object], why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        say(books, what, **said)
    assert stock.movements(books, MovementFilter()) == ([], None)


def test_a_mis_scan_is_undone_once(books: Books, clock: Clock) -> None:
    say(books, "count", quantity=100)
    say(books, "scrap", quantity=30, key="k1")
    clock.now += HOUR
    undone = stock.undo(books, "ann/k1#0", reason="scanned twice", actor="ann")
    assert (undone["reverses"], undone["quantity"], on_hand(books)) == ("ann/k1#0", 30, 100)
    with pytest.raises(LedgerError, match="was undone by ann at 2026-03-02T07:00:00"):
        stock.undo(books, "ann/k1#0", reason="again", actor="bob")
    with pytest.raises(LedgerError, match="report again"):
        stock.undo(books, undone["movement_id"], reason="no", actor="ann")
    with pytest.raises(NotFound):
        stock.undo(books, "ann/k9#0", reason="no", actor="ann")
    rows, _ = stock.movements(books, MovementFilter(part_id="bolt"))
    with pytest.raises(LedgerError, match="count again"):
        stock.undo(books, rows[-1]["movement_id"], reason="no", actor="ann")


def test_a_count_after_the_mis_scan_still_holds_when_it_is_undone(
    books: Books, clock: Clock
) -> None:
    say(books, "count", quantity=100)
    say(books, "scrap", quantity=30, key="k1")
    clock.now += HOUR
    say(books, "count", quantity=95)
    stock.undo(books, "ann/k1#0", reason="nothing was scrapped", actor="ann")
    assert on_hand(books) == 95
    assert on_hand(books, as_of=MORNING) == 100


def test_pages_of_movements_meet_without_gap_or_double(books: Books) -> None:
    for number in range(7):
        say(books, "count", quantity=number + 1)
    seen: list[int] = []
    before: int | None = None
    while True:
        rows, before = stock.movements(
            books, MovementFilter(part_id="bolt"), limit=3, before=before
        )
        seen += [row["seq"] for row in rows]
        if before is None:
            break
    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_pages_of_past_stock_meet_too(books: Books) -> None:
    say(books, "count", quantity=1)
    say(books, "count", quantity=2, part_id="nut")
    first, position = stock.stock_at(books, limit=1)
    rest, last = stock.stock_at(books, limit=1, after=position)
    assert [(row["part_id"], row["on_hand"]) for row in first + rest] == [("bolt", 1), ("nut", 2)]
    assert last is None


def test_wrong_books_are_an_alert() -> None:
    assert verification.causes([]) == []
    (cause,) = verification.causes(["one", "two"])
    assert (cause.kind, cause.severity) == ("books_wrong", "critical")
    assert "one (and 1 more: supplynet verify)" in cause.message

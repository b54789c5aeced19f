"""What is remembered is right as long as its records are the same, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from supplynet.services.books import Books, open_books
from supplynet.services.remembered import remembered
from supplynet.storage import values

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def count(books: Books, key: str, kinds: tuple[str, ...], made: list[int]) -> int:
    def make() -> int:
        made.append(len(made))
        return made[-1]

    with books.store.read() as tx:
        return remembered(books, tx, key, kinds, make)


def change(books: Books, kind: str) -> None:
    with books.store.write("ana", NOW) as tx:
        values.set_value(tx, f"of {kind}", {"n": 1})
        tx.change(kind, "x")


def test_it_is_made_again_when_one_of_its_kinds_changes_and_not_before(small_books: Books) -> None:
    made: list[int] = []
    kinds = ("order", "plan")
    assert [count(small_books, "a", kinds, made) for _ in range(3)] == [0, 0, 0]
    change(small_books, "movement")
    assert count(small_books, "a", kinds, made) == 0
    for number, kind in enumerate(kinds, start=1):
        change(small_books, kind)
        assert count(small_books, "a", kinds, made) == number


def test_every_key_has_its_own(small_books: Books) -> None:
    made: list[int] = []
    assert [count(small_books, key, ("plan",), made) for key in "abab"] == [0, 1, 0, 1]


def test_the_longest_unasked_is_forgotten(small_books: Books) -> None:
    made: list[int] = []
    for number in range(300):
        count(small_books, str(number), ("plan",), made)
    assert count(small_books, "299", ("plan",), made) == 299
    assert count(small_books, "0", ("plan",), made) == 300


def test_a_plant_that_was_changed_by_hand_is_another_plant(demo_workspace: Path) -> None:
    """No record tells of it."""
    books, made = open_books(demo_workspace), list[int]()
    assert [count(books, "a", ("plant",), made) for _ in range(2)] == [0, 0]
    file = books.workspace.plant / "parts.csv"
    file.write_text(file.read_text() + "\n")
    books.look_at_plant_again()
    assert count(books, "a", ("plant",), made) == 1
    assert count(books, "b", ("order",), made) == 2
    books.look_at_plant_again()
    assert [count(books, key, ("plant",), made) for key in "aa"] == [1, 1]
    books.store.close()

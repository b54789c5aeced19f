"""Who waits for an answer gets one; and somebody is told of what could not be taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.cycle.letters import Letter
from supplynet.errors import ConflictingContent, InvalidInput
from supplynet.services import intake
from supplynet.services.books import Books, open_books
from supplynet.storage import ledger

MINUTE = timedelta(minutes=1)


@pytest.fixture
def books(demo_workspace: Path) -> Books:
    return open_books(demo_workspace)


def used(number: int, at: datetime, source: str = "plc-7") -> Event:
    return Event(
        source=source,
        event_id=f"e{number}",
        type=EventType.CONSUMED,
        occurred_at=at,
        location_id="SR1.ST1.A",
        part_id="P-001",
        quantity=1,
    )


def test_a_source_that_falls_silent_in_working_time_is_named(books: Books) -> None:
    start = books.now()  # in a shift
    every_minute = [used(minute, start + minute * MINUTE) for minute in range(60)]
    a_person = [used(minute, start + minute * MINUTE, "scanner-1") for minute in range(10)]
    in_one_go = [used(number, start, "import") for number in range(60)]
    with books.store.write("plc", start + 60 * MINUTE) as tx:
        cycle.post(tx, books.plant, [*every_minute, *a_person, *in_one_go])
    assert intake.causes(books, start + 80 * MINUTE) == []
    (cause,) = intake.causes(books, start + 95 * MINUTE)
    assert cause.kind == intake.SILENT_SOURCE
    assert "plc-7 has sent nothing for 36 minutes (usually every 1)" in cause.message


def test_letters_that_wait_are_an_alert_until_they_are_decided(books: Books) -> None:
    wrong = replace(used(1, books.now()), part_id="screw")
    letter = Letter(channel="mqtt", source="t", payload=b"{}", event=wrong)
    intake.take_letters(books, [letter], actor="mqtt")
    (cause,) = intake.causes(books, books.now())
    assert (cause.kind, cause.message[:10]) == (intake.DEAD_LETTERS, "1 messages")
    rows, following = intake.list_dead_letters(books)
    assert (len(rows), following) == (1, None)
    intake.drop(books, rows[0]["seq"], actor="mara", reason="a test")
    assert intake.causes(books, books.now()) == []


def test_letters_are_replayed_all_at_once_after_the_plant_was_mended(books: Books) -> None:
    good = used(1, books.now() + MINUTE)
    text = (
        b'{"schema":1,"event_id":"e1","source":"plc-7","type":"consumed","occurred_at":"'
        + good.occurred_at.isoformat().encode()
        + b'","location_id":"SR1.ST1.A","part_id":"P-001","quantity":1}'
    )
    letters = [
        Letter(channel="mqtt", source="t", payload=text, problem="the plant was not there yet"),
        Letter(channel="mqtt", source="t", payload=b"garbage", problem="no event"),
    ]
    intake.take_letters(books, letters, actor="mqtt")
    with books.store.read() as tx:
        before = ledger.on_hand(tx)["SR1", "P-001"]
    found = intake.replay_waiting(books, actor="mara")
    assert [row["taken"] for row in found] == [True, False]
    with books.store.read() as tx:
        assert ledger.on_hand(tx)["SR1", "P-001"] == before - 1


def test_a_keyed_request_is_posted_once_and_its_key_fits_no_other(books: Books) -> None:
    one, two = (used(number, books.now()) for number in (1, 2))
    first = intake.take_in(books, [one], actor="mes", key="k")
    assert first == intake.take_in(books, [one], actor="mes", key="k") == {"new": 1, "known": 0}
    with pytest.raises(ConflictingContent, match="idempotency key k"):
        intake.take_in(books, [two], actor="mes", key="k")


def test_an_unknown_place_in_a_body_is_a_mistake_of_the_body(books: Books) -> None:
    wrong = replace(used(1, books.now()), location_id="SR9.A")
    with pytest.raises(InvalidInput, match=r"SR9\.A"):
        intake.take_in(books, [wrong], actor="mes")

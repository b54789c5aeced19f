"""What becomes of files that are dropped, on both databases."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from supplynet.connectors import drop_folder_rows
from supplynet.connectors.drop_folder import DropFolder
from supplynet.core.events import EventType
from supplynet.core.ledger import Account
from supplynet.cycle import letters
from supplynet.errors import StoreError
from supplynet.services import drop_folder
from supplynet.services.books import Books
from supplynet.services.drop_folder import DroppedFile
from supplynet.storage import dead_letters, events, ledger

HEADER = "type,occurred_at,location_id,part_id,quantity"
COUNT = "counted,2026-01-05T06:00:00Z,WH1,bolt,100"
USED = "consumed,2026-01-05T07:00:00Z,SR1.A,bolt,3"
BAD = "consumed,2026-01-05T07:00:00Z,SR1.A,screw,3"


@pytest.fixture
def box(small_books: Books) -> DropFolder:
    """The prepared drop folder; a file there is complete at once."""
    found = drop_folder.folder_of(small_books, still_seconds=0.0)
    assert found is not None
    found.prepare()
    return found


def drop(box: DropFolder, name: str, *lines: str, encoding: str = "utf-8") -> Path:
    path = box.folder / name
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def take(books: Books, box: DropFolder) -> list[DroppedFile]:
    return drop_folder.take_all(books, box, now=0.0)


def take_one(books: Books, box: DropFolder, name: str, *lines: str) -> DroppedFile:
    drop(box, name, *lines)
    (taken,) = take(books, box)
    return taken


def on_hand(books: Books, place: str = "WH1") -> int:
    with books.store.read() as tx:
        return ledger.on_hand(tx).get((place, "bolt"), 0)


def dead(books: Books) -> list[tuple[str, int]]:
    with books.store.read() as tx:
        return [(letter.source, letter.tries) for letter in dead_letters.list_letters(tx)]


def known_events(books: Books) -> list[tuple[str, str]]:
    with books.store.read() as tx:
        return [(event.source, event.event_id) for event in events.events_between(tx)]


def test_rows_are_posted_and_the_file_ends_in_done(small_books: Books, box: DropFolder) -> None:
    taken = take_one(small_books, box, "scans.csv", HEADER, COUNT, USED)
    assert (taken.new, taken.known, taken.dead) == (2, 0, 0)
    assert taken.place == box.done / "scans.csv"
    assert (on_hand(small_books), on_hand(small_books, "SR1")) == (100, -3)


def test_a_bad_row_becomes_a_dead_letter_and_the_others_are_posted(
    small_books: Books, box: DropFolder
) -> None:
    taken = take_one(small_books, box, "scans.csv", HEADER, COUNT, BAD)
    assert (taken.new, taken.dead) == (1, 1)
    assert taken.place == box.problems / "scans.csv"
    assert dead(small_books) == [("scans.csv:3", 1)]
    beside = (box.problems / "scans.csv.problems.csv").read_text().splitlines()
    assert beside[0] == f"row,problem,event_id,{HEADER}"
    assert beside[1].startswith("3,")
    assert "screw" in beside[1]


def test_the_same_content_under_another_name_doubles_nothing(
    small_books: Books, box: DropFolder
) -> None:
    take_one(small_books, box, "monday.csv", HEADER, COUNT, USED, BAD)
    again = take_one(small_books, box, "tuesday.csv", HEADER, COUNT, USED, BAD)
    assert (again.new, again.known, again.dead) == (0, 2, 1)
    assert dead(small_books) == [("monday.csv:4", 2)]
    assert on_hand(small_books, "SR1") == -3


def test_corrected_problems_may_be_dropped_as_they_are(small_books: Books, box: DropFolder) -> None:
    take_one(small_books, box, "scans.csv", HEADER, COUNT, BAD)
    beside = box.problems / "scans.csv.problems.csv"
    taken = take_one(
        small_books, box, beside.name, *beside.read_text().replace("screw", "bolt").splitlines()
    )
    assert (taken.new, taken.dead) == (1, 0)
    assert on_hand(small_books, "SR1") == -3


@pytest.mark.parametrize(
    "crash", ["before posting", "after the first batch", "before putting away"]
)
def test_after_a_crash_the_file_is_read_again_and_nothing_is_doubled(
    small_books: Books, box: DropFolder, monkeypatch: pytest.MonkeyPatch, crash: str
) -> None:
    monkeypatch.setattr(drop_folder, "BATCH_ROWS", 2)
    drop(box, "scans.csv", HEADER, COUNT, USED, BAD, USED.replace("07:00", "08:00"))
    what = {
        "before posting": "take_in_letters",
        "after the first batch": "take_in_letters",
        "before putting away": "state_of",
    }
    real = getattr(drop_folder, what[crash])
    calls = 0

    def failing(*args: object, **said: object) -> object:
        nonlocal calls
        calls += 1
        if calls > (crash != "before posting"):
            raise StoreError("the power went")
        return real(*args, **said)

    with monkeypatch.context() as patch:
        patch.setattr(drop_folder, what[crash], failing)
        with pytest.raises(StoreError):
            take(small_books, box)
    assert [path.name for path in box.left_over()] == ["scans.csv"]
    (taken,) = take(small_books, box)
    assert (taken.new + taken.known, taken.dead) == (3, 1)
    assert on_hand(small_books, "SR1") == -6
    assert len(dead(small_books)) == 1
    assert sorted(path.name for path in box.problems.iterdir()) == [
        "scans.csv",
        "scans.csv.problems.csv",
    ]


def test_a_semicolon_file_of_windows_with_a_decimal_comma_is_read(
    small_books: Books, box: DropFolder
) -> None:
    drop(
        box,
        "windows.csv",
        "Type;Occurred_At;Location_ID;Part_ID;Quantity;note",
        "counted;05.01.2026 07:00;WH1;bolt;12,0;gezählt",
        encoding="cp1252",
    )
    (taken,) = take(small_books, box)
    assert taken.new == 1
    assert on_hand(small_books) == 12
    with small_books.store.read() as tx:
        (event,) = events.events_between(tx, types=[EventType.COUNTED])
    assert event.occurred_at.isoformat() == "2026-01-05T06:00:00+00:00"  # 07:00 in Berlin


def test_columns_of_data_have_their_types(small_books: Books, box: DropFolder) -> None:
    taken = take_one(
        small_books,
        box,
        "\N{BYTE ORDER MARK}receipts.csv",
        HEADER + ",event_id,source,data.supplier_id,data.damaged,data",
        'received,2026-01-05T07:00:00Z,WH1,bolt,95,r1,scanner-1,ACME,5,"{""lot_id"":""L1""}"',
    )
    assert (taken.new, taken.problem) == (1, "")
    with small_books.store.read() as tx:
        assert ledger.balances(tx)["bolt", "WH1", Account.BLOCKED] == 5
    assert known_events(small_books) == [("scanner-1", "r1")]


def test_lines_of_json_and_a_json_list_are_taken(small_books: Books, box: DropFolder) -> None:
    body = {
        "type": "counted",
        "occurred_at": "2026-01-05T06:00:00Z",
        "location_id": "WH1",
        "part_id": "bolt",
        "quantity": 7,
    }
    drop(box, "a.jsonl", json.dumps(body), "", "no json", "[1]")
    drop(box, "b.json", json.dumps({"events": [body | {"location_id": "SR1"}]}))
    drop(box, "c.json", "{")
    lines, batch, broken = take(small_books, box)
    assert (lines.new, lines.dead) == (1, 2)
    assert dead(small_books) == [("a.jsonl:3", 1), ("a.jsonl:4", 1)]
    assert (batch.new, batch.dead) == (1, 0)
    assert "is no JSON" in broken.problem
    assert (on_hand(small_books), on_hand(small_books, "SR1")) == (7, 7)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no column type"),
        (b"type;occurred_at;place\nx;y;z\n", "'place' that no event has"),
        (b"type,occurred_at,part_id\n", "no column location_id"),
        (b"type,occurred_at,location_id,type\n", "no event has"),
    ],
)
def test_a_file_that_is_no_table_of_events_is_refused_whole(
    small_books: Books, box: DropFolder, content: bytes, says: str
) -> None:
    (box.folder / "x.csv").write_bytes(content)
    (taken,) = take(small_books, box)
    assert says in taken.problem
    assert taken.place == box.problems / "x.csv"
    assert says in (box.problems / "x.csv.problems.csv").read_text()
    assert known_events(small_books) == []


def test_cells_that_cannot_be_read_are_named_and_kept_for_a_replay(
    small_books: Books, box: DropFolder
) -> None:
    taken = take_one(
        small_books,
        box,
        "x.csv",
        HEADER + ",event_id",
        "counted,yesterday,WH1,bolt,1.234,e1",
        "counted,2026-01-05T06:00:00Z,WH1,bolt,=1+1,e2",
        "counted,2026-01-05T06:00:00Z,WH1,bolt,5,",
    )
    assert (taken.new, taken.dead) == (0, 3)
    beside = (box.problems / "x.csv.problems.csv").read_text()
    assert "column occurred_at: 'yesterday' is not a time" in beside
    assert "'=1+1" in beside  # no spreadsheet runs it
    with small_books.store.read() as tx:
        payload = dead_letters.list_letters(tx)[0].payload
    assert json.loads(payload)["quantity"] == "1.234"


def test_links_folders_and_hidden_names_are_no_files(
    small_books: Books, box: DropFolder, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n")
    (box.folder / "link.csv").symlink_to(secret)
    (box.folder / "folder.csv").mkdir()
    os.mkfifo(box.folder / "pipe.csv")
    drop(box, ".hidden.csv", HEADER)
    drop(box, "x.csv.part", HEADER)
    drop(box, "x.txt", HEADER)
    (box.taking / "left.csv").symlink_to(secret)
    (taken,) = take(small_books, box)
    assert "no plain file" in taken.problem
    assert secret.read_text() == "a,b\n"


def test_a_file_that_changes_while_it_is_read_is_a_problem(
    small_books: Books, box: DropFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(box, "x.csv", HEADER, COUNT)
    real = letters.take_in_letters

    def slow(*args: object, **said: object) -> object:
        with (box.taking / "x.csv").open("a") as file:
            file.write(USED + "\n")
        return real(*args, **said)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(drop_folder, "take_in_letters", slow)
    (taken,) = take(small_books, box)
    assert "was written to while it was read" in taken.problem


def test_a_file_that_nobody_foresaw_does_not_hold_up_the_others(
    small_books: Books, box: DropFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(box, "a.csv", HEADER, COUNT)
    drop(box, "b.csv", HEADER, USED)
    real = drop_folder_rows.read_events

    def failing(path: Path, *args: object, **said: object) -> object:
        if path.name == "a.csv":
            raise RuntimeError("a bug")
        return real(path, *args, **said)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(drop_folder, "read_events", failing)
    first, second = take(small_books, box)
    assert first.problem == "a.csv cannot be taken: RuntimeError: a bug"
    assert (second.new, second.place.parent) == (1, box.done)


def test_moments_beyond_the_calendar_and_halves_of_characters_are_bad_rows(
    small_books: Books, box: DropFolder
) -> None:
    taken = take_one(
        small_books,
        box,
        "x.csv",
        HEADER,
        COUNT.replace("2026-01-05T06:00:00Z", "9999-12-31T23:00-12:00"),
    )
    assert (taken.new, taken.dead) == (0, 1)
    body = {
        "event_id": "\ud800",
        "type": "counted",
        "occurred_at": "2026-01-05T06:00:00Z",
        "location_id": "WH1",
        "part_id": "bolt",
        "quantity": 7,
    }
    taken = take_one(small_books, box, "x.jsonl", json.dumps(body).replace("\\\\", "\\"))
    assert (taken.new, taken.dead) == (0, 1)


@pytest.mark.drill
def test_a_million_rows_fit_into_little_memory(small_books: Books, box: DropFolder) -> None:
    import resource

    with (box.folder / "big.csv").open("w") as file:
        file.write("event_id," + HEADER + "\n")
        file.writelines(f"e{n},{USED}\n" for n in range(1_000_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (taken,) = take(small_books, box)
    assert (taken.new, taken.dead) == (1_000_000, 0)
    assert on_hand(small_books, "SR1") == -3_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600_000  # KiB

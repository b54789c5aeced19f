"""The thread that takes dropped files in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from supplynet.config import Settings
from supplynet.connectors.plant_folder import write_plant
from supplynet.cycle import letters
from supplynet.errors import StoreError
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.services import drop_folder
from supplynet.services.books import Books
from supplynet.storage import Store, Workspace, ledger
from supplynet.worker.drop_folder import DropFolderWorker

ROWS = "type,occurred_at,location_id,part_id,quantity\ncounted,2026-01-05T06:00:00Z,WH1,P-001,100\n"


@pytest.fixture
def books(sqlite_store: Store, empty_workspace: Path) -> Books:
    workspace = Workspace(empty_workspace)
    write_plant(demo_plant(showrooms=1, stations=1, lines="A", parts=1), workspace.plant)
    return Books(workspace=workspace, settings=Settings(drop_folder="drop"), store=sqlite_store)


def running(books: Books) -> DropFolderWorker:
    return DropFolderWorker(books, look_seconds=0.01, still_seconds=0.0)


def waited_for(there: Callable[[], bool]) -> bool:
    tick = threading.Event()
    return any(there() or tick.wait(0.01) for _ in range(1000))


def test_files_are_taken_while_it_runs_and_it_goes_on_after_a_failure(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = books.workspace.folder / "drop"
    real, failures = letters.take_in_letters, [StoreError("the disk is full")] * 2

    def failing_first(*args: object, **said: object) -> object:
        if failures:
            raise failures.pop()
        return real(*args, **said)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(drop_folder, "take_in_letters", failing_first)
    with running(books):
        assert waited_for((folder / "done").is_dir)
        (folder / "x.csv").write_text(ROWS)
        assert waited_for((folder / "done" / "x.csv").is_file)
    assert not failures
    with books.store.read() as tx:
        assert ledger.on_hand(tx) == {("WH1", "P-001"): 100}


def test_without_a_folder_in_the_settings_there_is_no_thread(books: Books) -> None:
    without = Books(workspace=books.workspace, settings=Settings(), store=books.store)
    with running(without):
        assert not (books.workspace.folder / "drop").exists()


def test_a_second_server_leaves_the_folder_alone(books: Books) -> None:
    box = drop_folder.folder_of(books)
    assert box is not None
    box.prepare()
    with box.only_one():
        (box.folder / "x.csv").write_text(ROWS)
        with running(books):
            assert not waited_for_a_little((box.done / "x.csv").is_file)
    with running(books):
        assert waited_for((box.done / "x.csv").is_file)


def waited_for_a_little(there: Callable[[], bool]) -> bool:
    tick = threading.Event()
    return any(there() or tick.wait(0.01) for _ in range(20))

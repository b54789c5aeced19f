"""Backups are made on time by one server, and people hear when they are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from supplynet.services import backup, backup_retention
from supplynet.services.books import CLOCK, Books, open_books
from supplynet.storage import alerts, values
from supplynet.worker import backups
from supplynet.worker.backups import BackupWorker
from supplynet.worker.jobs import run_here

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Clock:
    """Moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def books(empty_workspace: Path, clock: Clock) -> Books:
    return replace(open_books(empty_workspace), wall_clock=clock)


@pytest.fixture
def worker(books: Books) -> BackupWorker:
    return BackupWorker(books)


def names(books: Books) -> list[str]:
    return [row["name"] for row in backup.list_backups(books)]


def open_alerts(books: Books) -> dict[str, str]:
    with books.store.read() as tx:
        return {alert.kind: alert.message for alert in alerts.open_alerts(tx)}


def test_the_first_comes_soon_and_then_one_a_day(
    books: Books, worker: BackupWorker, clock: Clock
) -> None:
    counts = []
    for step in (0, 9, 1, 60, 23 * 60 - 1, 1, 24 * 60):
        clock.forward(minutes=step)
        worker.look()
        counts.append(len(names(books)))
    assert counts == [0, 0, 1, 1, 1, 2, 3]
    assert open_alerts(books) == {}


def test_a_plant_that_a_twin_plays_is_not_backed_up(
    books: Books, worker: BackupWorker, clock: Clock
) -> None:
    with books.store.write("demo", clock()) as tx:
        values.set_value(tx, CLOCK, {"now": START.isoformat(), "speed": 60.0})
    for _ in range(3):
        worker.look()
        clock.forward(days=9)
    assert (names(books), open_alerts(books)) == ([], {})


def broken(*_: Any, **__: Any) -> None:
    raise OSError(28, "No space left on device")


def test_a_backup_that_fails_is_told_and_tried_again_every_hour(
    books: Books, worker: BackupWorker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.look()
    clock.forward(minutes=10)
    with monkeypatch.context() as patch:
        patch.setattr(backup, "make", broken)
        worker.look()
        assert list(open_alerts(books)) == [backup_retention.FAILED]
        assert "No space left on device" in open_alerts(books)[backup_retention.FAILED]
    clock.forward(minutes=59)
    worker.look()
    assert names(books) == []
    clock.forward(minutes=1)
    worker.look()
    assert len(names(books)) == 1
    assert open_alerts(books) == {}


def test_none_for_twice_the_time_between_two_is_told(
    books: Books, worker: BackupWorker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.look()
    monkeypatch.setattr(worker, "_make", lambda: None)
    clock.forward(hours=48)
    worker.look()
    assert open_alerts(books) == {}
    clock.forward(minutes=1)
    worker.look()
    said = open_alerts(books)[backup_retention.OVERDUE]
    assert said.startswith("No backup was made since 2026-01-05T12:00:00Z")


def test_one_that_is_stopped_is_no_failure(
    books: Books, worker: BackupWorker, clock: Clock
) -> None:
    worker.look()
    clock.forward(minutes=10)
    worker._stop.set()
    worker.look()
    assert (names(books), open_alerts(books)) == ([], {})


def test_of_two_servers_one_makes_it(books: Books, clock: Clock) -> None:
    workers = [BackupWorker(books, look_seconds=0.01) for _ in range(2)]
    workers[0].look()
    clock.forward(minutes=10)
    with workers[0], workers[1]:
        until(lambda: bool(names(books)))
    assert len(names(books)) == 1


def until(true: Callable[[], bool]) -> None:
    from time import monotonic, sleep

    end = monotonic() + 60
    while not true():
        assert monotonic() < end
        sleep(0.02)


def test_never_is_a_choice(books: Books) -> None:
    settings = books.settings.model_copy(update={"backup_every_hours": 0})
    with BackupWorker(replace(books, settings=settings), look_seconds=0.001) as worker:
        until(lambda: worker.is_alive and not worker._thread.is_alive())
    assert names(books) == []


def test_the_thread_outlives_a_look_that_fails(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    worker = BackupWorker(books, look_seconds=0.001)

    def fail() -> None:
        seen.append(1)
        raise ValueError("a bug")

    monkeypatch.setattr(worker, "look", fail)
    with worker:
        until(lambda: len(seen) > 1)


def test_a_job_makes_one_and_another_proves_it(books: Books) -> None:
    folder = books.workspace.folder
    made = run_here(folder, "backup", {})
    assert "folder" not in made
    context: Any = SimpleNamespace(workspace=folder, progress=lambda *_: None)
    found = backups.verify(context, {"name": made["name"], "deep": True})
    assert (found["proven"], found["verified"], found["findings"]) == (True, True, ())

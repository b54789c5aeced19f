"""What was backed up comes back, whole or not at all, and proves itself."""

from __future__ import annotations

import itertools
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import MetaData, create_engine, make_url, text

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.errors import BackupError, ConfigError, SealError, StoreError, SupplyNetError
from supplynet.security import keys_file
from supplynet.security.keyring import keyring_of
from supplynet.services import backup, keys
from supplynet.services.backup_check import verify
from supplynet.services.backup_retention import superfluous
from supplynet.services.books import Books, open_books
from supplynet.services.champion import serving
from supplynet.services.restore import Restored, Wanted, restore
from supplynet.services.verification import check
from supplynet.storage import Store, audit, leases, ledger
from supplynet.storage.history import read_history

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
_numbers = itertools.count(1)
_ELSEWHERE = ("audit", "changes", "settings", "leases")
"""Tables in which a restore and a backup write themselves."""


def received(number: int, quantity: int = 5) -> Event:
    return Event(
        source="scanner-1",
        event_id=f"e{number}",
        type=EventType.COUNTED,
        occurred_at=NOW,
        location_id="WH1",
        part_id="bolt",
        quantity=quantity,
        data={"reason": "count"},
    )


def count(books: Books, *numbers: int) -> None:
    events = [received(number, quantity=number) for number in numbers]
    cycle.take_in(books.store, books.plant, events, actor="scanner-1", now=NOW)


@pytest.fixture
def busy(small_books: Books) -> Books:
    """Books with something in them, on both databases."""
    count(small_books, 1, 2, 3)
    return small_books


@pytest.fixture
def new_url(store: Store) -> Iterator[Callable[[], str | None]]:
    """Names an empty database for a restore; None for SQLite, which needs none."""
    names: list[str] = []

    def make() -> str | None:
        if store.is_sqlite:
            return None
        names.append(f"back_{next(_numbers)}")
        _sql(store.url, f"CREATE DATABASE {names[-1]}")
        return make_url(store.url).set(database=names[-1]).render_as_string(hide_password=False)

    yield make
    for name in names:
        _sql(store.url, f"DROP DATABASE {name} WITH (FORCE)")


def _sql(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def made_by(books: Books, **options: Any) -> Path:
    made = backup.make(books, actor="ann", **options)
    return made.folder / made.name


def rows_of(store: Store) -> dict[str, list[str]]:
    with store.read() as tx:
        tables = MetaData()
        tables.reflect(tx.connection)
        return {
            name: sorted(repr(tuple(row)) for row in tx.connection.execute(table.select()))
            for name, table in tables.tables.items()
            if name not in _ELSEWHERE
        }


@contextmanager
def opened(done: Restored) -> Iterator[Books]:
    books = open_books(done.folder)
    yield books
    books.store.close()


def leftovers(folder: Path) -> list[str]:
    """What looks like a backup or a part of one."""
    return sorted(
        path.name
        for path in folder.rglob("*")
        if path.suffix in {".backup", ".part"} or path.name.startswith(".backup-")
    )


def test_restored_books_are_those_that_were_backed_up(
    busy: Books, tmp_path: Path, new_url: Callable[[], str | None]
) -> None:
    before, file = rows_of(busy.store), made_by(busy)
    count(busy, 4)  # after the backup: not in it
    done = restore(Wanted(file=file, folder=tmp_path / "again", database_url=new_url()))
    assert done.backup.proven
    assert (done.replaced, done.history_rows, done.refused) == (None, None, ())
    with opened(done) as books:
        assert rows_of(books.store) == before
        assert check(books) == []
        with books.store.read() as tx:
            said = audit.entries(tx)[-1]
    assert (said.actor, said.action, said.subject) == ("restore", "backup_restored", file.name)
    assert books.store.url != busy.store.url


def test_a_backup_while_others_write_is_proven_elsewhere(
    busy: Books, tmp_path: Path, new_url: Callable[[], str | None]
) -> None:
    stop, begun = threading.Event(), threading.Event()

    def write() -> None:
        for number in itertools.count(10):
            count(busy, number)
            begun.set()
            if stop.is_set():
                return

    thread = threading.Thread(target=write)
    thread.start()
    assert begun.wait(30)
    file = made_by(busy)
    stop.set()
    thread.join()
    done = restore(Wanted(file=file, folder=tmp_path / "again", database_url=new_url()))
    with opened(done) as books:
        assert check(books) == []


def test_checking_deeply_leaves_nothing_behind(
    busy: Books, new_url: Callable[[], str | None]
) -> None:
    file, url = made_by(busy), new_url()
    for _ in range(2):  # again into the same database: it is empty afterwards
        found = verify(file, folder=busy.workspace.folder, deep=True, database_url=url)
        assert (found.proven, found.findings, found.verified) == (True, (), True)
    assert verify(file, folder=busy.workspace.folder).proven is None


def test_books_that_do_not_prove_themselves_are_restored_only_if_asked(
    busy: Books, tmp_path: Path, new_url: Callable[[], str | None]
) -> None:
    with busy.store.connect_for_write() as connection:
        connection.execute(text("UPDATE balances SET quantity = quantity + 1"))
    file, url = made_by(busy), new_url()
    with busy.store.connect_for_write() as connection:
        connection.execute(text("UPDATE balances SET quantity = quantity - 1"))
    with pytest.raises(BackupError, match="do not prove themselves"):
        restore(Wanted(file=file, folder=tmp_path / "again", database_url=url))
    assert not (tmp_path / "again").exists()
    done = restore(Wanted(file=file, folder=tmp_path / "again", database_url=url, unproven=True))
    assert done.backup.findings


def test_a_database_that_is_not_empty_is_left_alone_unless_asked(
    busy: Books, tmp_path: Path, new_url: Callable[[], str | None]
) -> None:
    file, url = made_by(busy), new_url()
    if url is None:
        with pytest.raises(ConfigError, match="leave --database-url out"):
            restore(Wanted(file=file, folder=tmp_path / "again", database_url="sqlite:///x.db"))
        return
    with pytest.raises(ConfigError, match="name it with --database-url"):
        restore(Wanted(file=file, folder=tmp_path / "again"))
    first = restore(Wanted(file=file, folder=tmp_path / "first", database_url=url))
    wanted = Wanted(file=file, folder=tmp_path / "again", database_url=url)
    with pytest.raises(BackupError, match="the database is not empty"):
        restore(wanted)
    with opened(first) as books:
        assert check(books) == []
    assert restore(replace(wanted, replace=True)).backup.proven


@pytest.fixture
def sold_books(sold: Path) -> Books:
    return open_books(sold)


def test_a_folder_that_is_not_empty_is_put_aside_only_if_asked(sold_books: Books) -> None:
    file, folder = made_by(sold_books), sold_books.workspace.folder
    sold_books.store.close()
    with pytest.raises(BackupError, match="say --replace"):
        restore(Wanted(file=file, folder=folder))
    key = keyring_of(folder).signing_id
    done = restore(Wanted(file=file, folder=folder, replace=True))
    assert done.replaced is not None
    assert (done.replaced / "supplynet.db").is_file()
    assert keyring_of(folder).signing_id == key
    assert (folder / "backups" / file.name).is_file()
    assert done.backup.verified


def test_a_workspace_that_is_served_is_not_replaced(sold_books: Books) -> None:
    file = made_by(sold_books)
    with sold_books.store.write("server-1", sold_books.wall_clock(), audited=False) as tx:
        assert leases.take(tx, "plan", "server-1", timedelta(seconds=30))
    with pytest.raises(BackupError, match="stop it"):
        restore(Wanted(file=file, folder=sold_books.workspace.folder, replace=True))


def test_everybody_is_signed_out_by_a_restore(sold_books: Books, tmp_path: Path) -> None:
    at = "'2026-01-05T22:00:00.000000Z'"
    with sold_books.store.connect_for_write() as connection:
        connection.execute(
            text(
                "INSERT INTO sessions (session_hash, user_id, how, address, created_at, seen_at, "
                f"expires_at) VALUES ('h', 'u', 'password', '::1', {at}, {at}, {at})"
            )
        )
    done = restore(Wanted(file=made_by(sold_books), folder=tmp_path / "again"))
    assert done.signed_out == 1
    with opened(done) as books, books.store.read() as tx:
        assert tx.connection.scalar(text("SELECT COUNT(*) FROM sessions")) == 0


def test_restored_settings_never_name_the_database_they_were_made_with(
    sold_books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = sold_books.workspace.settings_file
    settings.write_text(f'port = 9\ndatabase_url = "{sold_books.store.url}"\n')
    file = made_by(sold_books)
    with opened(restore(Wanted(file=file, folder=tmp_path / "again"))) as books:
        assert books.store.url == f"sqlite:///{tmp_path / 'again' / 'supplynet.db'}"
        assert books.settings.port == 9
    monkeypatch.setenv("SUPPLYNET_DATABASE_URL", sold_books.store.url)
    with pytest.raises(ConfigError, match="names another database"):
        restore(Wanted(file=file, folder=tmp_path / "third"))
    assert not (tmp_path / "third").exists()


class _Killed(BaseException):
    """Like a kill: nobody expects it."""


def test_a_backup_that_ends_anywhere_on_the_way_leaves_nothing(
    sold_books: Books, tmp_path: Path
) -> None:
    folder, told = sold_books.workspace.folder, list[str]()
    backup.make(
        sold_books, actor="ann", to=tmp_path / "whole", report=lambda _, what: told.append(what)
    )
    assert len(told) >= 5
    for last in range(len(told) - 1):  # the last is told when it is there
        left = itertools.count()

        def die(_share: float, _what: str, left: Iterator[int] = left, last: int = last) -> None:
            if next(left) == last:
                raise _Killed

        with pytest.raises(_Killed):
            backup.make(sold_books, actor="ann", report=die)
        assert leftovers(folder) == []
    assert backup.list_backups(sold_books) == []


def test_a_backup_that_is_killed_leaves_none_and_the_next_one_cleans_up(
    sold_books: Books,
) -> None:
    script = Path(__file__).with_name("backing_up_child.py")
    folder = sold_books.workspace.folder
    done = subprocess.run([sys.executable, str(script), str(folder)], check=False)
    assert done.returncode == -9
    assert [name for name in leftovers(folder) if name.endswith(".part")]
    assert backup.list_backups(sold_books) == []
    file = made_by(sold_books)
    assert leftovers(folder) == [file.name]
    assert verify(file, folder=folder, deep=True).proven


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """The same error as on a full disk, in this process alone."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [1_000, 10_000, 100_000])
def test_a_full_disk_leaves_no_backup_and_the_next_one_works(busy: Books, size: int) -> None:
    (busy.workspace.tables / "plan.parquet").write_bytes(os.urandom(150_000))
    with pytest.raises((OSError, StoreError)), files_no_larger_than(size):
        backup.make(busy, actor="ann")
    assert leftovers(busy.workspace.folder) == []
    assert verify(made_by(busy), folder=busy.workspace.folder).members


def test_a_restore_that_ends_anywhere_on_the_way_leaves_nothing(
    sold_books: Books, tmp_path: Path
) -> None:
    wanted = Wanted(file=made_by(sold_books), folder=tmp_path / "again")
    told: list[str] = []
    restore(wanted, report=lambda _, what: told.append(what))
    for last in range(len(told) - 1):
        left = itertools.count()

        def die(_share: float, _what: str, left: Iterator[int] = left, last: int = last) -> None:
            if next(left) == last:
                raise _Killed

        other = replace(wanted, folder=tmp_path / "other")
        with pytest.raises(_Killed):
            restore(other, report=die)
        assert [path.name for path in tmp_path.iterdir() if "other" in path.name] == []


def test_what_a_killed_restore_left_is_removed_by_the_next(
    sold_books: Books, tmp_path: Path
) -> None:
    left = tmp_path / ".again.restoring-1234abcd"
    left.mkdir()
    (left / "lock").touch()
    restore(Wanted(file=made_by(sold_books), folder=tmp_path / "again"))
    assert not left.exists()


def test_a_sealed_backup_shows_nothing_and_needs_its_keys(
    sold_books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sold_books.workspace.folder
    plain = made_by(sold_books, to=tmp_path / "plain")
    keys.seal_from_now(sold_books, actor="ann")
    file = made_by(sold_books)
    assert b"supplynet.toml" in plain.read_bytes()
    assert b"supplynet.toml" not in file.read_bytes()
    assert leftovers(folder) == [file.name]
    with pytest.raises(BackupError, match="is sealed with key"):
        restore(Wanted(file=file, folder=tmp_path / "again"))
    monkeypatch.setenv(keys_file.VARIABLE, str(keys_file.keys_path(folder)))
    done = restore(Wanted(file=file, folder=tmp_path / "again"))
    assert (done.backup.sealed, done.backup.verified, done.adopted) == (True, True, ())
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(SealError):
        verify(file, folder=folder)


def test_keys_are_never_in_a_backup(sold_books: Books) -> None:
    ring = keys_file.read_keys(keys_file.keys_path(sold_books.workspace.folder))
    content = made_by(sold_books).read_bytes()
    assert b"keys.json" not in content
    for key in ring.keys.values():
        assert key.secret not in content


def test_a_backup_that_was_changed_after_it_was_signed_is_refused(
    sold_books: Books, tmp_path: Path
) -> None:
    file, folder = made_by(sold_books), sold_books.workspace.folder
    content = file.read_bytes()
    changed = content.replace(b'"change":', b'"ch\\u0061nge":', 1)[: len(content) - 5]
    place = content.rindex(b'"version"')
    changed = content[:place] + b'"versiom"' + content[place + 9 :]
    file.write_bytes(changed)
    with pytest.raises(BackupError, match="was changed after it was signed"):
        verify(file, folder=folder)
    told = verify(file, folder=tmp_path)  # where the key is not, nobody can tell; it is said
    assert not told.verified
    assert "somebody else may have made it" in told.trust


def test_without_the_keys_an_unsealed_backup_works_and_says_what_was_not_verified(
    demo_workspace: Path, tmp_path: Path
) -> None:
    original = open_books(demo_workspace)
    done = restore(Wanted(file=made_by(original), folder=tmp_path / "again"))
    assert not done.backup.verified
    assert {"lightgbm-demo"} <= set(done.adopted)
    assert done.refused == ()
    with opened(done) as books:
        first, second = serving(original), serving(books)
        assert (first.warning, second.warning) == ("", "")
        assert first.forecaster.model_version == second.forecaster.model_version


def test_the_drill_everything_is_as_it_was(
    demo_workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = open_books(demo_workspace)
    monkeypatch.setenv(keys_file.VARIABLE, str(keys_file.keys_path(demo_workspace)))
    with original.store.read() as tx:
        head, before = audit.head(tx), ledger.on_hand(tx)
    file = made_by(original)
    done = restore(Wanted(file=file, folder=tmp_path / "again"))
    assert (done.backup.verified, done.adopted, done.history_rows) == (True, (), None)
    with opened(done) as books:
        assert check(books) == []
        with books.store.read() as tx:
            assert ledger.on_hand(tx) == before
            assert [(e.seq, e.hash) for e in audit.entries(tx) if e.seq == head[0]] == [head]
        there = read_history(original.workspace.history)
        assert read_history(books.workspace.history).equals(there)
        assert forecast_of(books).equals(forecast_of(original))


def forecast_of(books: Books) -> pl.DataFrame:
    from supplynet.services.champion import forecast

    made = forecast(books.workspace.folder, horizon=4)
    return pl.DataFrame(made.items)


def test_history_that_does_not_agree_with_the_ledger_is_made_again(
    demo_workspace: Path, tmp_path: Path
) -> None:
    original = open_books(demo_workspace)
    start, plant = original.now(), original.plant
    used = [
        Event(
            source="plc-1",
            event_id=f"u{number}",
            type=EventType.CONSUMED,
            occurred_at=start + timedelta(hours=number),
            location_id=plant.requirements[0].line_id,
            part_id=plant.requirements[0].part_id,
            quantity=1,
        )
        for number in range(1, 30)
    ]
    later = start + timedelta(hours=40)
    history = original.workspace.history
    cycle.take_in(original.store, plant, used, actor="plc-1", now=later)
    cycle.close_shifts(original.store, history, plant, since=start, now=later)
    right = read_history(history, kind="ledger")
    assert right["consumed"].sum() > 0
    for file in (history / "ledger").glob("*.parquet"):
        file.unlink()
    done = restore(Wanted(file=made_by(original), folder=tmp_path / "again"))
    assert done.history_rows == right.height
    assert read_history(done.folder / "history", kind="ledger").equals(right)


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, 1, hour, tzinfo=UTC) + timedelta(days=day)


def test_the_newest_and_one_a_week_are_kept() -> None:
    daily = {f"d{day}": at(day) for day in range(100)}
    gone = superfluous(daily, keep=14, now=at(99))
    kept = [int(name[1:]) for name in daily if name not in gone]
    assert kept[-14:] == list(range(86, 100))
    weekly = kept[:-14]
    assert weekly[0] >= 99 - 56
    assert len({at(day).isocalendar()[:2] for day in weekly}) == len(weekly) == 7


def test_retention_day_by_day_always_has_one_of_every_week() -> None:
    there: dict[str, datetime] = {}
    for day in range(120):
        there[f"d{day}"] = at(day)
        for name in superfluous(there, keep=3, now=at(day)):
            del there[name]
        weeks = {moment.isocalendar()[:2] for moment in there.values()}
        wanted = {at(back).isocalendar()[:2] for back in range(max(0, day - 49), day + 1)}
        assert wanted <= weeks
    assert len(there) <= 3 + 9


def test_the_last_one_stays_however_old() -> None:
    assert superfluous({"only": at(0)}, keep=1, now=at(1000)) == []
    assert superfluous({"old": at(0), "new": at(1)}, keep=1, now=at(1000)) == ["old"]


def test_retention_deletes_what_was_made_and_nothing_else(sold_books: Books) -> None:
    clock = [at(0)]
    settings = sold_books.settings.model_copy(update={"backup_keep": 1})
    books = replace(sold_books, settings=settings, wall_clock=lambda: clock[0])
    first = made_by(books)
    foreign = first.with_name("supplynet-20200101T000000Z.backup")
    foreign.write_bytes(first.read_bytes())
    (first.parent / "notes.txt").write_text("mine")
    changed = made_by(books)
    changed.write_bytes(b"somebody wrote over it")
    clock[0] = at(100)
    made = backup.make(books, actor="ann")
    assert made.pruned == (first.name,)
    states = {row["name"]: row["state"] for row in backup.list_backups(books)}
    assert states == {made.name: "ok", changed.name: "changed", foreign.name: "unknown"}
    assert (first.parent / "notes.txt").exists()
    with books.store.read() as tx:
        assert [entry.subject for entry in audit.entries(tx) if entry.action == "backup_deleted"]


def test_two_backups_of_one_second_have_two_names(sold_books: Books) -> None:
    books = replace(sold_books, wall_clock=lambda: at(0))
    assert [made_by(books).name for _ in range(2)] == [
        "supplynet-20260101T000000Z.backup",
        "supplynet-20260101T000000Z-2.backup",
    ]


def test_a_file_that_is_there_is_not_written_over(sold_books: Books, tmp_path: Path) -> None:
    file = made_by(sold_books, to=tmp_path / "mine.backup")
    assert file == tmp_path / "mine.backup"
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(BackupError, match="there already"):
        backup.make(sold_books, actor="ann", to=file)
    assert backup.list_backups(sold_books) == []


@pytest.mark.parametrize("content", [b"", b"SNFILE1\n", b"hello", bytes(5000)])
def test_what_is_no_backup_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.backup").write_bytes(content)
    with pytest.raises(SupplyNetError):
        restore(Wanted(file=tmp_path / "x.backup", folder=tmp_path / "again"))
    assert not (tmp_path / "again").exists()


def test_a_backup_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="there is no backup"):
        verify(tmp_path / "x.backup", folder=tmp_path)


def test_of_backups_of_one_second_the_one_with_the_highest_number_is_the_newest() -> None:
    names = ["s.backup", *(f"s-{n}.backup" for n in range(2, 12))]
    # All of one week: its newest stays too, beside the two newest of all.
    assert superfluous(dict.fromkeys(names, at(0)), keep=2, now=at(0)) == names[:-3]


def test_a_number_that_retention_has_freed_is_not_used_again(tmp_path: Path) -> None:
    stem = "supplynet-20260101T000000Z"
    for number in (9, 10):
        (tmp_path / f"{stem}-{number}.backup").touch()
    assert backup._target(tmp_path, at(0)).name == f"{stem}-11.backup"
    assert backup._target(tmp_path, at(1)).name == "supplynet-20260102T000000Z.backup"

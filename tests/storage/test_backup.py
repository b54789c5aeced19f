"""The books in a backup are those of one moment, whatever goes on, and old ones become new."""

from __future__ import annotations

import io
import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, make_url, text

from supplynet.core.ledger import Movement
from supplynet.errors import BackupError, LedgerError, StoreError
from supplynet.learning.artifacts import ModelState, save_model
from supplynet.storage import (
    Store,
    Workspace,
    audit,
    backup,
    backup_postgresql,
    backup_sqlite,
    init_workspace,
    ledger,
    open_store,
    orders,
    proof,
)
from supplynet.storage.backup_archive import ArchiveWriter, chunks_of
from supplynet.storage.backup_reader import Archive
from supplynet.storage.migrate import _config, revision, upgrade
from supplynet.storage.triggers import ensure_triggers

Make = Callable[..., Movement]
SCHEMAS = sorted(each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions())
AT = "'2026-01-05T22:00:00.000000Z'"
OLD_ORDER = (
    "INSERT INTO orders (order_id, kind, part_id, from_location, to_location, lane_id, "
    "departure_at, cutoff_at, arrives_at, quantity, received, state, policy, explanation, "
    f"created_at, updated_at) VALUES ('o1', 'transfer', 'bolt', 'WH1', 'SR1', 'WH1-SR1', {AT}, "
    f"{AT}, {AT}, 7, 0, 'shipped', 'order_up_to', '{{}}', {AT}, {AT})"
)
OLD_AUDIT = (
    "INSERT INTO audit (seq, at, actor, action, subject, reason, prev_hash, hash) VALUES "
    f"(1, {AT}, 'ann', 'order_added', 'o1', '', '', 'h')"
)
_numbers = itertools.count(1)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return init_workspace(tmp_path / "workspace")


def taken(
    store: Store, workspace: Workspace, tmp_path: Path, report: backup.Report = lambda *_: None
) -> tuple[Archive, backup.Content]:
    file = io.BytesIO()
    writer = ArchiveWriter(file)
    content = backup.write(writer, store, workspace, tmp_path, report)
    writer.finish(backup.told(content), lambda _: "sign-1:abc")
    return Archive(file, "x.backup"), content


@pytest.fixture
def bring_back(store: Store, tmp_path: Path) -> Iterator[Callable[[Archive], Store]]:
    """Loads an archive into other books of the same kind."""
    yield from _bring_back(store, tmp_path)


@pytest.fixture
def bring_back_bare(bare_store: Store, tmp_path: Path) -> Iterator[Callable[[Archive], Store]]:
    yield from _bring_back(bare_store, tmp_path)


def _bring_back(store: Store, tmp_path: Path) -> Iterator[Callable[[Archive], Store]]:
    opened: list[Store] = []
    name = f"restored_{next(_numbers)}"

    def load(archive: Archive) -> Store:
        if store.is_sqlite:
            path = tmp_path / f"{name}.db"
            backup_sqlite.load(archive, path)
            opened.append(open_store(f"sqlite:///{path}"))
        else:
            _sql(store.url, f"CREATE DATABASE {name}")
            url = make_url(store.url).set(database=name).render_as_string(hide_password=False)
            opened.append(open_store(url))
        with opened[0].connect_for_write() as connection:
            if not store.is_sqlite:
                state = backup.state_in(archive)
                backup_postgresql.load(archive, connection, state.schema, state.columns)
            upgrade(connection)
        return opened[0]

    yield load
    for each in opened:
        each.close()
    if opened and not store.is_sqlite:
        _sql(store.url, f"DROP DATABASE {name} WITH (FORCE)")


def _sql(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def quantities(store: Store) -> list[int]:
    with store.read() as tx:
        return [row.quantity for _, row in ledger.movements_after(tx, 0, limit=10**6)]


def test_a_backup_is_of_one_change_number_while_others_write(
    store: Store,
    workspace: Workspace,
    tmp_path: Path,
    bring_back: Callable[[Archive], Store],
    now: datetime,
    receipt: Make,
) -> None:
    with store.write("test", now) as tx:
        ledger.append_movements(tx, [receipt(f"first{n}", 1) for n in range(300)])
    begun, stop = threading.Event(), threading.Event()

    def post(writer: int) -> None:
        for n in itertools.count():
            with store.write(f"writer-{writer}", now) as tx:
                ledger.append_movements(tx, [receipt(f"w{writer}-{n}", n + 1)])
            begun.set()
            if stop.is_set():
                return

    threads = [threading.Thread(target=post, args=(writer,)) for writer in range(2)]
    for thread in threads:
        thread.start()
    assert begun.wait(30)
    archive, content = taken(store, workspace, tmp_path, lambda *_: sleep(0.02))
    stop.set()
    for thread in threads:
        thread.join()
    again = bring_back(archive)
    with again.read() as snapshot:
        assert proof.faults(snapshot) == []
        assert backup.state_of(snapshot).change == content.state.change
        assert audit.head(snapshot) == (content.state.audit_seq, content.state.audit_hash)
    got = quantities(again)
    assert 300 < len(got) < len(quantities(store))
    assert got == quantities(store)[: len(got)]


@pytest.mark.parametrize("old", SCHEMAS)
def test_a_backup_of_every_released_schema_is_restored_and_upgraded(
    bare_store: Store,
    old: str,
    workspace: Workspace,
    tmp_path: Path,
    bring_back_bare: Callable[[Archive], Store],
    now: datetime,
    receipt: Make,
) -> None:
    with bare_store.connect_for_write() as connection:
        upgrade(connection, old)
        if old > "0001":
            ensure_triggers(connection)
        for statement in (OLD_ORDER, OLD_AUDIT):
            connection.execute(text(statement))
    archive, content = taken(bare_store, workspace, tmp_path)
    assert (content.state.schema, content.state.audit_seq) == (old, 1)
    again = bring_back_bare(archive)
    assert revision(again) == SCHEMAS[-1]
    with again.read() as snapshot:
        assert orders.get(snapshot, "o1").quantity == 7
        assert backup.hash_of(snapshot, 1) == "h"
    with again.write("scanner-1", now) as tx:
        ledger.append_movements(tx, [receipt("m1", 5)])
    assert quantities(again) == [5]
    with pytest.raises(LedgerError, match="append-only"), again.write("mallory", now) as tx:
        tx.connection.execute(text("DELETE FROM movements"))


def test_a_backup_of_newer_books_is_refused(
    store: Store, workspace: Workspace, tmp_path: Path
) -> None:
    archive, _ = taken(store, workspace, tmp_path)
    archive.manifest["books"]["schema"] = "9999"
    if store.is_sqlite:
        return
    state = backup.state_in(archive)
    with (
        pytest.raises(StoreError, match="upgrade SupplyNet"),
        store.connect_for_write() as connection,
    ):
        backup_postgresql.load(archive, connection, state.schema, state.columns)


@pytest.mark.parametrize("books", [None, {}, {"database": "oracle"}, "x", {"change": 1}])
def test_a_manifest_that_does_not_say_what_its_books_are_is_refused(
    sqlite_store: Store, workspace: Workspace, tmp_path: Path, books: Any
) -> None:
    archive, _ = taken(sqlite_store, workspace, tmp_path)
    archive.manifest["books"] = books
    with pytest.raises(BackupError, match="does not say what its books are"):
        backup.state_in(archive)


def test_books_without_tables_are_not_backed_up(
    bare_store: Store, workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(StoreError):
        taken(bare_store, workspace, tmp_path)


def files_in(archive: Archive) -> set[str]:
    return {name.removeprefix("files/") for name in archive.members if name.startswith("files/")}


def test_keys_locks_and_what_is_half_written_stay_out(
    sqlite_store: Store, workspace: Workspace, tmp_path: Path
) -> None:
    folder = workspace.folder
    for name in (
        "keys/keys.json",
        "plant/plant.toml",
        "plant/.lock",
        "history/imported/2026-01.parquet",
        "history/imported/2026-02.draft",
        "tables/.plan.parquet.1234.part",
        "models/half-saved.h5",
        "scalers/half-saved.json",
        "audit/anchors.jsonl",
        "secret.pem",
        "notify.toml",
        "backups/supplynet-20260105T220000Z.backup",
        "signals/" + "x" * 160 + "/" + "y" * 90,
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (folder / "plant" / "link.csv").symlink_to("/etc/passwd")
    archive, content = taken(sqlite_store, workspace, tmp_path)
    assert files_in(archive) == {
        "plant/plant.toml",
        "history/imported/2026-01.parquet",
        "audit/anchors.jsonl",
        "supplynet.toml",
        "notify.toml",
    }
    assert len(content.left_out) == 1
    assert "rename the file" in content.left_out[0]


def test_a_model_is_taken_whole_and_a_damaged_one_not_at_all(
    sqlite_store: Store, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supplynet.storage.backup_files._WAIT_SECONDS", 0.0)
    for name in ("good", "bad"):
        save_model(workspace.folder, name, ModelState(model="naive", settings={}))
    (workspace.models / "bad.h5").write_bytes(b"x")
    archive, content = taken(sqlite_store, workspace, tmp_path)
    assert {name for name in files_in(archive) if name.startswith("models")} == {
        "models/good.h5",
        "models/good.manifest.json",
    }
    assert content.left_out == (
        "model bad: models/bad.h5 has not the size that it was saved with; restore or train again",
    )


def test_what_changes_while_it_is_taken_is_taken_again(
    sqlite_store: Store, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from supplynet.storage import backup_files

    monkeypatch.setattr(backup_files, "_WAIT_SECONDS", 0.0)
    left = iter([True])
    for name in ("a.csv", "b.csv"):
        (workspace.plant / name).write_text("before")

    def change_once(path: Path) -> Iterator[bytes]:
        yield from chunks_of(path)
        if path.name == "b.csv" and next(left, False):
            (workspace.plant / "a.csv").write_text("after, and longer")
            (workspace.plant / "b.csv").write_text("after, and longer")

    monkeypatch.setattr(backup_files, "chunks_of", change_once)
    archive, _ = taken(sqlite_store, workspace, tmp_path)
    got = {name: b"".join(archive.read(f"files/plant/{name}")) for name in ("a.csv", "b.csv")}
    assert got == dict.fromkeys(("a.csv", "b.csv"), b"after, and longer")


def test_what_never_stands_still_is_said(
    sqlite_store: Store, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from supplynet.storage import backup_files

    monkeypatch.setattr(backup_files, "_WAIT_SECONDS", 0.0)
    (workspace.plant / "a.csv").write_text("x")

    def always_change(path: Path) -> Iterator[bytes]:
        yield from chunks_of(path)
        path.write_bytes(path.read_bytes() + b"x")

    monkeypatch.setattr(backup_files, "chunks_of", always_change)
    with pytest.raises(StoreError, match="does not stand still"):
        taken(sqlite_store, workspace, tmp_path)


@pytest.mark.parametrize(
    "name", ["keys/keys.json", "secret.pem", "plant/.lock", "backups/x", "supplynet.db"]
)
def test_a_file_that_no_backup_of_ours_has_is_not_put_in_place(name: str, tmp_path: Path) -> None:
    file = io.BytesIO()
    writer = ArchiveWriter(file)
    writer.add(f"files/{name}", [b"x"], pack=True)
    writer.finish({}, lambda _: "s:1")
    with pytest.raises(BackupError, match="which no backup of ours has"):
        backup.extract_files(Archive(file, "x"), tmp_path, lambda *_: None)
    assert list(tmp_path.rglob("*")) == []

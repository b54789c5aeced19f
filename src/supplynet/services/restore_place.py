"""Where a restored workspace is built and how it gets its place and its database's name."""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from supplynet.config import load_settings
from supplynet.errors import BackupError, ConfigError, SupplyNetError
from supplynet.files import sync_folder, write_atomically
from supplynet.storage import Workspace, open_store
from supplynet.storage.tables import leases

_BESIDE = ".restoring-"
_LOCK = "lock"
_VARIABLES = ("SUPPLYNET_DATABASE_URL", "SUPPLYNET_DATABASE_URL_FILE")
_DATABASE_LINE = re.compile(r"\s*database_url\s*=")


def refuse_what_is_there(folder: Path, now: datetime, *, replace: bool) -> None:
    """Let nothing be lost by a restore to ``folder``.

    Raises:
        BackupError: Something is there and ``replace`` is not said, or a server works on it.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not replace:
        raise BackupError(
            f"{folder} is not empty; name a new folder, or say --replace, which puts it aside"
        )
    if _is_served(folder, now):
        raise BackupError(f"a server works on {folder}; stop it, wait a minute, and restore then")


@contextmanager
def room_beside(folder: Path) -> Iterator[Path]:
    """A folder beside ``folder`` to build in, removed at the end with all that is in it.

    What a killed restore left is removed first: its lock is free.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.glob(f".{folder.name}{_BESIDE}*"):
        _remove_unless_held(left)
    room = folder.parent / f".{folder.name}{_BESIDE}{secrets.token_hex(4)}"
    room.mkdir(mode=0o700)
    try:
        with (room / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def carry_keys(built: Path, folder: Path) -> None:
    """Copy the keys of a workspace that is to be replaced into the new one: no backup has them."""
    if (folder / "keys").is_dir():
        shutil.copytree(folder / "keys", built / "keys")


def put_in_place(built: Path, folder: Path, now: datetime) -> Path | None:
    """Rename ``built`` to ``folder``; where what was there lies now, None where nothing was.

    Between the two renamings nothing is at ``folder``; both are complete beside it.
    """
    aside = None
    if folder.exists() and any(folder.iterdir()):
        aside = folder.with_name(f"{folder.name}.before-{now:%Y%m%dT%H%M%SZ}")
        folder.rename(aside)
    built.rename(folder)
    sync_folder(folder.parent)
    if aside is not None and (aside / "backups").is_dir():
        (aside / "backups").rename(folder / "backups")
    return aside


def name_database(workspace: Workspace, url: str | None) -> None:
    """Let the restored settings name the restored database: never the one they were made with.

    Args:
        workspace: With its settings.
        url: Of a PostgreSQL database; None = the SQLite file of the workspace.

    Raises:
        ConfigError: The environment names another, or the settings cannot be read or changed.
    """
    wanted = f"sqlite:///{workspace.database}" if url is None else open_store(url).url
    if open_store(load_settings(workspace.folder).database_url).url == wanted:
        return
    named = [name for name in _VARIABLES if name in os.environ]
    if named:
        raise ConfigError(
            f"{named[0]} names another database than the one to restore into; unset or change it"
        )
    file = workspace.settings_file
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    said = "sqlite:///supplynet.db" if url is None else url
    lines = [line for line in text.splitlines() if not _DATABASE_LINE.match(line)]
    changed = "\n".join([f"database_url = {json.dumps(said)}", *lines]) + "\n"
    if tomllib.loads(changed) != {**tomllib.loads(text), "database_url": said}:
        raise ConfigError(f"database_url in the backup's {file.name} cannot be changed by us")
    write_atomically(file, changed.encode())
    file.chmod(0o600)


def _is_served(folder: Path, now: datetime) -> bool:
    """Whether somebody holds a lease in its books; books that cannot be read serve nobody."""
    if not Workspace(folder).settings_file.is_file():
        return False
    with suppress(SupplyNetError):
        store = open_store(load_settings(folder).database_url)
        try:
            with store.read() as tx:
                newest = tx.connection.scalar(select(func.max(leases.c.expires_at)))
            return newest is not None and newest > now
        finally:
            store.close()
    return False


def _remove_unless_held(left: Path) -> None:
    with suppress(OSError):
        with (left / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(left, ignore_errors=True)

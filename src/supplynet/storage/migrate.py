"""Bringing a database to the newest schema: all of it, or nothing when it fails or is killed."""

from __future__ import annotations

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from supplynet.errors import StoreError
from supplynet.storage.engine import Store
from supplynet.storage.triggers import ensure_triggers


def create_or_upgrade(store: Store) -> bool:
    """Create the tables or upgrade them, in one transaction; True when something was done.

    Two processes may call it at once: one waits for the other.

    Raises:
        StoreError: The database is of a newer SupplyNet, or cannot be opened or written.
    """
    with store.connect_for_write() as connection:
        return upgrade(connection)


def upgrade(connection: Connection, to: str | None = None) -> bool:
    """Create or upgrade the tables in a write transaction; True when something was done.

    Args:
        connection: Of ``Store.connect_for_write``.
        to: Schema to stop at, without triggers: a backup of older books is loaded into it. None =
            the newest.

    Raises:
        StoreError: The database, or ``to``, is of a newer SupplyNet.
    """
    config = _config()
    newest = _newest()
    wanted = newest if to is None else to
    found = MigrationContext.configure(connection).get_current_revision()
    if found != wanted:
        _refuse_unknown(config, found)
        _refuse_unknown(config, wanted)
        config.attributes["connection"] = connection
        command.upgrade(config, wanted or "head")
    if to is None:
        ensure_triggers(connection)
    return found != wanted


def revision(store: Store) -> str | None:
    """The schema that the database has; None when it is empty."""
    with store.read() as tx:
        return MigrationContext.configure(tx.connection).get_current_revision()


def is_newest(store: Store) -> bool:
    """Whether the database has the schema that this SupplyNet works with."""
    return revision(store) == _newest()


@cache
def _newest() -> str | None:
    """Read from files, so only once: books are opened and a server is watched again and again."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "supplynet.storage:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _refuse_unknown(config: Config, found: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StoreError(
            f"the database has schema {found}, which this SupplyNet does not know; "
            "it was made by a newer one: upgrade SupplyNet"
        )

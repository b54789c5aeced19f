"""Bringing a database to the newest schema: all of it, or nothing when it fails or is killed."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from supplynet.errors import StoreError
from supplynet.storage.engine import Store
from supplynet.storage.triggers import ensure_triggers


def create_or_upgrade(store: Store) -> bool:
    """Create the tables or upgrade them, in one transaction; True when something was done.

    Two processes may call it at once: one waits for the other.

    Raises:
        StoreError: The database is of a newer SupplyNet, or cannot be opened or written.
    """
    config = _config()
    newest = ScriptDirectory.from_config(config).get_current_head()
    with store.connect_for_write() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        if found != newest:
            _refuse_unknown(config, found)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        ensure_triggers(connection)
    return found != newest


def revision(store: Store) -> str | None:
    """The schema that the database has; None when it is empty."""
    with store.read() as tx:
        return MigrationContext.configure(tx.connection).get_current_revision()


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

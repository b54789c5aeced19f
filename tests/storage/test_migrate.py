from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from supplynet.errors import StoreError
from supplynet.storage import Store
from supplynet.storage.migrate import create_or_upgrade, revision
from supplynet.storage.tables import metadata


def schema_of(store: Store) -> list[tuple[object, ...]]:
    with store.read() as tx:
        inspector = inspect(tx.connection)
        return sorted(
            (name, column["name"], str(column["type"]))
            for name in inspector.get_table_names()
            for column in inspector.get_columns(name)
        )


def test_an_empty_database_gets_every_table_and_a_second_run_does_nothing(
    bare_store: Store,
) -> None:
    assert revision(bare_store) is None
    assert create_or_upgrade(bare_store) is True
    before = schema_of(bare_store)
    assert {row[0] for row in before} == {*metadata.tables, "alembic_version"}
    assert create_or_upgrade(bare_store) is False
    assert schema_of(bare_store) == before


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(store: Store) -> None:
    with store.read() as tx:
        context = MigrationContext.configure(tx.connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_migration_that_fails_leaves_nothing_behind(
    bare_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_connection: object) -> None:
        raise StoreError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("supplynet.storage.migrate.ensure_triggers", fail)
        with pytest.raises(StoreError, match="power cut"):
            create_or_upgrade(bare_store)
    assert schema_of(bare_store) == []
    assert create_or_upgrade(bare_store) is True


def test_a_database_of_a_newer_supplynet_is_left_alone(bare_store: Store) -> None:
    create_or_upgrade(bare_store)
    with bare_store.connect_for_write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="upgrade SupplyNet"):
        create_or_upgrade(bare_store)


def test_a_migration_that_loses_the_triggers_gets_them_back(bare_store: Store) -> None:
    store = bare_store
    create_or_upgrade(store)
    triggers = ("movements_no_update",) if store.is_sqlite else ("movements_no_change",)
    with store.connect_for_write() as connection:
        for name in triggers:
            on = "" if store.is_sqlite else " ON movements"
            connection.execute(text(f"DROP TRIGGER {name}{on}"))
    create_or_upgrade(store)
    catalog = (
        "SELECT name FROM sqlite_master" if store.is_sqlite else "SELECT tgname FROM pg_trigger"
    )
    with store.read() as tx:
        assert set(triggers) <= set(tx.connection.scalars(text(catalog)))

"""Triggers that make the ledger and the audit log append-only, on both databases.

A migration that rebuilds a table loses its triggers, so ``create_or_upgrade`` calls
``ensure_triggers`` after every upgrade.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

APPEND_ONLY = ("movements", "audit")

_MARK = "is append-only"


def is_append_only_refusal(message: str) -> bool:
    """Whether a database's message is the one that our triggers give."""
    return _MARK in message


def ensure_triggers(connection: Connection) -> None:
    """Create what is missing; does nothing when all are there."""
    if connection.dialect.name == "sqlite":
        _ensure_sqlite(connection)
    else:
        _ensure_postgresql(connection)


def _ensure_sqlite(connection: Connection) -> None:
    """``INSERT OR REPLACE`` fires the delete trigger because ``recursive_triggers`` is ON."""
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            connection.execute(
                text(
                    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} "
                    f"BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} {_MARK}'); END"
                )
            )


def _ensure_postgresql(connection: Connection) -> None:
    there = set(connection.scalars(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")))
    wanted = {f"{table}_{kind}" for table in APPEND_ONLY for kind in ("no_change", "no_truncate")}
    if wanted <= there:
        return
    connection.execute(
        text(
            "CREATE OR REPLACE FUNCTION supplynet_append_only() RETURNS trigger LANGUAGE plpgsql "
            f"AS $$ BEGIN RAISE EXCEPTION '% {_MARK}', TG_TABLE_NAME; END $$"
        )
    )
    for table in APPEND_ONLY:
        connection.execute(
            text(
                f"CREATE OR REPLACE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION supplynet_append_only()"
            )
        )
        connection.execute(
            text(
                f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION supplynet_append_only()"
            )
        )

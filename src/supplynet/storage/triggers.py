"""Triggers that make the ledger, the audit log and decision records append-only, on both databases.

Decision records may go once their time is over; the database checks that too. A migration that
rebuilds a table loses its triggers, so ``create_or_upgrade`` calls ``ensure_triggers`` after every
upgrade.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

APPEND_ONLY = ("movements", "audit")
KEPT = {
    "decision_runs": "OLD.keep_until <= (SELECT MAX(decided_at) FROM decision_runs)",
    "decisions": "NOT EXISTS (SELECT 1 FROM decision_runs WHERE seq = OLD.run_seq)",
}
"""Append-only tables whose rows may be deleted under a condition."""

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
    for table in (*APPEND_ONLY, *KEPT):
        for verb in ("UPDATE", "DELETE"):
            may = KEPT.get(table) if verb == "DELETE" else None
            when = "" if may is None else f"WHEN NOT ({may}) "
            connection.execute(
                text(
                    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} "
                    f"BEFORE {verb} ON {table} {when}"
                    f"BEGIN SELECT RAISE(ABORT, '{table} {_MARK}'); END"
                )
            )


def _ensure_postgresql(connection: Connection) -> None:
    tables = (*APPEND_ONLY, *KEPT)
    there = set(connection.scalars(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")))
    wanted = {f"{table}_{kind}" for table in tables for kind in ("no_change", "no_truncate")}
    if wanted <= there:
        return
    _make_function(connection, "supplynet_append_only", "")
    for table in tables:
        function = "supplynet_append_only"
        if table in KEPT:
            function = f"supplynet_keep_{table}"
            may = f"IF TG_OP = 'DELETE' AND {KEPT[table]} THEN RETURN OLD; END IF; "
            _make_function(connection, function, may)
        connection.execute(
            text(
                f"CREATE OR REPLACE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {function}()"
            )
        )
        connection.execute(
            text(
                f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION supplynet_append_only()"
            )
        )


def _make_function(connection: Connection, name: str, first: str) -> None:
    connection.execute(
        text(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
            f"AS $$ BEGIN {first}RAISE EXCEPTION '% {_MARK}', TG_TABLE_NAME; END $$"
        )
    )

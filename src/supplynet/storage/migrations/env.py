"""Alembic's entry: runs in the transaction that ``migrate.create_or_upgrade`` hands over."""

from __future__ import annotations

from alembic import context

from supplynet.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by building it anew
)
context.run_migrations()

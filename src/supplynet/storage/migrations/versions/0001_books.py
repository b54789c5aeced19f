"""The books: events, ledger, orders, audit, outbox, changes, alerts, plans, jobs.

Never edited after a release: a change of ``tables`` is a new file here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from supplynet.storage.column_types import BigInt, JsonText, UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """From an empty database. There is no way down: restore a backup instead."""
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String(length=64), nullable=False),
        sa.Column("open_key", sa.String(length=256), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("location_id", sa.String(length=64)),
        sa.Column("part_id", sa.String(length=64)),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("resolved_at", UtcDateTime()),
        sa.CheckConstraint("severity IN ('critical', 'warning', 'info')", name="alerts_severity"),
        sa.PrimaryKeyConstraint("alert_id"),
    )
    op.create_index(
        "alerts_open_key",
        "alerts",
        ["open_key"],
        unique=True,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "audit",
        sa.Column("seq", BigInt, autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("before", JsonText()),
        sa.Column("after", JsonText()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("audit_subject", "audit", ["subject"], unique=False)
    op.create_table(
        "balances",
        sa.Column("part_id", sa.String(length=64), nullable=False),
        sa.Column("location_id", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=16), nullable=False),
        sa.Column("quantity", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("part_id", "location_id", "account"),
    )
    op.create_table(
        "changes",
        sa.Column("seq", BigInt, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("ref", sa.String(length=256), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("changes_kind", "changes", ["kind", "seq"], unique=False)
    op.create_table(
        "events",
        sa.Column("seq", BigInt, autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("location_id", sa.String(length=64), nullable=False),
        sa.Column("part_id", sa.String(length=64)),
        sa.Column("quantity", BigInt),
        sa.Column("data", JsonText(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("events_key", "events", ["source", "event_id"], unique=True)
    op.create_index("events_occurred", "events", ["occurred_at"], unique=False)
    op.create_table(
        "free_stock",
        sa.Column("part_id", sa.String(length=64), nullable=False),
        sa.Column("location_id", sa.String(length=64), nullable=False),
        sa.Column("free", BigInt, nullable=False),
        sa.Column("owed", BigInt, nullable=False),
        sa.CheckConstraint("free = 0 OR owed = 0", name="free_stock_one_of_both"),
        sa.CheckConstraint("free >= 0", name="free_stock_free"),
        sa.CheckConstraint("owed >= 0", name="free_stock_owed"),
        sa.PrimaryKeyConstraint("part_id", "location_id"),
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("params", JsonText(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("result", JsonText()),
        sa.Column("error", sa.Text()),
        sa.Column("runner", sa.String(length=128)),
        sa.Column("heartbeat_at", UtcDateTime()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("submitted_by", sa.String(length=128), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime()),
        sa.Column("finished_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_index("jobs_state", "jobs", ["state", "created_at"], unique=False)
    op.create_table(
        "movements",
        sa.Column("seq", BigInt, autoincrement=False, nullable=False),
        sa.Column("movement_id", sa.String(length=256), nullable=False),
        sa.Column("part_id", sa.String(length=64), nullable=False),
        sa.Column("quantity", BigInt, nullable=False),
        sa.Column("from_location", sa.String(length=64), nullable=False),
        sa.Column("from_account", sa.String(length=16), nullable=False),
        sa.Column("to_location", sa.String(length=64), nullable=False),
        sa.Column("to_account", sa.String(length=16), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("shift_id", sa.String(length=160)),
        sa.Column("event_id", sa.String(length=256)),
        sa.Column("order_id", sa.String(length=64)),
        sa.Column("reverses", sa.String(length=256)),
        sa.Column("lot_id", sa.String(length=64)),
        sa.Column("container_id", sa.String(length=64)),
        sa.CheckConstraint("quantity > 0", name="movements_quantity_positive"),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("movements_id", "movements", ["movement_id"], unique=True)
    op.create_index("movements_occurred", "movements", ["occurred_at"], unique=False)
    op.create_index("movements_order", "movements", ["order_id"], unique=False)
    op.create_table(
        "orders",
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("part_id", sa.String(length=64), nullable=False),
        sa.Column("from_location", sa.String(length=64), nullable=False),
        sa.Column("to_location", sa.String(length=64), nullable=False),
        sa.Column("lane_id", sa.String(length=64), nullable=False),
        sa.Column("departure_at", UtcDateTime(), nullable=False),
        sa.Column("cutoff_at", UtcDateTime(), nullable=False),
        sa.Column("arrives_at", UtcDateTime(), nullable=False),
        sa.Column("quantity", BigInt, nullable=False),
        sa.Column("received", BigInt, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("model_version", sa.String(length=128)),
        sa.Column("explanation", JsonText(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("quantity > 0", name="orders_quantity_positive"),
        sa.CheckConstraint("received >= 0", name="orders_received"),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_index(
        "orders_open_key",
        "orders",
        ["part_id", "from_location", "to_location", "departure_at"],
        unique=True,
        sqlite_where=sa.text("state IN ('proposed', 'approved', 'picked', 'shipped')"),
        postgresql_where=sa.text("state IN ('proposed', 'approved', 'picked', 'shipped')"),
    )
    op.create_index("orders_state", "orders", ["state", "departure_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("payload", JsonText(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_by", sa.String(length=128)),
        sa.Column("sent_at", UtcDateTime()),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_index("outbox_due", "outbox", ["sent_at", "due_at"], unique=False)
    op.create_table(
        "plans",
        sa.Column("plan_id", sa.String(length=64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("snapshot_seq", BigInt, nullable=False),
        sa.Column("seed", BigInt, nullable=False),
        sa.Column("model_version", sa.String(length=128), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("document", JsonText(), nullable=False),
        sa.Column("forecast", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("plan_id"),
    )
    op.create_index("plans_made", "plans", ["made_at"], unique=False)
    op.create_table(
        "reservations",
        sa.Column("reservation_id", sa.String(length=64), nullable=False),
        sa.Column("part_id", sa.String(length=64), nullable=False),
        sa.Column("location_id", sa.String(length=64), nullable=False),
        sa.Column("quantity", BigInt, nullable=False),
        sa.Column("order_id", sa.String(length=64)),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("quantity > 0", name="reservations_quantity_positive"),
        sa.PrimaryKeyConstraint("reservation_id"),
    )
    op.create_index("reservations_due", "reservations", ["state", "expires_at"], unique=False)
    op.create_index("reservations_order", "reservations", ["order_id"], unique=False)
    op.create_table(
        "settings",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", JsonText()),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )

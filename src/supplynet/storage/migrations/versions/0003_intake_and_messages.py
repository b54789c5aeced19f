"""Orders, intake and messages: their whole life in the books."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from supplynet.storage.column_types import BigInt, JsonText, UtcDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """New tables and columns; tries of outgoing messages are counted by channel from now on."""
    _columns()
    _tries()
    _intake()
    _orders()
    _messages()


def _columns() -> None:
    """What came short or damaged, what people changed, and who looks after an alert."""
    op.add_column("alerts", sa.Column("acknowledged_at", UtcDateTime(), nullable=True))
    op.add_column("alerts", sa.Column("acknowledged_by", sa.String(length=128), nullable=True))
    op.add_column("alerts", sa.Column("snoozed_until", UtcDateTime(), nullable=True))
    op.add_column(
        "alerts",
        sa.Column("escalations", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("alerts", sa.Column("escalated_at", UtcDateTime(), nullable=True))
    op.add_column("orders", sa.Column("short", BigInt, server_default=sa.text("0"), nullable=False))
    op.add_column(
        "orders", sa.Column("damaged", BigInt, server_default=sa.text("0"), nullable=False)
    )
    op.add_column("orders", sa.Column("proposed_quantity", BigInt, nullable=True))
    op.add_column("orders", sa.Column("snoozed_until", UtcDateTime(), nullable=True))


def _tries() -> None:
    """Each channel has tries, a claim and an error of its own, in ``deliveries``."""
    for name in ("attempts", "leased_by", "error"):
        op.drop_column("outbox", name)


def _intake() -> None:
    """Counters, who counts what, and what could not be read."""
    op.create_table(
        "consumption_sources",
        sa.Column("line_id", sa.String(length=64), nullable=False),
        sa.Column("part_id", sa.String(length=64), nullable=False),
        sa.Column("counted_by", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("line_id", "part_id"),
    )
    op.create_table(
        "counter_reads",
        sa.Column("location_id", sa.String(length=64), nullable=False),
        sa.Column("part_id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("value", BigInt, nullable=False),
        sa.Column("data", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("location_id", "part_id", "source", "occurred_at", "event_id"),
    )
    op.create_table(
        "dead_letters",
        sa.Column("seq", BigInt, autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=512), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("payload_hash", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=128), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'replayed', 'dropped')", name="dead_letters_state"
        ),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index(
        "dead_letters_key", "dead_letters", ["channel", "source", "payload_hash"], unique=True
    )
    op.create_index("dead_letters_waiting", "dead_letters", ["state", "seq"], unique=False)


def _orders() -> None:
    """Answers to commands, the shadow diary, and leases."""
    op.create_table(
        "diary",
        sa.Column("entry_id", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=True),
        sa.Column("location_id", sa.String(length=64), nullable=False),
        sa.Column("part_id", sa.String(length=64), nullable=False),
        sa.Column("departure_at", UtcDateTime(), nullable=False),
        sa.Column("proposed", BigInt, nullable=False),
        sa.Column("done", BigInt, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=True),
        sa.Column("model_version", sa.String(length=128), nullable=True),
        sa.Column("scored_at", UtcDateTime(), nullable=True),
        sa.Column("score", JsonText(), nullable=True),
        sa.CheckConstraint("proposed >= 0 AND done >= 0", name="diary_quantities"),
        sa.PrimaryKeyConstraint("entry_id"),
    )
    op.create_index("diary_at", "diary", ["at"], unique=False)
    op.create_index("diary_pair", "diary", ["location_id", "part_id", "at"], unique=False)
    op.create_index("diary_unscored", "diary", ["scored_at", "departure_at"], unique=False)
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "requests",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("answer", JsonText(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("requests_at", "requests", ["at"], unique=False)


def _messages() -> None:
    """Deliveries of outgoing messages, and the log of every try."""
    op.create_table(
        "deliveries",
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("leased_by", sa.String(length=128), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'dead')", name="deliveries_state"),
        sa.PrimaryKeyConstraint("message_id", "channel"),
    )
    op.create_index("deliveries_due", "deliveries", ["state", "due_at"], unique=False)
    op.create_table(
        "delivery_attempts",
        sa.Column("seq", BigInt, autoincrement=False, nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("delivery_attempts_at", "delivery_attempts", ["at"], unique=False)
    op.create_index(
        "delivery_attempts_message", "delivery_attempts", ["message_id", "channel"], unique=False
    )

"""Anomalies: what is odd in the consumption, and what people say of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from supplynet.storage.column_types import JsonText, UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """One new table; nothing else changes."""
    op.create_table(
        "anomalies",
        sa.Column("anomaly_id", sa.String(length=64), nullable=False),
        sa.Column("location_id", sa.String(length=64), nullable=False),
        sa.Column("parts", JsonText(), nullable=False),
        sa.Column("start", UtcDateTime(), nullable=False),
        sa.Column("end", UtcDateTime(), nullable=False),
        sa.Column("periods", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Float(), nullable=False),
        sa.Column("sizes", JsonText(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("observed", sa.Float(), nullable=False),
        sa.Column("p_value", sa.Float(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("ongoing", sa.Boolean(), nullable=False),
        sa.Column("detector_version", sa.String(length=128), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("answered_by", sa.String(length=128), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("ordered", JsonText(), nullable=False),
        sa.Column("held", JsonText(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'over', 'real', 'wrong_record', 'dismissed')",
            name="anomalies_state",
        ),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (state IN ('open', 'over'))", name="anomalies_answered"
        ),
        sa.PrimaryKeyConstraint("anomaly_id"),
    )
    op.create_index("anomalies_end", "anomalies", ["end"], unique=False)
    op.create_index("anomalies_seen", "anomalies", ["seen_at"], unique=False)
    op.create_index("anomalies_state", "anomalies", ["state", "location_id"], unique=False)

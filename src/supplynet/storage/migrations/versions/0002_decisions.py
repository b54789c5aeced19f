"""Decision records: what every plan decided for every pair, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from supplynet.storage.column_types import BigInt, JsonText, UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Two new tables; nothing that was there changes."""
    op.create_table(
        "decision_runs",
        sa.Column("seq", BigInt, autoincrement=False, nullable=False),
        sa.Column("plan_id", sa.String(length=64), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("keep_until", UtcDateTime(), nullable=False),
        sa.Column("snapshot_seq", BigInt, nullable=False),
        sa.Column("seed", BigInt, nullable=False),
        sa.Column("paths", sa.Integer(), nullable=False),
        sa.Column("model_version", sa.String(length=128), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("parameters", JsonText(), nullable=False),
        sa.Column("pairs", sa.Integer(), nullable=False),
        sa.Column("compact", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("decision_runs_plan", "decision_runs", ["plan_id"], unique=True)
    op.create_index("decision_runs_decided", "decision_runs", ["decided_at"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("run_seq", BigInt, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.String(length=64), nullable=False),
        sa.Column("part_id", sa.String(length=64), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_seq", "place"),
    )
    op.create_index(
        "decisions_pair", "decisions", ["location_id", "part_id", "run_seq"], unique=False
    )

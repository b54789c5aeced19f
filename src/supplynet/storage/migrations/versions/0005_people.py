"""People, sessions, tokens, second approvals; where an audited write came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from supplynet.storage.column_types import BigInt, JsonText, UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Five new tables, one new column, and room for whose key it is in ``requests``."""
    op.add_column("audit", sa.Column("origin", sa.String(length=256), nullable=True))
    with op.batch_alter_table("requests") as batch:
        batch.alter_column("key", type_=sa.String(length=288), existing_nullable=False)
    op.create_table(
        "users",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=128), nullable=False),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("badge_hash", sa.String(length=64), nullable=True),
        sa.Column("grants", JsonText(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'disabled')", name="users_state"),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_index("users_name", "users", ["name"], unique=True)
    op.create_index("users_badge", "users", ["badge_hash"], unique=True)
    op.create_table(
        "sessions",
        sa.Column("session_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("how IN ('password', 'badge')", name="sessions_how"),
        sa.PrimaryKeyConstraint("session_hash"),
    )
    op.create_index("sessions_user", "sessions", ["user_id"], unique=False)
    op.create_index("sessions_expires", "sessions", ["expires_at"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("token_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", JsonText(), nullable=False),
        sa.Column("sites", JsonText(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("token_id"),
    )
    op.create_index("tokens_hash", "tokens", ["token_hash"], unique=True)
    op.create_index("tokens_user", "tokens", ["user_id"], unique=False)
    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("sign_in_failures_last", "sign_in_failures", ["last_at"], unique=False)
    op.create_table(
        "approvals",
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("quantity", BigInt, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "actor"),
    )

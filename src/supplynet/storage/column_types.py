"""Column types that read the same from SQLite and PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

BigInt = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits on both; SQLite makes a key its row number only where the type is INTEGER."""


def utc_text(at: datetime) -> str:
    """``2026-01-05T21:58:00.000000Z``: always as long, so text sorts like time."""
    assert at.tzinfo is not None, "a time without a zone is a bug of the caller"
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, microseconds kept: timestamptz on PostgreSQL, sortable text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, whose own dates know no zone."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Out: UTC."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return utc_text(value)
        assert value.tzinfo is not None, "a time without a zone is a bug of the caller"
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """In: aware, UTC."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value).astimezone(UTC)
        assert isinstance(value, datetime)
        return value.astimezone(UTC)


def encode_json(value: Any) -> str:
    """JSON whose text is the same for the same value: sorted keys, no spaces, no NaN.

    Raises:
        TypeError, ValueError: Something that JSON cannot hold.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_encode_other
    )


def _encode_other(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, Decimal):
        return str(value)
    if hasattr(value, "item") and hasattr(value, "dtype"):  # a numpy scalar
        return value.item()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")


class JsonText(TypeDecorator[Any]):
    """JSON as text on both databases: the audit chain hashes it, so not one byte may change."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Out: stable text; None is SQL's NULL."""
        return None if value is None else encode_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """In: what the text says."""
        return None if value is None else json.loads(value)

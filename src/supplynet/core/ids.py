"""Ids: what people name (checked) and what we make (UUID version 7)."""

from __future__ import annotations

import hashlib
import random
import re
import uuid
from datetime import UTC, datetime, timedelta

from supplynet.errors import InvalidId

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


def check_id(value: str, what: str = "id") -> str:
    """Return ``value`` when it is an id.

    Raises:
        InvalidId: Not 1 to 64 of ``A-Z a-z 0-9 . _ -``.
    """
    if not _ID.match(value):
        raise InvalidId(what, value)
    return value


def id_of(text: str) -> str:
    """``text`` where it is an id; else an id made of it, another one for every other text."""
    if _ID.match(text):
        return text
    plain = re.sub(r"[^A-Za-z0-9._-]", ".", text)[:55]
    return f"{plain}.{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def uuid7(now: datetime, rng: random.Random) -> str:
    """A UUID version 7 (RFC 9562): sorts by time; seeded in simulation by ``rng``.

    Args:
        now: Aware moment of creation; its milliseconds lead the id.
        rng: Source of the 74 random bits.
    """
    milliseconds = (now - _EPOCH) // timedelta(milliseconds=1)
    value = (milliseconds % (1 << 48)) << 80 | rng.getrandbits(80)
    value = (value & ~(0xF << 76)) | (7 << 76)  # version
    value = (value & ~(0x3 << 62)) | (2 << 62)  # variant
    return str(uuid.UUID(int=value))


def series_id(location_id: str, part_id: str) -> str:
    """Name of one demand series: ``location_id/part_id``."""
    return f"{location_id}/{part_id}"


def model_key(warehouse_id: str, sku_id: str) -> str:
    """The guide's name of one warehouse and SKU: ``{warehouse_id}_{sku_id}``."""
    return f"{warehouse_id}_{sku_id}"

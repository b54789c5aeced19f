"""Tables that stand beside demand: what a feature or a model may be given besides it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from supplynet.frames.aliases import to_polars


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureInputs:
    """Tables beside demand; a feature that needs one says so when it is not given.

    Attributes:
        plan: Production plan, ``PLAN_SCHEMA``; only rows recorded by the cutoff are looked at.
        drivers: Prices, weather, ...: ``DRIVERS_SCHEMA``; only values known at the cutoff are.
        stock: Stock and threshold, ``STOCK_SCHEMA``; only moments up to the cutoff are.
        statics: Facts that do not change: one row per line and part, per part, or per line, with
            any further columns (see ``statics_from_plant``).
    """

    plan: object = None
    drivers: object = None
    stock: object = None
    statics: object = None

    @cached_property
    def memo(self) -> dict[str, Any]:
        """What was made of the tables, kept for the next forecast from the same ones."""
        return {}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the tables: same rows in the same order, same text."""
        digest = hashlib.sha256()
        for field in fields(self):
            table = getattr(self, field.name)
            rows = b"" if table is None else to_polars(table).write_csv().encode()
            digest.update(f"{field.name} {len(rows)} ".encode() + rows)
        return digest.hexdigest()

"""The production plan, with the moment at which each figure became known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """Units of a product that a line is to build in a shift, as said at ``recorded_at``.

    Attributes:
        shift_id: ``site/date/name``, see ``core.shifts``.
        units: Units to build, >= 0.
        recorded_at: When this figure became known (aware); a later row replaces an earlier one.
    """

    line_id: str
    product: str
    shift_id: str
    units: int
    recorded_at: datetime


def plan_as_known(rows: Iterable[PlanRow], cutoff: datetime) -> dict[tuple[str, str, str], int]:
    """Units by (line, product, shift) as they were known at ``cutoff``.

    Models and backtests see the plan only through this function, so none sees the future.
    """
    known: dict[tuple[str, str, str], PlanRow] = {}
    for row in rows:
        if row.recorded_at > cutoff:
            continue
        key = (row.line_id, row.product, row.shift_id)
        if key not in known or known[key].recorded_at <= row.recorded_at:
            known[key] = row
    return {key: row.units for key, row in known.items()}

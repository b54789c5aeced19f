"""Stock of one part at one place at one moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StockPosition:
    """Stock of one part at one location at one moment. All quantities in the part's unit.

    Attributes:
        on_hand: Usable now by the ledger; below 0 means that a receipt or count is missing.
        on_order: Ordered and not yet received; includes what is in transit, >= 0.
        backordered: Wanted by lines and not yet supplied, >= 0.
    """

    on_hand: int
    on_order: int = 0
    backordered: int = 0

    @property
    def usable(self) -> int:
        """``on_hand``, or 0 where facts have made it negative: decisions count on no more."""
        return max(self.on_hand, 0)

    @property
    def inventory_position(self) -> int:
        """``on_hand + on_order - backordered``; every policy compares against this."""
        return self.on_hand + self.on_order - self.backordered

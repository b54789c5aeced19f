"""What a warehouse buys: the same rule whatever policy fills the stock points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from supplynet.core.sample_paths import IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class PurchaseTerms:
    """Purchase rules as arrays of shape (warehouse part,), int32, in parts.

    Attributes:
        reorder_point: -1 where the part is never bought.
        order_up_to_level: Level up to which a purchase fills the position.
        minimum_order, multiple: Of one purchase.
    """

    reorder_point: IntArray
    order_up_to_level: IntArray
    minimum_order: IntArray
    multiple: IntArray


def purchase_quantity(position: IntArray, terms: PurchaseTerms) -> IntArray:
    """Parts to buy now: up to the level once the position reached the reorder point.

    Args:
        position: Free stock plus open purchases, shape (replication, warehouse part).
        terms: Shape (warehouse part,).
    """
    need = np.maximum(terms.order_up_to_level - position, terms.minimum_order)
    quantity = -(-need // terms.multiple) * terms.multiple
    due = (position <= terms.reorder_point) & (position < terms.order_up_to_level)
    return np.where(due, quantity, 0).astype(np.int32)

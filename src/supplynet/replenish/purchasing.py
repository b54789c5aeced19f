"""What a warehouse buys: by static levels of its own stock, or by the stock of its echelon.

The same rule whatever policy fills the stock points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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


def purchase_up_to(position: IntArray, level: IntArray, terms: PurchaseTerms) -> IntArray:
    """Parts to buy now: echelon position up to the level, in whole multiples.

    Clark & Scarf (1960): a warehouse that serves stock points is steered by the stock of its whole
    echelon, not by its own, which says nothing when the stock points are full or empty.

    Args:
        position: Echelon position, see ``echelon_position``, shape (replication, warehouse part).
        level: Quantile of the demand of all stock points below over the supplier's lead time, the
            review period and the way to them, summed on joint paths; shape (warehouse part,).
        terms: Shape (warehouse part,); parts without a purchase rule are never bought.
    """
    need = level - position
    quantity = -(-np.maximum(need, terms.minimum_order) // terms.multiple) * terms.multiple
    return np.where((need > 0) & (terms.reorder_point >= 0), quantity, 0).astype(np.int32)


def echelon_position(
    free: IntArray,
    purchased: IntArray,
    below: npt.NDArray[np.integer],
    echelon_of_pair: IntArray,
) -> IntArray:
    """All that is there or bought for a warehouse part and the stock points that it fills.

    Lost demand is no backorder; parts of lines that catch up have to be taken off by the caller.

    Args:
        free: Warehouse stock that is not promised, shape (replication, warehouse part).
        purchased: Bought and not yet received, same shape.
        below: On hand and on order of each pair, shape (replication, pair); what is promised or on
            the road is on order.
        echelon_of_pair: Warehouse part that fills the pair, directly or not; -1 = none; (pair,).
    """
    position = free.astype(np.int64) + purchased
    fed = np.flatnonzero(echelon_of_pair >= 0)
    np.add.at(position.T, echelon_of_pair[fed], below.T[fed])
    limits = np.iinfo(np.int32)
    clipped: IntArray = np.clip(position, limits.min, limits.max).astype(np.int32)
    return clipped

"""From parts that are needed to containers that can be ordered."""

from __future__ import annotations

import numpy as np

from supplynet.core.protocols import SupplyTerms
from supplynet.core.sample_paths import IntArray


def whole_containers(need: IntArray, position: IntArray, terms: SupplyTerms) -> IntArray:
    """Order quantities for ``need`` parts: whole containers, minimum order, room in the bin.

    Need is rounded up; the minimum order raises a small order; the bin maximum limits
    ``position`` plus the order and so wins over both. Room for less than the minimum order
    means no order.

    Args:
        need: Parts wanted, shape (replication, pair); 0 or less means no order.
        position: On hand plus on order, shape (replication, pair).
        terms: Containers, minimum orders and bins, shape (pair,).
    """
    wanted = np.maximum(need, terms.minimum_order)
    # Doubles divide whole numbers below 2**31 exactly enough, and much faster than integers do.
    containers = np.ceil(wanted / terms.container_size)
    room = np.floor((terms.bin_maximum - position) / terms.container_size)
    order = np.minimum(containers, room) * terms.container_size
    fits = (need > 0) & (order >= terms.minimum_order) & (order > 0)
    return np.where(fits, order, 0.0).astype(np.int32)

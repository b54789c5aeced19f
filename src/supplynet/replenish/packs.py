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
    size = terms.container_size
    least = np.where(need > 0, terms.minimum_order, 0)
    containers = -(-np.maximum(need, least) // size)
    room = np.maximum(terms.bin_maximum - position, 0) // size
    order = np.minimum(containers, room) * size
    return np.where((need > 0) & (order >= least), order, 0).astype(np.int32)

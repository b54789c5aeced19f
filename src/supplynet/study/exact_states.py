"""All states of the lost-sales chain, numbered so that stock on hand runs fastest.

A state is the stock after the receipt and what is under way, the next to come first:
``(x, q_1, ..., q_{L-1})``. States with the same pipeline lie side by side, ``x = 0, 1, ...``, so
the stock after any demand is a contiguous stretch of numbers. Pipelines are sorted by their sum.
"""

from __future__ import annotations

from math import comb

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput

Index = npt.NDArray[np.intp]
MOST_STATES = 8_000_000
"""Beyond it a solution takes gigabytes and many minutes."""
MOST_CELLS = 200_000_000
"""Largest table of chances, 1.6 GB: of what stock leaves after demand."""


class States:
    """States with inventory position up to ``limit`` and single orders up to ``most``.

    Args:
        lead_time: Periods from order to use.
        limit: Most on hand and under way.
        most: Largest order.

    Attributes:
        pipelines: Shape (pipeline, L - 1), by sum.
        sums: Of each pipeline.
        first: Number of the state ``x = 0`` of each pipeline.
        size: Number of states.

    Raises:
        InvalidInput: More states than memory and patience allow.
    """

    def __init__(self, lead_time: int, limit: int, most: int) -> None:
        refuse_too_many(lead_time, limit, most)
        self.lead_time, self.limit, self.most = lead_time, limit, most
        self.pipelines, self.sums = pipelines(max(lead_time - 1, 0), limit, most)
        widths = limit - self.sums + 1
        self.first: Index = np.concatenate([[0], np.cumsum(widths)]).astype(np.intp)
        self.size = int(self.first[-1])
        self._radix = (most + 1) ** np.arange(self.pipelines.shape[1])[::-1]
        self._row = np.full((most + 1) ** self.pipelines.shape[1], -1, dtype=np.intp)
        self._row[self.pipelines @ self._radix] = np.arange(len(self.pipelines))

    def number(self, on_hand: IntArray, pipeline: IntArray) -> Index:
        """Numbers of states; ``pipeline`` has shape (state, L - 1)."""
        row = self._row[pipeline @ self._radix]
        found: Index = self.first[row] + on_hand
        return found

    @property
    def all(self) -> IntArray:
        """Every state, shape (state, max(L, 1)), int32: on hand, then the pipeline."""
        widths = self.limit - self.sums + 1
        row = np.repeat(np.arange(len(self.sums)), widths)
        on_hand = np.arange(self.size) - self.first[row]
        return np.column_stack([on_hand, self.pipelines[row]]).astype(np.int32)


def pipelines(length: int, limit: int, most: int) -> tuple[IntArray, Index]:
    """All pipelines of some length with their sums, sorted by sum.

    Those with the same sum are in the order of their beginnings (all but the last order).
    """
    found, sums = np.zeros((1, 0), dtype=np.int32), np.zeros(1, dtype=np.intp)
    for _ in range(length):
        begin = np.repeat(np.arange(len(found)), most + 1)
        last = np.tile(np.arange(most + 1), len(found))
        total = sums[begin] + last
        kept = np.flatnonzero(total <= limit)
        kept = kept[np.lexsort((begin[kept], total[kept]))]
        found = np.column_stack([found[begin[kept]], last[kept]]).astype(np.int32)
        sums = total[kept].astype(np.intp)
    return found, sums


def refuse_too_many(lead_time: int, limit: int, most: int) -> None:
    """Refuse before any memory is taken.

    Raises:
        InvalidInput: More than 8 million states.
    """
    states = count_states(lead_time, limit, most)
    if states > MOST_STATES:
        raise InvalidInput(
            f"lead time {lead_time} with up to {limit} parts on hand and under way has "
            f"{states:,} states, about {states * 40 / 1e9:,.1f} GB; the exact solver takes "
            f"{MOST_STATES:,}: use a shorter lead time, less demand or a lower penalty, or simulate"
        )
    refuse_too_wide((limit + 1) ** 2, limit)


def refuse_too_wide(cells: int, limit: int) -> None:
    """Refuse a table of chances that does not fit.

    Raises:
        InvalidInput: More than 200 million cells.
    """
    if cells > MOST_CELLS:
        raise InvalidInput(
            f"up to {limit:,} parts on hand and under way need a table of {cells:,} chances, "
            f"{cells * 8 / 1e9:,.1f} GB; the exact solver takes {MOST_CELLS:,}: count demand in "
            "larger units, or simulate"
        )


def count_states(lead_time: int, limit: int, most: int) -> int:
    """Number of states, counted without making them."""
    length = max(lead_time - 1, 0)
    if most >= limit:
        return comb(limit + length + 1, length + 1)
    ways: FloatArray = np.ones(1)
    for _ in range(length):
        ways = np.convolve(ways, np.ones(most + 1))[: limit + 1]
    return int((limit + 1 - np.arange(len(ways))) @ ways)

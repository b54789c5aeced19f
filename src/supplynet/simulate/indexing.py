"""Summing the last axis of an array by group, fast."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import IntArray

Number = TypeVar("Number", bound=np.generic)
_FEW_ROWS = 16


def padded_groups(group_of: IntArray, groups: int) -> IntArray:
    """Members of each group, shape (group, most members), filled up with -1."""
    size = np.bincount(group_of, minlength=groups)
    order = np.argsort(group_of, kind="stable")
    place = np.arange(len(group_of)) - np.repeat(np.cumsum(size) - size, size)
    table = np.full((groups, int(size.max(initial=0))), -1, dtype=np.int32)
    table[group_of[order], place] = order
    return table


def as_slice(indices: IntArray) -> IntArray | slice:
    """Indices that follow each other as a slice, which numpy reads without a copy."""
    if len(indices) and int(indices[-1]) - int(indices[0]) == len(indices) - 1:
        first = int(indices[0])
        if np.array_equal(indices, np.arange(first, first + len(indices))):
            return slice(first, first + len(indices))
    return indices


class GroupSum:
    """Sums along axis 1 by group.

    Args:
        group_of: Group of each member, shape (member,); groups are 0, 1, 2, ...
        groups: Number of groups; None = up to the last that has a member, and every group has one.
    """

    def __init__(self, group_of: IntArray, groups: int | None = None) -> None:
        present = np.unique(group_of)
        self._groups = len(present) if groups is None else groups
        self._present = None if len(present) == self._groups else present
        self._order = np.argsort(group_of, kind="stable")
        self._sorted = bool(np.all(self._order == np.arange(len(group_of))))
        self._first = np.unique(group_of[self._order], return_index=True)[1]
        size = np.diff(np.append(self._first, len(group_of)))
        largest_first = np.argsort(-size, kind="stable")
        self._place = np.argsort(largest_first)
        counts = [int((size > member).sum()) for member in range(int(size.max(initial=0)))]
        self._members = [
            self._order[self._first[largest_first[:count]] + member]
            for member, count in enumerate(counts)
        ]

    def __call__(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Sums of ``values`` of shape (replication, member): shape (replication, group).

        Where every group is one member, in order, these are the values themselves, not a copy.
        """
        total = self._of_present(values)
        if self._present is None:
            return total
        spread = np.zeros((len(values), self._groups), dtype=values.dtype)
        spread[:, self._present] = total
        return spread

    def _of_present(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        if self._sorted and len(self._first) == len(self._order):
            return values
        if len(values) > _FEW_ROWS:
            return self._by_member(values)
        grouped = values if self._sorted else values[:, self._order]
        return np.add.reduceat(grouped, self._first, axis=1, dtype=values.dtype)

    def _by_member(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """First members of all groups, plus the second of those that have one, and so on.

        With many rows that is five times as fast as ``reduceat``, which sums group by group.
        """
        total = values[:, self._members[0]]
        for member in self._members[1:]:
            np.add(total[:, : len(member)], values[:, member], out=total[:, : len(member)])
        summed: npt.NDArray[Number] = total[:, self._place]
        return summed

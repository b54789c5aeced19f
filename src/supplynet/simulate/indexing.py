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
    members = [np.flatnonzero(group_of == group) for group in range(groups)]
    width = max((len(row) for row in members), default=0)
    table = np.full((groups, width), -1, dtype=np.int32)
    for group, row in enumerate(members):
        table[group, : len(row)] = row
    return table


class GroupSum:
    """Sums along axis 1 by group. Every group needs at least one member.

    Args:
        group_of: Group of each member, shape (member,); groups are 0, 1, 2, ...
    """

    def __init__(self, group_of: IntArray) -> None:
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
        """Sums of ``values`` of shape (replication, member): shape (replication, group)."""
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

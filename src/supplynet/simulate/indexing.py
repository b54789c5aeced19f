"""Summing the last axis of an array by group, fast."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import IntArray

Number = TypeVar("Number", bound=np.generic)


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

    def __call__(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Sums of ``values`` of shape (replication, member): shape (replication, group)."""
        grouped = values if self._sorted else values[:, self._order]
        return np.add.reduceat(grouped, self._first, axis=1, dtype=values.dtype)

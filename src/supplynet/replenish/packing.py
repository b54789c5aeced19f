"""Container by container to whoever makes the most of it, within stock and room at once.

The greedy rule of both knapsacks, warehouse stock and vehicle room: containers in order of their
merit, each taken when it fits what is left of both. For equal containers and gains that fall from
one container of a claim to its next it is optimal within one scarce thing; across two it is a
heuristic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from supplynet.core.sample_paths import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]
ROOM_TOLERANCE = 1e-6
"""Litres by which a sum of volumes may be off through rounding."""
_MOST_PACKS, _LEAST_STEPS = 500_000, 64
_PRICES = ((1.0, 1.0), (1.0, 1e-3), (1e-3, 1.0))
"""Weights of stock and room that are tried where a container takes of both."""


def containers_at_once(packs: IntArray) -> IntArray:
    """How many containers of each claim are handled as one, so that all claims fit memory.

    1 as long as claims have fewer than half a million containers in sum; a want of millions of
    single parts is shared in steps of less than 2 % of it.
    """
    most = max(_MOST_PACKS // max(len(packs), 1), _LEAST_STEPS)
    return np.asarray(np.maximum(-(-packs // most), 1), dtype=packs.dtype)


@dataclass(frozen=True, kw_only=True, eq=False)
class Claims:
    """Who wants how many containers of what is scarce. A claim is one pair of one replication.

    Attributes:
        packs: Containers wanted, >= 1, shape (claim,).
        first: Containers of the smallest order, 1 <= first <= packs, shape (claim,).
        size: Parts of one container, shape (claim,).
        litres: Volume of one container, shape (claim,).
        stock_of: Index into ``stock``, -1 = enough for all; shape (claim,).
        room_of: Index into ``room``, -1 = room for all; shape (claim,).
        stock: Parts that can be given, >= 0.
        room: Litres that can be taken, >= 0.
    """

    packs: IntArray
    first: IntArray
    size: IntArray
    litres: FloatArray
    stock_of: IntArray
    room_of: IntArray
    stock: npt.NDArray[np.int64]
    room: FloatArray

    @cached_property
    def first_pack(self) -> Index:
        """Position of each claim's first container among all, and the end; shape (claim + 1,)."""
        return np.concatenate([[0], np.cumsum(self.packs)]).astype(np.intp)

    @cached_property
    def blocks(self) -> Blocks:
        """What is given in one go: the smallest order first, then single containers."""
        count = self.packs - self.first + 1
        claim = np.repeat(np.arange(len(self.packs)), count)
        begin = np.concatenate([[0], np.cumsum(count)[:-1]]).astype(np.intp)
        rank = np.arange(len(claim)) - begin[claim]
        packs = np.where(rank == 0, self.first[claim], 1)
        before = np.where(rank == 0, 0, self.first[claim] + rank - 1)
        return Blocks(claim=claim, rank=rank, packs=packs, pack=self.first_pack[claim] + before)

    def use_of_pack(self, stock_price: float = 1.0, room_price: float = 1.0) -> FloatArray:
        """What one container takes of the scarce things, as shares of what there is; (claim,).

        Args:
            stock_price: Weight of all the stock of a source.
            room_price: Weight of all the room of a vehicle.
        """
        used = np.zeros(len(self.packs))
        at = np.flatnonzero(self.stock_of >= 0)
        used[at] += stock_price * self.size[at] / np.maximum(self.stock[self.stock_of[at]], 1)
        at = np.flatnonzero(self.room_of >= 0)
        room = np.maximum(self.room[self.room_of[at]], ROOM_TOLERANCE)
        used[at] += room_price * self.litres[at] / room
        return np.maximum(used, 1e-12)


@dataclass(frozen=True, kw_only=True, eq=False)
class Blocks:
    """Blocks of containers, claim by claim; all of shape (block,).

    Attributes:
        claim: Whose it is.
        rank: 0 for the first block of a claim, and so on.
        packs: Containers in it.
        pack: Position of its first container among all containers.
    """

    claim: Index
    rank: Index
    packs: npt.NDArray[np.integer]
    pack: Index


@dataclass(frozen=True, kw_only=True, eq=False)
class Packed:
    """What was given.

    Attributes:
        packs: Containers given, shape (claim,).
        refused: First block that a claim did not get, index into all blocks; -1 = got all.
        for_room: Whether room, and not stock, refused it; shape (claim,).
    """

    packs: IntArray
    refused: Index
    for_room: BoolArray


def pack(claims: Claims, merit: FloatArray) -> Packed:
    """Give blocks in order of merit, equal ones to the earlier claim.

    A claim that is refused a block gets none of its later ones.

    Args:
        claims: Who wants what.
        merit: Shape (block,); must not rise from a block of a claim to its next.
    """
    blocks = claims.blocks
    order = np.argsort(-merit, kind="stable")
    parts = (blocks.packs * claims.size[blocks.claim])[order]
    litres = (blocks.packs * claims.litres[blocks.claim])[order]
    claim = blocks.claim[order]
    stock_of, room_of = claims.stock_of[claim], claims.room_of[claim]
    # Index -1, no limit, is the last one.
    stock = np.append(claims.stock.astype(np.float64), np.inf)
    room = np.append(claims.room + ROOM_TOLERANCE, np.inf)
    given = np.zeros(len(claims.packs), dtype=np.int64)
    refused = np.full(len(claims.packs), -1, dtype=np.intp)
    for_room = np.zeros(len(claims.packs), dtype=np.bool_)
    left = np.arange(len(order))
    while len(left):
        # What fits though all before it had been given fits for certain.
        fits = _within(stock_of[left], parts[left], stock) & _within(
            room_of[left], litres[left], room
        )
        taken, left = left[fits], left[~fits]
        np.add.at(given, claim[taken], blocks.packs[order[taken]])
        np.subtract.at(stock, stock_of[taken], parts[taken])
        np.subtract.at(room, room_of[taken], litres[taken])
        # What is larger than what is left never fits; the first of ``left`` is always that large.
        no_room = litres[left] > room[room_of[left]]
        never = no_room | (parts[left] > stock[stock_of[left]])
        out = left[never][::-1]  # the first of a claim is written last, and stays
        refused[claim[out]] = order[out]
        for_room[claim[out]] = no_room[never][::-1]
        left = left[refused[claim[left]] < 0]
    return Packed(packs=given.astype(np.int32), refused=refused, for_room=for_room)


def pack_best(claims: Claims, value: FloatArray) -> Packed:
    """Give blocks by value for what they take; where that is two scarce things, try three prices.

    By both, mostly by stock, mostly by room: the best of the three, in every group of claims that
    are connected through what they share.

    Args:
        claims: Who wants what.
        value: Of each block, shape (block,); per container it must not rise within a claim.
    """
    blocks = claims.blocks
    both = (claims.stock_of >= 0) & (claims.room_of >= 0)
    prices = _PRICES if both.any() else _PRICES[:1]
    tried = [
        pack(claims, value / (blocks.packs * claims.use_of_pack(*each)[blocks.claim]))
        for each in prices
    ]
    if len(tried) == 1:
        return tried[0]
    group = _connected(claims)
    before = blocks.pack - claims.first_pack[blocks.claim]
    total = [
        np.bincount(group[blocks.claim], weights=value * (before < each.packs[blocks.claim]))
        for each in tried
    ]
    best = np.argmax(total, axis=0)[group]
    claim = np.arange(len(claims.packs))
    return Packed(
        packs=np.stack([each.packs for each in tried])[best, claim],
        refused=np.stack([each.refused for each in tried])[best, claim],
        for_room=np.stack([each.for_room for each in tried])[best, claim],
    )


def _connected(claims: Claims) -> Index:
    """Number of the group of each claim; claims of a group share stock or room, (claim,)."""
    stocks, nodes = len(claims.stock), len(claims.stock) + len(claims.room)
    one = np.where(claims.stock_of >= 0, claims.stock_of, claims.room_of + stocks)
    other = np.where(claims.room_of >= 0, claims.room_of + stocks, claims.stock_of)
    links = coo_array((np.ones(len(one)), (one, other)), shape=(nodes, nodes))
    label: Index = connected_components(links, directed=False)[1]
    return label[one]


def _within(group: IntArray, amount: npt.NDArray[np.generic], limit: FloatArray) -> BoolArray:
    """Whether the running sum of a group, in order, stays within its limit."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    total = np.cumsum(amount[order], dtype=np.float64)
    begins = np.flatnonzero(np.diff(ordered, prepend=-2))
    before = np.concatenate([[0.0], total])[begins]
    length = np.diff(np.append(begins, len(ordered)))
    running = np.empty(len(group))
    running[order] = total - np.repeat(before, length)
    within: BoolArray = running <= limit[group]
    return within

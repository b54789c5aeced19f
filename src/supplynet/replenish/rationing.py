"""Who gets how much when the warehouse, or the vehicle, is short.

Rules by name:

- ``marginal`` (default): container by container to whoever gains the largest drop in expected
  lost production for what the container takes of the scarce stock and room. Where nothing is
  known of demand it falls back to ``proportional``.
- ``min_shortage``: container by container to whoever lacks the most parts of what it wants.
- ``proportional``: in proportion to wants, the vehicle first, then the warehouse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import NotFound
from supplynet.replenish.gains import expected_savings, minutes_per_part
from supplynet.replenish.packing import (
    ROOM_TOLERANCE,
    Claims,
    Packed,
    containers_at_once,
    pack,
    pack_best,
)
from supplynet.replenish.proportional import fit_truck, ration
from supplynet.replenish.supply import Shared, Supply

BoolArray = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]
MARGINAL, MIN_SHORTAGE, PROPORTIONAL = "marginal", "min_shortage", "proportional"
RATIONINGS = (MARGINAL, MIN_SHORTAGE, PROPORTIONAL)


def share(
    rationing: str,
    wanted: IntArray,
    state: DecisionState,
    outlook: Outlook,
    terms: SupplyTerms,
    supply: Supply,
) -> Shared:
    """Share what vehicles and warehouse have. Only what is short takes time.

    Args:
        rationing: Of ``RATIONINGS``.
        wanted: Parts, whole containers, shape (replication, pair).
        state: Stock of the pairs.
        outlook: Demand of the pairs.
        terms: Containers, minimum orders and bins of the pairs.
        supply: What there is.

    Raises:
        NotFound: No rationing of that name.
    """
    if rationing not in RATIONINGS:
        raise NotFound("rationing", rationing, f"choose one of {', '.join(RATIONINGS)}")
    scarce = _scarce(wanted, supply)
    if not (scarce.stock.any() or scarce.room.any()):
        return Shared(loaded=wanted, granted=wanted, next_minutes=np.zeros(wanted.shape))
    known = bool(outlook.window_demand.any())
    if rationing == PROPORTIONAL or (rationing == MARGINAL and not known):
        return _proportional(wanted, terms, supply, scarce)
    claims, cells = _claims(wanted, terms, supply, scarce)
    blocks = claims.blocks
    saved: FloatArray = np.zeros(len(blocks.claim))
    if known:
        worth = minutes_per_part(outlook, supply)[cells[1]]
        position = state.on_hand[cells] + state.on_order[cells]
        parts = expected_savings(state, outlook, cells, position, claims.packs, claims.size)
        saved = np.asarray(np.add.reduceat(parts, blocks.pack) * worth[blocks.claim])
    if rationing == MARGINAL:
        return _shared(wanted, cells, claims, pack_best(claims, saved), saved)
    return _shared(wanted, cells, claims, pack(claims, _lacking(claims)), saved)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Scarce:
    """Where wants exceed what there is.

    Attributes:
        stock: Shape (replication, source).
        room: Shape (replication, trip).
    """

    stock: BoolArray
    room: BoolArray


def _scarce(wanted: IntArray, supply: Supply) -> _Scarce:
    room = np.zeros((len(wanted), len(supply.room_litres)), dtype=np.bool_)
    for trip, litres in enumerate(supply.room_litres):
        if litres is not None:
            pairs = np.flatnonzero(supply.trip_of_pair == trip)
            load = wanted[:, pairs] @ supply.litres[pairs]
            room[:, trip] = load > litres + ROOM_TOLERANCE
    total = by_source(wanted, supply)
    return _Scarce(stock=total > np.maximum(supply.available, 0), room=room)


def by_source(parts: IntArray, supply: Supply) -> npt.NDArray[np.int64]:
    """Parts of pairs summed by warehouse part, shape (replication, source)."""
    total = np.zeros(supply.available.shape, dtype=np.int64)
    limited = np.flatnonzero(supply.source_of_pair >= 0)
    if len(limited):
        order = limited[np.argsort(supply.source_of_pair[limited], kind="stable")]
        source, first = np.unique(supply.source_of_pair[order], return_index=True)
        total[:, source] = np.add.reduceat(parts[:, order], first, axis=1, dtype=np.int64)
    return total


def _claims(
    wanted: IntArray, terms: SupplyTerms, supply: Supply, scarce: _Scarce
) -> tuple[Claims, tuple[Index, Index]]:
    """Claims on what is short, with the (replication, pair) of each."""
    source, trip = supply.source_of_pair, supply.trip_of_pair
    short_stock = (source >= 0) & np.pad(scarce.stock, ((0, 0), (0, 1)))[:, source]
    short_room = scarce.room[:, trip]
    row, pair = np.nonzero((short_stock | short_room) & (wanted > 0))
    packs = -(-wanted[row, pair] // terms.container_size[pair])
    at_once = containers_at_once(packs)
    size, packs = terms.container_size[pair] * at_once, -(-packs // at_once)
    least = np.clip(-(-terms.minimum_order[pair] // size), 1, packs)
    sources, trips = scarce.stock.shape[1], scarce.room.shape[1]
    rooms = [np.inf if litres is None else litres for litres in supply.room_litres]
    claims = Claims(
        packs=packs,
        first=least,
        size=size,
        litres=size * supply.litres[pair],
        stock_of=np.where(short_stock[row, pair], row * sources + source[pair], -1),
        room_of=np.where(short_room[row, pair], row * trips + trip[pair], -1),
        stock=np.maximum(supply.available, 0).ravel().astype(np.int64),
        room=np.tile(np.array(rooms, dtype=np.float64), len(wanted)),
    )
    return claims, (row, pair)


def _lacking(claims: Claims) -> FloatArray:
    """Parts that a claim still lacks before each of its blocks."""
    blocks = claims.blocks
    before = blocks.pack - claims.first_pack[blocks.claim]
    lacking = (claims.packs[blocks.claim] - before) * claims.size[blocks.claim]
    return lacking.astype(np.float64)


def _shared(
    wanted: IntArray,
    cells: tuple[Index, Index],
    claims: Claims,
    packed: Packed,
    saved: FloatArray,
) -> Shared:
    # The last of several containers at once may be less than full.
    parts = np.minimum(packed.packs * claims.size, wanted[cells])
    granted, loaded, minutes = wanted.copy(), wanted.copy(), np.zeros(wanted.shape)
    granted[cells] = parts
    loaded[cells] = np.where(packed.for_room, parts, wanted[cells])
    minutes[cells] = np.where(packed.refused >= 0, saved[packed.refused], 0.0)
    return Shared(loaded=loaded, granted=granted, next_minutes=minutes)


def min_shortage(wanted: IntArray, available: IntArray, container_size: IntArray) -> IntArray:
    """Share ``available`` so that the largest unmet want is as small as it can be.

    Container by container to the claim that lacks the most parts, as the "minimum shortage" rule
    of Kaynov et al. (2024). Equal ones go to the first claim. Arguments and result as in
    ``ration``.
    """
    cases, claims = np.nonzero(np.asarray(wanted) > 0)
    granted = np.zeros_like(wanted)
    if not len(cases):
        return granted
    size = np.broadcast_to(container_size, wanted.shape)[cases, claims]
    packs = -(-wanted[cases, claims] // size)
    at_once = containers_at_once(packs)
    size, packs = size * at_once, -(-packs // at_once)
    made = Claims(
        packs=packs,
        first=np.ones_like(packs),
        size=size,
        litres=np.zeros(len(packs)),
        stock_of=cases.astype(np.int32),
        room_of=np.full(len(packs), -1, dtype=np.int32),
        stock=np.maximum(available, 0).astype(np.int64),
        room=np.zeros(0),
    )
    given = pack(made, _lacking(made)).packs * size
    granted[cases, claims] = np.minimum(given, wanted[cases, claims])
    return granted


def _proportional(wanted: IntArray, terms: SupplyTerms, supply: Supply, scarce: _Scarce) -> Shared:
    loaded = wanted.copy()
    for trip in np.flatnonzero(scarce.room.any(axis=0)):
        pairs, room = np.flatnonzero(supply.trip_of_pair == trip), supply.room_litres[trip]
        assert room is not None
        loaded[:, pairs] = fit_truck(
            wanted[:, pairs], supply.litres[pairs], terms.container_size[pairs], room
        )
    loaded = np.where(loaded >= np.minimum(terms.minimum_order, wanted), loaded, 0)
    granted = loaded.copy()
    for part in np.flatnonzero((by_source(loaded, supply) > supply.available).any(axis=0)):
        pairs = np.flatnonzero(supply.source_of_pair == part)
        granted[:, pairs] = ration(
            loaded[:, pairs], np.maximum(supply.available[:, part], 0), terms.container_size[pairs]
        )
    granted = np.where(granted >= np.minimum(terms.minimum_order, wanted), granted, 0)
    return Shared(loaded=loaded, granted=granted, next_minutes=np.zeros(wanted.shape))

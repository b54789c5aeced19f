"""Trips that pay: a vehicle below its minimum is filled up, or waits for the next departure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.replenish.exposure import blocks_of_cells
from supplynet.replenish.gains import effective_demand_of, expected_savings, minutes_per_part
from supplynet.replenish.packing import ROOM_TOLERANCE, Claims, containers_at_once, pack
from supplynet.replenish.rationing import by_source
from supplynet.replenish.supply import Supply

BoolArray = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]
URGENT_RISK = 0.01
"""A trip cannot wait when, without it, a part on it runs out with more than this probability before
the next vehicle's goods are there."""


def pay_trips(
    granted: IntArray,
    state: DecisionState,
    outlook: Outlook,
    terms: SupplyTerms,
    supply: Supply,
) -> tuple[IntArray, BoolArray]:
    """See that every vehicle which leaves has its minimum on board.

    A vehicle below it is filled up with what saves the most production per litre, within bins,
    stock and room, where anything on it is urgent; the smallest number of containers with which
    it pays. Else it waits, and its parts stay at the warehouse. One that cannot be filled up
    leaves as it is, and so does every vehicle where nothing is known of demand.

    Args:
        granted: Parts, shape (replication, pair).
        state: Stock of the pairs.
        outlook: Demand of the pairs.
        terms: Containers, minimum orders and bins of the pairs.
        supply: What there is.

    Returns:
        Parts that go, shape (replication, pair), and the vehicles that wait, (replication, trip).
    """
    waiting = np.zeros((len(granted), len(supply.room_litres)), dtype=np.bool_)
    known = any(least > 0 for least in supply.minimum_litres) and outlook.window_demand.any()
    if not known:
        return granted, waiting
    sent = granted.copy()
    for trip, least in enumerate(supply.minimum_litres):
        pairs = np.flatnonzero(supply.trip_of_pair == trip)
        load = granted[:, pairs] @ supply.litres[pairs]
        rows = np.flatnonzero((load > 0.0) & (load < least - ROOM_TOLERANCE))
        if not len(rows):
            continue
        urgent = _urgent(granted, rows, pairs, state, outlook)
        waiting[rows[~urgent], trip] = True
        sent[np.ix_(rows[~urgent], pairs)] = 0
        for row in rows[urgent]:
            _fill_up(sent, int(row), trip, state, outlook, terms, supply)
    return sent, waiting


def _urgent(
    granted: IntArray, rows: Index, pairs: Index, state: DecisionState, outlook: Outlook
) -> BoolArray:
    """Whether a vehicle carries anything that would likely run out if it waited; (row,)."""
    at, column = np.nonzero(granted[np.ix_(rows, pairs)] > 0)
    urgent = np.zeros(len(rows), dtype=np.bool_)
    for block in blocks_of_cells(len(at), outlook):
        cells = rows[at[block]], pairs[column[block]]
        effective = effective_demand_of(state, outlook, *cells)
        chance = (effective > state.on_hand[cells] + state.on_order[cells]).mean(axis=0)
        np.logical_or.at(urgent, at[block], chance > URGENT_RISK)
    return urgent


def _fill_up(
    sent: IntArray,
    row: int,
    trip: int,
    state: DecisionState,
    outlook: Outlook,
    terms: SupplyTerms,
    supply: Supply,
) -> None:
    """Add the most useful containers to one vehicle until it pays; writes ``sent``."""
    pairs = np.flatnonzero((supply.trip_of_pair == trip) & (supply.litres > 0.0))
    load = float(sent[row, pairs] @ supply.litres[pairs])
    lacking = supply.minimum_litres[trip] - load
    position = state.on_hand[row] + state.on_order[row] + sent[row]
    claims, pairs = _extra(sent, row, pairs, position, lacking, terms, supply)
    if not len(pairs):
        return
    merit = _usefulness(claims, row, pairs, position, state, outlook, supply)
    room = supply.room_litres[trip]
    free = np.array([np.inf if room is None else room - load])
    claims = replace(claims, room_of=np.zeros(len(pairs), dtype=np.int32), room=free)
    given = pack(claims, merit).packs
    # Of what fits, the shortest list with which the trip pays.
    blocks = claims.blocks
    order = np.argsort(-merit, kind="stable")
    order = order[(blocks.pack - claims.first_pack[blocks.claim] < given[blocks.claim])[order]]
    litres = (blocks.packs * claims.litres[blocks.claim])[order]
    kept = order[np.cumsum(litres) - litres < lacking - ROOM_TOLERANCE]
    parts = blocks.packs[kept] * claims.size[blocks.claim[kept]]
    np.add.at(sent[row], pairs[blocks.claim[kept]], parts)


def _extra(
    sent: IntArray,
    row: int,
    pairs: Index,
    position: IntArray,
    lacking: float,
    terms: SupplyTerms,
    supply: Supply,
) -> tuple[Claims, Index]:
    """Containers that could go on top, and the pairs that have any."""
    size = terms.container_size[pairs]
    litres = size * supply.litres[pairs]
    bins = np.maximum(terms.bin_maximum[pairs] - position[pairs], 0) // size
    least = np.where(sent[row, pairs] > 0, 1, -(-terms.minimum_order[pairs] // size))
    first = np.maximum(least, 1)
    packs = np.minimum(bins, np.maximum(np.ceil(lacking / litres), first)).astype(np.int32)
    at_once = containers_at_once(packs)
    size, litres, packs = size * at_once, litres * at_once, packs // at_once
    first = -(-first // at_once)
    kept = packs >= first
    free = np.maximum(supply.available[row] - by_source(sent[row : row + 1], supply)[0], 0)
    claims = Claims(
        packs=packs[kept],
        first=first[kept],
        size=size[kept],
        litres=litres[kept],
        stock_of=supply.source_of_pair[pairs[kept]],
        room_of=np.full(int(kept.sum()), -1, dtype=np.int32),
        stock=free.astype(np.int64),
        room=np.zeros(0),
    )
    return claims, pairs[kept]


def _usefulness(
    claims: Claims,
    row: int,
    pairs: Index,
    position: IntArray,
    state: DecisionState,
    outlook: Outlook,
    supply: Supply,
) -> FloatArray:
    """Merit of each block: production saved per litre, then the least cover before it."""
    blocks = claims.blocks
    cells = np.full(len(pairs), row), pairs
    start = position[pairs]
    parts = expected_savings(state, outlook, cells, start, claims.packs, claims.size)
    worth = minutes_per_part(outlook, supply)[pairs]
    saved = np.add.reduceat(parts, blocks.pack) * worth[blocks.claim]
    per_litre = saved / (blocks.packs * claims.litres[blocks.claim])
    mean = np.maximum(outlook.window_demand[:, pairs].mean(axis=0), 1e-9)
    before = blocks.pack - claims.first_pack[blocks.claim]
    cover = (start[blocks.claim] + before * claims.size[blocks.claim]) / mean[blocks.claim]
    merit = np.empty(len(saved))
    merit[np.lexsort((cover, -per_litre))] = -np.arange(len(saved), dtype=np.float64)
    return merit

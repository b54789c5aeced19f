"""Departures of a horizon as decisions: which pairs, at which slot, until when they must last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from supplynet.core.keyed import name_key, uniform
from supplynet.core.network import Lane
from supplynet.core.protocols import SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.core.timetable import departures_between, next_departures
from supplynet.errors import InvalidInput
from supplynet.simulate.calendar_slots import Slots
from supplynet.simulate.triangular import triangular

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class SlotDeparture:
    """One vehicle of one lane, in slots.

    Attributes:
        lane: The lane, with its transit time.
        departure_at, cutoff_at: Aware moments of the timetable.
        next_departure_at: The vehicle after this one: this order must last until its arrival.
        decide_slot, depart_slot: Slots at whose begin stock is read, and goods leave.
        pairs: Indices of the pairs that this lane usually fills.
    """

    lane: Lane
    departure_at: datetime
    cutoff_at: datetime
    next_departure_at: datetime
    decide_slot: int
    depart_slot: int
    pairs: IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Departures that are decided together: one per lane at most, so that they share fairly.

    Attributes:
        slot: The slot at whose begin they are decided.
        departures: At most one per lane.
        slots: The horizon's slots, in which ``slot`` counts.
        pairs: Pairs of all of them, one after the other, shape (pair,).
        departure_of_pair: Index into ``departures``, shape (pair,).
        source_of_pair: Warehouse part of each pair, shape (pair,).
        terms: Supply terms of these pairs.
    """

    slot: int
    departures: tuple[SlotDeparture, ...]
    slots: Slots = field(repr=False)
    pairs: IntArray
    departure_of_pair: IntArray = field(repr=False)
    source_of_pair: IntArray = field(repr=False)
    terms: SupplyTerms = field(repr=False)


def batches_of(
    lanes: Sequence[Lane],
    slots: Slots,
    terms: SupplyTerms,
    lane_of_pair: IntArray,
    source_of_pair: IntArray,
) -> Mapping[int, tuple[Batch, ...]]:
    """Decisions by slot. Two vehicles of one lane in one slot are decided one after the other."""
    waiting: dict[tuple[int, int], list[SlotDeparture]] = defaultdict(list)
    known: _Known = {}
    for index, lane in enumerate(lanes):
        pairs = np.flatnonzero(lane_of_pair == index).astype(np.int32)
        seen: dict[int, int] = defaultdict(int)
        for departure in _departures(lane, slots, pairs, known):
            waiting[departure.decide_slot, seen[departure.decide_slot]].append(departure)
            seen[departure.decide_slot] += 1
    found: dict[int, list[Batch]] = defaultdict(list)
    shared: dict[tuple[str, ...], SupplyTerms] = {}
    for (slot, _), departures in sorted(waiting.items(), key=lambda item: item[0]):
        found[slot].append(_batch(slots, slot, departures, terms, source_of_pair, shared=shared))
    return {slot: tuple(batches) for slot, batches in found.items()}


def _batch(
    slots: Slots,
    slot: int,
    departures: Sequence[SlotDeparture],
    terms: SupplyTerms,
    source_of_pair: IntArray,
    *,
    shared: dict[tuple[str, ...], SupplyTerms],
) -> Batch:
    """Departures decided together; ``shared`` keeps the terms of lanes that met before."""
    pairs = np.concatenate([departure.pairs for departure in departures])
    key = tuple(departure.lane.lane_id for departure in departures)
    if key not in shared:
        shared[key] = terms.select(pairs)
    counts = [len(departure.pairs) for departure in departures]
    return Batch(
        slot=slot,
        departures=tuple(departures),
        slots=slots,
        pairs=pairs,
        departure_of_pair=np.repeat(np.arange(len(counts)), counts).astype(np.int32),
        source_of_pair=source_of_pair[pairs],
        terms=shared[key],
    )


def first_batch(
    batches: Mapping[int, tuple[Batch, ...]],
    terms: SupplyTerms,
    source_of_pair: IntArray,
) -> Batch:
    """The next departure of every lane, decided together now.

    Args:
        batches: Of the horizon, from ``batches_of``.
        terms: Of all pairs.
        source_of_pair: Of all pairs.

    Raises:
        InvalidInput: No vehicle leaves within the horizon.
    """
    every = [batch for slot in sorted(batches) for batch in batches[slot]]
    if not every:
        raise InvalidInput("no vehicle leaves within the horizon; see the lanes' timetables")
    first: dict[str, SlotDeparture] = {}
    for departure in (each for batch in every for each in batch.departures):
        first.setdefault(departure.lane.lane_id, departure)
    return _batch(every[0].slots, 0, list(first.values()), terms, source_of_pair, shared={})


def transit_minutes(
    lane: Lane, departure_at: datetime, seed: int, count: int | IntArray, purpose: str = "transit"
) -> FloatArray:
    """Random transit of one departure, shape (count,): keyed by seed, lane, departure, number.

    No vehicle overtakes an earlier one of its lane, loaded or not: who would be faster arrives
    with it. Instead of a count the numbers themselves may be given; equal numbers have equal
    transits.

    The purpose ``transit`` is what happens; any other is what somebody expects.
    """
    spread = lane.transit.high - lane.transit.low
    if spread <= 0:
        return np.full(count if isinstance(count, int) else len(count), float(lane.transit.low))
    transit = triangular(lane.transit, transit_share(lane, departure_at, seed, count, purpose))
    for before in _just_before(lane, departure_at, spread):
        ahead = triangular(lane.transit, transit_share(lane, before, seed, count, purpose))
        np.maximum(transit, ahead - (departure_at - before) / _MINUTE, out=transit)
    return transit


@lru_cache(maxsize=4096)
def _just_before(lane: Lane, departure_at: datetime, minutes: int) -> tuple[datetime, ...]:
    """Departures of a lane in the minutes before one: no earlier vehicle can be in its way."""
    since = departure_at - timedelta(minutes=minutes)
    return tuple(each.departure_at for each in departures_between(lane, since, departure_at))


def transit_share(
    lane: Lane, departure_at: datetime, seed: int, count: int | IntArray, purpose: str = "transit"
) -> FloatArray:
    """Quantiles at which the transit times of one departure lie, in [0, 1), shape (count,)."""
    minute = int(departure_at.timestamp()) // 60
    numbers = np.arange(count) if isinstance(count, int) else count
    return uniform(seed, purpose, name_key(lane.lane_id), minute, numbers)


def usable_edges(slots: Slots, departure_at: datetime, transit: FloatArray) -> IntArray:
    """First edge at which goods can be used, after their arrival and after the slot they leave in.

    Goods that arrive after the horizon get an edge beyond its last.
    """
    arrival = np.searchsorted(slots.edges, slots.minutes(departure_at) + transit, side="left")
    return np.maximum(arrival, slots.at_or_before(departure_at) + 1).astype(np.int32)


class _Moments(NamedTuple):
    """When one vehicle of a timetable is decided and leaves, in the fields of ``SlotDeparture``."""

    departure_at: datetime
    cutoff_at: datetime
    next_departure_at: datetime
    decide_slot: int
    depart_slot: int


_Known = dict[tuple[object, ...], tuple[_Moments, ...]]


def _departures(
    lane: Lane, slots: Slots, pairs: IntArray, known: _Known
) -> Iterator[SlotDeparture]:
    """Vehicles of a lane; ``known`` keeps timetables, of which many lanes have the same."""
    key = (lane.departures, lane.weekdays, lane.cutoff_minutes, lane.time_zone)
    if key not in known:
        known[key] = tuple(_timetable(lane, slots))
    for departs, cutoff, following, decide_slot, depart_slot in known[key]:
        yield SlotDeparture(
            lane=lane,
            departure_at=departs,
            cutoff_at=cutoff,
            next_departure_at=following,
            decide_slot=decide_slot,
            depart_slot=depart_slot,
            pairs=pairs,
        )


def _timetable(lane: Lane, slots: Slots) -> Iterator[_Moments]:
    count = 8
    while True:  # until the list reaches beyond the horizon
        found = next_departures(lane, slots.start, count)
        if len(found) < count or found[-1].cutoff_at >= slots.end:
            break
        count *= 2
    for now, following in pairwise(found):
        if now.cutoff_at < slots.end:
            yield _Moments(
                departure_at=now.departure_at,
                cutoff_at=now.cutoff_at,
                next_departure_at=following.departure_at,
                decide_slot=slots.at_or_before(now.cutoff_at),
                depart_slot=slots.at_or_before(now.departure_at),
            )

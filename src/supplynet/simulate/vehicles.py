"""Vehicles of a twin: loaded, on the road, late, cancelled; who arrives when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.simulate.departures import SlotDeparture, transit_minutes
from supplynet.simulate.due import UnderWay
from supplynet.simulate.hooks import BoolArray, Disruptions
from supplynet.simulate.model import PlantModel
from supplynet.simulate.origins import Origins
from supplynet.simulate.pipeline import Pipeline, inbound_minutes, released_departure
from supplynet.simulate.record import Dispatch, Load
from supplynet.simulate.state import Inbound

_Key = tuple[str, datetime]


class Vehicles:
    """Loads vehicles from origins, sends them away, and knows what is under way.

    Args:
        model: The compiled plant.
        origins: What they are loaded from.
        pipeline: Takes over what has left.
        seed: Of transit times.
        luck: Number that keys the transit times of each replication, shape (replication,).
        trouble: What delays, cancels and damages; None = nothing.
    """

    def __init__(
        self,
        model: PlantModel,
        origins: Origins,
        pipeline: Pipeline,
        *,
        seed: int,
        luck: IntArray,
        trouble: Disruptions | None = None,
    ) -> None:
        self._model, self._origins, self._pipeline = model, origins, pipeline
        self._seed, self._luck, self._trouble = seed, luck, trouble
        self._leaving: dict[int, list[Load]] = defaultdict(list)
        self._on_road: dict[int, list[tuple[Load, IntArray]]] = defaultdict(list)  # by last edge
        # Minutes before which no further vehicle of a lane arrives, beyond what is in its transit.
        self._floor: dict[str, FloatArray] = {}

    def load(self, load: Load, *, check: bool = True) -> None:
        """Reserve goods of some departures; they leave with them.

        Args:
            load: What is on each vehicle.
            check: Whether to refuse more than there is.

        Raises:
            InsufficientStock: An origin has less free stock than that.
        """
        self._origins.reserve(load.pairs, load.quantities, check=check)
        self._pipeline.order(load.pairs, load.quantities)
        slots = np.array([each.depart_slot for each in load.departures])
        if (slots == slots[0]).all():
            self._leaving[int(slots[0])].append(load)
            return
        for slot in np.unique(slots).tolist():
            here = slots[load.vehicle_of_pair] == slot
            chosen = np.flatnonzero(slots == slot)
            part = Load(
                departures=tuple(load.departures[index] for index in chosen.tolist()),
                pairs=load.pairs[here],
                quantities=load.quantities[:, here],
                vehicle_of_pair=np.searchsorted(chosen, load.vehicle_of_pair[here]).astype(
                    np.int32
                ),
            )
            self._leaving[slot].append(part)

    def leave(self, slot: int) -> tuple[Load, ...]:
        """Let the vehicles of a slot go; what really left."""
        loads = self._leaving.pop(slot, [])
        together = self._trouble is None and not self._floor
        alike = [_same_arrival(load.departures, together=together) for load in loads]
        arrivals = self._arrivals(
            slot, [load for load, same in zip(loads, alike, strict=True) if same is None]
        )
        left: list[Load] = []
        for planned, same in zip(loads, alike, strict=True):
            load = self._cancel(planned)
            self._origins.ship(load.pairs, load.quantities)
            if same is None:
                edges = self._edges([arrivals[_key(each)] for each in load.departures], slot)
            else:
                edges = self._edges([np.array([self._model.slots.minutes(same)])], slot)
            of_pair = edges[:, load.vehicle_of_pair] if edges.shape[1] > 1 else edges
            self._pipeline.ship(load.pairs, load.quantities, of_pair, self._usable(load))
            self._on_road[int(edges.max())].append((load, edges))
            left.append(load)
        return tuple(left)

    def under_way(self, slot: int) -> list[UnderWay]:
        """Reserved or on the road at the begin of a slot."""
        for edge in [edge for edge in self._on_road if edge <= slot]:
            del self._on_road[edge]
        road = [each for loads in self._on_road.values() for each in loads]
        loaded = (load for loads in self._leaving.values() for load in loads)
        return [
            *(
                _under_way(goods, edge)
                for load, edges in road
                for goods, edge in _by_vehicle(load, edges)
            ),
            *(_under_way(goods, None) for load in loaded for goods in load.goods),
        ]

    def take_over(self, inbound: Iterable[Inbound]) -> None:
        """Put into place what is under way at the start."""
        for order in sorted(inbound, key=lambda each: each.departure_at):
            index = self._model.pair_index.get((order.stock_point_id, order.part_id))
            if index is None:
                continue
            waits = order.departure_at > self._model.slots.start
            quantity = self._origins.at_most(index, order.quantity) if waits else order.quantity
            pair = np.array([index], dtype=np.int32)
            load = Load(
                departures=(released_departure(self._model, order, pair),),
                pairs=pair,
                quantities=np.full((len(self._luck), 1), quantity, dtype=np.int32),
                vehicle_of_pair=np.zeros(1, dtype=np.int32),
            )
            if waits:
                self.load(load, check=False)
            else:
                self._find_on_road(order, load)

    def _find_on_road(self, order: Inbound, load: Load) -> None:
        arrival = inbound_minutes(self._model, order, self._seed, self._luck)
        arrival = np.maximum(arrival, self._floor.get(order.lane_id, arrival))
        self._floor[order.lane_id] = arrival
        edges = self._edges([arrival], 0)
        self._pipeline.order(load.pairs, load.quantities)
        self._pipeline.ship(load.pairs, load.quantities, edges, self._usable(load))
        self._on_road[int(edges.max())].append((load, edges))

    def _arrivals(self, slot: int, loads: Sequence[Load]) -> dict[_Key, FloatArray]:
        """Minutes after the horizon's start at which the vehicles of a slot arrive.

        Where trouble may delay a vehicle, those without a load count as well: what a policy
        loads must not change when others arrive.
        """
        leaving = {_key(each): each for load in loads for each in load.departures}
        if self._trouble is not None:
            leaving |= {_key(each): each for each in self._model.leaving.get(slot, ())}
        arrivals: dict[_Key, FloatArray] = {}
        fixed: dict[tuple[datetime, int], FloatArray] = {}  # many lanes leave at the same time
        for key, departure in sorted(leaving.items(), key=lambda item: item[0][1]):
            lane, time = departure.lane, (departure.departure_at, departure.lane.transit.low)
            varies = lane.transit.high > lane.transit.low or lane.lane_id in self._floor
            if self._trouble is None and not varies:
                if time not in fixed:
                    fixed[time] = self._planned(departure)
                arrivals[key] = fixed[time]
            else:
                arrivals[key] = self._not_before_others(departure)
        return arrivals

    def _planned(self, departure: SlotDeparture) -> FloatArray:
        leaves = self._model.slots.minutes(departure.departure_at)
        transit = transit_minutes(departure.lane, departure.departure_at, self._seed, self._luck)
        return np.asarray(leaves + transit)

    def _not_before_others(self, departure: SlotDeparture) -> FloatArray:
        lane, moment = departure.lane, departure.departure_at
        arrival = self._planned(departure)
        floor = self._floor.get(lane.lane_id)
        if self._trouble is not None:
            delay = self._trouble.delay_minutes(lane, moment, self._luck)
            arrival = arrival if delay is None else arrival + delay
        if floor is not None:
            arrival = np.maximum(arrival, floor)
        if self._trouble is not None:
            gone = self._trouble.cancelled(lane, moment, self._luck)
            before = -np.inf if floor is None else floor
            self._floor[lane.lane_id] = arrival if gone is None else np.where(gone, before, arrival)
        return arrival

    def _edges(self, arrivals: Sequence[FloatArray], slot: int) -> IntArray:
        """Edges at which vehicles arrive; (replication, vehicle), or one column for them all."""
        found: dict[int, IntArray] = {}
        for arrival in arrivals:
            if id(arrival) not in found:
                edge = np.searchsorted(self._model.slots.edges, arrival, side="left")
                found[id(arrival)] = np.maximum(edge, slot + 1).astype(np.int32)
        if len(found) == 1:
            return found[id(arrivals[0])][:, None]
        return np.stack([found[id(arrival)] for arrival in arrivals], axis=1)

    def _cancel(self, load: Load) -> Load:
        """The load without what stays because its vehicle does not leave; that is free again."""
        if self._trouble is None:
            return load
        stays = np.zeros((len(self._luck), len(load.departures)), dtype=bool)
        for index, departure in enumerate(load.departures):
            gone = self._cancelled(departure)
            stays[:, index] = False if gone is None else gone
        if not stays.any():
            return load
        kept = np.where(stays[:, load.vehicle_of_pair], load.quantities, np.int32(0))
        self._origins.release(load.pairs, kept)
        self._pipeline.order(load.pairs, -kept)
        return replace(load, quantities=load.quantities - kept)

    def _cancelled(self, departure: SlotDeparture) -> BoolArray | None:
        assert self._trouble is not None
        return self._trouble.cancelled(departure.lane, departure.departure_at, self._luck)

    def _usable(self, load: Load) -> IntArray | None:
        """Usable parts of a load; None = all."""
        if self._trouble is None:
            return None
        parts = [self._usable_of(self._trouble, goods) for goods in load.goods]
        if all(part is None for part in parts):
            return None
        both = zip(load.goods, parts, strict=True)
        usable = [goods.quantities if part is None else part for goods, part in both]
        return np.clip(np.concatenate(usable, axis=1), 0, load.quantities).astype(np.int32)

    def _usable_of(self, trouble: Disruptions, goods: Dispatch) -> IntArray | None:
        lane, moment = goods.departure.lane, goods.departure.departure_at
        return trouble.usable(lane, moment, goods.pairs, goods.quantities, self._luck)


@lru_cache(maxsize=4096)
def _same_arrival(departures: tuple[SlotDeparture, ...], *, together: bool) -> datetime | None:
    """The moment at which all of them arrive, known before; None = it is random or differs.

    A large plant sends hundreds of vehicles at the same time every day.
    """
    first = departures[0]
    if not together or first.lane.transit.high > first.lane.transit.low:
        return None
    leave, transit = first.departure_at, first.lane.transit
    same = all(each.departure_at == leave and each.lane.transit == transit for each in departures)
    return leave + timedelta(minutes=transit.low) if same else None


def _by_vehicle(load: Load, edges: IntArray) -> Iterator[tuple[Dispatch, IntArray]]:
    for index, goods in enumerate(load.goods):
        yield goods, edges[:, index if edges.shape[1] > 1 else 0]


def _under_way(goods: Dispatch, edge: IntArray | None) -> UnderWay:
    return UnderWay(
        lane=goods.departure.lane,
        departure_at=goods.departure.departure_at,
        pairs=goods.pairs,
        quantities=goods.quantities,
        edge=edge,
    )


def _key(departure: SlotDeparture) -> _Key:
    return departure.lane.lane_id, departure.departure_at

"""What no policy can beat on the same days: perfect foresight as a linear program.

Given the demand, the timetable and the transit times that come, quantities are chosen for every
departure, with packs relaxed to any amount. For each (stock point, part), ``k`` counts the
arrivals; between two of them stock can only fall. With stock ``x_k`` right after arrival ``k``,
quantity ``q_k``, demand ``D_k`` and lost parts ``l_k`` until the next arrival::

    x_(k+1) = x_k - D_k + l_k + q_(k+1),   0 <= l_k <= D_k,   x_k - D_k + l_k >= 0
    h_k >= T_k x_k - A_k,   h_k >= 0

``h_k`` is stock times minutes: ``T_k`` minutes until the next arrival, ``A_k`` what demand takes
off in that time if all of it is served. Whatever a policy does is a feasible point with no larger
``h``, so the least cost is a lower bound for all of them. A line that halts for one part may go on
drawing the others here, and a stock point may hand out parts in any order: both only help.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import optimize, sparse

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.simulate.departures import SlotDeparture, transit_minutes, usable_edges
from supplynet.simulate.indexing import GroupSum
from supplynet.simulate.model import PlantModel
from supplynet.simulate.scorecard import Score
from supplynet.simulate.slot_demand import SlotDemand
from supplynet.study.replay import Replay

LOST_SHARE_COST = 10_000.0
"""Days of cover that losing all demand would cost: dear enough that nothing is lost for stock."""


_BLOCK = 16
"""Pairs per program where nothing ties them together: small programs are solved much faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The best that could have been done, after the warm-up.

    Attributes:
        cover_days: Average stock at the stock points over mean daily demand.
        fill_rate: Share of the demand that is served.
        cost: ``cover_days + lost_share_cost * (1 - fill_rate)``; no policy has less.
    """

    cover_days: float
    fill_rate: float
    cost: float


def score_cost(score: Score, lost_share_cost: float = LOST_SHARE_COST) -> float:
    """The cost of a policy's score, to be held against ``Bound.cost`` of the same replay."""
    return score.cover_days + lost_share_cost * (1.0 - score.fill_rate)


def perfect_foresight(
    replay: Replay, *, lost_share_cost: float = LOST_SHARE_COST, ample_warehouse: bool = True
) -> Bound:
    """The least cost of any decisions on the days of a replay.

    Args:
        replay: Demand, opening stock, timetable and seed of the transit times. Nothing may be
            under way at its start.
        lost_share_cost: Days of cover that losing all demand would cost.
        ample_warehouse: Whether warehouses are never short. Otherwise they have what they open
            with and buy nothing: a bound for plants whose warehouse is not refilled in time.

    Raises:
        InvalidInput: Something is under way at the start, or there is no solution.
    """
    if replay.state.inbound:
        raise InvalidInput("the bound starts with nothing under way; start the replay later")
    world = _World(replay)
    if world.daily_demand <= 0:
        return Bound(cover_days=0.0, fill_rate=1.0, cost=0.0)
    stock_cost = 1.0 / (world.scored_minutes * world.daily_demand)
    lost_cost = lost_share_cost / world.scored_demand
    stock_minutes = lost = 0.0
    for pairs in _blocks(replay.model, ample_warehouse):
        program = _Program(world, pairs)
        program.limit_vehicles()
        if not ample_warehouse:
            program.limit_warehouses()
        block_stock, block_lost = program.solve(stock_cost, lost_cost)
        stock_minutes, lost = stock_minutes + block_stock, lost + block_lost
    cover, fill = stock_minutes * stock_cost, 1.0 - lost / world.scored_demand
    return Bound(cover_days=cover, fill_rate=fill, cost=cover + lost_share_cost * (1.0 - fill))


@dataclass
class _Rows:
    """Sparse rows ``low <= row <= high``, one after the other."""

    entries: list[tuple[int, int, float]] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, terms: Sequence[tuple[int, float]], low: float, high: float) -> None:
        """One more row; ``terms`` are (variable, factor)."""
        row = len(self.low)
        self.entries += [(row, variable, factor) for variable, factor in terms]
        self.low.append(low)
        self.high.append(high)


class _World:
    """What is given: demand until each edge, and when each departure's goods can be used."""

    def __init__(self, replay: Replay) -> None:
        self.replay, model = replay, replay.model
        slots = model.slots
        self.first = int(np.argmax(slots.shift_of_slot >= replay.warm_up_shifts))
        self.minutes = np.diff(slots.edges).astype(np.float64)
        self.minutes[: self.first] = 0.0  # stock of the warm-up does not count
        self.scored_minutes = float(self.minutes.sum())
        self.until = _demand_until(replay)
        self.scored_demand = float((self.until[-1] - self.until[self.first]).sum())
        self.daily_demand = self.scored_demand / (self.scored_minutes / 1440)
        self.departures = [
            departure
            for slot in sorted(model.batches)
            for batch in model.batches[slot]
            for departure in batch.departures
        ]
        self.edges = [_usable_edge(replay, each) for each in self.departures]
        lanes = [each.lane.lane_id for each in self.departures]
        self.of_lane = {
            lane: [place for place, name in enumerate(lanes) if name == lane]
            for lane in model.lanes
        }


class _Program:
    """The program of some pairs. Variables in order of their making, each with an upper limit."""

    def __init__(self, world: _World, pairs: Sequence[int]) -> None:
        self._world, self._pairs = world, pairs
        self._most: list[float] = []
        self._stock: list[int] = []
        self._lost: list[int] = []
        self._rows = _Rows()
        self._sent: dict[tuple[int, int], int] = {}  # variable of (departure, pair)
        for pair in pairs:
            self._pair(pair)

    def solve(self, stock_cost: float, lost_cost: float) -> tuple[float, float]:
        """Stock times minutes and lost parts, both after the warm-up.

        Raises:
            InvalidInput: The solver found no solution.
        """
        cost = np.zeros(len(self._most))
        cost[self._stock] = stock_cost
        cost[self._lost] = lost_cost
        row, column, factor = (np.array(each) for each in zip(*self._rows.entries, strict=True))
        matrix = sparse.csr_array((factor, (row, column)), shape=(len(self._rows.low), len(cost)))
        low, high = np.array(self._rows.low), np.array(self._rows.high)
        equal = low == high
        upper = ~equal
        found = optimize.linprog(
            cost,
            A_ub=matrix[upper],
            b_ub=high[upper],
            A_eq=matrix[equal],
            b_eq=high[equal],
            bounds=np.stack([np.zeros(len(cost)), np.array(self._most)], axis=1),
            method="highs",
        )
        if found.x is None:
            raise InvalidInput(f"the bound has no solution: {found.message}")
        return float(found.x[self._stock].sum()), float(found.x[self._lost].sum())

    def _variable(self, most: float = np.inf) -> int:
        self._most.append(most)
        return len(self._most) - 1

    def _pair(self, pair: int) -> None:
        """Stock of one pair from arrival to arrival."""
        world, model = self._world, self._world.replay.model
        slots = len(model.slots)
        arriving: dict[int, list[int]] = {0: []}
        for place in world.of_lane[model.lanes[model.lane_of_pair[pair]]]:
            if world.edges[place] < slots:
                self._sent[place, pair] = self._variable()
                arriving.setdefault(world.edges[place], []).append(self._sent[place, pair])
        edges = sorted(arriving)
        opening = float(max(int(world.replay.state.on_hand[pair]), 0))
        room = float(max(model.terms.bin_maximum[pair], opening))
        left: list[tuple[int, float]] = []  # what was left before the arrival
        given = opening
        for edge, following in zip(edges, [*edges[1:], slots], strict=True):
            stock = self._variable(room)
            arrives = [(variable, 1.0) for variable in arriving[edge]]
            self._rows.add([(stock, -1.0), *left, *arrives], -given, -given)
            left, given = self._interval(pair, stock, edge, following)

    def _interval(
        self, pair: int, stock: int, edge: int, following: int
    ) -> tuple[list[tuple[int, float]], float]:
        """One interval without arrivals; what is left at its end, as terms and a constant."""
        until = self._world.until[:, pair]
        scored = max(edge, min(self._world.first, following))
        before = float(until[scored] - until[edge])
        after = float(until[following] - until[scored])
        early, late = self._variable(before), self._variable(after)
        self._lost.append(late)
        left = [(stock, 1.0), (early, 1.0), (late, 1.0)]
        demand = before + after
        self._rows.add([(variable, -factor) for variable, factor in left], -np.inf, -demand)
        minutes = self._world.minutes[edge:following]
        if minutes.any():
            taken = float(minutes @ (until[edge:following] - until[edge]))
            held = self._variable()
            self._stock.append(held)
            self._rows.add([(stock, float(minutes.sum())), (held, -1.0)], -np.inf, taken)
        return left, -demand

    def limit_vehicles(self) -> None:
        """What is on board has room."""
        litres = self._world.replay.model.litres
        for place, departure in enumerate(self._world.departures):
            room = departure.lane.volume_litres
            terms = [
                (self._sent[place, pair], float(litres[pair]))
                for pair in self._pairs
                if (place, pair) in self._sent
            ]
            if room is not None and terms:
                self._rows.add(terms, -np.inf, float(room))

    def limit_warehouses(self) -> None:
        """What all departures take of a warehouse part is at most its opening stock."""
        replay = self._world.replay
        taken: dict[int, list[tuple[int, float]]] = {}
        for (_, pair), variable in self._sent.items():
            source = int(replay.model.source_of_pair[pair])
            if source >= 0:
                taken.setdefault(source, []).append((variable, 1.0))
        for source, terms in taken.items():
            opening = max(int(replay.state.source_on_hand[source]), 0)
            self._rows.add(terms, -np.inf, float(opening))


def _blocks(model: PlantModel, ample_warehouse: bool) -> list[Sequence[int]]:
    """Pairs that have to be solved together: all of them where they compete for anything."""
    count = len(model.pairs)
    rooms = [model.plant.lane_by_id[lane].volume_litres for lane in model.lanes]
    if not ample_warehouse or any(room is not None for room in rooms):
        return [range(count)]
    return [range(first, min(first + _BLOCK, count)) for first in range(0, count, _BLOCK)]


def _usable_edge(replay: Replay, departure: SlotDeparture) -> int:
    transit = transit_minutes(departure.lane, departure.departure_at, replay.seed, 1)
    return int(usable_edges(replay.model.slots, departure.departure_at, transit)[0])


def _demand_until(replay: Replay) -> FloatArray:
    """Demand of each pair until each edge, shape (edge, pair)."""
    model = replay.model
    demand = SlotDemand(model, replay.demand[None], replay.seed)
    sums = GroupSum(model.pair_of_series)
    per_slot: list[IntArray] = [sums(demand.of(slot))[0] for slot in range(len(model.slots))]
    total = np.zeros((len(per_slot) + 1, len(model.pairs)))
    np.cumsum(np.array(per_slot, dtype=np.float64), axis=0, out=total[1:])
    return total

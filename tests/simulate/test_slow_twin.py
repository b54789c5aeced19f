"""The fast twin against a slow, obvious one: plain loops, dictionaries and fractions."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.core.ids import series_id
from supplynet.core.keyed import name_key, uniform
from supplynet.core.network import Duration, Shortage
from supplynet.core.timetable import departures_between
from supplynet.replenish.min_max import MinMax
from supplynet.simulate.hooks import Disruptions
from supplynet.simulate.run import run
from supplynet.simulate.triangular import triangular
from supplynet.simulate.twin import Twin

Build = Callable[..., Any]
Pair = tuple[str, str]
Levels = dict[Pair, tuple[int, int]]
DAY = 1440


@dataclass(kw_only=True)
class Case:
    """One small plant and what happens to it."""

    small: Any
    demand: Any
    stock: Any
    source: Any
    levels: Levels
    seed: int
    trouble: Disruptions | None = None

    @property
    def model(self) -> Any:
        return self.small.model

    def fast(self) -> Twin:
        twin: Twin = self.small.twin(
            self.demand, self.stock, self.source, seed=self.seed, trouble=self.trouble
        )
        return twin


@dataclass
class Owing:
    """What a line that keeps its production owes: parts, and minutes of work."""

    parts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    minutes: int = 0


class SlowTwin:
    """One replication, one dictionary per thing. Shares only random numbers with the fast one."""

    def __init__(self, case: Case, share: Callable[..., dict[Any, int]]) -> None:
        self.case, self.model, self.plant = case, case.model, case.model.plant
        self.share, self.seed = share, case.seed
        self.trouble = case.trouble or Disruptions()
        self.luck = np.zeros(1, dtype=np.int32)
        self.stock: dict[Pair, int] = dict(zip(self.model.pairs, case.stock.tolist(), strict=True))
        self.source = dict(zip(self.model.sources, np.array(case.source).tolist(), strict=True))
        self.reserved: dict[Pair, int] = defaultdict(int)
        self.on_order: dict[Pair, int] = defaultdict(int)
        self.bought: dict[Pair, int] = defaultdict(int)
        self.leaving: list[Any] = []
        self.road: list[Any] = []
        self.receipts: list[Any] = []
        self.last_arrival: dict[str, float] = {}
        self.last_receipt: dict[Pair, float] = {}
        self.missing: dict[str, set[str]] = {}
        self.owing: dict[str, Owing] = defaultdict(Owing)
        self.consumed: dict[Any, int] = defaultdict(int)
        self.starved: dict[Any, float] = defaultdict(float)
        self.halts: dict[Any, int] = defaultdict(int)
        self.history: list[dict[Pair, int]] = []
        self.rules = self.plant.supply_rule
        self.terms = {(rule.warehouse_id, rule.part_id): rule for rule in self.plant.purchase_rules}

    def run(self) -> None:
        for slot in range(len(self.model.slots)):
            for batch in self.model.batches.get(slot, ()):
                self.decide(batch)
            self.leave(slot)
            self.history.append(dict(self.stock))
            self.buy(slot)
            self.work(slot)
            self.arrive(slot + 1)

    def origin(self, pair: Pair) -> Pair:
        lane = self.plant.lane_by_id[self.rules[pair].lane_ids[0]]
        return lane.from_location, pair[1]

    def free(self, origin: Pair) -> int:
        if origin in self.source:
            return int(max(self.source[origin] - self.reserved[origin], 0))
        return self.stock[origin]  # what a store reserves is set aside at once

    def decide(self, batch: Any) -> None:
        wants: dict[Pair, dict[Pair, int]] = defaultdict(dict)
        vehicle = {}
        for departure in batch.departures:
            for pair in sorted(self.stock):
                if self.rules[pair].lane_ids[0] != departure.lane.lane_id:
                    continue
                vehicle[pair] = departure
                position = self.stock[pair] + self.on_order[pair]
                packs = containers(position, self.case.levels[pair], self.rules[pair])
                wants[self.origin(pair)][pair] = packs * self.rules[pair].container_size
        for origin, claims in wants.items():
            sizes = {pair: self.rules[pair].container_size for pair in claims}
            for pair, quantity in self.share(claims, self.free(origin), sizes).items():
                if origin in self.source:
                    self.reserved[origin] += quantity
                else:
                    self.stock[origin] -= quantity
                self.on_order[pair] += quantity
                self.leaving.append((vehicle[pair], pair, quantity))

    def leave(self, slot: int) -> None:
        arrives, cancelled = {}, {}
        for departure in self.model.leaving.get(slot, ()):
            key = departure.lane.lane_id, departure.departure_at
            gone = self.trouble.cancelled(departure.lane, departure.departure_at, self.luck)
            cancelled[key] = gone is not None and bool(gone[0])
            arrives[key] = self.arrival(departure, cancelled[key])
        for goods in [each for each in self.leaving if each[0].depart_slot == slot]:
            self.leaving.remove(goods)
            departure, pair, quantity = goods
            key, origin = (departure.lane.lane_id, departure.departure_at), self.origin(pair)
            if origin in self.source:
                self.reserved[origin] -= quantity
            if cancelled[key]:
                self.on_order[pair] -= quantity
                self.stock[origin] = self.stock.get(origin, 0) + quantity
                if origin in self.source:
                    del self.stock[origin]
                continue
            if origin in self.source:
                self.source[origin] -= quantity
            good = self.trouble.usable(
                departure.lane,
                departure.departure_at,
                np.array([self.model.pair_index[pair]]),
                np.array([[quantity]]),
                self.luck,
            )
            usable = quantity if good is None else int(good[0, 0])
            edge = max(self.edge_at(arrives[key]), slot + 1)
            self.road.append((edge, pair, quantity, usable))

    def arrival(self, departure: Any, cancelled: bool) -> float:
        """Nobody overtakes: walk through all vehicles of the lane, one after the other."""
        lane, moment = departure.lane, departure.departure_at
        planned = -math.inf
        for each in departures_between(lane, moment - timedelta(days=2), moment + timedelta(1e-4)):
            minute = int(each.departure_at.timestamp()) // 60
            random = uniform(self.seed, "transit", name_key(lane.lane_id), minute, np.arange(1))
            way = float(triangular(lane.transit, random)[0])
            planned = max(planned, self.model.slots.minutes(each.departure_at) + way)
        delay = self.trouble.delay_minutes(lane, moment, self.luck)
        there = planned + (0.0 if delay is None else float(delay[0]))
        there = max(there, self.last_arrival.get(lane.lane_id, -math.inf))
        if not cancelled:
            self.last_arrival[lane.lane_id] = there
        return there

    def edge_at(self, minute: float) -> int:
        edges = self.model.slots.edges
        return next((e for e, m in enumerate(edges) if m >= minute - 1e-9), 10**6)

    def buy(self, slot: int) -> None:
        today = self.model.slots.moment(slot).date()
        if slot and self.model.slots.moment(slot - 1).date() == today:
            return
        for source in sorted(self.source):
            rule = self.terms[source]
            position = self.source[source] - self.reserved[source] + self.bought[source]
            if position > rule.reorder_point or position >= rule.order_up_to_level:
                continue
            need = max(rule.order_up_to_level - position, rule.minimum_order)
            quantity = math.ceil(need / rule.multiple) * rule.multiple
            name = name_key(series_id(*source))
            random = uniform(self.seed, "purchase", name, today.toordinal(), np.arange(1))
            delay = self.trouble.purchase_delay_minutes(source, today, self.luck)
            moment = self.model.slots.edges[slot] + float(triangular(rule.lead_time, random)[0])
            moment += 0.0 if delay is None else float(delay[0])
            moment = self.last_receipt[source] = max(moment, self.last_receipt.get(source, 0.0))
            self.receipts.append((max(self.edge_at(moment), slot + 1), source, quantity))
            self.bought[source] += quantity

    def work(self, slot: int) -> None:
        minutes = int(self.model.slots.edges[slot + 1] - self.model.slots.edges[slot])
        stopped = self.trouble.stopped(slot, self.luck)
        order = [(self.plant.location(line).priority, i) for i, line in enumerate(self.model.lines)]
        for _, index in sorted(order):
            line = self.model.lines[index]
            shift = self.shift_of(line, slot)
            if shift is None or (stopped is not None and stopped[0, index]):
                continue
            mine = {p: self.wish(i, slot, shift) for i, p in self.series_of(line)}
            planned = any(self.case.demand[i, shift] for i, _ in self.series_of(line))
            setting, owing = self.plant.location(line).on_shortage, self.owing[line]
            at_work = planned or owing.minutes > 0
            if setting is Shortage.BUILD_SHORT:
                drawn, idle = self.build_short(line, mine, owing)
            else:
                rate = minutes * 25 // 100 if planned else minutes
                made = min(owing.minutes, rate) if setting is Shortage.CATCH_UP else 0
                extra = {p: owing.parts[p] * made // max(owing.minutes, 1) for p in mine}
                drawn, idle = self.build(line, {p: mine[p] + extra[p] for p in mine})
                if setting is Shortage.CATCH_UP:
                    missed = math.ceil(idle * (made + (minutes if planned else 0)))
                    owing.minutes += missed - made
                    for part, wish in mine.items():
                        owing.parts[part] += wish - drawn[part]
            for part, quantity in drawn.items():
                self.stock[self.plant.stock_point_of(line), part] -= quantity
                self.consumed[(line, part), shift] += quantity
            self.halts[line, shift] += self.halt_began
            if at_work:
                self.starved[line, shift] += float(idle) * minutes

    def build(self, line: str, mine: dict[str, int]) -> tuple[dict[str, int], Fraction]:
        """What a line draws that stands when a part is missing, and how long it stands."""
        room = self.plant.stock_point_of(line)
        halted, self.halt_began = line in self.missing, False
        if halted and any(self.stock[room, part] == 0 for part in self.missing[line]):
            return dict.fromkeys(mine, 0), Fraction(1)
        shares = [Fraction(self.stock[room, p], wish) for p, wish in mine.items() if wish]
        built = min([Fraction(1), *shares])
        self.missing.pop(line, None)
        drawn = {part: math.floor(wish * built) for part, wish in mine.items()}
        if built < 1:
            self.halt_began = not halted or built > 0
            out = {p for p in mine if mine[p] and self.stock[room, p] == drawn[p]}
            self.missing[line] = out
        return drawn, 1 - built

    def build_short(
        self, line: str, mine: dict[str, int], owing: Owing
    ) -> tuple[dict[str, int], Fraction]:
        """What a line draws that goes on, and how long it goes on with a part owed."""
        room, owed_before = self.plant.stock_point_of(line), any(owing.parts.values())
        drawn, shares = {}, [Fraction(0)]
        for part, wish in mine.items():
            first = min(owing.parts[part], self.stock[room, part])
            fresh = min(wish, self.stock[room, part] - first)
            drawn[part] = first + fresh
            owing.parts[part] += wish - drawn[part]
            if owing.parts[part]:
                shares.append(1 - Fraction(fresh, wish) if wish else Fraction(1))
        self.halt_began = any(owing.parts.values()) and not owed_before
        return drawn, max(shares)

    def series_of(self, line: str) -> list[tuple[int, str]]:
        return [(i, part) for i, (owner, part) in enumerate(self.model.series) if owner == line]

    def shift_of(self, line: str, slot: int) -> int | None:
        shift = self.plant.calendar_of(line).shift_at(self.model.slots.moment(slot))
        times = [(each.start, each.end) for each in self.model.shifts]
        return None if shift is None else times.index((shift.start, shift.end))

    def wish(self, index: int, slot: int, shift: int) -> int:
        """The slot's part of a shift's demand: cumulative shares, rounded with a phase."""
        begin = self.model.slots.minutes(self.model.shifts[shift].start)
        length = self.model.shifts[shift].minutes
        name = name_key(series_id(*self.model.series[index]))
        minute = int(self.model.shifts[shift].start.timestamp()) // 60
        phase = float(uniform(self.seed, "phase", minute, name))
        total = int(self.case.demand[index, shift])

        def until(edge: int) -> int:
            done = (self.model.slots.edges[edge] - begin) / length
            reached = total if done >= 1 else math.floor(total * done + phase) if done > 0 else 0
            return int(reached)

        return until(slot + 1) - until(slot)

    def arrive(self, edge: int) -> None:
        for _, pair, quantity, usable in [g for g in self.road if g[0] == edge]:
            self.stock[pair] += usable
            self.on_order[pair] -= quantity
        for _, source, quantity in [r for r in self.receipts if r[0] == edge]:
            self.source[source] += quantity
            self.bought[source] -= quantity


def containers(position: int, level: tuple[int, int], rule: Any) -> int:
    low, high = level
    if position > low or position >= high:
        return 0
    packs = math.ceil((high - position) / rule.container_size)
    if rule.bin_maximum is not None:
        packs = min(packs, max(rule.bin_maximum - position, 0) // rule.container_size)
    return int(packs)


def proportional(claims: dict[Any, int], free: int, sizes: dict[Any, int]) -> dict[Any, int]:
    """Whole containers, largest remainder, one container at a time."""
    total = sum(claims.values())
    if total <= free:
        return claims
    exact = {each: Fraction(q * free, total * sizes[each]) for each, q in claims.items()}
    given = {each: math.floor(exact[each]) * sizes[each] for each in claims}
    for each in sorted(claims, key=lambda e: exact[e] - math.floor(exact[e]), reverse=True):
        if sum(given.values()) + sizes[each] <= free and given[each] < claims[each]:
            given[each] += sizes[each]
    return given


def in_turn(claims: dict[Any, int], free: int, sizes: dict[Any, int]) -> dict[Any, int]:
    """First come, first served, in whole containers."""
    given = {}
    for each, quantity in claims.items():
        given[each] = min(quantity, free // sizes[each] * sizes[each])
        free -= given[each]
    return given


class Mischief(Disruptions):
    """A bit of everything, from keyed random numbers."""

    def __init__(self, seed: int, lines: int) -> None:
        self.seed, self.lines = seed, lines

    def _share(self, what: str, lane: Any, moment: Any) -> Any:
        minute = int(moment.timestamp()) // 60
        return uniform(self.seed, what, name_key(lane.lane_id), minute, np.arange(1))

    def delay_minutes(self, lane: Any, departure_at: Any, luck: Any) -> Any:  # noqa: ARG002
        return np.floor(np.maximum(self._share("late", lane, departure_at) - 0.6, 0) * 2000)

    def cancelled(self, lane: Any, departure_at: Any, luck: Any) -> Any:  # noqa: ARG002
        return self._share("cancelled", lane, departure_at) < 0.15

    def usable(self, lane: Any, departure_at: Any, pairs: Any, quantities: Any, luck: Any) -> Any:
        del pairs, luck
        return quantities - (self._share("bad", lane, departure_at) < 0.3) * (quantities > 0)

    def purchase_delay_minutes(self, source: Any, day: Any, luck: Any) -> Any:
        del luck
        name = name_key(series_id(*source))
        return uniform(self.seed, "slow", name, day.toordinal(), np.arange(1)) * 3000

    def stopped(self, slot: int, luck: Any) -> Any:
        del luck
        return uniform(self.seed, "stop", slot, np.arange(self.lines))[None] < 0.1


PLANTS: list[dict[str, Any]] = [
    {"R1.A": ["p1"]},
    {"R1.A": ["p1", "p2"], "R1.B": ["p1"]},
    {"R1.A": ["p1", "p2", "p3"], "R1.B": ["p2"], "R2.A": ["p1", "p3"], "R2.B": ["p3"]},
]


def random_case(small: Build, seed: int, **settings: Any) -> Case:
    """A plant with lanes, stock and demand by chance."""
    rng = np.random.default_rng(seed)
    lines = PLANTS[rng.integers(len(PLANTS))]
    low, mode, high = sorted(rng.integers(10, 900, size=3).tolist())
    plant = small(
        lines,
        shifts=int(rng.integers(2, 6)),
        slot_minutes=int(rng.choice([60, 120, 240])),
        departures=tuple(time(int(h)) for h in np.unique(rng.integers(0, 24, size=3))),
        transit=Duration(low=low, mode=mode, high=high),
        container=int(rng.integers(1, 7)),
        bin_maximum=int(rng.integers(20, 120)),
        purchase=(40, 150, Duration(low=300, mode=800, high=3 * DAY)),
        priority={line: int(rng.integers(1, 4)) for line in lines},
        **settings,
    )
    model = plant.model
    demand = rng.integers(0, 50, size=(len(model.series), len(model.shifts)))
    demand *= rng.random(demand.shape) < 0.85
    for crew in model.crews:  # nobody works in the shifts of others
        off = np.setdiff1d(np.arange(len(model.shifts)), crew.shift_of_slot)
        demand[np.ix_(np.arange(len(demand))[crew.series], off)] = 0
    at = rng.integers(0, 60, size=len(model.pairs))
    up_to = at + rng.integers(0, 60, size=len(model.pairs))
    return Case(
        small=plant,
        demand=demand,
        stock=rng.integers(0, 60, size=len(model.pairs)),
        source=rng.integers(0, 150, size=len(model.sources)),
        levels={p: (int(a), int(b)) for p, a, b in zip(model.pairs, at, up_to, strict=True)},
        seed=seed,
    )


def check_equal(fast: Any, slow: SlowTwin) -> None:
    """Stock in every slot, parts drawn, halts and starved minutes of every shift, what is owed."""
    model = slow.model
    assert [dict(zip(model.pairs, row[0].tolist(), strict=True)) for row in fast.on_hand] == (
        slow.history
    )
    shifts = range(len(model.shifts))
    drawn = [[slow.consumed[series, shift] for shift in shifts] for series in model.series]
    assert fast.consumed[0].tolist() == drawn
    halts = [[slow.halts[line, shift] for shift in shifts] for line in model.lines]
    assert fast.halts[0].tolist() == halts
    starved = np.array([[slow.starved[line, s] for s in shifts] for line in model.lines])
    np.testing.assert_allclose(fast.starved_minutes[0], starved, atol=1e-6)
    owed = [slow.owing[line].parts[part] for line, part in model.series]
    assert fast.owed[0].tolist() == owed
    # Every starved minute is blamed on parts of that line, once.
    blamed = np.zeros_like(starved)
    np.add.at(blamed, model.line_of_series, fast.blamed_minutes[0])
    np.testing.assert_allclose(blamed[starved > 0], starved[starved > 0], rtol=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_a_run_of_a_policy_equals_the_slow_twin(small: Build, seed: int) -> None:
    case = random_case(small, seed)
    slow = SlowTwin(case, proportional)
    slow.run()
    check_equal(run(case.fast(), MinMax(thresholds=case.levels)), slow)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 10_000),
    modes=st.lists(st.sampled_from(list(Shortage)), min_size=4, max_size=4),
    bins=st.booleans(),
    short_shifts=st.booleans(),
    trouble=st.booleans(),
)
def test_every_kind_of_plant_equals_the_slow_twin_and_keeps_its_parts(
    small: Build,
    seed: int,
    modes: list[Shortage],
    bins: bool,
    short_shifts: bool,
    trouble: bool,
) -> None:
    case = random_case(
        small,
        seed,
        on_shortage=dict(zip(("R1.A", "R1.B", "R2.A", "R2.B"), modes, strict=True)),
        lines_with_bins=("R1.A",) if bins else (),
        rooms_of_two_short_shifts=("R1",) if short_shifts else (),
    )
    case.trouble = Mischief(seed, len(case.model.lines)) if trouble else None
    twin = case.fast()
    keeper = Bookkeeper(twin)
    while not twin.done:
        for batch in twin.due():
            twin.dispatch_batch(batch, orders(twin, batch, case.levels))
        keeper.check(twin.step())
    slow = SlowTwin(case, in_turn)
    slow.run()
    check_equal(twin.result(), slow)


def orders(twin: Twin, batch: Any, levels: Levels) -> Any:
    """What the slow twin orders when it shares in turn."""
    state, free = twin.state_of(batch.pairs), twin.supply_of(batch).available[0].copy()
    amount = np.zeros((1, len(batch.pairs)), dtype=np.int32)
    for index, pair in enumerate(batch.terms.pairs):
        rule, origin = twin.model.plant.supply_rule[pair], batch.source_of_pair[index]
        position = int(state.on_hand[0, index] + state.on_order[0, index])
        packs = containers(position, levels[pair], rule)
        packs = min(packs, int(free[origin]) // rule.container_size)
        amount[0, index] = packs * rule.container_size
        free[origin] -= amount[0, index]
    return amount


class Bookkeeper:
    """Units in are units consumed, on hand, under way or scrapped, for every part in every slot."""

    def __init__(self, twin: Twin) -> None:
        self.twin, self.model = twin, twin.model
        self.used = np.zeros(len(self.model.pairs), int)
        self.opening = self.held()

    def check(self, report: Any) -> None:
        np.add.at(self.used, self.model.pair_of_series, report.drawn[0])
        self.used += report.scrapped[0]
        for source, quantity in enumerate(report.received[0]):
            self.opening[self.model.sources[source][1]] += quantity
        assert self.held() == self.opening
        levels = (self.twin.on_hand, self.twin.pipeline.in_transit, self.twin.origins.available)
        assert all((level >= 0).all() for level in levels)

    def held(self) -> dict[str, int]:
        twin, found = self.twin, defaultdict[str, int](int)
        set_aside = twin.pipeline.on_order - twin.pipeline.in_transit
        from_store = self.model.source_of_pair >= len(self.model.sources)
        there = twin.on_hand + twin.pipeline.in_transit + set_aside * from_store
        for pair, quantity in zip(self.model.pairs, there[0] + self.used, strict=True):
            found[pair[1]] += int(quantity)
        for source, quantity in zip(self.model.sources, twin.warehouse.on_hand[0], strict=True):
            found[source[1]] += int(quantity)
        return found

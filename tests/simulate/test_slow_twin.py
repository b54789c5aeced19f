"""The fast twin against a slow, obvious one: plain loops, dictionaries and fractions."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from datetime import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.ids import series_id
from supplynet.core.keyed import name_key, uniform
from supplynet.core.network import Duration
from supplynet.replenish.min_max import MinMax
from supplynet.simulate.departures import transit_minutes
from supplynet.simulate.run import run
from supplynet.simulate.triangular import triangular
from supplynet.simulate.twin import Twin

Build = Callable[..., Any]
DAY = 1440


class SlowTwin:
    """One replication, one dictionary per thing. Shares only random numbers with the fast one."""

    def __init__(
        self,
        model: Any,
        demand: Any,
        stock: dict[Any, int],
        source: dict[str, int],
        levels: Any,
        seed: int,
    ) -> None:
        self.model, self.demand, self.seed = model, demand, seed
        self.stock, self.source, self.levels = dict(stock), dict(source), levels
        self.reserved: dict[str, int] = defaultdict(int)
        self.on_order: dict[Any, int] = defaultdict(int)
        self.bought: dict[str, int] = defaultdict(int)
        self.leaving: list[Any] = []
        self.road: list[Any] = []
        self.receipts: list[Any] = []
        self.missing: dict[str, set[str]] = {}
        self.consumed: dict[Any, int] = defaultdict(int)
        self.starved: dict[Any, float] = defaultdict(float)
        self.halts: dict[Any, int] = defaultdict(int)
        self.history: list[dict[Any, int]] = []
        self.plant = model.plant
        self.terms = {rule.part_id: rule for rule in self.plant.purchase_rules}
        self.rules = self.plant.supply_rule

    def run(self) -> None:
        for slot in range(len(self.model.slots)):
            for batch in self.model.batches.get(slot, ()):
                self.decide(batch)
            self.history.append(dict(self.stock))
            self.leave(slot)
            self.buy(slot)
            self.work(slot)
            self.arrive(slot + 1)

    def decide(self, batch: Any) -> None:
        wants: dict[str, dict[str, int]] = defaultdict(dict)
        vehicle = {}
        for departure in batch.departures:
            room = departure.lane.to_location
            vehicle[room] = departure
            for pair in sorted(self.stock):
                if pair[0] != room:
                    continue
                rule, (low, high) = self.rules[pair], self.levels[pair]
                position = self.stock[pair] + self.on_order[pair]
                if position <= low and high > position:
                    packs = math.ceil((high - position) / rule.container_size)
                    if rule.bin_maximum is not None:
                        space = max(rule.bin_maximum - position, 0) // rule.container_size
                        packs = min(packs, space)
                    wants[pair[1]][room] = packs * rule.container_size
        for part, claims in wants.items():
            free = max(self.source[part] - self.reserved[part], 0)
            sizes = {room: self.rules[room, part].container_size for room in claims}
            for room, quantity in share(claims, free, sizes).items():
                self.reserved[part] += quantity
                self.on_order[room, part] += quantity
                self.leaving.append((vehicle[room], room, part, quantity))

    def leave(self, slot: int) -> None:
        for goods in list(self.leaving):
            departure, room, part, quantity = goods
            if departure.depart_slot != slot:
                continue
            self.leaving.remove(goods)
            self.source[part] -= quantity
            self.reserved[part] -= quantity
            transit = transit_minutes(departure.lane, departure.departure_at, self.seed, 1)[0]
            moment = self.model.slots.minutes(departure.departure_at) + transit
            edge = next((e for e, m in enumerate(self.model.slots.edges) if m >= moment), 10**6)
            self.road.append((max(edge, slot + 1), room, part, quantity))

    def buy(self, slot: int) -> None:
        today = self.model.slots.moment(slot).date()
        if slot and self.model.slots.moment(slot - 1).date() == today:
            return
        for part in sorted(self.source):
            rule = self.terms[part]
            position = self.source[part] - self.reserved[part] + self.bought[part]
            if position > rule.reorder_point or position >= rule.order_up_to_level:
                continue
            need = max(rule.order_up_to_level - position, rule.minimum_order)
            quantity = math.ceil(need / rule.multiple) * rule.multiple
            name = name_key(series_id("WH", part))
            random = uniform(self.seed, "purchase", name, today.toordinal(), np.arange(1))
            moment = self.model.slots.edges[slot] + triangular(rule.lead_time, random)[0]
            edge = next((e for e, m in enumerate(self.model.slots.edges) if m >= moment), 10**6)
            self.receipts.append((max(edge, slot + 1), part, quantity))
            self.bought[part] += quantity

    def work(self, slot: int) -> None:
        shift = int(self.model.slots.shift_of_slot[slot])
        minutes = int(self.model.slots.edges[slot + 1] - self.model.slots.edges[slot])
        wishes = {s: self.wish(i, slot, shift) for i, s in enumerate(self.model.series)}
        place = {line: self.plant.location(line).priority for line in self.model.lines}
        for line in sorted(self.model.lines, key=lambda each: place[each]):
            mine = {part: wish for (owner, part), wish in wishes.items() if owner == line}
            room = self.plant.stock_point_of(line)
            built = self.build(line, room, mine)
            index = [i for i, s in enumerate(self.model.series) if s[0] == line]
            if built < 1 and self.demand[index, shift].sum() > 0:
                self.starved[line, shift] += float(1 - built) * minutes
            for part, wish in mine.items():
                self.stock[room, part] -= math.floor(wish * built)
                self.consumed[(line, part), shift] += math.floor(wish * built)
            self.halts[line, shift] += self.halt_began
            if built < 1 and not self.waits:
                self.missing[line] = {p for p in mine if mine[p] and self.stock[room, p] == 0}

    def build(self, line: str, room: str, mine: dict[str, int]) -> Fraction:
        """Share of the slot that the line works; remembers whether a halt began."""
        self.halt_began, self.waits = False, False
        halted = line in self.missing
        if halted and any(self.stock[room, part] == 0 for part in self.missing[line]):
            self.waits = True
            return Fraction(0)
        shares = [Fraction(self.stock[room, p], wish) for p, wish in mine.items() if wish]
        built = min([Fraction(1), *shares])
        if built < 1:
            self.halt_began = not halted or built > 0
        else:
            self.missing.pop(line, None)
        return built

    def wish(self, index: int, slot: int, shift: int) -> int:
        """The slot's part of a shift's demand: cumulative shares, rounded with a phase."""
        begin = self.model.slots.minutes(self.model.shifts[shift].start)
        length = self.model.shifts[shift].minutes
        name = name_key(series_id(*self.model.series[index]))
        minute = int(self.model.shifts[shift].start.timestamp()) // 60
        phase = float(uniform(self.seed, "phase", minute, name))
        total = int(self.demand[index, shift])

        def until(edge: int) -> int:
            done = (self.model.slots.edges[edge] - begin) / length
            return total if done >= 1 else math.floor(total * done + phase) if done > 0 else 0

        return until(slot + 1) - until(slot)

    def arrive(self, edge: int) -> None:
        for goods in [g for g in self.road if g[0] == edge]:
            self.stock[goods[1], goods[2]] += goods[3]
            self.on_order[goods[1], goods[2]] -= goods[3]
        for receipt in [r for r in self.receipts if r[0] == edge]:
            self.source[receipt[1]] += receipt[2]
            self.bought[receipt[1]] -= receipt[2]


def share(claims: dict[str, int], free: int, sizes: dict[str, int]) -> dict[str, int]:
    """Proportional, whole containers, largest remainder, one container at a time."""
    total = sum(claims.values())
    if total <= free:
        return claims
    exact = {room: Fraction(q * free, total * sizes[room]) for room, q in claims.items()}
    given = {room: math.floor(exact[room]) * sizes[room] for room in claims}
    for room in sorted(claims, key=lambda r: exact[r] - math.floor(exact[r]), reverse=True):
        if sum(given.values()) + sizes[room] <= free and given[room] < claims[room]:
            given[room] += sizes[room]
    return given


def random_case(build: Build, seed: int) -> tuple[Any, Any, Any, Any, dict[Any, Any]]:
    rng = np.random.default_rng(seed)
    parts = ["P1", "P2", "P3"]
    lines = {
        f"R{room}.{line}": sorted(rng.choice(parts, size=rng.integers(1, 4), replace=False))
        for room in range(1, rng.integers(2, 4))
        for line in "ABC"[: rng.integers(1, 4)]
    }
    order = rng.permutation(len(lines))
    plant = build(
        lines,
        shifts=6,
        departures=(time(3), time(10, 30), time(17)),
        transit=Duration(low=20, mode=60, high=400),
        cutoff_minutes=int(rng.integers(0, 150)),
        container=int(rng.integers(1, 6)),
        bin_maximum=int(rng.integers(30, 90)) if rng.random() < 0.5 else None,
        purchase=(60, 120, Duration(low=300, mode=600, high=2000)),
        priority={line: int(rank) for line, rank in zip(lines, order, strict=True)},
    )
    model = plant.model
    demand = rng.integers(0, 50, size=(len(model.series), len(model.shifts)))
    stock = rng.integers(0, 60, size=len(model.pairs))
    source = rng.integers(0, 150, size=len(model.sources))
    low = rng.integers(0, 60, size=len(model.pairs))
    high = low + rng.integers(0, 60, size=len(model.pairs))
    levels = {p: (int(a), int(b)) for p, a, b in zip(model.pairs, low, high, strict=True)}
    return plant, demand, stock, source, levels


@pytest.mark.parametrize("seed", range(25))
def test_the_fast_twin_equals_the_slow_one(small: Build, seed: int) -> None:
    plant, demand, stock, source, levels = random_case(small, seed)
    model = plant.model
    fast = run(plant.twin(demand, stock, source, seed=seed), MinMax(thresholds=levels))
    slow = SlowTwin(
        model,
        demand,
        dict(zip(model.pairs, stock.tolist(), strict=True)),
        {part: int(q) for (_, part), q in zip(model.sources, source, strict=True)},
        levels,
        seed,
    )
    slow.run()
    assert [dict(zip(model.pairs, row[0].tolist(), strict=True)) for row in fast.on_hand] == (
        slow.history
    )
    shifts = range(len(model.shifts))
    assert fast.consumed[0].tolist() == [
        [slow.consumed[series, shift] for shift in shifts] for series in model.series
    ]
    assert fast.halts[0].tolist() == [
        [slow.halts[line, shift] for shift in shifts] for line in model.lines
    ]
    starved = [[slow.starved[line, shift] for shift in shifts] for line in model.lines]
    np.testing.assert_allclose(fast.starved_minutes[0], starved, atol=1e-6)
    # Every starved minute is blamed on parts of that line, once.
    blamed = np.zeros_like(fast.starved_minutes[0])
    np.add.at(blamed, model.line_of_series, fast.blamed_minutes[0])
    working = np.array(starved) > 0
    np.testing.assert_allclose(blamed[working], np.array(starved)[working], rtol=1e-4)


@given(seed=st.integers(0, 10_000))
def test_units_in_are_units_consumed_on_hand_or_under_way_in_every_slot(
    small: Build, seed: int
) -> None:
    plant, demand, stock, source, levels = random_case(small, seed)
    twin: Twin = plant.twin(demand, stock, source, seed=seed)
    policy = MinMax(thresholds=levels)
    used, bought = np.zeros(len(stock), int), np.zeros(len(source), int)
    sent = np.zeros(len(stock), int)
    while not twin.done:
        for batch in twin.due():
            order = policy.wanted(twin.state_of(batch.pairs), None, batch.terms)  # type: ignore[arg-type]
            free = twin.supply_of(batch).available[0]
            for index, pair in enumerate(batch.pairs):  # first come, first served
                size = batch.terms.container_size[index]
                most = free[batch.source_of_pair[index]] // size * size
                order[0, index] = min(order[0, index], most)
                free[batch.source_of_pair[index]] -= order[0, index]
                sent[pair] += order[0, index]
            twin.dispatch_batch(batch, order)
        report = twin.step()
        np.add.at(used, twin.model.pair_of_series, report.drawn[0])
        bought += report.received[0]
        under_way = twin.pipeline.on_order[0]
        assert (stock + sent == used + twin.on_hand[0] + under_way).all()
        left = np.zeros(len(source), int)
        np.add.at(left, twin.model.source_of_pair, sent - under_way + twin.pipeline.in_transit[0])
        assert (source + bought == twin.warehouse.on_hand[0] + left).all()
        for level in (twin.on_hand, twin.pipeline.in_transit, twin.warehouse.available):
            assert (level >= 0).all()

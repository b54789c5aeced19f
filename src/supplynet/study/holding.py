"""Whether orders that wait for a person are worth it: wrong records and real surges in the twin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from supplynet.anomaly.holding import (
    excess_left,
    excess_ordered,
    release_by_books,
    release_now,
)
from supplynet.core.protocols import DecisionState, Forecaster, Outlook, Policy, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.replenish.exposure import effective_of
from supplynet.replenish.tail import exceedance
from supplynet.simulate.outlook import PathOutlook
from supplynet.simulate.run import decide_due
from supplynet.simulate.scorecard import Score, score
from supplynet.simulate.twin import Twin
from supplynet.simulate.wrong_records import WrongReports, surged
from supplynet.study.holding_desk import Desk, DeskForecaster
from supplynet.study.holding_finders import Finder
from supplynet.study.holding_rules import Holds, Needed, Rule, World
from supplynet.study.replay import Replay

NEEDED_RISK = 0.01
"""Chance of a stock-out before the next departure's goods from which nothing waits."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Bench:
    """What is played.

    Attributes:
        replay: Days that forecaster and detector have not seen.
        forecaster: Bound to the history before them.
        policy: The same in all runs.
        finder: Finds odd records.
        paths: Sample paths per decision.
        answer: Time until a person answers.
        needed_risk: See ``NEEDED_RISK``.
    """

    replay: Replay
    forecaster: Forecaster
    policy: Policy
    finder: Finder
    paths: int = 100
    answer: timedelta = timedelta(hours=8)
    needed_risk: float = NEEDED_RISK


@dataclass(frozen=True, kw_only=True, eq=False)
class Played:
    """One run.

    Attributes:
        on_hand: Stock slot by slot after the warm-up, shape (slot, pair).
        asked, rightly: Questions, and those about records that were wrong.
        wrong: Wrong records that made a difference.
    """

    score: Score
    on_hand: IntArray
    asked: int
    rightly: int
    wrong: int


def play(bench: Bench, world: World, rule: Rule) -> Played:
    """Play the days of a world by a rule."""
    replay, model = bench.replay, bench.replay.model
    demand = surged(replay.demand, model, world.surges, replay.seed)
    reports = WrongReports(model, world.wrong, replay.seed)
    wrong = reports.factors != 1.0
    twin = Twin(model, demand[None], replay.state, seed=replay.seed, trouble=reports)
    used = demand.astype(np.float64)
    odd = bench.finder.odd(np.rint(used * reports.factors), used) if rule.asks else None
    desk = Desk(model, reports, odd, bench.answer)
    policy = HoldingPolicy(bench=bench, rule=rule, desk=desk, reports=reports, twin=twin)
    outlooks = PathOutlook(
        DeskForecaster(inner=bench.forecaster, desk=desk, unseen=rule.unseen),
        paths=bench.paths,
        seed=replay.seed,
    )
    ends = {shift.end for shift in model.shifts}
    while not twin.done:
        desk.answer(twin.now)
        decide_due(twin, policy, outlooks)
        reports.saw(twin.step())
        desk.settle(reports.counted)
        if twin.now in ends:
            desk.judge(twin.observed(), twin.now)
    result = twin.result()
    first = int(np.argmax(model.slots.shift_of_slot >= replay.warm_up_shifts))
    return Played(
        score=score(result, rule.name, warm_up_shifts=replay.warm_up_shifts, seed=replay.seed),
        on_hand=result.on_hand[first:, 0],
        asked=desk.asked,
        rightly=desk.rightly,
        wrong=int((wrong & (result.consumed[0] > 0)).sum()),
    )


_Given = tuple[DecisionState, Outlook, SupplyTerms]


@dataclass(frozen=True, kw_only=True, eq=False)
class HoldingPolicy:
    """A policy whose orders wait, in whole or in part, while a record is in doubt."""

    bench: Bench
    rule: Rule
    desk: Desk
    reports: WrongReports
    twin: Twin

    @property
    def name(self) -> str:
        """Of the policy that usually decides."""
        return self.bench.policy.name

    def wanted(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """What goes now, shape (1, pair)."""
        index = self.twin.model.pair_index
        pairs = np.array([index[pair] for pair in terms.pairs], dtype=np.int32)
        if self.rule.missing:
            lacking = np.rint(self.desk.missing(pairs)).astype(np.int32)
            state = replace(state, on_hand=np.maximum(state.on_hand - lacking, 0))
        wanted = self.bench.policy.wanted(state, outlook, terms)
        excess = self.desk.excess(pairs)
        if self.rule.holds is Holds.NOTHING or not excess.any():
            return wanted
        granted = wanted.copy()
        for place in np.flatnonzero((excess > 0) & (wanted[0] > 0)).tolist():
            pair, quantity = int(pairs[place]), int(wanted[0, place])
            booked, doubtful = int(self.reports.booked[pair]), float(excess[place])
            now = self._released(place, quantity, (doubtful, booked), (state, outlook, terms))
            granted[0, place] = now
            again = excess_ordered(booked, doubtful)
            self.desk.sent(pair, again - excess_left(again, quantity, now))
        return granted

    def _released(self, place: int, quantity: int, doubt: tuple[float, int], given: _Given) -> int:
        """What goes of one order; ``doubt`` is the excess and the stock in the books."""
        excess, booked = doubt
        if self.rule.holds is Holds.ALL:
            return 0
        size = int(given[2].container_size[place])
        if self.rule.needed is Needed.POSSIBLE:
            return release_by_books(quantity, excess, booked, size)
        again = excess_ordered(booked, excess)
        now = release_now(quantity, again, size, needed=False)
        needed = now < quantity and self._chance(place, now, given) > self.bench.needed_risk
        return release_now(quantity, again, size, needed=needed)

    def _chance(self, place: int, quantity: int, given: _Given) -> float:
        """Of a stock-out until the next departure's goods are there, if the books are right."""
        columns = np.array([place])
        state, outlook = given[0].select(columns), given[1].select(columns)
        level = state.on_hand[0] + state.on_order[0] + quantity
        return float(exceedance(effective_of(state, outlook, 0), level)[0])


def overstock(played: Played, without: Played) -> FloatArray:
    """Parts beyond what the same plant had without wrong records, all pairs, shape (slot,)."""
    more = np.maximum(played.on_hand - without.on_hand, 0)
    return np.asarray(more.sum(axis=1), dtype=np.float64)

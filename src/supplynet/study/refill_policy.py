"""Trigger rules as replenishment policies: when a rule says so, order up to a level.

A rule of ``forecast.refill_*`` says whether stock will fall below a threshold before the order
after this one can arrive. As a policy the threshold is an empty shelf, what is on hand and on order
counts together (all of it arrives before the window ends), and every rule orders up to the same
level, so that what differs between rules is when they order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput, NotFound
from supplynet.forecast.refill_classifier import FittedRefillClassifier
from supplynet.forecast.refill_moments import RefillMoments
from supplynet.forecast.refill_rows import demand_view, rows_of
from supplynet.frames.panel import Panel, Period
from supplynet.learning.scaling import tail_of
from supplynet.learning.windows import Index
from supplynet.replenish.packs import whole_containers
from supplynet.simulate.departures import Batch
from supplynet.simulate.indexing import GroupSum
from supplynet.simulate.model import PlantModel
from supplynet.simulate.outlook import expected_window
from supplynet.simulate.twin import Twin
from supplynet.study.replay import fill_unobserved

_EDGES = ("start", "end")
Judge = Callable[[IntArray], FloatArray]
"""Probability that a refill is due at inventory positions, both of shape (pair,)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedOutlook(Outlook):
    """What a classifier knows of demand: not the demand itself, but what it makes of a position.

    Attributes:
        judge: Of the batch's pairs.
    """

    judge: Judge


@dataclass(frozen=True, kw_only=True)
class RefillTrigger:
    """Order up to a level once the probability that stock runs out reaches a bar.

    On an outlook of sample paths the probability is the share of the paths whose window demand
    exceeds the position; a ``JudgedOutlook`` brings its own.

    Args:
        bar: Probability from which on to order, above 0.
        levels: Order-up-to level of every (stock point, part), parts.
        name: In tables.
    """

    bar: float
    levels: Mapping[tuple[str, str], int]
    name: str = "refill_trigger"

    def __post_init__(self) -> None:
        if not 0.0 < self.bar <= 1.0:
            raise InvalidInput(f"refill_trigger: bar is {self.bar}; use a number in (0, 1]")

    def wanted(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """Up to the level where the rule triggers, whole containers, shape (replication, pair)."""
        position = state.on_hand + state.on_order
        triggered = np.stack([_probability(outlook, row) for row in position]) >= self.bar
        need = np.where(triggered, self._levels(terms) - position, 0)
        return whole_containers(need.astype(np.int32), position, terms)

    def _levels(self, terms: SupplyTerms) -> IntArray:
        try:
            return np.array([self.levels[pair] for pair in terms.pairs], dtype=np.int32)
        except KeyError as error:
            place, part = error.args[0]
            raise NotFound("order-up-to level of", f"{place}/{part}", "give one") from None


def _probability(outlook: Outlook, position: IntArray) -> FloatArray:
    if isinstance(outlook, JudgedOutlook):
        return outlook.judge(position)
    return np.asarray((outlook.window_demand > position).mean(axis=0))


class ClassifierOutlook:
    """Asks a fitted classifier at every decision, with what the twin has shown until then.

    It sees finished periods only: what the running shift has used so far shows in the stock.

    Args:
        fitted: From ``refill_learning.learn``.
        history: What is known before the twin's start, by (line, part).
        calendar: Periods of history and horizon, and those that the last window reaches.
        typical: As in training.
        seed: Of the transit times that are expected.
        shared: One judge for all replications, from what the first has shown.
    """

    def __init__(
        self,
        fitted: FittedRefillClassifier,
        history: Panel,
        calendar: Sequence[Period],
        *,
        typical: float,
        seed: int = 0,
        shared: bool = False,
    ) -> None:
        self._fitted, self._history, self._calendar = fitted, history, tuple(calendar)
        self._typical, self._seed, self._shared = typical, seed, shared

    def outlook(self, twin: Twin, batch: Batch) -> JudgedOutlook:
        """What the classifier makes of positions now.

        Raises:
            InvalidInput: The twin has several replications, or the calendar is too short.
        """
        if twin.replications != 1 and not self._shared:
            raise InvalidInput(f"a classifier follows 1 replication, not {twin.replications}")
        known = tail_of(self._history.append(twin.observed(), self._calendar))
        panel = pair_panel(twin.model, known)
        until = expected_window(batch, twin.now, self._seed, 1)[:, batch.departure_of_pair]
        moments = decision_moments(
            panel.select(batch.terms.pairs), self._calendar, [twin.now], until.T
        )
        order = [moments.panel.series.index(pair) for pair in batch.terms.pairs]
        view = demand_view(moments, typical=self._typical)

        def judge(position: IntArray) -> FloatArray:
            at = np.empty(len(order))
            at[order] = position
            rows = rows_of(view, replace(moments, on_hand=at[:, None]))
            return self._fitted.probability(rows.table[:, 0])[order]

        return JudgedOutlook(
            window_demand=np.zeros((1, len(batch.pairs)), dtype=np.int32), judge=judge
        )


def pair_panel(model: PlantModel, panel: Panel) -> Panel:
    """Demand of each (stock point, part): sums of its series, gaps filled first.

    Gaps are filled by ``replay.fill_unobserved``: with many lines at one stock point hardly a sum
    would be left otherwise.
    """
    place = dict(zip(model.series, model.pair_of_series.tolist(), strict=True))
    known = panel.select(model.series)
    of = np.array([place[name] for name in known.series], dtype=np.int32)
    present, row = np.unique(of, return_inverse=True)
    filled = fill_unobserved(known)
    sums = GroupSum(row.astype(np.int32))(filled.T).T
    return Panel(
        series=tuple(model.pairs[pair] for pair in present),
        periods=known.periods,
        demand=sums.astype(np.float64),
    )


def decision_moments(
    panel: Panel,
    calendar: Sequence[Period],
    decisions: Sequence[datetime],
    until_minutes: FloatArray,
) -> RefillMoments:
    """Moments inside periods, with windows that end inside periods; on hand is 0.

    A period counts with the share of it that lies in the window.

    Args:
        panel: Of pairs, at least until the last decision's last finished period.
        calendar: As of ``ClassifierOutlook``.
        decisions: Ascending.
        until_minutes: From each decision to the end of its window, shape (pair, decision); NaN or
            0 = no decision.

    Raises:
        InvalidInput: The calendar does not reach to the end of a window.
    """
    ahead = tuple(p for p in calendar if p.start >= panel.periods[-1].end)
    periods = (*panel.periods, *ahead)
    starts, ends = (np.array([getattr(p, e).timestamp() / 60 for p in periods]) for e in _EDGES)
    now = np.array([decision.timestamp() / 60 for decision in decisions])
    first: Index = np.searchsorted(ends, now, side="right").astype(np.int64)
    last = now + np.nan_to_num(until_minutes)
    if last.max(initial=0.0) > ends[-1]:
        raise InvalidInput("the calendar ends before a window does; give a longer one")
    steps = max(1, int((np.searchsorted(starts, last) - first).max(initial=1)))
    share = np.zeros((*until_minutes.shape, steps))
    for step in range(steps):
        place = np.minimum(first + step, len(periods) - 1)
        inside = np.minimum(last, ends[place]) - np.maximum(now, starts[place])
        share[:, :, step] = np.clip(inside / (ends[place] - starts[place]), 0.0, 1.0)
    nothing = np.zeros(until_minutes.shape)
    return RefillMoments(
        panel=panel,
        periods=periods,
        floor=np.zeros(panel.demand.shape),
        moments=first,
        on_hand=nothing,
        on_order=nothing,
        reorder_point=nothing,
        threshold=nothing,
        due=np.zeros(share.shape),
        share=share,
        lead_minutes=np.asarray(until_minutes, dtype=float),
    )

"""What if: the plant as it is and as it might be, on the same sampled futures.

Both plants start from the same books and meet the same futures with the same luck of vehicles and
suppliers, so that the difference between them is small against the spread of either. The policy
knows of the change, as a planner would who announces it, and decides on other futures than those
that happen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import gcd

import numpy as np
from scipy import stats

from supplynet.core.network import Plant
from supplynet.core.protocols import Policy
from supplynet.core.sample_paths import FloatArray, SamplePaths
from supplynet.core.shifts import Shift
from supplynet.errors import InvalidInput, NotFound
from supplynet.simulate.indexing import GroupSum
from supplynet.simulate.model import PlantModel, compile_plant
from supplynet.simulate.outlook import FixedPathsOutlook
from supplynet.simulate.run import decide_due
from supplynet.simulate.state import PlantState
from supplynet.simulate.twin import Twin
from supplynet.study.what_if_demand import carried_over
from supplynet.study.what_if_plant import Change, changed_plant

SHORTEST_SLOT = 5
"""Minutes; times of shifts must be multiples of it."""
WORST = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Situation:
    """Where a question starts.

    Attributes:
        plant: As it is.
        series: (line, part) of the model that ``state`` belongs to.
        state: Stock, what is under way, and who stands still.
        paths: Futures from now on, twice as many as are played: the policy decides on the
            other half.
        policy: Decides at every cut-off.
        days: How far to look.
        slot_minutes: Of the twin.
        usual: Parts that a series usually uses in a shift.
        seed: Of the luck of vehicles and suppliers.
    """

    plant: Plant
    series: tuple[tuple[str, str], ...]
    state: PlantState
    paths: SamplePaths
    policy: Policy
    days: int
    slot_minutes: int
    usual: Mapping[tuple[str, str], float] = field(default_factory=dict)
    seed: int = 0

    @property
    def end(self) -> datetime:
        """End of the horizon."""
        return self.paths.cutoff + timedelta(days=self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of both plants, means over the futures, with a paired 95 % interval.

    Attributes:
        difference, low, high: Changed minus base.
    """

    name: str
    base: float
    changed: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the change does.

    Attributes:
        figures: ``halts``, ``lost_minutes``, ``cover_days``, ``stock_parts``, ``trips``; of the
            whole horizon.
        lines, parts: Those that lose more minutes than before, the worst first: lost minutes by
            line, and by ``stock point/part`` that is missing.
        futures: How many were played.
    """

    figures: tuple[Figure, ...]
    lines: tuple[Figure, ...]
    parts: tuple[Figure, ...]
    futures: int


def what_if(situation: Situation, change: Change) -> Answer:
    """Play both plants on the same futures and compare.

    Raises:
        NotFound: The change names something that does not exist.
        InvalidInput: A value makes no sense, or too few futures are given.
    """
    other = changed_plant(situation.plant, change)
    if len(situation.paths.values) < 4:
        raise InvalidInput("give at least 4 sample paths: half of them are played")
    base = _compiled(situation, situation.plant)
    shifts = _shifts_of(situation)
    later = carried_over(
        situation.paths,
        change,
        calendar=other.calendar_of(situation.series[0][0]),
        shifts=shifts,
        usual=situation.usual,
    )
    changed = _compiled(situation, other)
    before = _play(situation, base, situation.paths, situation.state)
    after = _play(situation, changed, later, _stocked(situation.state, changed, change))
    return _answer(before, after)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Played:
    """One plant on all futures; the future comes first in every array.

    Attributes:
        halts, lost: Shape (future, line).
        blamed: Shape (future, pair).
        stock: Average parts at the stock points, shape (future,).
        demand: Parts of a day, shape (future,).
        trips: Shape (future,).
    """

    model: PlantModel
    halts: FloatArray
    lost: FloatArray
    blamed: FloatArray
    stock: FloatArray
    demand: FloatArray
    trips: FloatArray


def _compiled(situation: Situation, plant: Plant) -> PlantModel:
    start, end = situation.paths.cutoff, situation.end
    calendar = plant.calendar_of(situation.series[0][0])
    slot = gcd(
        situation.slot_minutes, *(shift.minutes for shift in calendar.shifts_between(start, end))
    )
    if slot < SHORTEST_SLOT:
        raise InvalidInput(
            f"shifts that are multiples of {slot} minutes cannot be played; "
            f"use times that are multiples of {SHORTEST_SLOT}"
        )
    return compile_plant(plant, situation.series, start=start, end=end, slot_minutes=slot)


def _shifts_of(situation: Situation) -> list[Shift]:
    """Shifts of the futures, one per step."""
    calendar = situation.plant.calendar_of(situation.series[0][0])
    return calendar.next_shifts(situation.paths.cutoff, len(situation.paths.period_starts))


def _stocked(state: PlantState, model: PlantModel, change: Change) -> PlantState:
    """The state with other stock."""
    on_hand, source = state.on_hand.copy(), state.source_on_hand.copy()
    for place, parts in change.stock.items():
        if place in model.pair_index:
            on_hand[model.pair_index[place]] = parts
        elif place in model.source_index:
            source[model.source_index[place]] = parts
        else:
            raise NotFound("stock of", "/".join(place), "no line draws it there, or it is unknown")
    return replace(state, on_hand=on_hand, source_on_hand=source)


def _play(
    situation: Situation, model: PlantModel, paths: SamplePaths, state: PlantState
) -> _Played:
    half = len(paths.values) // 2
    rows = {name: row for row, name in enumerate(paths.series)}
    chosen = [rows[name] for name in model.series]
    demand = paths.values[:half, chosen, : len(model.shifts)]
    known = replace(paths, values=paths.values[half:])
    outlooks = FixedPathsOutlook(model, known, situation.seed)
    twin = Twin(model, demand, state, seed=situation.seed, record_slots=False)
    stock = np.zeros(half)
    while not twin.done:
        decide_due(twin, situation.policy, outlooks)
        length = np.diff(model.slots.edges)[twin.slot]
        stock += twin.on_hand.sum(axis=1, dtype=np.int64) * float(length)
        twin.step()
    result = twin.result()
    days = float(model.slots.edges[-1]) / 1440
    by_pair = GroupSum(model.pair_of_series, len(model.pairs))(
        np.ascontiguousarray(result.blamed_minutes.sum(axis=2, dtype=np.float64))
    )
    trips = np.zeros(half)
    loaded: dict[tuple[str, datetime], FloatArray] = {}
    for goods in result.dispatches:
        key = (goods.departure.lane.lane_id, goods.departure.departure_at)
        loaded[key] = loaded.get(key, np.zeros(half)) + goods.quantities.sum(axis=1)
    for load in loaded.values():
        trips += load > 0
    return _Played(
        model=model,
        halts=result.halts.sum(axis=2).astype(np.float64),
        lost=result.starved_minutes.sum(axis=2),
        blamed=by_pair,
        stock=stock / float(model.slots.edges[-1]),
        demand=result.demand.sum(axis=(1, 2)) / days,
        trips=trips,
    )


def _answer(before: _Played, after: _Played) -> Answer:
    figures = (
        _figure("halts", before.halts.sum(axis=1), after.halts.sum(axis=1)),
        _figure("lost_minutes", before.lost.sum(axis=1), after.lost.sum(axis=1)),
        _figure("cover_days", _cover(before), _cover(after)),
        _figure("stock_parts", before.stock, after.stock),
        _figure("trips", before.trips, after.trips),
    )
    pairs = ["/".join(pair) for pair in before.model.pairs]
    return Answer(
        figures=figures,
        lines=_worse(before.model.lines, before.lost, after.lost),
        parts=_worse(pairs, before.blamed, after.blamed),
        futures=len(before.stock),
    )


def _cover(played: _Played) -> FloatArray:
    """Days of mean demand that the stock covers."""
    daily = float(played.demand.mean())
    return played.stock / daily if daily else np.zeros_like(played.stock)


def _worse(names: Sequence[str], before: FloatArray, after: FloatArray) -> tuple[Figure, ...]:
    gain = (after - before).mean(axis=0)
    order = [int(i) for i in np.argsort(-gain, kind="stable")[:WORST] if gain[i] > 0]
    return tuple(_figure(names[i], before[:, i], after[:, i]) for i in order)


def _figure(name: str, before: FloatArray, after: FloatArray) -> Figure:
    """Means and the paired difference, with Student's t over the futures."""
    difference = after - before
    error = float(difference.std(ddof=1)) / len(difference) ** 0.5
    half = float(stats.t.ppf(0.975, len(difference) - 1)) * error
    mean = float(difference.mean())
    return Figure(
        name=name,
        base=float(before.mean()),
        changed=float(after.mean()),
        difference=mean,
        low=mean - half,
        high=mean + half,
    )

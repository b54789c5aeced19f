"""A stretch of days to replay: the same demand, start and seed for every policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from supplynet.core.network import Plant
from supplynet.core.protocols import Policy
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.frames.panel import Panel
from supplynet.replenish.windows import PairDemand
from supplynet.simulate.buying import Purchaser
from supplynet.simulate.model import NO_LIMIT, PlantModel, compile_plant
from supplynet.simulate.outlook import Outlooks, expected_window
from supplynet.simulate.run import run
from supplynet.simulate.scorecard import Score, score
from supplynet.simulate.state import PlantState, opening_state
from supplynet.simulate.twin import Twin
from supplynet.study.families import Candidate, Past
from supplynet.study.side_by_side import SideBySide, block_of

OPENING_WINDOWS = 1.5
WARM_UP_SHIFTS = 6
RECENT = timedelta(days=56)
"""Thresholds, cards and buffers are set from the windows of the last eight weeks."""
_MOST_CELLS = 60_000_000
"""Figures of stock (replication, pair, slot) that runs side by side keep at once."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Replay:
    """Demand to replay and how. Policies that meet the same replay can be compared.

    Attributes:
        demand: Parts, int32, shape (series, shift of the model).
        state: Opening stock, the same for all.
        warm_up_shifts: First shifts that are played but not scored: they show the opening
            stock, not the policy.
        seed: Of transit, purchase lead times, phases and the bootstrap.
        purchaser: What the warehouses buy; None = by the static levels of the purchase rules.
    """

    model: PlantModel
    demand: IntArray
    state: PlantState
    warm_up_shifts: int = WARM_UP_SHIFTS
    seed: int = 0
    purchaser: Purchaser | None = None

    def play(
        self,
        policy: Policy,
        outlooks: Outlooks | None = None,
        *,
        name: str | None = None,
        parameters: Mapping[str, float] | None = None,
    ) -> Score:
        """Run ``policy`` over the replay and score it."""
        twin = Twin(self.model, self.demand[None], self.state, seed=self.seed)
        return score(
            run(twin, policy, outlooks, purchaser=self.purchaser),
            policy.name if name is None else name,
            parameters=parameters,
            warm_up_shifts=self.warm_up_shifts,
            seed=self.seed,
        )

    def play_all(
        self, candidates: Sequence[Candidate], outlooks: Outlooks | None = None
    ) -> tuple[Score, ...]:
        """Run all ``candidates`` side by side, each on the same days; their scores in order.

        Args:
            candidates: The most careful first: the forecast follows what it has shown.
            outlooks: One forecast for all of them, see ``PathOutlook(shared=True)``.
        """
        cells = len(self.model.pairs) * len(self.model.slots)
        step = max(1, _MOST_CELLS // cells)
        scores: list[Score] = []
        for first in range(0, len(candidates), step):
            scores += self._side_by_side(candidates[first : first + step], outlooks)
        return tuple(scores)

    def _side_by_side(
        self, candidates: Sequence[Candidate], outlooks: Outlooks | None
    ) -> list[Score]:
        count = len(candidates)
        twin = Twin(
            self.model,
            self.demand[None],
            self.state,
            seed=self.seed,
            replications=count,
            luck=np.zeros(count, dtype=np.int32),
        )
        policy = SideBySide(policies=[each.policy for each in candidates])
        result = run(twin, policy, outlooks, purchaser=self.purchaser)
        return [
            score(
                block_of(result, place),
                each.policy.name,
                parameters=each.parameters,
                warm_up_shifts=self.warm_up_shifts,
                seed=self.seed,
            )
            for place, each in enumerate(candidates)
        ]

    def with_ample_warehouse(self) -> Replay:
        """The same with a warehouse that is never short."""
        ample = np.full_like(self.state.source_on_hand, NO_LIMIT)
        return replace(self, state=replace(self.state, source_on_hand=ample), purchaser=None)


def make_replay(
    plant: Plant,
    panel: Panel,
    *,
    start: datetime,
    end: datetime,
    history: Panel | None = None,
    warm_up_shifts: int = WARM_UP_SHIFTS,
    slot_minutes: int = 60,
    seed: int = 0,
) -> Replay:
    """Replay the shifts of ``panel`` in ``[start, end)``.

    Demand that was not observed is filled by ``fill_unobserved``. Every stock point opens with
    1.5 windows of mean demand in ``history``, rounded up to containers.

    Args:
        plant: Series of the panel that it does not require are left out.
        panel: Recorded or true demand, on the plant's shifts.
        start: Begin of the horizon, the start of a shift.
        end: Its end, the end of a shift.
        history: What is known before ``start``; None = the panel before ``start``, or all of it
            where it starts there.
        warm_up_shifts: First shifts that are not scored.
        slot_minutes: Of the twin.
        seed: Of transit, lead times, phases and bootstrap.

    Raises:
        InvalidInput: The panel lacks a shift of the horizon.
    """
    known = panel.select({(row.line_id, row.part_id) for row in plant.requirements})
    past = known.until(start) if history is None else history.select(known.series)
    if not past.periods:
        past = known
    model = compile_plant(plant, known.series, start=start, end=end, slot_minutes=slot_minutes)
    column = {period.start: index for index, period in enumerate(known.periods)}
    lacking = [shift.shift_id for shift in model.shifts if shift.start not in column]
    if lacking:
        raise InvalidInput(f"the panel lacks {len(lacking)} shifts, the first is {lacking[0]}")
    columns = [column[shift.start] for shift in model.shifts]
    windows = window_sums(plant, past.tail(8 * 7), slot_minutes=slot_minutes, seed=seed)
    return Replay(
        model=model,
        demand=fill_unobserved(known)[:, columns],
        state=opening_state(model, windows.mean(axis=0), factor=OPENING_WINDOWS),
        warm_up_shifts=warm_up_shifts,
        seed=seed,
    )


def fill_unobserved(panel: Panel) -> IntArray:
    """Demand with gaps filled, int32, shape (series, period).

    A shift in which the line was starved, or which is missing, gets the mean of the same series
    in shifts of the same name; without any, the mean of the series; without that, 0. A mean
    understates the extremes, but equally for every policy that is tuned on it.
    """
    filled = np.array(panel.demand)
    names = np.array(panel.shifts)
    for name in np.unique(names):
        columns = np.flatnonzero(names == name)
        filled[:, columns] = _fill(filled[:, columns], _row_mean(panel.demand[:, columns]))
    filled = np.nan_to_num(_fill(filled, _row_mean(panel.demand)), nan=0.0)
    return np.rint(filled).astype(np.int32)


def window_sums(plant: Plant, panel: Panel, *, slot_minutes: int = 60, seed: int = 0) -> FloatArray:
    """Demand in past windows of lead time plus review period, shape (window, pair).

    One window per departure in the panel: from its cut-off until the next vehicle's goods arrive,
    with a random transit time. Pairs are those of the plant compiled for the panel's series; where
    lanes leave more or less often, each keeps as many windows as the rarest.

    Raises:
        InvalidInput: The panel is shorter than a window.
    """
    model = compile_plant(
        plant,
        panel.series,
        start=panel.period_starts[0],
        end=panel.period_ends[-1],
        slot_minutes=slot_minutes,
    )
    demand = PairDemand(
        fill_unobserved(panel)[None, model.need_series],
        period_starts=panel.period_starts,
        period_ends=panel.period_ends,
        pair_of_series=model.need_pair,
        pairs=len(model.pairs),
        cutoff=panel.period_starts[0],
    )
    rows: list[list[int]] = [[] for _ in model.pairs]
    for slot, batches in sorted(model.batches.items()):
        now = model.slots.moment(slot)
        for batch in batches:
            until = expected_window(batch, now, seed, 1)
            ends = model.slots.minutes(now) + until[0][batch.departure_of_pair]
            sums = demand.between(now, until, batch.pairs, batch.departure_of_pair)[0]
            for pair, end, total in zip(batch.pairs, ends, sums, strict=True):
                if end <= model.slots.edges[-1]:
                    rows[pair].append(int(total))
    count = min(len(row) for row in rows)
    if not count:
        raise InvalidInput("the history is shorter than the time from one delivery to the next")
    return np.array([row[-count:] for row in rows], dtype=np.float64).T


def past_of(plant: Plant, history: Panel, *, slot_minutes: int = 60) -> Past:
    """What static policies are set from: the windows of the last weeks of ``history``.

    Raises:
        InvalidInput: The history is shorter than a window.
    """
    since = history.periods[-1].end - RECENT
    recent = history.tail(sum(period.start >= since for period in history.periods))
    needed = recent.select({(row.line_id, row.part_id) for row in plant.requirements})
    pairs = tuple(sorted({(plant.stock_point_of(line), part) for line, part in needed.series}))
    return Past(
        pairs=pairs,
        criticality=tuple(plant.supply_rule[pair].criticality for pair in pairs),
        container_size=np.array(
            [plant.supply_rule[pair].container_size for pair in pairs], dtype=np.int32
        ),
        window_sums=window_sums(plant, needed, slot_minutes=slot_minutes),
    )


def _row_mean(demand: FloatArray) -> FloatArray:
    """Mean of what was observed, NaN where nothing was, shape (series,)."""
    observed = ~np.isnan(demand)
    count = observed.sum(axis=1)
    total = np.where(observed, demand, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _fill(demand: FloatArray, value: FloatArray) -> FloatArray:
    return np.where(np.isnan(demand), value[:, None], demand)

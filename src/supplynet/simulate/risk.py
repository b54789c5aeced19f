"""Which line will halt in which shift, for want of which part, and what an order saves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from supplynet.core.network import Plant
from supplynet.core.protocols import Policy
from supplynet.core.sample_paths import FloatArray, IntArray, SamplePaths
from supplynet.errors import InvalidInput
from supplynet.simulate.indexing import GroupSum
from supplynet.simulate.model import PlantModel, compile_plant
from supplynet.simulate.outlook import FixedPathsOutlook, Outlooks
from supplynet.simulate.record import RunResult
from supplynet.simulate.run import decide_due
from supplynet.simulate.state import Inbound, PlantState
from supplynet.simulate.twin import SlotReport, Twin


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOut:
    """When a pair runs out if no line stops for another part; None = not within the horizon.

    Attributes:
        early, likely, late: 10, 50 and 90 % quantile over the paths.
    """

    early: datetime | None
    likely: datetime | None
    late: datetime | None


@dataclass(frozen=True, kw_only=True, eq=False)
class RiskGrid:
    """Risk of halts on sample paths. One replication of the twin per path.

    Attributes:
        model: Names of the lines, pairs and shifts of the arrays.
        risk: Probability that the line stands starved at some time in the shift; (line, shift).
        culprit: Pair that costs the line most minutes in the shift, -1 = none; (line, shift).
        runs_out: One entry per pair.
        lost_minutes: Expected starved minutes over the horizon, shape (line,).
        lost_minutes_of_cell: The same by shift, shape (line, shift).
        lost_minutes_of_pair: The same by missing part and shift: a line that waits for several
            parts counts equally for each; shape (pair, shift). Adds up to ``lost_minutes``.
    """

    model: PlantModel
    risk: FloatArray
    culprit: IntArray
    runs_out: tuple[RunOut, ...]
    lost_minutes: FloatArray
    lost_minutes_of_cell: FloatArray
    lost_minutes_of_pair: FloatArray


def risk_model(plant: Plant, paths: SamplePaths, *, slot_minutes: int = 60) -> PlantModel:
    """``plant`` compiled for the series and the horizon of ``paths``."""
    return compile_plant(
        plant,
        paths.series,
        start=paths.cutoff,
        end=paths.period_ends[-1],
        slot_minutes=slot_minutes,
    )


def halt_risk(
    model: PlantModel,
    state: PlantState,
    paths: SamplePaths,
    *,
    proposals: Sequence[Inbound] = (),
    policy: Policy | None = None,
    outlooks: Outlooks | None = None,
    seed: int = 0,
) -> RiskGrid:
    """Run the twin once per path and count.

    The three variants of the risk: ``committed`` is the state alone; ``with proposals`` adds
    these; ``policy continues`` also lets ``policy`` decide at every cut-off to come, each
    replication on its own stock. All variants meet the same demand and the same transit times.

    Args:
        model: From ``risk_model``.
        state: Stock now; ``inbound`` holds released orders only.
        paths: Demand from now on; step 0 is the rest of the running shift.
        proposals: Orders that are not released, as if they were.
        policy: None = nobody orders any more.
        outlooks: What the policy gets to know; None = window sums of ``paths``.
        seed: Of transit and purchase lead times.

    Raises:
        InvalidInput: The paths and the model have different shifts or series.
    """
    demand = _path_demand(model, paths)
    start = replace(state, inbound=(*state.inbound, *proposals))
    twin = Twin(model, demand, start, seed=seed, record_slots=False)
    if policy is not None and outlooks is None:
        outlooks = FixedPathsOutlook(model, paths, seed)
    watch = _RunOutWatch(twin)
    while not twin.done:
        if policy is not None and outlooks is not None:
            decide_due(twin, policy, outlooks)
        watch.note(twin.step())
    return _grid(twin.result(), watch.run_outs())


def saved_minutes(without: RiskGrid, with_orders: RiskGrid) -> FloatArray:
    """Expected line minutes that orders save, shape (pair, shift), >= 0: how actions are ranked."""
    gain: FloatArray = without.lost_minutes_of_pair - with_orders.lost_minutes_of_pair
    return np.maximum(gain, 0.0)


def _path_demand(model: PlantModel, paths: SamplePaths) -> IntArray:
    if tuple(shift.end for shift in model.shifts) != paths.period_ends:
        raise InvalidInput("the paths and the plant have different shifts; use risk_model")
    if paths.series == model.series:
        return paths.values
    row = {series: index for index, series in enumerate(paths.series)}
    missing = [series for series in model.series if series not in row]
    if missing:
        raise InvalidInput(f"{len(missing)} series have no paths, the first is {missing[0]}")
    return paths.values[:, [row[series] for series in model.series]]


def _grid(result: RunResult, run_outs: tuple[RunOut, ...]) -> RiskGrid:
    model = result.model
    blamed = result.blamed_minutes.mean(axis=0, dtype=np.float64)  # (series, shift)
    of_line = np.where(
        model.series_of_line[:, :, None] >= 0, blamed[model.series_of_line], -1.0
    )  # (line, part, shift)
    place = of_line.argmax(axis=1)
    culprit_series = np.take_along_axis(model.series_of_line, place, axis=1)
    culprit = model.pair_of_series[culprit_series]
    lost = result.starved_minutes.mean(axis=0)
    by_pair = GroupSum(model.pair_of_series, len(model.pairs))(np.ascontiguousarray(blamed.T)).T
    return RiskGrid(
        model=model,
        risk=(result.starved_minutes > 0).mean(axis=0),
        culprit=np.where(of_line.max(axis=1) > 0, culprit, -1).astype(np.int32),
        runs_out=run_outs,
        lost_minutes=lost.sum(axis=1),
        lost_minutes_of_cell=lost,
        lost_minutes_of_pair=by_pair,
    )


class _RunOutWatch:
    """First moment at which a pair's stock falls short, as if no line ever stopped."""

    def __init__(self, twin: Twin) -> None:
        self._slots, self._serving = twin.model.slots, twin.serving
        self._cover = twin.on_hand.astype(np.int32)
        self._minute = np.full(self._cover.shape, np.inf, dtype=np.float32)

    def note(self, report: SlotReport) -> None:
        """Take one slot into account."""
        demand = self._serving.pair_demand(report.wanted)
        after = self._cover - demand
        row, pair = np.nonzero((after < 0) & np.isinf(self._minute))
        if len(row):
            begin, end = self._slots.edges[report.slot], self._slots.edges[report.slot + 1]
            wish = demand[row % len(demand), pair]
            self._minute[row, pair] = begin + (end - begin) * self._cover[row, pair] / wish
        np.maximum(after, 0, out=after)
        self._cover = after + report.arrived

    def run_outs(self) -> tuple[RunOut, ...]:
        """Quantiles over the replications, one entry per pair."""
        marks = np.quantile(self._minute, (0.1, 0.5, 0.9), axis=0, method="inverted_cdf")
        return tuple(RunOut(early=a, likely=b, late=c) for a, b, c in map(self._moments, marks.T))

    def _moments(self, minutes: FloatArray) -> list[datetime | None]:
        start = self._slots.start
        return [
            start + timedelta(minutes=int(minute)) if np.isfinite(minute) else None
            for minute in minutes
        ]

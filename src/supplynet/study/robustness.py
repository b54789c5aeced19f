"""What trouble costs: one policy on the same days, with and without it, guarded and not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from supplynet.core.protocols import Forecaster, Outlook, Policy
from supplynet.errors import ForecastError
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.fallbacks import Fallback
from supplynet.forecast.guarded import GuardedForecaster
from supplynet.replenish.standby import WithStandby, thresholds_of_rules
from supplynet.simulate.broken_model import BrokenModel
from supplynet.simulate.departures import Batch
from supplynet.simulate.disruptions import (
    Bookings,
    Deliveries,
    DemandChange,
    Fault,
    ForecastTrouble,
    Miscounts,
    Stops,
    Suppliers,
    Trouble,
    Vehicles,
    disturbed,
)
from supplynet.simulate.model import PlantModel
from supplynet.simulate.outlook import Outlooks, PathOutlook
from supplynet.simulate.run import run
from supplynet.simulate.scorecard import Score, score
from supplynet.simulate.trouble import Troubles
from supplynet.simulate.twin import Twin
from supplynet.study.replay import Replay

FAULTS = {
    "missing": ForecastTrouble(fault=Fault.MISSING),
    "nan": ForecastTrouble(fault=Fault.NAN),
    "infinite": ForecastTrouble(fault=Fault.INFINITE),
    "negative": ForecastTrouble(fault=Fault.NEGATIVE),
    "stale": ForecastTrouble(fault=Fault.STALE),
    "hundredfold": ForecastTrouble(fault=Fault.SCALED, factor=100.0),
    "a hundredth": ForecastTrouble(fault=Fault.SCALED, factor=0.01),
    "30 % too low": ForecastTrouble(fault=Fault.SCALED, factor=0.7),
}
"""Forecasts that go bad. The last one is wrong rather than broken: no guard can see it."""
TROUBLES = {
    "miscounts": Trouble(miscounts=Miscounts(per_pair_week=0.5)),
    "short deliveries": Trouble(deliveries=Deliveries(short_share=0.05)),
    "late bookings": Trouble(bookings=Bookings(late_minutes=240)),
    "machine stops": Trouble(stops=Stops(per_line_week=1.0)),
    "demand shock": Trouble(demand=DemandChange(factor=1.5, start_day=7)),
    "demand shock, announced": Trouble(
        demand=DemandChange(factor=1.5, start_day=7, announced=True)
    ),
    "night shift left out": Trouble(
        demand=DemandChange(factor=0.0, shift="night", start_day=7, announced=True)
    ),
    "late vehicles": Trouble(vehicles=Vehicles(late_share=0.1)),
    "cancelled vehicles": Trouble(vehicles=Vehicles(cancelled_share=0.05)),
    "supplier outage": Trouble(suppliers=Suppliers(outage_start_day=7, outage_days=5)),
}
"""One kind of trouble each."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Bench:
    """What is played.

    Attributes:
        replay: Days that the forecaster has not seen.
        forecaster: Bound to the history before them.
        policy: The same in all runs.
        paths: Sample paths per decision.
    """

    replay: Replay
    forecaster: BoundForecaster
    policy: Policy
    paths: int = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """One run.

    Attributes:
        fallbacks: What stood in at the last decision.
    """

    score: Score
    fallbacks: tuple[Fallback, ...] = ()


def play(bench: Bench, trouble: Trouble, *, name: str, guarded: bool = True) -> Run:
    """Play the days with trouble.

    Args:
        bench: The days and who decides.
        trouble: What goes wrong.
        name: In the table.
        guarded: Whether the forecast is guarded. Where it is not, a forecast that fails is no
            decision: nothing is ordered for that departure.
    """
    replay, model = bench.replay, bench.replay.model
    broken = BrokenModel(
        bench.forecaster, trouble.forecast, start=model.slots.start, change=trouble.demand
    )
    guard = GuardedForecaster(
        broken, history=bench.forecaster.history, calendar=bench.forecaster.calendar
    )
    twin = Twin(
        model,
        _demand(replay, trouble)[None],
        replay.state,
        seed=replay.seed,
        trouble=Troubles(model, trouble, replay.seed),
    )
    if guarded:
        result = run(twin, standby(bench.policy, guard, model), _paths(bench, guard))
    else:
        result = run(twin, bench.policy, _OrNothing(_paths(bench, broken)))
    return Run(
        score=score(result, name, warm_up_shifts=replay.warm_up_shifts, seed=replay.seed),
        fallbacks=guard.fallbacks,
    )


def standby(policy: Policy, guard: GuardedForecaster, model: PlantModel) -> WithStandby:
    """The policy, with static thresholds for pairs of which the guard knows nothing."""
    rules = thresholds_of_rules(model.plant)
    pair_of = dict(zip(model.series, model.pair_of_series.tolist(), strict=True))
    return WithStandby(
        policy=policy,
        thresholds=lambda: rules,
        unknown=lambda: {model.pairs[pair_of[name]] for name in guard.unknown if name in pair_of},
    )


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean and 95 % interval by Student's t; of a single value there is none."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    error = float(np.std(values, ddof=1)) / len(values) ** 0.5
    half = float(stats.t.ppf(0.975, len(values) - 1)) * error
    return mean, mean - half, mean + half


class _OrNothing:
    """An outlook that knows nothing when the forecast fails."""

    def __init__(self, inner: Outlooks) -> None:
        self._inner = inner

    def outlook(self, twin: Twin, batch: Batch) -> Outlook:
        try:
            return self._inner.outlook(twin, batch)
        except ForecastError:
            return Outlook(window_demand=np.zeros((1, len(batch.pairs)), dtype=np.int32))


def _paths(bench: Bench, forecaster: Forecaster) -> PathOutlook:
    return PathOutlook(forecaster, paths=bench.paths, seed=bench.replay.seed)


def _demand(replay: Replay, trouble: Trouble) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    model = replay.model
    return disturbed(
        replay.demand,
        trouble.demand,
        lines=[line for line, _ in model.series],
        shifts=[(shift.start, shift.name) for shift in model.shifts],
        start=model.slots.start,
    )

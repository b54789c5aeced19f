"""The tasks of ``bench decide``; prints what one took as JSON.

Usage: python decide_tasks.py TASK PAIRS PATHS SEED
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from time import perf_counter, process_time
from typing import Any

import numpy as np
from scipy.special import ndtri

from supplynet.core.network import Duration
from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray, SamplePaths
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.paths import QuantileForecast, sample_paths
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import shift_periods
from supplynet.replenish.decide import Decision, Supply, decide
from supplynet.replenish.explain import explain
from supplynet.replenish.explain_risk import parts_short
from supplynet.replenish.exposure import effective_of
from supplynet.replenish.gains import minutes_per_part
from supplynet.replenish.no_stockout import NoStockout
from supplynet.replenish.rationing import RATIONINGS
from supplynet.replenish.windows import pair_demand
from supplynet.simulate.triangular import triangular

NOW = datetime(2026, 1, 5, 6, tzinfo=UTC)
STEPS, VEHICLES, PARTS_OF_PLACE, PARTS_OF_LINE = 4, 2, 200, 20
SHIFT_MINUTES = 12 * 60
TRANSIT = Duration(low=120, mode=360, high=900)
ALPHA = 0.999
CALENDAR = ShiftCalendar(
    calendar_id="made",
    time_zone="UTC",
    patterns=(
        ShiftPattern(name="day", start=time(6), end=time(18)),
        ShiftPattern(name="night", start=time(18), end=time(6)),
    ),
)


@dataclass(kw_only=True)
class Watch:
    """Seconds by stage, by the clock and of the processor."""

    seconds: dict[str, float] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)

    def __call__(self, stage: str, work: Callable[[], Any]) -> Any:
        begin, cpu = perf_counter(), process_time()
        made = work()
        self.seconds[stage] = perf_counter() - begin
        self.cpu_seconds[stage] = process_time() - cpu
        return made


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A plant's decision at one moment, without its demand.

    Attributes:
        mean: Parts per shift, shape (pair,).
        place: Stock point of each pair, which has a vehicle of its own; shape (pair,).
        usable: Minutes until the vehicles under way, this one and the next can be used, shape
            (vehicle, path, place).
    """

    mean: FloatArray
    place: IntArray
    usable: FloatArray
    terms: SupplyTerms


def main(task: str, *numbers: str) -> dict[str, Any]:
    """Sample, read the windows, decide and explain; seconds by stage and the peak memory."""
    pairs, paths, seed = map(int, numbers)
    rationing, watch = task, Watch()
    rng = np.random.default_rng(seed)
    case = _case(rng, pairs, paths)
    forecast = _forecast(case)
    sampled = watch(
        "sample", lambda: sample_paths(forecast, dependence=Dependence(), paths=paths, seed=seed)
    )
    outlook = watch("windows", lambda: _outlook(case, sampled))
    state, policy = _state(rng, case), NoStockout(alpha=ALPHA)
    supply = _supply(rng, case, policy.wanted(state, outlook, case.terms))  # not timed
    decision: Decision = watch(
        "decide", lambda: decide(policy, state, outlook, case.terms, supply, rationing=rationing)
    )
    watch("explain", lambda: explain(decision))
    return {
        "seconds": watch.seconds,
        "cpu_seconds": watch.cpu_seconds,
        "lost_line_minutes": _lost(decision),
        "packs": int((decision.wanted // case.terms.container_size).sum()),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "orders": int((decision.wanted > 0).sum()),
        "short": sum(limit == "warehouse short" for limit in decision.limits()),
        "no_room": sum(limit == "truck full" for limit in decision.limits()),
    }


def _lost(decision: Decision) -> float:
    """Weighted line-minutes that are lost in expectation with what was granted."""
    state = decision.state
    effective = effective_of(state, decision.outlook, 0)
    level = state.on_hand[0] + state.on_order[0] + decision.granted[0]
    worth = minutes_per_part(decision.outlook, decision.supply)
    return float((parts_short(effective, level) * worth).sum())


def _case(rng: np.random.Generator, pairs: int, paths: int) -> Case:
    place = (np.arange(pairs) // PARTS_OF_PLACE).astype(np.int32)
    places = int(place[-1]) + 1
    # Vehicles leave once a shift and do not overtake each other.
    leaves = SHIFT_MINUTES * np.arange(-VEHICLES, 2)[:, None, None]
    transit = triangular(TRANSIT, rng.random((VEHICLES + 2, paths, places)))
    mean = rng.lognormal(2.0, 1.5, pairs)
    container = rng.choice([1, 5, 10, 20, 50], pairs)
    fitting = np.maximum(np.minimum(container, np.ceil(mean)), 1).astype(np.int32)
    return Case(
        mean=mean,
        place=place,
        usable=np.maximum.accumulate(np.maximum(leaves + transit, 1.0), axis=0),
        terms=SupplyTerms(
            pairs=tuple(
                (f"SR{p // PARTS_OF_PLACE:03d}", f"P-{p % PARTS_OF_PLACE:03d}")
                for p in range(pairs)
            ),
            container_size=fitting,
            minimum_order=np.where(rng.random(pairs) < 0.1, 2 * fitting, 0).astype(np.int32),
            bin_maximum=np.ceil(12 * mean + 5 * fitting).astype(np.int32),
        ),
    )


def _state(rng: np.random.Generator, case: Case) -> DecisionState:
    """About a window of stock, half of it on its way."""
    size = case.terms.container_size
    due = rng.poisson(0.8 * case.mean / size, (VEHICLES, len(size))) * size
    on_hand = rng.poisson(rng.uniform(0.2, 1.5, len(size)) * case.mean)
    return DecisionState(
        now=NOW,
        on_hand=on_hand.astype(np.int32)[None],
        on_order=due.sum(axis=0).astype(np.int32)[None],
        due=due.astype(np.int32)[:, None],
    )


def _supply(rng: np.random.Generator, case: Case, wanted: IntArray) -> Supply:
    """Of a fifth of the parts 60 % are there, in a fifth of the vehicles is room for 70 %."""
    pairs = len(case.mean)
    part = (np.arange(pairs) % PARTS_OF_PLACE).astype(np.int32)
    litres = rng.choice([0.1, 0.5, 2.0], pairs)
    free = np.bincount(part, weights=wanted[0])
    free *= np.where(rng.random(len(free)) < 0.2, 0.6, 3.0)
    room = np.bincount(case.place, weights=wanted[0] * litres)
    room *= np.where(rng.random(len(room)) < 0.2, 0.7, 3.0)
    return Supply(
        available=free.astype(np.int32)[None],
        source_of_pair=part,
        trip_of_pair=case.place,
        room_litres=tuple(room.tolist()),
        litres=litres,
        window_minutes=np.full(pairs, 2.0 * SHIFT_MINUTES),
        line_weight=rng.choice([0.5, 1.0, 2.0], pairs),
    )


def _forecast(case: Case) -> QuantileForecast:
    level = np.repeat(case.mean[:, None], STEPS, axis=1)[..., None]
    return QuantileForecast(
        values=np.maximum(level + 1.3 * np.sqrt(level) * ndtri(QUANTILES), 0.0),
        levels=QUANTILES,
        series=tuple(
            (f"{place}.L{index // PARTS_OF_LINE:04d}", part)
            for index, (place, part) in enumerate(case.terms.pairs)
        ),
        periods=shift_periods(CALENDAR, NOW, NOW + timedelta(days=STEPS // 2)),
        cutoff=NOW,
        model_version="bench",
    )


def _outlook(case: Case, sampled: SamplePaths) -> Outlook:
    pairs = np.arange(len(case.mean))
    demand = pair_demand(sampled, pairs, len(pairs))
    read = [demand.between(NOW, each, pairs, case.place) for each in case.usable]
    return Outlook(
        window_demand=read[-1], until_arrival=read[-2], until_due=np.stack(read[:VEHICLES])
    )


if __name__ == "__main__":
    assert sys.argv[1] in RATIONINGS
    print(json.dumps(main(*sys.argv[1:])))

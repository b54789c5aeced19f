"""Normal: 10,000 series that nothing is wrong with, then the same with faults: who cries wolf?

The generator's plant in two shifts a day; half a year is learnt from and eight weeks are judged, as
they happen. Alarms are incidents' beginnings at the default budget of five a day for the whole
plant, or at ``mean + 2 std``. ``oracle`` knows the mean that every value was drawn from and the
pace of its line: nobody can find much more than it does at the same budget, so what it misses hides
in the noise. A fault counts as found when an alarm rings in its first four shifts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from time import perf_counter

import numpy as np
from benchmarks.anomalies.rows import Row

from supplynet.anomaly.alarms import BoolArray, Budget
from supplynet.anomaly.calibrated import Calibrated, CalibratedDetector, tails_of
from supplynet.anomaly.event_scores import count_alarms
from supplynet.anomaly.forecast_residual import FittedForecastResidual, ForecastResidual
from supplynet.anomaly.some_lines import some_lines
from supplynet.cli.benchmarking import Setup
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import MissingExtra
from supplynet.forecast.quantiles import normal_levels
from supplynet.frames.panel import Panel, Period, shift_periods
from supplynet.frames.synthetic import Scenario, generate_demand, scenario_plant
from supplynet.frames.synthetic.faults import Fault, inject
from supplynet.learning.artifacts import ModelState

LINES, DAYS, JUDGED = 1000, 238, 112
SOON = 4
FAULTS_PER_SERIES = 0.3
STRENGTHS = {"level_shift": (1.05, 2.0), "spike": (1.1, 8.0), "drop": (0.0, 0.9)}
SIZES = ((0.0, 0.15), (0.15, 0.3), (0.3, 0.6), (0.6, np.inf))
LEVELS = (0.0, 20.0, 50.0, 100.0, np.inf)
LASTING = ("dead_sensor", "level_shift", "unit_jump")
DETECTORS = ("ensemble", "forecast_residual", "sub_pca", "robust_seasonal", "lstm_reconstruction")


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """A plant that is well, and the same with faults in its judged end.

    Attributes:
        panel, faulty: Without and with.
        means: What was drawn from, shape (series, period).
        spread: Relative noise of a part beyond counting.
        faults: Columns of the panel.
    """

    panel: Panel
    faulty: Panel
    means: FloatArray
    spread: float
    faults: Sequence[Fault]

    @property
    def learnt(self) -> Panel:
        """What detectors are fitted on."""
        return self.panel.head(-JUDGED)

    @property
    def days(self) -> float:
        """Days that are judged."""
        return JUDGED / 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """Flags of a detector on the judged end, with and without faults, shape (series, period)."""

    detector: str
    clean: BoolArray
    faulty: BoolArray
    fit_seconds: float = 0.0
    judge_seconds: float = 0.0


def rows(setup: Setup) -> list[Row]:
    """False alarms and what was found, then what was found by size and by level."""
    world = make_world(25 if setup.quick else LINES, setup.seed)
    found, sizes, levels = list[Row](), list[Row](), list[Row]()
    for seen in _every(world, setup):
        found.append(_row(world, seen))
        sizes.append(_by_size(world, seen))
        levels.append(_by_level(world, seen))
    return found + sizes + levels


def make_world(lines: int, seed: int, days: int = DAYS) -> World:
    """A plant of so many lines, about ten parts at each."""
    plain = Scenario(days=days)
    shape = replace(plain.plant, showrooms=lines // 25, stations=5, lines=5, parts=5 * lines)
    scenario = replace(plain, plant=shape)
    plant = scenario_plant(scenario, seed)
    made = generate_demand(plant, start=scenario.start, days=days, seed=seed, shape=scenario.demand)
    calendar = plant.calendar_of(made.lines[0])
    periods = shift_periods(calendar, made.periods[0].start, made.periods[-1].end)
    panel = Panel(series=made.series, periods=periods, demand=made.true_demand.astype(float))
    first = len(periods) - JUDGED
    faulty, faults = inject(
        panel,
        seed=seed,
        faults_per_series=FAULTS_PER_SERIES,
        strengths=STRENGTHS,
        only=(first, len(periods)),
    )
    return World(
        panel=panel, faulty=faulty, means=made.mean, spread=scenario.demand.noise_cv, faults=faults
    )


def _every(world: World, setup: Setup) -> Iterator[Seen]:
    for name in DETECTORS:
        setup.report(0.0, f"normal: {name}")
        started = perf_counter()
        try:
            detector = Calibrated(model=name).fit(world.learnt)
        except MissingExtra:
            continue
        learnt = perf_counter()
        clean, faulty = (_flags(detector, panel) for panel in (world.panel, world.faulty))
        seconds = (perf_counter() - learnt) / 2
        yield Seen(
            detector=name,
            clean=clean,
            faulty=faulty,
            fit_seconds=learnt - started,
            judge_seconds=seconds,
        )
        if name == "lstm_reconstruction":
            yield _by_the_guide(world, detector)
    yield _mean_and_deviation(world)
    oracle = _oracle(world)
    flags = (_flags(oracle, panel) for panel in (world.panel, world.faulty))
    yield Seen(detector="oracle", clean=next(flags), faulty=next(flags))


def _flags(detector: CalibratedDetector, panel: Panel) -> BoolArray:
    return Budget().alarms(detector.score(panel, JUDGED), panel.periods[-JUDGED:])


def _by_the_guide(world: World, detector: CalibratedDetector) -> Seen:
    """Reconstruction errors beyond the mean and two deviations of those of training."""
    threshold = getattr(detector.detector, "threshold")  # noqa: B009 - of this detector alone
    flags = (
        detector.detector.judge(panel, JUDGED).strangeness > threshold
        for panel in (world.panel, world.faulty)
    )
    name = "lstm_reconstruction, mean + 2 std"
    return Seen(detector=name, clean=next(flags), faulty=next(flags))


def _mean_and_deviation(world: World) -> Seen:
    """Values beyond two deviations from the mean of their series and shift."""
    flags = []
    shifts = np.array(world.panel.shifts)
    for panel in (world.panel, world.faulty):
        found = np.zeros((len(panel.series), JUDGED), dtype=bool)
        for shift in set(panel.shifts):
            before = world.learnt.demand[:, shifts[:-JUDGED] == shift]
            columns = np.flatnonzero(shifts[-JUDGED:] == shift)
            far = np.abs(panel.demand[:, -JUDGED:][:, columns] - before.mean(1, keepdims=True))
            found[:, columns] = far > 2 * before.std(axis=1, keepdims=True)
        flags.append(found)
    return Seen(detector="mean + 2 std of each shift", clean=flags[0], faulty=flags[1])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Known:
    """A forecaster that knows the mean of every period."""

    world: World

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Normal around the mean, with the noise of counting and of the part."""
        row = {name: i for i, name in enumerate(self.world.panel.series)}
        column = {start: i for i, start in enumerate(self.world.panel.period_starts)}
        mean = self.world.means[
            np.ix_([row[name] for name in panel.series], [column[p.start] for p in future])
        ]
        spread = np.sqrt(np.maximum(mean, 0.3) + (self.world.spread * mean) ** 2)
        return np.maximum(mean[..., None] + spread[..., None] * normal_levels(quantiles), 0.0)

    def state(self) -> ModelState:
        return ModelState(model="oracle", settings={})


def _oracle(world: World) -> CalibratedDetector:
    learnt, some = world.learnt, some_lines(world.learnt)
    bare = FittedForecastResidual(
        settings=ForecastResidual(),
        predictor=_Known(world=world),
        season=14,
        fine=False,
        shifts=tuple(dict.fromkeys(learnt.shifts)),
    )
    fitted = bare.having_seen(some, len(learnt.periods) // 2)
    tails = tails_of(fitted.judge(some, len(learnt.periods) // 2))
    return CalibratedDetector(settings=Calibrated(), detector=fitted, tails=tails)


def _row(world: World, seen: Seen) -> Row:
    by_day = seen.clean.reshape(len(seen.clean), -1, 2).any(axis=2)
    rings = count_alarms(seen.clean, 14)
    kinds = np.array([fault.kind for fault in world.faults])
    soon, large = _soon(world, seen), _sizes(world) >= 0.3
    lasting = large & np.isin(kinds, LASTING)
    return {
        "table": f"{len(seen.clean):,} series, two shifts a day, judged as it happens",
        "detector": seen.detector,
        "false_alarms_a_day": rings / world.days,
        "flagged_a_day": float(seen.clean.sum() / world.days),
        "worst_day": int(by_day.sum(axis=0).max()),
        "found_30_percent": float(soon[large & (kinds != "night_drift")].mean()),
        "found_lasting_30_percent": float(soon[lasting].mean()),
        "fit_seconds": seen.fit_seconds,
        "judge_seconds": seen.judge_seconds,
    } | {kind: float(soon[large & (kinds == kind)].mean()) for kind in sorted(set(kinds))}


def _by_size(world: World, seen: Seen) -> Row:
    sizes, soon = _sizes(world), _soon(world, seen)
    found: Row = {
        "table": "Found in four shifts, by how much it changes",
        "detector": seen.detector,
    }
    for low, high in SIZES:
        some = (sizes >= low) & (sizes < high)
        found[f"{low:.0%} to {high:.0%}"] = float(soon[some].mean()) if some.any() else None
    return found


def _by_level(world: World, seen: Seen) -> Row:
    usual = world.learnt.demand.mean(axis=1)[[fault.series for fault in world.faults]]
    kinds = np.array([fault.kind for fault in world.faults])
    lasting = np.isin(kinds, LASTING) & (_sizes(world) >= 0.3)
    found: Row = {
        "table": "Lasting faults of 30 % and more, by the parts that are used in a shift",
        "detector": seen.detector,
    }
    for low, high in pairwise(LEVELS):
        some = lasting & (usual >= low) & (usual < high)
        found[f"{low:g} to {high:g}"] = float(_soon(world, seen)[some].mean())
    return found


def _soon(world: World, seen: Seen) -> BoolArray:
    """Whether each fault was flagged in its first shifts."""
    first = len(world.panel.periods) - JUDGED
    return np.array(
        [
            seen.faulty[f.series, f.first - first : min(f.first + SOON, f.end) - first].any()
            for f in world.faults
        ]
    )


def _sizes(world: World) -> FloatArray:
    """By how much a fault changes a series, the same for ``x`` and ``/ x``."""
    factors = np.maximum([fault.factor for fault in world.faults], 1e-3)
    stuck = np.array([fault.kind == "stuck_sensor" for fault in world.faults])
    return np.where(stuck, 0.0, np.exp(np.abs(np.log(factors))) - 1)

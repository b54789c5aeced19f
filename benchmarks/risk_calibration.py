"""Promised halt risk against what happened: 0.1, 1, 5 and 20 %, by step, on several plants.

Every row asks: of the line-shifts for which about this risk was promised, how many halted? Stock
starts low and at random, so that all risks occur; ``committed`` lets released orders come in and
nobody orders any more, ``policy continues`` goes on ordering at every cut-off.

- ``true``: the paths are drawn from the very distribution that demand comes from (weeks of the
  generator without trend and season, which are exchangeable). What is off here is off in the twin
  or in how risk is read from it. Line-shifts are put into bins by one half of the paths and the
  promise is read from the other, and the other way round, so each is counted twice: a small risk
  that is counted on the paths that chose it would be too high by that choice alone.
- ``forecast``: the paths are the product's own, a calibrated model of shift demand, on weeks that
  it has not seen, by the risk that it shows. A policy that goes on is played with the forecast of
  the cut-off, as the risk assumes; a live plant forecasts anew.

Line-shifts of one plant hang together, as their promises are read from one set of paths, and so do
those of one week. So intervals are 95 % of a bootstrap over blocks: a plant with all its states and
draws (``true``), or a week of one plant (``forecast``), with all lines and steps; where few halt
they are at least as wide as those of a Poisson count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.cli.benchmarking import Result, Setup
from supplynet.core.network import Plant
from supplynet.core.protocols import Observed, Policy
from supplynet.core.sample_paths import FloatArray, IntArray, SamplePaths
from supplynet.core.shifts import Shift
from supplynet.forecast import registry
from supplynet.forecast.backtest import backtest
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.calibrated import CalibratedPredictor, calibrate
from supplynet.frames.panel import Panel, panel_from_frame, shift_periods
from supplynet.frames.synthetic.demand import generate_demand
from supplynet.frames.synthetic.history import generate_history
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.frames.synthetic.scenario import DemandShape
from supplynet.monitor.exceedance import poisson_interval
from supplynet.replenish.no_stockout import NoStockout
from supplynet.simulate.model import PlantModel, compile_plant
from supplynet.simulate.outlook import FixedPathsOutlook
from supplynet.simulate.run import decide_due
from supplynet.simulate.state import Inbound, PlantState
from supplynet.simulate.twin import Twin

NOMINAL = (0.001, 0.01, 0.05, 0.2)
EDGES = ((0.0005, 0.002), (0.005, 0.02), (0.03, 0.08), (0.12, 0.3))
STEPS = 14
AHEAD = 24
"""Shifts of demand of one draw: the grid, and what late decisions look at beyond it."""
START = date(2026, 1, 5)
SHAPE = DemandShape(trend_scale=0.0, season_scale=0.0)
ALPHAS = (0.8, 0.95, 0.99, 0.999)
DRAWS = 2000
RISKS = ("committed", "policy continues")
Row = dict[str, Any]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is played.

    Attributes:
        plants, states: Plants, and random states of each (``true``).
        paths, outcomes: Draws of demand that make the promise, and others, new for each state,
            that judge it (``true``).
        decide_on: Paths that a policy looks at.
        forecast_plants, weeks, every_days: Plants, unseen weeks, days between forecasts.
        forecast_paths: Paths behind each forecast risk.
        history_days: Before the unseen weeks.
    """

    plants: int
    states: int
    paths: int
    outcomes: int
    decide_on: int
    forecast_plants: int
    weeks: int
    every_days: int
    forecast_paths: int
    history_days: int
    model: str = "lightgbm"


FULL = Size(
    plants=16,
    states=3,
    paths=3200,
    outcomes=70,
    decide_on=200,
    forecast_plants=4,
    weeks=30,
    every_days=1,
    forecast_paths=1000,
    history_days=364,
)
QUICK = Size(
    plants=1,
    states=1,
    paths=60,
    outcomes=10,
    decide_on=20,
    forecast_plants=1,
    weeks=1,
    every_days=4,
    forecast_paths=20,
    history_days=70,
    model="shift_mean",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """Line-shifts with a promise, all of one risk and one kind of demand.

    Attributes:
        chosen: Promise by which they are put into bins, shape (line-shift,).
        promised, halted: Promise that is judged, and what happened, same shape.
        step, block: 1 to 14, and which line-shifts hang together.
    """

    chosen: FloatArray
    promised: FloatArray
    halted: BoolArray
    step: IntArray
    block: IntArray


def run(setup: Setup) -> Result:
    size = replace(QUICK if setup.quick else FULL)
    kinds = setup.only or ("true", "forecast")
    rows: list[Row] = []
    for kind in kinds:
        play = _true if kind == "true" else _forecast
        found: dict[str, list[Judged]] = {risk: [] for risk in RISKS}
        plants = size.plants if kind == "true" else size.forecast_plants
        for plant in range(plants):
            setup.report(plant / plants, f"{kind} demand, plant {plant + 1}")
            for risk, judged in play(size, setup.seed + plant, plant):
                found[risk].append(judged)
        for risk, parts in found.items():
            rows += _rows(kind, risk, _join(parts), setup.seed)
    params = {key: getattr(size, key) for key in Size.__dataclass_fields__}
    return Result(params=params | {"interval": "95 %, bootstrap of blocks"}, rows=rows)


def _true(size: Size, seed: int, number: int) -> Iterator[tuple[str, Judged]]:
    plant = _plant(seed)
    series, draws = _draws(plant, size.paths + size.states * size.outcomes, seed)
    shifts = _shifts(plant)
    model = compile_plant(plant, series, start=shifts[0].start, end=shifts[STEPS - 1].end)
    ahead, later = draws[: size.paths], draws[size.paths :]
    for state_number in range(size.states):
        happened = later[state_number * size.outcomes :][: size.outcomes]
        rng = np.random.default_rng([seed, state_number])
        state = _state(model, ahead, shifts, rng)
        policy = NoStockout(alpha=float(rng.choice(ALPHAS)))
        looked_at = _paths(ahead[: size.decide_on], series, shifts)
        for risk in RISKS:
            ordering = policy if risk == "policy continues" else None
            promised = _halts(model, state, ahead[size.decide_on :], looked_at, ordering, seed)
            seen = _halts(model, state, happened, looked_at, ordering, seed + 7919)
            half = len(promised) // 2
            first, second = promised[:half].mean(axis=0), promised[half:].mean(axis=0)
            # Each half chooses for the other, so that no path is wasted.
            blocks = np.full(len(seen), number)
            yield risk, _judged(first, second, seen, blocks)
            yield risk, _judged(second, first, seen, blocks)


def _forecast(size: Size, seed: int, number: int) -> Iterator[tuple[str, Judged]]:
    plant = _plant(seed)
    made = generate_history(
        plant, start=START, days=size.history_days + 7 * size.weeks + 14, seed=seed
    )
    calendar = plant.calendar_of(plant.lines[0].location_id)
    start = made.demand["period_start"].min()
    assert isinstance(start, datetime)
    periods = shift_periods(
        calendar, start, start + timedelta(days=size.history_days + 7 * size.weeks + 14)
    )
    truth = made.truth.rename({"true_demand": "demand"}).with_columns(
        shift=pl.lit(""), demand=pl.col("demand").cast(pl.Float64)
    )
    panel = panel_from_frame(truth, periods)
    known = 2 * size.history_days
    forecaster = _bound(
        size, panel_from_frame(made.demand, periods).head(known), plant, periods, seed
    )
    rng = np.random.default_rng([seed, 99])
    for week in range(size.weeks):
        for day in range(0, 7, size.every_days):
            at = known + 2 * (7 * week + day)
            yield from _one_cutoff(size, plant, panel, forecaster, at, rng, number * 1000 + week)


def _one_cutoff(
    size: Size,
    plant: Plant,
    panel: Panel,
    forecaster: BoundForecaster,
    at: int,
    rng: np.random.Generator,
    block: int,
) -> Iterator[tuple[str, Judged]]:
    periods, known = panel.periods, len(forecaster.history.periods)
    cutoff = periods[at].start
    observed = Observed(
        series=panel.series,
        period_starts=tuple(period.start for period in periods[known:at]),
        period_ends=tuple(period.end for period in periods[known:at]),
        demand=panel.demand[:, known:at],
    )
    seed = at
    paths = forecaster.sample(
        observed, cutoff, steps=AHEAD, paths=size.decide_on + size.forecast_paths, seed=seed
    )
    model = compile_plant(plant, paths.series, start=cutoff, end=periods[at + STEPS - 1].end)
    shifts = model.calendar.next_shifts(cutoff, AHEAD)
    state = _state(model, paths.values, shifts, rng)
    row = {name: index for index, name in enumerate(panel.series)}
    order = [row[name] for name in paths.series]
    true = np.nan_to_num(panel.demand[order, at : at + STEPS]).astype(np.int32)[None]
    looked_at = replace(paths, values=paths.values[: size.decide_on])
    for risk in RISKS:
        policy = NoStockout(alpha=float(rng.choice(ALPHAS))) if risk != "committed" else None
        shown = paths.values[size.decide_on :]
        promised = _halts(model, state, shown, looked_at, policy, seed).mean(axis=0)
        seen = _halts(model, state, true, looked_at, policy, seed + 7919)
        yield risk, _judged(promised, promised, seen, np.array([block]))


def _bound(
    size: Size, history: Panel, plant: Plant, periods: Sequence[Any], seed: int
) -> BoundForecaster:
    seeded = {} if size.model == "shift_mean" else {"seed": seed}
    estimator = registry.estimator(size.model, **seeded)
    tested = backtest({size.model: estimator}, history, periods=56, steps=STEPS, baselines=())
    calibration, dependence = calibrate(tested, size.model)
    fitted = CalibratedPredictor(predictor=estimator.fit(history), calibration=calibration)
    calendar = plant.calendar_of(plant.lines[0].location_id)
    end = periods[-1].end
    return BoundForecaster(
        predictor=fitted,
        history=history,
        calendar=(*periods, *shift_periods(calendar, end, end + timedelta(days=60))),
        dependence=dependence,
        model_version=size.model,
    )


def _plant(seed: int) -> Plant:
    return demo_plant(showrooms=1, stations=3, lines="ABC", parts=30, seed=seed, time_zone="UTC")


def _shifts(plant: Plant) -> list[Shift]:
    calendar = plant.calendar_of(plant.lines[0].location_id)
    return calendar.next_shifts(datetime(START.year, START.month, START.day, 6, tzinfo=UTC), AHEAD)


def _draws(plant: Plant, count: int, seed: int) -> tuple[tuple[tuple[str, str], ...], IntArray]:
    """``count`` fortnights of demand, shape (draw, series, shift); every second week begins one."""
    found: list[IntArray] = []
    weeks, chunk = 0, min(count, 1000)
    series: tuple[tuple[str, str], ...] = ()
    while weeks < count:
        made = generate_demand(
            plant, start=START, days=7 * (chunk + 1), seed=seed * 100_003 + weeks, shape=SHAPE
        )
        series, demand = made.series, made.true_demand
        starts = 14 * np.arange(chunk)
        window = starts[:, None] + np.arange(AHEAD)
        window = np.minimum(window, demand.shape[1] - 1)
        found.append(np.moveaxis(demand[:, window], 0, 1).astype(np.int32))
        weeks += chunk
    rng = np.random.default_rng(seed)
    return series, np.concatenate(found)[rng.permutation(weeks)[:count]]


def _paths(
    values: IntArray, series: tuple[tuple[str, str], ...], shifts: Sequence[Shift]
) -> SamplePaths:
    return SamplePaths(
        values=values,
        series=series,
        period_starts=tuple(shift.start for shift in shifts),
        period_ends=tuple(shift.end for shift in shifts),
        cutoff=shifts[0].start,
        seed=0,
        model_version="drawn",
    )


def _state(
    model: PlantModel, demand: IntArray, shifts: Sequence[Shift], rng: np.random.Generator
) -> PlantState:
    """Stock of some shifts of mean demand and, for half of the pairs, an order on its way.

    A line needs about ten parts and the shortest one decides.
    """
    per_shift = demand[:, :, :STEPS].mean(axis=(0, 2))
    mean = np.bincount(model.pair_of_series, weights=per_shift, minlength=len(model.pairs))
    cover = rng.uniform(0.5, 14.0) + rng.exponential(6.0, len(mean))
    lane = model.plant.lane_by_id[model.lanes[0]]
    departures = sorted(
        {d.departure_at for b in model.batches.values() for each in b for d in each.departures}
    )
    inbound = tuple(
        Inbound(
            stock_point_id=place,
            part_id=part,
            quantity=max(round(2 * mean[pair]), 1),
            lane_id=lane.lane_id,
            departure_at=departures[int(rng.integers(0, 4))],
        )
        for pair, (place, part) in enumerate(model.pairs)
        if rng.random() < 0.5
    )
    assert len(shifts) >= STEPS
    return PlantState(
        on_hand=np.round(mean * cover).astype(np.int32),
        source_on_hand=np.full(len(model.sources), 10**7, dtype=np.int32),
        inbound=inbound,
    )


def _halts(
    model: PlantModel,
    state: PlantState,
    demand: IntArray,
    looked_at: SamplePaths,
    policy: Policy | None,
    seed: int,
) -> BoolArray:
    """Whether each line stands starved at some time of each shift, shape (draw, line, shift)."""
    twin = Twin(model, demand[:, :, :STEPS], state, seed=seed, record_slots=False)
    outlooks = FixedPathsOutlook(model, looked_at, seed)
    while not twin.done:
        if policy is not None:
            decide_due(twin, policy, outlooks)
        twin.step()
    return np.asarray(twin.result().starved_minutes > 0)


def _judged(chosen: FloatArray, promised: FloatArray, seen: BoolArray, blocks: Any) -> Judged:
    """Cells of (line, shift), each met once per draw of ``seen``."""
    count, lines, shifts = seen.shape
    step = np.broadcast_to(np.arange(1, shifts + 1), seen.shape)
    block = np.broadcast_to(np.asarray(blocks)[:, None, None], (count, lines, shifts))
    return Judged(
        chosen=np.broadcast_to(chosen, seen.shape).ravel(),
        promised=np.broadcast_to(promised, seen.shape).ravel(),
        halted=seen.ravel(),
        step=step.ravel().astype(np.int32),
        block=block.ravel().astype(np.int32),
    )


def _join(parts: Sequence[Judged]) -> Judged:
    names = Judged.__dataclass_fields__
    return Judged(
        **{name: np.concatenate([getattr(each, name) for each in parts]) for name in names}
    )


def _rows(kind: str, risk: str, judged: Judged, seed: int) -> list[Row]:
    about = {"demand": kind, "risk": risk}
    rows = [_row("all line-shifts", about | {"promise": "all"}, judged, judged.step > 0, seed)]
    for nominal, (low, high) in zip(NOMINAL, EDGES, strict=True):
        inside = (judged.chosen >= low) & (judged.chosen < high)
        label = about | {"promise": f"{nominal:.1%}"}
        rows.append(_row("promised against observed", label, judged, inside, seed))
        for step in range(1, STEPS + 1):
            some = inside & (judged.step == step)
            rows.append(_row("by step", label | {"step": step}, judged, some, seed))
    return rows


def _row(table: str, about: Row, judged: Judged, chosen: BoolArray, seed: int) -> Row:
    count = int(chosen.sum())
    row: Row = {"table": table, **about, "line_shifts": count}
    if not count:
        return row | dict.fromkeys(("promised", "observed", "low", "high", "kept"))
    blocks, place = np.unique(judged.block[chosen], return_inverse=True)
    cells = np.bincount(place)
    halted = np.bincount(place, weights=judged.halted[chosen])
    promise = np.bincount(place, weights=judged.promised[chosen])
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(blocks), (DRAWS, len(blocks)))
    total = cells[drawn].sum(axis=1)
    # The promise is drawn along: which line-shifts a block holds moves both.
    gap = (halted[drawn].sum(axis=1) - promise[drawn].sum(axis=1)) / total
    promised, observed = float(promise.sum() / count), float(halted.sum() / count)
    fewest, most = poisson_interval(round(observed * count))
    low = min(promised + float(np.quantile(gap, 0.025)), fewest / count)
    high = max(promised + float(np.quantile(gap, 0.975)), most / count)
    return row | {
        "promised": round(promised, 5),
        "observed": round(observed, 5),
        "low": round(max(low, 0.0), 5),
        "high": round(high, 5),
        "kept": low <= promised <= high,
    }

"""What lines build: the level of each, what moves it, the plan, and what came of the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.frames.synthetic.effects import EffectRow
from supplynet.frames.synthetic.occasions import Shifts, campaigns, holidays, shifts_of, stops
from supplynet.frames.synthetic.profile import EPOCH, REFERENCE_MINUTES, Profile, line_profile
from supplynet.frames.synthetic.scenario import DemandShape, PlanShape
from supplynet.frames.synthetic.shocks import line_shocks, product_shocks
from supplynet.frames.synthetic.timetable import BoolArray, PlaceArray, Timetable

NOTED_DEVIATIONS = 2.0
"""Shocks of a product beyond this many deviations are written to the effects."""
MOST = 1e8
"""Units or parts of a period; absurd shapes grow no further, so that nothing overflows."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Runs:
    """What is built where: one run for each product of each line, sorted.

    Attributes:
        lines: Ids of the lines, sorted.
        line: Place of each run's line, shape (run,).
        product: Of each run.
        share: Share of the line's units, shape (run,); the products of a line share evenly.
    """

    lines: tuple[str, ...]
    line: PlaceArray
    product: tuple[str, ...]
    share: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Production:
    """What was expected, said and built.

    Attributes:
        base: Units of a line per 12 hours on a plain weekday in the first shift, shape (line,).
        level: Expected units without shocks, shape (run, period).
        first_plan, last_plan, units: Units, whole numbers, shape (run, period).
        revised: Whether the first plan was corrected, shape (line, period).
        stopped: Minutes of planned stops, shape (line, period).
        effects: Everything that was put in.
    """

    base: FloatArray
    level: FloatArray
    first_plan: FloatArray
    last_plan: FloatArray
    units: FloatArray
    revised: BoolArray
    stopped: IntArray
    effects: list[EffectRow]


def runs_of(plant: Plant, lines: Sequence[str]) -> Runs:
    """The runs of ``lines``: a product for each that their requirements name."""
    wanted = set(lines)
    pairs = sorted({(r.line_id, r.product) for r in plant.requirements if r.line_id in wanted})
    ordered = tuple(sorted(wanted))
    place = {line: i for i, line in enumerate(ordered)}
    line = np.array([place[name] for name, _ in pairs], dtype=int)
    count = np.bincount(line, minlength=len(ordered))
    product = tuple(product for _, product in pairs)
    return Runs(lines=ordered, line=line, product=product, share=1 / count[line])


def produce(
    table: Timetable, runs: Runs, demand: DemandShape, plan: PlanShape, seed: int
) -> Production:
    """The production of every run in every period of ``table``."""
    size = len(table.periods)
    profile = line_profile(runs.lines, demand)
    level, first_plan, last_plan, units = by_run = np.zeros((4, len(runs.line), size))
    stopped = np.zeros((len(runs.lines), size), np.int32)
    revised = np.zeros(stopped.shape, bool)
    effects: list[EffectRow] = []
    for group in table.groups:
        shifts = shifts_of(table, group, runs.lines)
        at = np.ix_(group.lines, group.own)
        stopped[at], rows = stops(shifts, demand, seed)
        line_level, more = _level(shifts, profile, stopped[at], demand, seed)
        effects += rows + more
        revised[at] = shifts.uniform(seed, "revision") < plan.revised_share
        here = np.flatnonzero(np.isin(runs.line, group.lines))
        member = np.searchsorted(group.lines, runs.line[here])
        own_level = line_level[member] * runs.share[here][:, None]
        product, rows = _product_factors(shifts, runs, here, demand, seed)
        effects += rows
        shocks = line_shocks(shifts.lines, len(shifts.day), demand, plan, seed)
        planned = _whole(own_level * shocks.planned[member] * product)
        wrong = _whole(planned * shocks.first_error[member])
        by_run[:, here[:, None], group.own] = (
            own_level,
            np.where(revised[at][member], wrong, planned),
            planned,
            _whole(planned * shocks.adherence[member]),
        )
    return Production(
        base=profile.base,
        level=level,
        first_plan=first_plan,
        last_plan=last_plan,
        units=units,
        revised=revised,
        stopped=stopped,
        effects=effects,
    )


def _whole(units: FloatArray) -> FloatArray:
    return np.minimum(np.rint(units), MOST)


def _level(
    shifts: Shifts, profile: Profile, stopped: IntArray, demand: DemandShape, seed: int
) -> tuple[FloatArray, list[EffectRow]]:
    """Expected units of each line: profile, length of the shift, holidays and campaigns."""
    first_day = (shifts.group.start - EPOCH).days
    level = profile.of(shifts.group.lines).level(
        weekday=shifts.weekday, order=shifts.order, days=first_day + shifts.day.astype(float)
    )
    eves, holiday_rows = holidays(shifts, demand)
    factors, campaign_rows = campaigns(shifts, demand, seed)
    running = (shifts.minutes - stopped) / REFERENCE_MINUTES
    return level * running * eves * factors, holiday_rows + campaign_rows


def _product_factors(
    shifts: Shifts, runs: Runs, here: PlaceArray, demand: DemandShape, seed: int
) -> tuple[FloatArray, list[EffectRow]]:
    """Factors of the shocks of each run's product, shape (run, shift); 1 where there are none."""
    factors = np.ones((len(here), len(shifts.day)))
    rows: list[EffectRow] = []
    if not demand.product_shock_sd:
        return factors, rows
    worked = np.unique(shifts.day)
    daily = {
        product: product_shocks(product, shifts.days, demand, seed)
        for product in {runs.product[i] for i in here}
    }
    spread = demand.product_shock_sd
    for k, i in enumerate(here):
        product, line = runs.product[i], runs.lines[runs.line[i]]
        shock = daily[product]
        factors[k] = shock[shifts.day]
        deviations = (np.log(shock[worked]) + spread**2 / 2) / spread
        rows += [
            shifts.note("product_shock", line, (day, day + 1), float(shock[day]), product)
            for day in worked[np.abs(deviations) > NOTED_DEVIATIONS].tolist()
        ]
    return factors, rows

"""True demand: what lines would use if nothing were ever missing, and the truth behind it.

Units built by a line in a shift follow its plan (``production``, ``announced``), consumption of a
part follows the units (``consumption``). Every random number comes from a stream of its own
(``streams``): a longer history begins with the shorter one, so ``days=393`` is ``days=365`` and 28
days that a model trained on the first has not seen; and any lines can be made alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.core.shifts import Shift
from supplynet.core.spelling import nearest
from supplynet.errors import InvalidInput, NotFound
from supplynet.frames.synthetic.announced import by_line, days_announced, plan_frame
from supplynet.frames.synthetic.consumption import Needs, consume, needs_of
from supplynet.frames.synthetic.effects import effects_frame
from supplynet.frames.synthetic.production import Runs, produce, runs_of
from supplynet.frames.synthetic.scenario import DemandShape, PlanShape
from supplynet.frames.synthetic.timetable import BoolArray, Timetable, timetable

PLAIN, PLANNED = DemandShape(), PlanShape()


@dataclass(frozen=True, kw_only=True, eq=False)
class Generated:
    """True demand of a synthetic plant: what lines use when nothing is ever missing.

    Attributes:
        series: ``(line, part)`` of each series, sorted.
        periods: Shifts in order of time.
        true_demand: Parts, int32, shape (series, period); 0 where the line has no shift.
        mean: Its expectation for one who knows calendar and lasting effects, but neither shocks nor
            plan, shape (series, period).
        mean_given_plan: Its expectation for one who knows the last plan, shape (series, period).
        lines: Ids of the lines, sorted.
        line_of_series: Place of each series' line in ``lines``, shape (series,).
        units: Units built, int32, shape (line, period).
        works: Whether the line has that shift, bool, shape (line, period).
        stopped_minutes: Planned stops, int32, shape (line, period).
        effects: What was put in on purpose, ``EFFECTS_SCHEMA``.
        plan: What was announced of the units, and when, ``PLAN_SCHEMA``.
    """

    series: tuple[tuple[str, str], ...]
    periods: tuple[Shift, ...]
    true_demand: IntArray
    mean: FloatArray
    mean_given_plan: FloatArray
    lines: tuple[str, ...]
    line_of_series: npt.NDArray[np.int_]
    units: IntArray
    works: BoolArray
    stopped_minutes: IntArray
    effects: pl.DataFrame
    plan: pl.DataFrame


def generate_demand(
    plant: Plant,
    *,
    start: date,
    days: int,
    seed: int,
    shape: DemandShape = PLAIN,
    plan: PlanShape = PLANNED,
    lines: Collection[str] | None = None,
) -> Generated:
    """True demand of every (line, part) of ``plant`` in the shifts of ``days`` local days.

    Args:
        plant: Its calendars say when it works, its requirements what it uses.
        start: First local day.
        days: Number of local days.
        seed: Same seed, same numbers; more days, lines or parts add some and change none.
        shape: What demand is made of.
        plan: How well units are planned.
        lines: Only these; they have the numbers that they have among all.

    Raises:
        InvalidInput: The plant has no requirements, or there is no shift in those days.
        NotFound: A line has no requirements.
    """
    known = sorted({need.line_id for need in plant.requirements})
    chosen = _chosen(known, lines)
    whole = timetable(plant, known, chosen, start, days + days_announced(plan))
    if not chosen or not whole.head(days).periods:
        raise InvalidInput(f"no shift with demand in {days} days from {start}")
    runs = runs_of(plant, chosen)
    return make_demand(whole, days, runs, needs_of(plant, runs), shape, plan, seed)


def make_demand(
    whole: Timetable,
    days: int,
    runs: Runs,
    needs: Needs,
    shape: DemandShape,
    plan: PlanShape,
    seed: int,
) -> Generated:
    """True demand in the first ``days`` of ``whole``, which goes on for what is announced in them.

    That is ``days_announced(plan)`` days more.
    """
    table = whole.head(days)
    made = produce(whole, runs, shape, plan, seed)
    used = consume(table, runs, needs, made, shape, seed)
    size, end = len(table.periods), max(shift.end for shift in table.periods)
    effects = effects_frame([*made.effects, *used.effects])
    return Generated(
        series=needs.series,
        periods=table.periods,
        true_demand=used.true_demand,
        mean=used.mean,
        mean_given_plan=used.mean_given_plan,
        lines=runs.lines,
        line_of_series=needs.line,
        units=by_line(runs, made.units[:, :size]).astype(np.int32),
        works=table.works,
        stopped_minutes=np.ascontiguousarray(made.stopped[:, :size]),
        effects=effects.filter(pl.col("period_start") < end),
        plan=plan_frame(whole, runs, made, plan, end),
    )


def _chosen(known: Sequence[str], lines: Collection[str] | None) -> tuple[str, ...]:
    for line in sorted(set(lines or ()).difference(known)):
        near = nearest(line, known)
        raise NotFound("line with requirements", line, f"did you mean {near!r}?" if near else "")
    return tuple(known) if lines is None else tuple(sorted(set(lines)))

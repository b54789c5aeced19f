"""Whether it is worth planning by what line leaders announce: surges and stops in the twin.

Lines surge and stand still, and their leaders say so some hours before. A plan that honours them
meets the same days, with the same luck, as one that ignores them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from supplynet.core.announcements import Announcements, announcements
from supplynet.core.keyed import name_key
from supplynet.core.protocols import Forecaster, Observed, Policy
from supplynet.core.sample_paths import IntArray, SamplePaths
from supplynet.core.statements import MOST_PERCENT, Says, Statement
from supplynet.forecast.announced import rates
from supplynet.frames.synthetic.ranges import between, check_ranges
from supplynet.simulate.model import PlantModel
from supplynet.simulate.outlook import PathOutlook
from supplynet.simulate.scorecard import Score
from supplynet.study.replay import Replay

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What lines do, and how early and how truly their leaders say so.

    Attributes:
        surges_per_line_week, stops_per_line_week: Mean numbers in a week.
        least, most: Between them lies the announced factor of a surge, evenly spread.
        shifts: Each lasts 1 to so many shifts.
        notice_hours: It is said up to so long before, evenly spread.
        off: Standard deviation of what a surge really is around what was announced.
    """

    surges_per_line_week: float = between(0.5, 0, 7)
    stops_per_line_week: float = between(0.5, 0, 7)
    least: float = between(1.3, 1, 3)
    most: float = between(2.0, 1, 3)
    shifts: int = between(3, 1, 100)
    notice_hours: float = between(24.0, 0, 240)
    off: float = between(0.1, 0, 1)

    def __post_init__(self) -> None:
        check_ranges(self)


def told(model: PlantModel, telling: Telling, seed: int) -> tuple[Statement, ...]:
    """What the leaders of a plant say in its horizon; the same seed says the same."""
    weeks = (model.slots.end - model.slots.start) / _WEEK
    said = []
    for line in model.lines:
        rng = np.random.default_rng([seed, name_key(line) % 2**32])
        kinds = (
            (Says.RATE, telling.surges_per_line_week),
            (Says.STOPPED, telling.stops_per_line_week),
        )
        for says, per_week in kinds:
            for number in range(int(rng.poisson(per_week * weeks))):
                name = f"{line}/{says.value}-{number}"
                said.append(_statement(model, telling, rng, (line, says, name)))
    return tuple(said)


def _statement(
    model: PlantModel, telling: Telling, rng: np.random.Generator, what: tuple[str, Says, str]
) -> Statement:
    """One, beginning with some shift."""
    line, says, name = what
    first = int(rng.integers(len(model.shifts)))
    last = min(first + int(rng.integers(1, telling.shifts + 1)), len(model.shifts)) - 1
    factor = round(float(rng.uniform(telling.least, telling.most)), 2)
    start, notice = model.shifts[first].start, float(rng.uniform(0, telling.notice_hours))
    return Statement(
        key=name,
        line_id=line,
        says=says,
        factor=factor if says is Says.RATE else 0.0,
        start=start,
        end=model.shifts[last].end,
        said_at=start - timedelta(hours=notice),
    )


def true_demand(replay: Replay, said: Sequence[Statement], telling: Telling, seed: int) -> IntArray:
    """What lines then use, whole parts, shape (series, shift)."""
    model = replay.model
    holding = announcements(said, model.plant.calendar_of)
    periods = [(shift.start, shift.end) for shift in model.shifts]
    factors = rates(holding, model.series, periods)
    if factors is None:
        return replay.demand
    rng = np.random.default_rng([seed, name_key("off") % 2**32])
    noise = rng.normal(1.0, telling.off, (len(model.lines), len(periods)))[model.line_of_series]
    really = np.where(factors > 1.0, np.clip(factors * noise, 0.0, MOST_PERCENT / 100), factors)
    return np.rint(replay.demand * really).astype(np.int32)


@dataclass(frozen=True, kw_only=True, eq=False)
class ToldForecaster:
    """A forecaster that hears what has been announced by the moment of each decision."""

    inner: Forecaster
    model: PlantModel
    said: Sequence[Statement]

    def sample(
        self, observed: Observed, cutoff: datetime, *, steps: int, paths: int, seed: int
    ) -> SamplePaths:
        """See ``core.protocols.Forecaster``."""
        heard = replace(observed, announced=self._known(cutoff))
        return self.inner.sample(heard, cutoff, steps=steps, paths=paths, seed=seed)

    def _known(self, cutoff: datetime) -> Announcements:
        known = [each for each in self.said if each.said_at <= cutoff]
        return announcements(known, self.model.plant.calendar_of)


@dataclass(frozen=True, kw_only=True, eq=False)
class Bench:
    """What is played.

    Attributes:
        replay: Days that the forecaster has not seen, as they would be at usual rates.
        forecaster: Bound to the history before them.
        paths: Sample paths per decision.
    """

    replay: Replay
    forecaster: Forecaster
    policy: Policy
    telling: Telling
    paths: int = 100


def play(bench: Bench, *, seed: int, honoured: bool) -> Score:
    """The days with their surges and stops, planned by what was announced or in spite of it."""
    replay = bench.replay
    said = told(replay.model, bench.telling, seed)
    days = replace(replay, demand=true_demand(replay, said, bench.telling, seed))
    forecaster = bench.forecaster
    if honoured:
        forecaster = ToldForecaster(inner=forecaster, model=replay.model, said=said)
    outlooks = PathOutlook(forecaster, paths=bench.paths, seed=replay.seed)
    return days.play(bench.policy, outlooks, name="honoured" if honoured else "ignored")

"""All policies on a frozen case: tuned on one world, scored and swept on others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from supplynet.simulate.scorecard import Score
from supplynet.study.bounds import Bound, perfect_foresight
from supplynet.study.families import FAMILIES
from supplynet.study.frontier import Point, Setting, picture, points_of, settings_of
from supplynet.study.futures import player
from supplynet.study.replay import past_of
from supplynet.study.scenarios import Case, World, make_world
from supplynet.study.search import Play, search
from supplynet.study.tuning import Tuned

PATHS = 200
DAYS_PER_YEAR = 365.0
Report = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """What was found on one case.

    Attributes:
        tuned: By policy, on a world of its own.
        points: Operating points and sweeps of all policies, on the same unseen worlds.
        bound: Perfect foresight on the first unseen world.
        line_years: Unseen.
    """

    case: Case
    tuned: Mapping[str, Tuned]
    points: tuple[Point, ...]
    bound: Bound
    line_years: float

    def sweep(self, policy: str) -> tuple[Point, ...]:
        """The curve of a policy: its sweep, and its operating point."""
        return tuple(point for point in self.points if point.policy == policy)

    def operating(self, policy: str) -> Point:
        """The tuned setting of a policy."""
        return next(p for p in self.points if p.policy == policy and p.tuned)


def run_trial(
    case: Case,
    seeds: Sequence[int],
    *,
    target: float,
    policies: Sequence[str] = tuple(FAMILIES),
    further: int = 0,
    paths: int = PATHS,
    report: Report = lambda _fraction, _what: None,
) -> Trial:
    """Tune every policy on the world of the first seed; score and sweep it on the others.

    What a case has in store for the unseen days only (another spread, another level) does not
    happen in the world on which policies are tuned.

    Args:
        case: Plant and demand.
        seeds: At least two.
        target: Halts per line-month that are promised.
        policies: Of ``families``.
        further: Settings that each policy may try after the common grid.
        paths: Sample paths per decision.
        report: Progress, 0 to 1.
    """
    first, *unseen = seeds
    report(0.0, f"{case.name}: tuning")
    known = replace(case, unseen=None, unseen_factor=1.0, unseen_days=case.tuned_days)
    world = make_world(known, first)
    tuned = search(
        policies,
        past_of(world.plant, world.history, slot_minutes=case.slot_minutes),
        _player(world, paths),
        target=target,
        further=further,
    )
    scores: list[list[Score]] = []
    settings: list[Setting] = []
    bound: Bound | None = None
    for place, seed in enumerate(unseen, start=1):
        report(place / len(seeds), f"{case.name}: unseen world {place} of {len(unseen)}")
        world = make_world(case, seed)
        past = past_of(world.plant, world.history, slot_minutes=case.slot_minutes)
        best = {name: each.best.parameters for name, each in tuned.items()}
        settings = settings_of(best, past)
        scores.append(list(_player(world, paths)([each.candidate for each in settings])))
        bound = perfect_foresight(world.replay()) if bound is None else bound
    assert bound is not None
    points = points_of(settings, scores)
    years = points[0].line_months * 30.4 / DAYS_PER_YEAR
    return Trial(case=case, tuned=tuned, points=points, bound=bound, line_years=years)


def _player(world: World, paths: int) -> Play:
    """Plays settings on the unseen days of a world, with one forecaster."""
    return player([world.replay()], world.forecaster(), paths=paths, seed=world.seed)


def frontier_svg(trial: Trial) -> str:
    """The picture of a trial."""
    title = f"{trial.case.name}: {trial.line_years:.0f} line-years of unseen demand"
    return picture(trial.points, title=title, bound_days=trial.bound.cover_days)

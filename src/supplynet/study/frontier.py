"""Halts per line-month against average days of cover: what each policy makes of the same days.

Every policy is swept from careful to careless and meets the demand of the same worlds; worlds are
pooled. Halts of one line hang together, so intervals resample lines, all policies alike (paired).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.simulate.scorecard import Score
from supplynet.study.families import FAMILIES, Candidate, Past
from supplynet.study.picture import Mark, draw

DRAWS = 400
SWEEP = 7
"""Settings of each policy in a sweep."""
CAREFUL_SPREADS = (2.0, 1.5)
"""Beyond the most careful alpha a sweep widens the spread."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Point:
    """One setting of a policy over all worlds.

    Attributes:
        scores: One per world, on the same demand as every other point.
        tuned: Whether this is the operating point, else one of a sweep.
    """

    policy: str
    parameters: Mapping[str, float]
    scores: tuple[Score, ...]
    tuned: bool = False

    @property
    def line_months(self) -> float:
        """Of all worlds."""
        return sum(score.line_months for score in self.scores)

    @property
    def halts_per_line_month(self) -> float:
        """Of all worlds."""
        return sum(score.halts for score in self.scores) / self.line_months

    @property
    def lost_minutes_per_line_month(self) -> float:
        """Of all worlds."""
        return sum(score.lost_minutes for score in self.scores) / self.line_months

    @property
    def cover_days(self) -> float:
        """Mean of the worlds."""
        return float(np.mean([score.cover_days for score in self.scores]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting to play, and whether it is the operating point of its policy."""

    policy: str
    candidate: Candidate
    tuned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure with its 95 % interval; NaN where it cannot be told."""

    value: float
    low: float
    high: float


def sweep(policy: str, past: Past, best: Mapping[str, float]) -> tuple[Candidate, ...]:
    """Settings of a policy from careful to careless, with all but the main parameter as tuned.

    Args:
        policy: Of ``families``.
        past: For policies that are set from past windows.
        best: Tuned parameters; those of classes are left out, for they would tie the sweep down.
    """
    chosen = FAMILIES[policy]
    kept = {name: best[name] for name in chosen.grid}
    main = next(iter(chosen.grid))
    values = sorted(chosen.grid[main], reverse=True)
    spreads = CAREFUL_SPREADS if "spread" in kept else ()
    places = np.linspace(0, len(values) - 1, SWEEP - len(spreads)).round().astype(int)
    settings = [{**kept, main: values[place]} for place in places]
    if spreads:
        settings = [{**each, "spread": 1.0} for each in settings]
        settings = [{**settings[0], "spread": spread} for spread in spreads] + settings
    return tuple(chosen.candidate(each, past) for each in settings)


def settings_of(best: Mapping[str, Mapping[str, float]], past: Past) -> list[Setting]:
    """The operating point and the sweep of each policy, in the order to play them.

    A forecast follows what the first setting has shown, so that is a careful one.

    Args:
        best: Tuned parameters by policy.
        past: For policies that are set from past windows.
    """
    found = []
    for policy, parameters in best.items():
        every = sweep(policy, past, parameters)
        found += [Setting(policy=policy, candidate=each, tuned=False) for each in every]
        tuned = FAMILIES[policy].candidate(parameters, past)
        found.append(Setting(policy=policy, candidate=tuned, tuned=True))
    return found


def points_of(settings: Sequence[Setting], scores: Sequence[Sequence[Score]]) -> tuple[Point, ...]:
    """The points of some settings; ``scores`` has a row per world, in the settings' order."""
    return tuple(
        Point(
            policy=each.policy,
            parameters=each.candidate.parameters,
            scores=of_worlds,
            tuned=each.tuned,
        )
        for each, of_worlds in zip(settings, zip(*scores, strict=True), strict=True)
    )


def picture(points: Sequence[Point], *, title: str, bound_days: float | None = None) -> str:
    """SVG of the frontier, a curve for each policy with its 95 % band."""
    curves: dict[str, list[Mark]] = {}
    for point in points:
        rate = rate_interval(point)
        words = ", ".join(f"{key} {value:g}" for key, value in point.parameters.items())
        curves.setdefault(point.policy, []).append(
            Mark(
                cover_days=point.cover_days,
                halts=rate.value,
                low=rate.low,
                high=rate.high,
                words=f"{point.policy}: {words}",
                tuned=point.tuned,
            )
        )
    return draw(curves, title=title, bound_days=bound_days)


def rate_interval(point: Point, *, seed: int = 0) -> Interval:
    """Halts per line-month with the interval of resampled lines."""
    rates = _rates([point], _weights([point], seed))[0]
    return Interval(value=point.halts_per_line_month, low=_low(rates), high=_high(rates))


def cover_at(points: Sequence[Point], halts: float) -> float:
    """Least days of cover with at most that many halts per line-month, between the points.

    Between two settings the logarithm of the rate is taken as linear in the cover. NaN where no
    setting is that good.
    """
    return _cover_at(*_curve(points, np.array([p.halts_per_line_month for p in points])), halts)


def cover_ratio(
    points: Sequence[Point], against: Sequence[Point], halts: float, *, seed: int = 0
) -> Interval:
    """Cover of one policy over that of another at an equal rate of halts.

    Args:
        points: A sweep of the one.
        against: A sweep of the other, on the same worlds.
        halts: Per line-month.
        seed: Of the resamples.
    """
    weights = _weights([*points, *against], seed)
    one, other = _rates(points, weights), _rates(against, weights)
    drawn = np.array(
        [
            _cover_at(*_curve(points, one[:, draw]), halts)
            / _cover_at(*_curve(against, other[:, draw]), halts)
            for draw in range(weights.shape[1])
        ]
    )
    known = drawn[~np.isnan(drawn)]
    if len(known) < 0.9 * len(drawn):  # one of them cannot be told to get there
        return Interval(value=math.nan, low=math.nan, high=math.nan)
    value = cover_at(points, halts) / cover_at(against, halts)
    return Interval(value=value, low=_low(known), high=_high(known))


def _curve(points: Sequence[Point], rates: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Cover, ascending, and log rates that never rise with it."""
    cover = np.array([point.cover_days for point in points])
    order = np.argsort(cover, kind="stable")
    least = 0.5 / points[0].line_months  # what a count of 0 is taken for
    logs = np.log(np.maximum(rates[order], least))
    return cover[order], np.minimum.accumulate(logs)


def _cover_at(cover: FloatArray, logs: FloatArray, halts: float) -> float:
    wanted = math.log(halts)
    enough = np.flatnonzero(logs <= wanted)
    if not len(enough):
        return math.nan
    at = int(enough[0])
    if at == 0:
        return float(cover[0])
    share = (logs[at - 1] - wanted) / (logs[at - 1] - logs[at])
    return float(cover[at - 1] + share * (cover[at] - cover[at - 1]))


def _weights(points: Sequence[Point], seed: int) -> FloatArray:
    """How often each (world, line) is drawn, shape (line, draw); the same for all points."""
    count = sum(score.lines for score in points[0].scores)
    rng = np.random.default_rng(seed)
    return rng.multinomial(count, np.full(count, 1.0 / count), size=DRAWS).T.astype(np.float64)


def _rates(points: Sequence[Point], weights: FloatArray) -> FloatArray:
    """Halts per line-month of each point in each draw, shape (point, draw)."""
    months = np.concatenate([_by_line(s, s.block_line_months) for s in points[0].scores]) @ weights
    halts = [
        np.concatenate([_by_line(score, score.block_halts) for score in point.scores])
        for point in points
    ]
    return np.asarray(np.array(halts) @ weights / months)


def _by_line(score: Score, blocks: FloatArray) -> FloatArray:
    """Sums over the weeks of each line; of runs of one replication."""
    return np.asarray(blocks.reshape(score.lines, -1).sum(axis=1))


def _low(values: FloatArray) -> float:
    return float(np.quantile(values, 0.025))


def _high(values: FloatArray) -> float:
    return float(np.quantile(values, 0.975))

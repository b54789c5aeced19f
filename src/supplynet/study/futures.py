"""Days that might have been: past days replayed with demand that the forecast could imagine.

A stretch of days happened once, and halts are rare on it. Sampled futures play the same days again,
with the same opening stock and calendar, under demand drawn from the forecaster's joint sample
paths as they were before the first of these days. Every setting of every policy meets the same
futures (common random numbers). They are only as true as the forecast, so they never stand for the
days: see ``study.foretold`` for what is made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from supplynet.core.keyed import name_key
from supplynet.core.protocols import Forecaster, Observed
from supplynet.errors import InvalidInput
from supplynet.simulate.outlook import PathOutlook
from supplynet.simulate.scorecard import Score, pooled
from supplynet.study.families import Candidate, family
from supplynet.study.replay import Replay
from supplynet.study.search import Play

FUTURES = 2
"""Sampled futures that a search asks where the recorded days are too few: more change little."""
_DRAWN = name_key("sampled futures")


def sampled_futures(
    replay: Replay, forecaster: Forecaster, count: int, *, seed: int
) -> tuple[Replay, ...]:
    """The days of ``replay`` under sampled demand, each with transit times of its own.

    Args:
        replay: Its model, opening stock, warm-up and purchases are kept.
        forecaster: Bound to the history before the replay's first day.
        count: Futures, >= 0.
        seed: Of futures; they are not the paths that decisions look at with the same seed.

    Raises:
        InvalidInput: A count below 0, or the forecaster has other shifts than the plant.
    """
    if count < 0:
        raise InvalidInput(f"{count} sampled futures; use 0 or more")
    if not count:
        return ()
    model = replay.model
    sampled = forecaster.sample(
        Observed(
            series=model.series,
            period_starts=(),
            period_ends=(),
            demand=np.zeros((len(model.series), 0)),
        ),
        model.slots.start,
        steps=len(model.shifts),
        paths=count,
        seed=(seed + _DRAWN) % 2**31,
    )
    if sampled.period_starts != tuple(shift.start for shift in model.shifts):
        raise InvalidInput("sampled futures: the forecaster has other shifts than the plant")
    row = {series: index for index, series in enumerate(sampled.series)}
    rows = [row[series] for series in model.series]
    return tuple(
        replace(replay, demand=values[rows], seed=replay.seed + number)
        for number, values in enumerate(sampled.values, start=1)
    )


def player(replays: Sequence[Replay], forecaster: Forecaster, *, paths: int, seed: int) -> Play:
    """Plays settings on some stretches of days and pools their scores.

    Args:
        replays: At least one.
        forecaster: Bound to the history before them; policies that look ahead ask it.
        paths: Sample paths per decision.
        seed: Of paths.
    """

    def play(candidates: Sequence[Candidate]) -> Sequence[Score]:
        foresees = any(family(each.policy.name).foresees for each in candidates)
        outlooks = PathOutlook(forecaster, paths=paths, seed=seed, shared=True)
        scores = [each.play_all(candidates, outlooks if foresees else None) for each in replays]
        return [pooled(of_one) for of_one in zip(*scores, strict=True)]

    return play

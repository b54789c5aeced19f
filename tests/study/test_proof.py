"""The proof: nothing that is tuned has seen the days that it is scored on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from supplynet.errors import HistoryTooShort, InvalidInput
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.seasonal_naive import SeasonalNaive
from supplynet.forecast.shift_mean import ShiftMean
from supplynet.frames.panel import Panel, shift_periods
from supplynet.frames.synthetic import generate_demand
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.simulate.scorecard import Score
from supplynet.study.futures import sampled_futures
from supplynet.study.proof import POLICIES, Proof, Task, frontier_of, prove
from supplynet.study.replay import Replay

UNSEEN = 14  # shifts of the last week


def seen(score: Score) -> tuple[float, ...]:
    return (score.halts, score.lost_minutes, score.cover_days, score.orders)


@pytest.fixture(scope="module")
def task() -> Task:
    plant = tiny_plant()
    made = generate_demand(plant, start=date(2026, 1, 5), days=70, seed=4)
    calendar = plant.calendar_of(made.series[0][0])
    end = made.periods[-1].end
    periods = shift_periods(calendar, made.periods[0].start, end)
    panel = Panel(series=made.series, periods=periods, demand=made.true_demand.astype(float))
    ahead = shift_periods(calendar, end, end.replace(year=end.year + 1))
    return Task(
        plant=plant,
        recorded=panel,
        truth=panel,
        unseen_from=len(periods) - UNSEEN,
        calendar=(*periods, *ahead),
        estimators={"shift_mean": ShiftMean(), "seasonal_naive": SeasonalNaive()},
        paths=50,
        seed=1,
    )


@pytest.fixture(scope="module")
def proof(task: Task) -> Proof:
    return prove(task)


def test_every_policy_is_scored_on_the_same_days_and_the_bound_comes_last(proof: Proof) -> None:
    scores = proof.scoreboard.scores
    assert [score.policy for score in scores] == [*POLICIES, "perfect_foresight"]
    assert scores[-1].halts == 0
    assert scores[-1].cover_days <= min(score.cover_days for score in scores[:-1])
    assert {each.against for each in proof.scoreboard.differences} == {"min_max"}


def test_all_policies_are_tuned_by_a_search_of_the_same_size(proof: Proof) -> None:
    assert len({len(tuned.scores) for tuned in proof.tuned.values()}) == 1


def test_the_unseen_days_change_no_choice(task: Task, proof: Proof) -> None:
    """Twice the demand there: other scores, but the same champion, parameters and spread."""
    demand = np.array(task.recorded.demand)
    demand[:, task.unseen_from :] *= 2
    other = replace(task.recorded, demand=demand)
    again = prove(replace(task, recorded=other, truth=other))
    assert again.champion == proof.champion
    assert again.dependence == proof.dependence
    for name, tuned in proof.tuned.items():
        assert again.tuned[name].best.parameters == tuned.best.parameters
        assert seen(again.tuned[name].score) == seen(tuned.score)
    assert again.scoreboard.scores[0].halts > proof.scoreboard.scores[0].halts
    assert not again.forecast.equals(proof.forecast)


def test_futures_are_of_the_tuning_days_as_they_were_foreseen_before_them(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def draw(replay: Replay, forecaster: BoundForecaster, count: int, *, seed: int) -> Any:
        found = sampled_futures(replay, forecaster, count, seed=seed)
        drawn.append((replay, forecaster, found))
        return found

    monkeypatch.setattr("supplynet.study.proof.sampled_futures", draw)
    few = replace(task, estimators={"shift_mean": ShiftMean()}, policies=("min_max",), futures=2)
    assert prove(few).tuned["min_max"].best.parameters
    ((replay, forecaster, found),) = drawn
    first = task.unseen_from - 2 * UNSEEN
    assert replay.model.slots.start == task.recorded.periods[first].start
    assert len(replay.model.shifts) == 2 * UNSEEN
    assert forecaster.history.periods == task.recorded.periods[:first]
    assert len(found) == 2


def test_the_frontier_sweeps_every_policy_over_the_unseen_days(task: Task, proof: Proof) -> None:
    points = frontier_of(task, proof)
    for name in POLICIES:
        mine = [point for point in points if point.policy == name]
        assert [point.tuned for point in mine].count(True) == 1
        careful, *_, careless, tuned = mine
        assert careful.cover_days > careless.cover_days
        assert careful.halts_per_line_month <= careless.halts_per_line_month
        assert tuned.parameters == proof.tuned[name].best.parameters
    (static,) = (p for p in points if p.tuned and p.policy == "min_max")
    assert seen(static.scores[0]) == seen(proof.scoreboard.scores[0])


def test_the_forecaster_knows_the_history_and_no_more(task: Task, proof: Proof) -> None:
    assert proof.forecaster.history.periods == task.recorded.periods[: task.unseen_from]
    assert set(proof.predictors) == {"shift_mean", "seasonal_naive"}


def test_a_history_too_short_to_tune_on_and_a_policy_unknown_are_refused(task: Task) -> None:
    with pytest.raises(HistoryTooShort):
        prove(replace(task, unseen_from=len(task.recorded.periods) // 2))
    with pytest.raises(InvalidInput, match="no policy 'hope'"):
        prove(replace(task, policies=("min_max", "hope")))

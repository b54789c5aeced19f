"""Trigger rules in the twin: tuned before the days on which they are scored."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from supplynet.errors import InsufficientData, InvalidInput
from supplynet.forecast.refill_classifier import RefillClassifier, classifier
from supplynet.forecast.shift_mean import ShiftMean
from supplynet.frames.panel import Panel, shift_periods
from supplynet.frames.synthetic import generate_demand
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.study import refill_twin
from supplynet.study.proof import Task
from supplynet.study.refill_learning import examples_of
from supplynet.study.refill_twin import HaltTrial, halt_trial

UNSEEN = 8  # shifts of the last four days
QUICK: dict[str, RefillClassifier] = {"refill_lightgbm": classifier("refill_lightgbm", rounds=30)}


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
        estimators={"shift_mean": ShiftMean()},
        policies=("min_max",),
        paths=50,
        seed=1,
    )


def _few(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(refill_twin, "BARS", (0.02, 0.2))
    patch.setattr(refill_twin, "EXTRA_COVERS", (0.5,))


@pytest.fixture(scope="module")
def trial(task: Task) -> HaltTrial:
    with pytest.MonkeyPatch.context() as patch:
        _few(patch)
        return halt_trial(task, QUICK)


def test_all_rules_play_the_same_days_between_min_max_and_perfect_foresight(
    trial: HaltTrial,
) -> None:
    assert [score.policy for score in trial.scores] == [
        "min_max",
        "forecast_trigger",
        "refill_lightgbm",
        "perfect_foresight",
    ]
    assert len({score.line_months for score in trial.scores}) == 1
    assert [each.against for each in trial.differences] == ["min_max", "min_max"]
    assert trial.scores[-1].halts == 0
    assert trial.scores[-1].cover_days <= min(score.cover_days for score in trial.scores)
    assert all(score.fill_rate > 0.9 for score in trial.scores)


def test_the_unseen_days_change_no_choice(task: Task, trial: HaltTrial) -> None:
    demand = np.array(task.recorded.demand)
    demand[:, task.unseen_from :] *= 2
    other = replace(task.recorded, demand=demand)
    with pytest.MonkeyPatch.context() as patch:
        _few(patch)
        again = halt_trial(replace(task, recorded=other, truth=other), QUICK)
    for name, tuned in trial.tuned.items():
        assert again.tuned[name].best.parameters == tuned.best.parameters
        assert again.tuned[name].score.cover_days == tuned.score.cover_days


def test_past_departures_teach_the_lack_at_positions_drawn_at_random(task: Task) -> None:
    known = task.recorded.head(90)
    examples = examples_of(task.plant, known, typical=20.0, most_rows=2000, seed=1)
    assert (examples.due == (examples.lack > 0)).all()
    on_hand = examples.table[:, examples.columns.index("on_hand")]
    assert 0.2 < examples.due.mean() < 0.4  # expected demand is a quarter up the positions
    assert on_hand[examples.due].mean() < on_hand[~examples.due].mean()
    again = examples_of(task.plant, known, typical=20.0, most_rows=2000, seed=1)
    assert (again.lack == examples.lack).all()


def test_too_short_a_history_teaches_nothing(task: Task) -> None:
    with pytest.raises(InsufficientData, match="no departure after the first 28 days"):
        examples_of(task.plant, task.recorded.head(40), typical=1.0, most_rows=99, seed=1)


def test_rules_are_compared_with_min_max(task: Task) -> None:
    with pytest.raises(InvalidInput, match="name it first"):
        halt_trial(replace(task, policies=("order_up_to", "min_max")), QUICK)

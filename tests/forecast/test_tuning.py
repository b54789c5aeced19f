from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from supplynet.errors import InvalidInput, NotFound
from supplynet.forecast.backtest import YARDSTICKS
from supplynet.forecast.folds import FoldPlan
from supplynet.forecast.tuning import Tuned, tune
from supplynet.forecast.tuning_task import Search, Trial
from supplynet.frames.panel import Panel

PLAN = FoldPlan(count=2, periods=28, steps=14, every=5)


def run(panel: Panel, search: Search | None = None, **more: Any) -> Tuned:
    given: dict[str, Any] = {"plan": PLAN, "held_out": 28, **more}
    return tune("moving_average", panel, search=search or Search(trials=5), **given)


@pytest.fixture(scope="module")
def found(longer: Panel) -> Tuned:
    return run(longer)


def test_the_best_and_the_default_are_scored_beside_the_naive_rows(found: Tuned) -> None:
    rows = set(found.held_out.table["model"])
    naive = set(YARDSTICKS) - {"moving_average"}
    assert rows == naive | ({"default", "tuned"} if found.best.number else {"default"})
    assert found.trials[0].settings == {"units": 4, "spread_units": 26}


def test_what_is_held_out_changes_no_trial(longer: Panel, found: Tuned) -> None:
    demand = longer.demand.copy()
    demand[:, -28:] *= 7
    other = run(replace(longer, demand=demand))
    assert [(trial.settings, trial.scores) for trial in other.trials] == [
        (trial.settings, trial.scores) for trial in found.trials
    ]
    assert other.held_out.table["mae"].to_list() != found.held_out.table["mae"].to_list()


def test_the_final_scoring_is_on_what_was_held_out_alone(longer: Panel, found: Tuned) -> None:
    (data,) = found.held_out.data
    assert data.fold.cutoff == len(longer.periods) - 28
    assert len(data.history.periods) == data.fold.cutoff


def test_a_sliding_window_stays_as_long_at_the_end(longer: Panel) -> None:
    plan = replace(PLAN, window="sliding")
    (data,) = run(longer, Search(trials=1), plan=plan).held_out.data
    assert len(data.history.periods) == len(longer.periods) - 3 * 28


def test_what_is_found_is_adopted_only_where_it_holds(longer: Panel) -> None:
    search = Search(trials=8, method="random")
    found = run(longer, search)
    assert found.best.settings["units"] > 20  # a long mean; the default is one of 4 weeks
    known = longer.demand[:, :-28]
    same = np.repeat(np.nanmean(known, axis=1, keepdims=True), 28, axis=1)
    risen = 3 * longer.demand[:, -28:]  # which a short mean follows sooner
    for ahead, adopted in ((same, True), (risen, False)):
        demand = np.concatenate([known, ahead], axis=1)
        again = run(replace(longer, demand=demand), search)
        assert again.best.settings == found.best.settings
        assert again.adopted == adopted
        rows = again.held_out.table.select("model", "pinball").rows()
        scores = dict(rows)
        assert (scores["tuned"] <= scores["default"]) == adopted


def test_when_nothing_is_better_the_default_stays(longer: Panel) -> None:
    found = run(longer, Search(trials=1))
    assert (found.best.number, found.adopted) == (0, False)


def test_earlier_trials_are_taken_over(longer: Panel, found: Tuned) -> None:
    kept: list[tuple[Trial, ...]] = []
    search = Search(trials=7)
    again = run(longer, search, earlier=found.trials, save=lambda t: kept.append(tuple(t)))
    assert again.trials[:5] == found.trials
    assert [len(trials) for trials in kept] == [6, 7]


@pytest.mark.parametrize("metric", ["mase", "wape", "rmsse"])
def test_other_metrics_are_made_small_too(longer: Panel, metric: Any) -> None:
    found = run(longer, Search(trials=3, metric=metric))
    assert all(0 < score < 3 for score in found.trials[0].scores)


def test_a_metric_that_does_not_exist_is_refused_before_anything_is_tried(longer: Panel) -> None:
    constant = replace(longer, demand=np.full_like(longer.demand, 5.0))
    with pytest.raises(InvalidInput, match=r"no mase from 2025-06-\d\d to 2025-0[67]-\d\d: no"):
        run(constant, Search(metric="mase"))
    assert run(constant, Search(trials=1)).best.score == pytest.approx(0, abs=0.5)
    nothing = replace(longer, demand=np.zeros_like(longer.demand))
    with pytest.raises(InvalidInput, match="no wape"):
        run(nothing, Search(metric="wape"))


def test_what_cannot_be_tuned_is_refused(longer: Panel) -> None:
    search = Search(trials=1)
    with pytest.raises(NotFound, match="choose one of"):
        tune("crystal_ball", longer, plan=PLAN, held_out=28, search=search)
    with pytest.raises(InvalidInput, match="14 steps do not fit into a fold of 5"):
        run(longer, search, held_out=5)
    with pytest.raises(InvalidInput, match="to learn from"):
        run(longer.head(60), search)
    with pytest.raises(InvalidInput, match="no series"):
        run(longer.select([]), search)

"""Frozen cases: tuned on one world, scored on others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from supplynet.study.bounds import score_cost
from supplynet.study.scenarios import CASES, Case, make_world
from supplynet.study.trial import Trial, frontier_svg, run_trial

POLICIES = ("min_max", "no_stockout")


def small(case: Case) -> Case:
    return replace(
        case,
        showrooms=1,
        stations=1,
        lines="AB",
        parts=4,
        history_days=42,
        unseen_days=7,
        tuned_days=7,
        model="shift_mean",
        settings={},
    )


@pytest.fixture(scope="module")
def trial() -> Trial:
    return run_trial(small(CASES["stationary"]), [1, 2], target=0.5, policies=POLICIES, paths=20)


def test_a_seed_makes_a_world_of_its_own_and_always_the_same() -> None:
    case = small(CASES["moving"])
    first, again, other = (make_world(case, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.recorded.demand, again.recorded.demand)
    assert first.recorded.demand.shape != other.recorded.demand.shape or not np.array_equal(
        first.recorded.demand, other.recorded.demand
    )
    assert len(first.recorded.periods) - first.unseen_from == 2 * case.unseen_days


def test_what_a_case_has_in_store_is_not_in_its_history() -> None:
    case = small(CASES["misspecified"])
    surprised = make_world(case, 1)
    plain = make_world(replace(case, unseen=None, unseen_factor=1.0), 1)
    assert np.array_equal(surprised.history.demand, plain.history.demand)
    more = surprised.recorded.demand[:, surprised.unseen_from :].sum()
    assert more > 1.05 * plain.recorded.demand[:, plain.unseen_from :].sum()


def test_every_policy_is_tuned_and_swept_and_none_beats_the_bound(trial: Trial) -> None:
    assert tuple(trial.tuned) == POLICIES
    for point in trial.points:
        assert trial.bound.cost <= score_cost(point.scores[0]) + 1e-6
    for name in POLICIES:
        assert trial.operating(name).parameters == trial.tuned[name].best.parameters
        assert len(trial.sweep(name)) == 8
    assert trial.line_years == pytest.approx(2 * 4 / 365, rel=0.01)  # three days warm up
    assert "stationary" in frontier_svg(trial)

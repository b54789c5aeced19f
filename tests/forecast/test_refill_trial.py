from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import classification_report

from supplynet.errors import InsufficientData, InvalidInput
from supplynet.forecast.refill_classifier import classifier
from supplynet.forecast.refill_labels import refill_labels
from supplynet.forecast.refill_moments import RefillMoments
from supplynet.forecast.refill_report import RefillReport, classification_lines, refill_report
from supplynet.forecast.refill_rules import FORECAST
from supplynet.forecast.refill_trial import Trial, TrialSettings, run_trial
from supplynet.forecast.registry import estimator
from supplynet.frames.synthetic import SyntheticHistory

World = tuple[SyntheticHistory, RefillMoments]
SETTINGS = TrialSettings(test_days=28, validation_days=21, paths=40)
QUICK = {
    "refill_forest": classifier("refill_forest", trees=20, rows_per_tree=2000),
    "refill_lightgbm": classifier("refill_lightgbm", rounds=40),
}


@pytest.fixture(scope="module")
def trial(refill_world: World) -> Trial:
    return run_trial(refill_world[1], QUICK, estimator("shift_mean"), SETTINGS)


@pytest.fixture(scope="module")
def report(trial: Trial) -> RefillReport:
    return refill_report(trial, {"data": "small"}, draws=100)


def test_every_rule_judges_the_same_rows_after_all_training_and_choosing(
    trial: Trial, refill_world: World
) -> None:
    made = refill_world[1]
    last = made.panel.periods[-1].end
    assert min(made.periods[p].start for p in trial.moments.moments) >= (
        last - (last - made.panel.periods[0].start) * 28 / 120
    ).replace(hour=0, minute=0)
    assert set(trial.judged) == {
        "always",
        "never",
        "reorder_point",
        "reorder_point_tuned",
        "forecast",
        "refill_forest",
        "refill_lightgbm",
    }
    for each in trial.judged.values():
        assert each.rank.shape == trial.due.shape
        assert not np.isnan(each.rank[trial.scored]).any()
    assert not np.isnan(trial.due[trial.scored]).any()


def test_learning_and_choosing_use_nothing_of_the_scored_days(
    trial: Trial, refill_world: World
) -> None:
    made = refill_world[1]
    first = int(trial.moments.moments[0])
    later = np.arange(len(made.periods)) >= first
    demand = np.where(later, 3 * made.panel.demand + 50, made.panel.demand)
    other = replace(
        made, panel=replace(made.panel, demand=demand), floor=np.where(later, 0, made.floor)
    )
    again = run_trial(other, QUICK, estimator("shift_mean"), SETTINGS)
    assert again.thresholds == trial.thresholds
    for name, fitted in trial.fitted.items():
        table = np.zeros((1, len(fitted.state().features)), dtype=np.float32)
        assert again.fitted[name].probability(table) == fitted.probability(table)
    # At the first scored moment nothing that a rule says may have moved.
    for name, said in trial.judged.items():
        np.testing.assert_array_equal(said.rank[:, 0], again.judged[name].rank[:, 0])
    assert (again.due != trial.due).any()


def test_learned_rules_are_better_than_the_naive_ones(report: RefillReport) -> None:
    rows = {
        row["rule"]: row
        for row in report.scores.iter_rows(named=True)
        if row["demand_class"] == "all"
    }
    naive = max(rows["always"]["f1"], rows["reorder_point"]["f1"])
    for rule in (FORECAST, "refill_forest", "refill_lightgbm"):
        assert rows[rule]["f1"] > naive
        assert rows[rule]["roc_auc"] > 0.8
        assert rows[rule]["brier"] < rows["never"]["brier"]
        assert rows[rule]["f1_low"] <= rows[rule]["f1"] <= rows[rule]["f1_high"]
    assert rows["always"]["recall"] == 1
    assert np.isnan(rows["never"]["precision"])
    assert len({row["due"] for row in rows.values()}) == 1


def test_the_report_is_plain_data_and_text(report: RefillReport) -> None:
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert data["counts"]["test"]["moments"] > 100
    assert {row["rule"] for row in data["quantities"]} >= {"forecast", "refill_forest"}
    text = "\n".join(report.lines())
    for word in ("refill_lightgbm", "precision", "f1-score", "said yes", "required quantity"):
        assert word in text
    assert max(map(len, report.lines())) <= 200


def test_a_rule_that_orders_nothing_is_short_wherever_something_was_required(
    report: RefillReport,
) -> None:
    never = report.quantities.row(0 + 1, named=True)
    assert (never["rule"], never["demand_class"]) == ("never", "all")
    assert never["bias"] == -never["mae"]
    assert never["short"] == pytest.approx(1.0)


def test_the_text_is_laid_out_as_by_scikit_learn() -> None:
    due, said = [1, 1, 1, 0, 0, 0, 0], [1, 1, 0, 1, 0, 0, 0]
    row = {"tp": 2, "fp": 1, "fn": 1, "tn": 3, "threshold": 0.5}
    lines = classification_lines("rule", row)
    wanted = classification_report(due, said, target_names=["no refill", "refill"])
    ours = [line.split() for line in lines[4:]]
    theirs = [line.split() for line in wanted.splitlines() if line.strip()]
    assert ours == theirs


def test_windows_that_reach_into_the_next_stretch_teach_nothing(refill_world: World) -> None:
    made = refill_world[1]
    due, _ = refill_labels(made)
    known = int((~np.isnan(due)).sum())
    counts = run_trial(made, {}, None, SETTINGS).counts
    used = sum(each["moments"] for each in counts.values())
    warm = int((~np.isnan(due[:, made.moments < 56])).sum())
    assert used < known - warm + 200
    assert counts["training"]["moments"] > counts["validation"]["moments"] > 0


def test_a_classifier_that_cannot_learn_is_left_out_and_said(refill_world: World) -> None:
    made = refill_world[1]
    ample = replace(made, on_hand=made.on_hand + 1e6)
    found = run_trial(ample, QUICK, None, SETTINGS)
    assert set(found.skipped) == set(QUICK)
    text = "\n".join(refill_report(found, draws=20).lines())
    assert "without refill_forest: of" in text


def test_too_little_history_says_how_much_is_needed(refill_world: World) -> None:
    with pytest.raises(InsufficientData, match="needs 196"):
        run_trial(refill_world[1], {}, None, TrialSettings())
    with pytest.raises(InvalidInput, match="level in"):
        TrialSettings(level=1.5)


def test_unknown_labels_alone_are_refused(refill_world: World) -> None:
    made = refill_world[1]
    blind = replace(made, on_hand=np.full(made.on_hand.shape, np.nan))
    with pytest.raises(InsufficientData, match="no moment to learn from"):
        run_trial(blind, {}, None, SETTINGS)

"""``triggers``: on a world whose stock is played, and refused where stock says nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


def test_every_rule_is_judged_beside_always_never_and_the_reorder_point(
    call: Call, tmp_path: Path
) -> None:
    assert call("init", "-w", tmp_path).status == 0
    assert call("generate", "--scenario", "small", "-w", tmp_path, "--seed", "1").status == 0
    asked = ("triggers", "-w", tmp_path, "--model", "shift_mean", "--days", "28", "--json")
    found = call(*asked).json
    scores = {row["rule"]: row for row in found["scores"] if row["demand_class"] == "all"}
    assert set(scores) >= {"always", "never", "reorder_point", "refill_forest", "refill_lightgbm"}
    assert scores["always"]["recall"] == 1.0
    assert scores["never"]["recall"] == 0.0
    moments = {row["tp"] + row["fp"] + row["fn"] + row["tn"] for row in scores.values()}
    assert len(moments) == 1  # all on the same moments
    assert scores["refill_forest"]["roc_auc"] > scores["reorder_point"]["roc_auc"]


def test_counts_that_fit_no_period_are_refused_with_what_to_give(call: Call, ready: Path) -> None:
    answer = call("triggers", "-w", ready)
    assert answer.status == 2
    assert "give stock under the ids and at the period starts of the demand" in answer.err
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "words"), [("--threshold", "threshold"), ("--days", "or equal to 2")]
)
def test_an_impossible_setting_is_refused(call: Call, ready: Path, option: str, words: str) -> None:
    answer = call("triggers", "-w", ready, option, "1")
    assert answer.status == 2
    assert words in answer.err

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from supplynet.errors import ModelError
from supplynet.forecast.tuning_task import Trial
from supplynet.services.tuned import (
    earlier_trials,
    forget,
    read_tuned,
    result_path,
    tuned_settings,
    write_journal,
    write_tuned,
)

TRIAL = Trial(number=0, settings={"weeks": 8}, state="complete", scores=(1.5, 2.0), seconds=0.1)


def result(**more: Any) -> dict[str, Any]:
    return {"adopted": True, "settings": {"weeks": 12}, "key": "k", "trials": [], **more}


def test_settings_that_were_adopted_are_those_of_the_model(tmp_path: Path) -> None:
    assert tuned_settings(tmp_path, "shift_mean") == {}
    write_tuned(tmp_path, "shift_mean", result())
    assert tuned_settings(tmp_path, "shift_mean") == {"weeks": 12}
    assert tuned_settings(tmp_path, "lightgbm") == {}


def test_settings_that_were_not_adopted_are_not_used(tmp_path: Path) -> None:
    write_tuned(tmp_path, "shift_mean", result(adopted=False))
    assert tuned_settings(tmp_path, "shift_mean") == {}


def test_settings_that_a_model_does_not_have_are_refused(tmp_path: Path) -> None:
    write_tuned(tmp_path, "shift_mean", result(settings={"moon": 1}))
    with pytest.raises(ModelError, match=r"\(moon\); delete it, or run supplynet tune shift_mean"):
        tuned_settings(tmp_path, "shift_mean")


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"schema": 1}', '{"schema": 9}', "\0"])
def test_a_damaged_result_is_refused(tmp_path: Path, content: str) -> None:
    path = result_path(tmp_path, "shift_mean")
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(ModelError, match="delete it"):
        tuned_settings(tmp_path, "shift_mean")


def test_a_search_goes_on_from_its_journal_and_then_from_its_result(tmp_path: Path) -> None:
    assert earlier_trials(tmp_path, "shift_mean", "k") == []
    write_journal(tmp_path, "shift_mean", "k", [TRIAL])
    (row,) = earlier_trials(tmp_path, "shift_mean", "k")
    assert Trial(**{**row, "scores": tuple(row["scores"])}) == TRIAL
    assert earlier_trials(tmp_path, "shift_mean", "another search") == []
    write_tuned(tmp_path, "shift_mean", result(trials=[row, row]))
    assert earlier_trials(tmp_path, "shift_mean", "k") == [row, row]
    assert len(list((tmp_path / "metrics").iterdir())) == 1


def test_a_journal_can_be_forgotten_and_leaves_the_result(tmp_path: Path) -> None:
    write_tuned(tmp_path, "shift_mean", result())
    write_journal(tmp_path, "shift_mean", "other", [TRIAL])
    forget(tmp_path, "shift_mean")
    forget(tmp_path, "shift_mean")
    assert earlier_trials(tmp_path, "shift_mean", "other") == []
    found = read_tuned(tmp_path, "shift_mean")
    assert found is not None
    assert json.dumps(found["settings"]) == '{"weeks": 12}'

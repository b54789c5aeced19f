from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
HEADING = 2  # the names of the columns and a rule


def test_a_forecast_is_capped_for_people_and_whole_for_programs(call: Call, ready: Path) -> None:
    every = call("forecast", "-w", ready, "--horizon", "100", "--json").json
    wide = len({(row["location_id"], row["part_id"], row["period_start"]) for row in every})
    people = call("forecast", "-w", ready, "--horizon", "100").lines
    assert len(people) == HEADING + 40 + 1
    assert people[-1] == f"... and {wide - 40:,} more (--rows N shows N)"


def test_one_series_can_be_asked_for(call: Call, ready: Path) -> None:
    first = call("forecast", "-w", ready, "--json", "--horizon", "1").json[0]
    chosen = ("--location", first["location_id"], "--part", first["part_id"])
    people = call("forecast", "-w", ready, *chosen, "--horizon", "3").lines
    assert len(people) == HEADING + 3
    assert all(line.split()[:2] == list(chosen[1::2]) for line in people[HEADING:])


def test_a_series_that_is_not_there_is_refused(call: Call, ready: Path) -> None:
    answer = call("forecast", "-w", ready, "--location", "nowhere")
    assert (answer.status, "no series 'nowhere/*'" in answer.err) == (2, True)


def test_forecasting_needs_a_model(call: Call, workspace: Path, tmp_path: Path) -> None:
    assert call("init", "-w", tmp_path / "new", "--plant", workspace / "plant").status == 0
    answer = call("forecast", "-w", tmp_path / "new")
    assert (answer.status, "run supplynet train" in answer.err) == (2, True)


def test_a_model_that_is_not_there_is_refused(call: Call, workspace: Path) -> None:
    answer = call("train", "-w", workspace, "--model", "crystal_ball")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "choose one of" in answer.err


def test_what_cannot_be_measured_is_null_and_a_dash(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row = {"model": "naive", "pinball": 1.0, "mase": float("nan"), "fit_seconds": 0.0}
    result = {
        "champion": "naive",
        "model_version": "naive-1",
        "promoted": True,
        "backtest": [row],
    }
    monkeypatch.setattr("supplynet.worker.jobs.run_here", lambda *_, **__: result)
    assert call("train", "-w", tmp_path, "--json").json["backtest"][0]["mase"] is None
    assert call("train", "-w", tmp_path).lines[2].split()[:3] == ["naive", "1.000", "-"]


def test_constant_demand_has_no_mase_and_can_be_trained(call: Call, tmp_path: Path) -> None:
    days = [f"W1,bolt,{date(2024, 1, 1) + timedelta(days=n)},5" for n in range(56)]
    sales = tmp_path / "sales.csv"
    sales.write_text("\n".join(["location_id,part_id,date,quantity", *days]))
    assert call("init", "-w", tmp_path / "new").status == 0
    assert call("import", sales, "-w", tmp_path / "new", "--lead-time-days", "1").status == 0
    trained = call("train", "-w", tmp_path / "new", "--model", "shift_mean", "--json").json
    assert [row["mase"] for row in trained["backtest"]] == [None, None]

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
WIDTH = 100
NAIVE = ["naive", "moving_average", "seasonal_naive", "shift_mean"]


def test_a_backtest_says_what_was_judged_on_what(call: Call, ready: Path) -> None:
    answer = call("backtest", "-w", ready, "--model", "shift_mean")
    assert (answer.status, answer.err) == (0, "")
    # a quarter of 140 shifts would be 35: two whole weeks
    assert answer.lines[:2] == [
        "4 series, 140 periods (shift)",
        "28 periods from 2025-02-26 to 2025-03-12, 14 steps from 5 cutoffs",
    ]
    head = answer.lines[3].split()
    assert head[:4] == ["model", "pinball", "MAE", "RMSE"]
    assert sorted(line.split()[0] for line in answer.lines[5:9]) == sorted(NAIVE)
    assert max(map(len, answer.lines)) <= WIDTH


def test_tables_by_class_step_and_series_compare_the_models(call: Call, ready: Path) -> None:
    by = ("--by", "class", "--by", "step", "--by", "series")
    answer = call("backtest", "-w", ready, "--model", "shift_mean", *by, "--rows", "3")
    lines = answer.lines
    for what in ("mase by class", "mase by step", "mase by series"):
        head = lines[lines.index(what) + 1].split()
        assert set(head) >= set(NAIVE)
    steps = lines.index("mase by step")
    assert [line.split()[0] for line in lines[steps + 3 : steps + 6]] == ["1", "2", "3"]
    assert lines[steps + 6] == "... and 11 more (--rows N shows N)"
    assert max(map(len, lines)) <= WIDTH


def test_programs_get_everything(call: Call, ready: Path) -> None:
    options = ("--model", "shift_mean", "--folds", "2", "--window", "sliding", "--steps", "3")
    found = call("backtest", "-w", ready, *options, "--by", "fold", "--json").json
    assert (found["plan"]["count"], found["plan"]["window"]) == (2, "sliding")
    assert [row["fold"] for row in found["by"]["fold"]] == [1] * 4 + [2] * 4
    assert {"mape", "zero_share", "wrmsse", "coverage_95"} < set(found["overall"][0])


def test_a_file_is_judged_on_its_own(call: Call, tmp_path: Path) -> None:
    first = date(2026, 1, 5)
    rows = [f"W1,bolt,{first + timedelta(days=n)},{n % 7 and 10 + n % 7}" for n in range(120)]
    file = tmp_path / "sales.csv"
    file.write_text("\n".join(["warehouse_id,sku_id,date,units_sold", *rows]))
    answer = call("backtest", file, "-w", tmp_path, "--model", "shift_mean", "--days", "28")
    assert answer.status == 0
    assert answer.lines[0] == "1 series, 120 periods (day)"
    assert answer.lines[1].startswith("28 periods from 2026-04-07 to 2026-05-05, 7 steps")
    assert "MAPE says nothing of the 14.3% of periods without demand" in answer.lines


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--model", "crystal_ball"), "choose one of"),
        (("--by", "moon"), "no table by 'moon'"),
        (("--metric", "luck"), "no metric 'luck'"),
        (("--window", "rolling"), "no window 'rolling'"),
        (("--folds", "9", "--periods", "30"), "9 folds of 30 periods leave 0"),
        (("--periods", "4", "--steps", "9"), "9 steps do not fit into a fold of 4"),
        (("--periods", "4", "--days", "9"), "give one of them"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    call: Call, ready: Path, options: tuple[str, ...], said: str
) -> None:
    answer = call("backtest", "-w", ready, *options)
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert said in answer.err


def test_a_search_is_told_and_kept(call: Call, workspace: Path) -> None:
    options = ("--trials", "4", "--folds", "2", "--seed", "3")
    answer = call("tune", "moving_average", "-w", workspace, *options)
    assert (answer.status, answer.err) == (0, "")
    assert answer.lines[0].startswith("moving_average: 4 trials (")
    assert "the last 14 periods, which no trial saw:" in answer.lines
    assert answer.lines[-1].startswith(("adopted: ", "not adopted: ", "nothing was better "))
    assert max(map(len, answer.lines)) <= WIDTH
    kept = json.loads((workspace / "metrics/tuned.moving_average.json").read_bytes())
    again = call("tune", "moving_average", "-w", workspace, *options, "--json").json
    assert (again["resumed"], again["trials"]) == (4, kept["trials"])
    assert again["settings"] == kept["settings"]


def test_a_search_that_cannot_be_is_refused(call: Call, workspace: Path) -> None:
    for options, said in (
        (("crystal_ball",), "no model to tune 'crystal_ball'"),
        (("shift_mean", "--search", "magic"), "no search 'magic'"),
        (("shift_mean", "--metric", "mape"), "no metric 'mape'"),
        (("shift_mean", "--minutes", "0"), "minutes is 0"),
        (("shift_mean", "--held-out", "2"), "14 steps do not fit into a fold of 2"),
    ):
        answer = call("tune", "-w", workspace, *options)
        assert (answer.status, answer.err.count("\n")) == (2, 1), said
        assert said in answer.err
    assert not list((workspace / "metrics").glob("tun*"))

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import numpy as np
import polars as pl
import pytest

from supplynet.cli import benchmarking
from supplynet.frames.panel import Panel, daily_periods

Call = Callable[..., Any]
CHECKOUT = benchmarking.find_checkout()


def part(name: str) -> Any:
    """A module that the benchmarks share."""
    benchmarking.load(CHECKOUT, "forecast")
    return import_module(f"benchmarks.accuracy.{name}")


def small_set(**changes: Any) -> Any:
    """Two series of 20 days, the last 5 forecast 3 ahead from 2 cutoffs."""
    start = date(2026, 1, 5)
    panel = Panel(
        series=(("A", "1"), ("A", "2")),
        periods=daily_periods(start, start + timedelta(days=20)),
        demand=np.arange(40.0).reshape(2, 20),
    )
    given = {
        "title": "small",
        "panel": panel,
        "test": 5,
        "steps": 3,
        "every": 2,
        "models": {},
        "lookback": 7,
    }
    return part("sets").AccuracySet(**given | changes)


def test_every_model_and_oracle_is_judged_by_the_same_figures(call: Call) -> None:
    found = call("bench", "forecast", "--only", "sales", "--quick", "--json").json
    rows = [row for row in found["rows"] if row["table"] == "made sales"]
    assert {"oracle", "seasonal_naive", "shift_mean", "lightgbm"} <= {row["model"] for row in rows}
    assert len({tuple(row) for row in rows}) == 1
    mase = [row["mase"] for row in rows]
    assert mase == sorted(mase)
    assert rows[0]["model"] == "oracle"
    assert "forecast 7 ahead from 4 cutoffs" in found["params"]["sales"]


def test_the_guides_figures_are_told_apart_by_what_noise_allows(call: Call) -> None:
    found = call("bench", "guide", "--only", "sales", "--quick", "--json").json
    by_model = {row["model"]: row for row in found["rows"] if "model" in row}
    assert by_model["oracle"]["their_mae_over_oracles"] == 1.0
    assert 1.0 < by_model["lightgbm"]["their_mae_over_oracles"] < 1.5
    assert (
        by_model["seasonal_naive"]["their_mae_over_oracles"]
        > by_model["lightgbm"]["their_mae_over_oracles"]
    )
    assert "scatters about its own mean" in found["params"]["sales"]


@pytest.mark.parametrize("name", ["forecast", "guide"])
def test_an_unknown_set_is_refused(call: Call, name: str) -> None:
    answer = call("bench", name, "--only", "sails", "--quick")
    assert answer.status == 2
    assert "'sails'" in answer.err
    assert "choose from" in answer.err


def test_the_ensemble_is_measured_against_the_best_of_each_kind() -> None:
    rows = [
        {"model": name, "kind": kind, "mase": mase}
        for name, kind, mase in (
            ("ensemble", "model", 0.9),
            ("mlp", "model", 1.0),
            ("naive", "model", 2.0),
            ("AutoETS 2.1.1", "peer", 0.75),
            ("oracle", "given", 0.5),
        )
    ]
    found = part("scoring").ensemble_row("small", small_set(), rows)
    assert (found["best_model"], found["best_peer"]) == ("mlp", "AutoETS 2.1.1")
    assert found["ahead_of_model"] == pytest.approx(0.1)
    assert found["ahead_of_peer"] == pytest.approx(-0.2)


def test_a_set_is_cut_at_its_cutoffs() -> None:
    one = small_set()
    assert list(one.cutoffs) == [15, 17]
    assert one.at_cutoffs(one.panel.demand)[:, 0].tolist() == [[15, 16, 17], [17, 18, 19]]


def test_peers_are_given_nothing_after_the_last_cutoffs_steps() -> None:
    one = small_set(test=6)  # cutoffs 14 and 16: the last day is forecast by none
    task = part("peers")._task(one, seed=1)
    assert task["demand"].shape == (2, 19)
    assert "weekday_1" in task["names"]
    assert task["known"].shape == (len(task["names"]), 2, 19)


def test_the_oracle_puts_counts_around_the_true_mean() -> None:
    made = part("made")
    mean = np.full((1, 400), 4.0)
    demand = np.random.default_rng(1).poisson(4.0, (1, 400)).astype(float)
    found = made.oracle_quantiles(mean, demand, 390)[0, 395]
    assert found[[2, 4, 6]].tolist() == [2, 4, 7]  # of a Poisson of mean 4
    assert (made.oracle_quantiles(mean, demand, 390)[0, :390] == 0).all()


def test_the_oracles_spread_is_that_of_the_history_alone() -> None:
    made = part("made")
    mean, demand = np.full((1, 40), 9.0), np.tile([3.0, 15.0], (1, 20))
    later = demand.copy()
    later[:, 30:] = 1000.0
    assert (made.oracle_quantiles(mean, demand, 30) == made.oracle_quantiles(mean, later, 30)).all()


def test_wrmsse_weighs_scaled_errors_of_sums() -> None:
    """Two departments of one store are 3 too high each: 6 for the store, scaled by 2 = sqrt(4)."""
    wrmsse = part("wrmsse").wrmsse
    series = (("CA_1", "FOODS_1"), ("CA_1", "HOBBIES_1"))
    scale = pl.DataFrame(
        {
            "level": [3, 9, 9],
            "key": ["CA_1", "CA_1/FOODS_1", "CA_1/HOBBIES_1"],
            "train_mse": [4.0, 9.0, 1.0],
            "weight": [1 / 12, 1 / 24, 1 / 24],
        }
    )
    points, actual = np.full((2, 5), 13.0), np.full((2, 5), 10.0)
    assert wrmsse(points, actual, series, 3, scale) == pytest.approx(3.0)
    assert wrmsse(points, actual, series, 9, scale) == pytest.approx((1 + 3) / 2)


def test_peers_fill_gaps_from_the_season_before() -> None:
    peers = peers_script()
    values = np.array([np.nan, 2.0, 3.0, np.nan, np.nan])
    assert peers._filled(values, 3).tolist() == [0, 2, 3, 0, 2]
    assert peers._filled(values, 1).tolist() == [0, 2, 3, 3, 3]


@pytest.mark.parametrize(
    "names", [["tree", "tree-lo-98", "tree-hi-98"], ["A-median", "A-lo-98.0", "A-hi-98.0"]]
)
def test_peers_quantiles_are_found_in_either_spelling(names: list[str]) -> None:
    pd = pytest.importorskip("pandas")
    rows = pd.DataFrame(columns=["unique_id", "ds", "cutoff", "y", *names])
    column = peers_script()._column
    assert [column(rows, level) for level in (0.5, 0.01, 0.99)] == names


def peers_script() -> Any:
    """The script that runs in the peers' environment; it needs pandas."""
    pytest.importorskip("pandas")
    benchmarking.load(CHECKOUT, "forecast")
    return import_module("benchmarks.peers.accuracy_peers")


def test_parts_reach_the_benchmark(
    call: Call, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "toy.py").write_text(
        '"""A toy."""\nfrom supplynet.cli.benchmarking import Result\n\n'
        "def run(setup):\n    return Result(params={'only': list(setup.only)})\n"
    )
    monkeypatch.setattr(benchmarking, "find_checkout", lambda: tmp_path)
    said = call("bench", "toy", "--only", "a", "--only", "b", "--json").lines
    assert json.loads(said[0])["params"] == {"quick": False, "only": ["a", "b"]}

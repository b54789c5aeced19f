from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from supplynet.errors import InvalidInput, NotFound
from supplynet.frames.panel import Panel, daily_periods
from supplynet.services import evaluation, tuned
from supplynet.services.evaluation import BacktestRequest, TuneRequest
from supplynet.services.evaluation_data import Cut, file_panel

NAIVE = {"naive", "moving_average", "seasonal_naive", "shift_mean"}
SMALL = TuneRequest(model="moving_average", trials=3, cut=Cut(folds=2))


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    """Two SKUs over 120 days; nothing of the second on Sundays."""
    first = date(2026, 1, 5)
    rows = []
    for number in range(120):
        day = first + timedelta(days=number)
        rows.append(f"W1,bolt,{day},{10 + number % 7}")
        if day.weekday() != 6:
            rows.append(f"W1,nut,{day},{3 + number % 5}")
    file = tmp_path / "sales.csv"
    file.write_text("\n".join(["warehouse_id,sku_id,date,units_sold", *rows]))
    return file


def test_models_are_judged_beside_the_naive_rows(demo_workspace: Path) -> None:
    request = BacktestRequest(models=["shift_mean"], by=["class", "series", "step", "fold"])
    found = evaluation.backtest(demo_workspace, request)
    assert {row["model"] for row in found["overall"]} == NAIVE
    assert found["failed"] == {}
    assert len(found["by"]["series"]) == 4 * found["data"]["series"]
    assert len(found["by"]["step"]) == 4 * found["plan"]["steps"]
    assert {row["fold"] for row in found["by"]["fold"]} == {1}
    (fold,) = found["plan"]["folds"]
    assert fold["end"] == found["data"]["end"]
    assert found["data"]["first"] <= fold["learns_from"] < fold["cutoff"] < fold["end"]


def test_a_file_is_judged_without_a_workspace(sales: Path, tmp_path: Path) -> None:
    cut = Cut(days=28, steps=7)
    request = BacktestRequest(models=["shift_mean"], file=sales, cut=cut)
    found = evaluation.backtest(tmp_path / "nowhere", request)
    assert (found["data"]["frequency"], found["data"]["series"]) == ("day", 2)
    assert found["plan"]["periods"] == 28
    assert found["data"]["zero_share"] == pytest.approx(17 / 240)  # the Sundays of the second
    best = found["overall"][0]
    assert best["zero_share"] == pytest.approx(4 / 56, abs=0.05)


def test_a_file_of_weeks_keeps_its_weeks(tmp_path: Path) -> None:
    first = date(2025, 1, 6)
    rows = [f"W1,bolt,{first + timedelta(weeks=n)},{n % 5}" for n in range(60) if n != 30]
    file = tmp_path / "weeks.csv"
    file.write_text("\n".join(["warehouse_id,sku_id,date,units_sold", *rows]))
    panel = file_panel(file)
    assert panel.demand.shape == (1, 60)
    assert panel.demand[0, 29] == 4
    assert str(panel.demand[0, 30]) == "nan"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("warehouse_id,sku_id,date,units_sold\nW1,bolt,2026-01-05,many\n")
    with pytest.raises(InvalidInput, match="many"):
        file_panel(file)
    file.write_text("warehouse_id,sku_id,date,units_sold\nW1,bolt,2026-01-05,4\n")
    with pytest.raises(InvalidInput, match="frequency"):
        file_panel(file)


def test_a_tuned_model_is_judged_and_trained_with_what_was_found(demo_workspace: Path) -> None:
    content = {"adopted": True, "settings": {"weeks": 2}, "key": "", "trials": []}
    tuned.write_tuned(demo_workspace, "shift_mean", content)
    plain = BacktestRequest(models=["moving_average", "shift_mean"])
    found = evaluation.backtest(demo_workspace, plain)
    assert found["models"] == {"moving_average": {}, "shift_mean": {"weeks": 2}}
    tuned.write_tuned(demo_workspace, "shift_mean", content | {"adopted": False})
    other = evaluation.backtest(demo_workspace, plain)

    def pinball(of: dict[str, Any], model: str) -> float:
        return float(next(row["pinball"] for row in of["overall"] if row["model"] == model))

    assert pinball(found, "shift_mean") != pinball(other, "shift_mean")
    assert pinball(found, "naive") == pinball(other, "naive")


@pytest.fixture(scope="module")
def searched(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = Path(shutil.copytree(demo_template, tmp_path_factory.mktemp("tuned") / "w"))
    return folder, evaluation.tune(folder, SMALL)


def test_what_was_found_is_kept_with_its_evidence(searched: Any) -> None:
    folder, found = searched
    kept = tuned.read_tuned(folder, "moving_average")
    assert kept is not None
    assert kept["settings"] == found["settings"]
    assert [trial["number"] for trial in kept["trials"]] == [0, 1, 2]
    assert kept["trials"][0]["settings"] == kept["default_settings"]
    assert len(kept["plan"]["folds"]) == 2
    assert kept["data"]["hash"] == found["data"]["hash"]
    assert kept["packages"]["optuna"]
    rows = {row["model"] for row in kept["held_out"]["overall"]}
    assert rows >= {"default", "naive", "seasonal_naive", "shift_mean"}
    edge = kept["plan"]["folds"][-1]["end"]
    assert edge < kept["data"]["end"]  # the held-out periods lie between


def test_the_same_search_again_is_taken_over_and_a_longer_one_goes_on(searched: Any) -> None:
    folder, found = searched
    again = evaluation.tune(folder, SMALL)
    assert again["resumed"] == 3
    assert again["trials"] == found["trials"]
    longer = evaluation.tune(folder, replace(SMALL, trials=4))
    assert (longer["resumed"], len(longer["trials"])) == (3, 4)
    assert evaluation.tune(folder, replace(SMALL, fresh=True))["resumed"] == 0
    assert evaluation.tune(folder, replace(SMALL, seed=5))["resumed"] == 0


def test_a_search_that_was_killed_goes_on(demo_workspace: Path) -> None:
    class Killed(Exception):
        pass

    def report(_done: float, what: str) -> None:
        if what.startswith("trial 2"):
            raise Killed

    with pytest.raises(Killed):
        evaluation.tune(demo_workspace, SMALL, report=report)
    assert tuned.tuned_settings(demo_workspace, "moving_average") == {}
    found = evaluation.tune(demo_workspace, SMALL)
    whole = evaluation.tune(demo_workspace, replace(SMALL, fresh=True))
    assert found["resumed"] == 2

    def course(of: dict[str, Any]) -> list[Any]:
        return [(trial["settings"], trial["scores"], trial["state"]) for trial in of["trials"]]

    assert course(found) == course(whole)


def test_without_a_budget_there_is_a_default_one() -> None:
    assert TuneRequest(model="lstm").search(1).trials == evaluation.TRIALS
    assert TuneRequest(model="lstm", minutes=2).search(1).trials is None
    assert TuneRequest(model="lstm", method="grid").search(1).trials is None
    assert TuneRequest(model="lstm", seed=9).search(1).seed == 9


def test_what_cannot_be_is_refused(demo_workspace: Path, folder: Path) -> None:
    with pytest.raises(NotFound, match="no model to tune"):
        evaluation.tune(demo_workspace, TuneRequest(model="crystal_ball"))
    with pytest.raises(NotFound, match="no forecasting model"):
        evaluation.backtest(demo_workspace, BacktestRequest(models=["crystal_ball"]))
    with pytest.raises(InvalidInput, match="no table by 'moon'"):
        BacktestRequest(by=["moon"])  # type: ignore[list-item] # that is the point
    with pytest.raises(InvalidInput, match="give one of them"):
        evaluation.backtest(
            demo_workspace, BacktestRequest(models=["naive"], cut=Cut(periods=5, days=5))
        )
    with pytest.raises(InvalidInput, match="no history"):
        evaluation.backtest(folder, BacktestRequest(models=["naive"]))


@pytest.mark.parametrize(
    ("days", "cut", "blocks", "expected"),
    [
        (365, Cut(), 0, (28, 7, 3)),
        (365, Cut(folds=3), 1, (28, 7, 3)),
        (70, Cut(folds=3), 1, (7, 7, 3)),
        (20, Cut(folds=2), 1, (3, 3, 3)),
        (400, Cut(periods=100, steps=10), 0, (100, 10, 6)),
    ],
)
def test_a_history_is_cut_as_its_length_suggests(
    days: int, cut: Cut, blocks: int, expected: tuple[int, int, int]
) -> None:
    first = date(2025, 1, 6)
    periods = daily_periods(first, first + timedelta(days=days))
    panel = Panel(series=(("L", "p"),), periods=periods, demand=np.ones((1, days)))
    plan = cut.plan(panel, held_out=blocks)
    assert (plan.periods, plan.steps, plan.every) == expected

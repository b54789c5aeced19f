"""``bench calibration --quick``: that it runs, and what its rows say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from supplynet.cli import benchmarking
from supplynet.errors import NotFound

CHECKOUT = benchmarking.find_checkout()


def run(*only: str, seed: int = 1) -> benchmarking.Result:
    setup = benchmarking.Setup(
        seed=seed,
        seeds=1,
        quick=True,
        checkout=CHECKOUT,
        report=lambda _fraction, _what: None,
        only=only,
    )
    result: benchmarking.Result = benchmarking.load(CHECKOUT, "calibration").run(setup)
    return result


@pytest.fixture
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARED_DATA", str(tmp_path))


def test_models_are_judged_as_they_were_and_calibrated(monkeypatch: pytest.MonkeyPatch) -> None:
    module = benchmarking.load(CHECKOUT, "calibration")
    monkeypatch.setattr(module, "MODELS", ("shift_mean", "tsb"))
    monkeypatch.setattr(benchmarking, "load", lambda _checkout, _name: module)
    rows = run("sales").rows
    margins = [row for row in rows if row["table"] == "coverage on held-out weeks"]
    assert [(row["model"], row["read"]) for row in margins] == [
        (model, read) for model in ("shift_mean", "tsb") for read in ("as it was", "calibrated")
    ]
    for row in rows:
        shares: list[Any] = [
            value for key, value in row.items() if key.startswith(("coverage", "above"))
        ]
        assert shares
        assert all(0 <= share <= 1 for share in shares)
    assert {row["sum_of"] for row in rows if "sum_of" in row} == {
        "2 steps",
        "7 steps",
        "7 steps, stock point",
    }
    assert (
        sum(row["cells"] for row in rows if row.get("class") and row["model"] == "tsb")
        == 2 * (margins[-1]["cells"])
    )


@pytest.mark.usefixtures("no_data")
def test_without_real_data_that_part_is_skipped() -> None:
    assert "SHARED_DATA" in run("m5").skipped


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(NotFound, match="choose from plant, sales, m5"):
        run("moon")

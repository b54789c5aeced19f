from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl
import pytest

from supplynet.cli.anomalies import odds
from supplynet.services.data import DataService

Call = Callable[..., Any]
FIRST, DAYS = date(2026, 1, 5), 150
SPIKE, DEAD = date(2026, 5, 20), date(2026, 5, 1)
FAST = ("--model", "robust_seasonal")
KEYS = {
    *("since", "end", "ongoing", "location_id", "parts", "kind", "periods", "observed"),
    *("expected", "low", "high", "size", "ratio", "p_value", "score", "sentence"),
}


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    """Four parts of W1: the bolt has a spike, the counter of the nut dies, the cap is constant."""
    rng = np.random.default_rng(1)
    rows = ["warehouse_id,sku_id,date,units_sold"]
    for sku in ("bolt", "nut", "pin", "cap"):
        for n in range(DAYS):
            day = FIRST + timedelta(days=n)
            units = int(rng.poisson(60 if day.weekday() < 5 else 20))
            units = 5 if sku == "cap" else 400 if (sku, day) == ("bolt", SPIKE) else units
            rows.append(f"W1,{sku},{day},{0 if sku == 'nut' and day >= DEAD else units}")
    file = tmp_path / "sales.csv"
    file.write_text("\n".join(rows))
    return file


def test_a_file_is_judged_without_a_workspace_and_told_in_a_table(call: Call, sales: Path) -> None:
    answer = call("detect", sales, "-w", sales.parent, *FAST)
    assert (answer.status, answer.err) == (0, "")
    assert answer.lines[0] == "4 series, 150 periods (day) from 2026-01-05 to 2026-06-04"
    assert answer.lines[1] == "robust_seasonal, learnt until 2026-06-04"
    assert answer.lines[2].startswith("at most 35 false alarms a week: 1 value in 1,000; ")
    assert answer.lines[4].split() == [
        *("#", "since", "line", "part", "kind", "observed", "expected", "odds"),
    ]
    bolt = next(line for line in answer.lines if "bolt" in line)
    assert "2026-05-20" in bolt
    assert "400" in bolt
    assert any(line.lstrip().startswith("1. ") for line in answer.lines)
    assert "not learnt from: series W1/cap is always 5: there is nothing to learn" in answer.lines
    assert not (sales.parent / "models").exists()


def test_programs_get_everything(call: Call, sales: Path) -> None:
    found = call("detect", sales, "-w", sales.parent, *FAST, "--json").json
    assert set(found) == {
        *("data", "model", "model_version", "trained_now", "known_until", "alarms", "judged"),
        *("incidents", "refused", "plot", "review", "warning"),
    }
    assert found["model_version"] is None
    assert found["alarms"] == {"alarms_per_week": 35.0, "p_value": 0.001}
    assert found["judged"]["values"] <= 600
    assert all(set(row) == KEYS for row in found["incidents"])
    bolt = next(row for row in found["incidents"] if row["parts"] == ["bolt"])
    assert (bolt["since"], bolt["observed"]) == ("2026-05-20T00:00:00Z", 400.0)
    assert bolt["low"] <= bolt["expected"] <= bolt["high"] < 400
    worst = [row["p_value"] for row in found["incidents"]]
    assert worst == sorted(worst)


def test_the_last_days_a_line_or_a_part_may_be_asked_for(call: Call, sales: Path) -> None:
    here = ("detect", sales, "-w", sales.parent, *FAST, "--json")
    last = call(*here, "--days", "10").json
    assert last["judged"]["periods"] == 10
    assert all(row["end"] > "2026-05-25" for row in last["incidents"])
    parts = {
        part for row in call(*here, "--part", "bolt").json["incidents"] for part in row["parts"]
    }
    assert parts == {"bolt"}
    assert call(*here, "--location", "W1").json["incidents"]


def test_a_false_discovery_rate_may_be_asked_for(call: Call, sales: Path) -> None:
    answer = call("detect", sales, "-w", sales.parent, *FAST, "--fdr", "0.05")
    assert answer.lines[2].startswith("of the alarms of a period 5% may be false; ")


@pytest.mark.parametrize("suffix", ["html", "svg"])
def test_what_was_seen_is_drawn(call: Call, sales: Path, suffix: str) -> None:
    file = sales.parent / f"odd.{suffix}"
    answer = call("detect", sales, "-w", sales.parent, *FAST, "--plot", file)
    assert f"plot: {file}" in answer.lines
    text = file.read_text("utf-8")
    assert "What is odd in sales.csv" in text
    assert "W1 / bolt" in text
    assert 'class="dot-lit"' in text
    assert 'class="band"' in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    if suffix == "svg":
        assert ET.fromstring(text).tag.endswith("svg")


def test_a_review_is_filled_in_by_a_person_and_taken_by_cleaning(call: Call, sales: Path) -> None:
    file = sales.parent / "review.csv"
    assert call("detect", sales, "-w", sales.parent, *FAST, "--review", file).status == 0
    rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
    assert {row["use"] for row in rows} == {""}
    spike = next(row for row in rows if row["part_id"] == "bolt")
    assert (spike["period_start"], spike["observed"]) == ("2026-05-20T00:00:00Z", "400")
    table = pl.read_csv(sales, try_parse_dates=True)
    service = DataService(sales.parent)
    steps = ["types", "duplicates"]
    assert service.clean(table, steps, anomalies=file).log.is_empty()
    drop = pl.read_csv(file, infer_schema=False).with_columns(
        use=pl.when(pl.col("part_id") == "bolt").then(pl.lit("drop")).otherwise(pl.lit("keep"))
    )
    drop.write_csv(file)
    cleaned = service.clean(table, steps, anomalies=file)
    bolts = [row for row in rows if row["part_id"] == "bolt"]
    assert cleaned.log.height == len(bolts)
    assert cleaned.log["why"][0].startswith(spike["sentence"])


def test_the_workspaces_detector_is_trained_once_and_kept(call: Call, workspace: Path) -> None:
    here = ("detect", "-w", workspace, *FAST, "--json")
    first, second = call(*here).json, call(*here).json
    assert (first["trained_now"], second["trained_now"]) == (True, False)
    assert first["model_version"] == second["model_version"]
    assert second["incidents"] == first["incidents"]
    again = call(*here, "--retrain").json
    assert again["trained_now"]
    assert again["model_version"] != first["model_version"]
    text = call("detect", "-w", workspace, *FAST)
    assert f"version {again['model_version']} (kept)" in text.lines[1]
    assert text.lines[0].startswith("4 series, 140 periods (shift) from 2025-01-01")


def test_a_damaged_detector_is_passed_over_and_that_is_said(call: Call, workspace: Path) -> None:
    here = ("detect", "-w", workspace, *FAST, "--json")
    first, second = call(*here).json, call(*here, "--retrain").json
    (workspace / "models" / f"{second['model_version']}.h5").write_bytes(b"")
    found = call(*here).json
    assert found["model_version"] == first["model_version"]
    assert f"{second['model_version']} cannot be opened" in found["warning"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--model", "crystal_ball"), "choose one of"),
        (("--fdr", "0.1", "--alarms-per-week", "5"), "give one"),
        (("--fdr", "2"), "false_discovery_rate"),
        (("--location", "W9"), "W9"),
        (("--part", "screw"), "screw"),
        (("--plot", "odd.png"), ".html or an .svg"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    call: Call, sales: Path, options: tuple[str, ...], said: str
) -> None:
    answer = call("detect", sales, "-w", sales.parent, *options)
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert said in answer.err


def test_a_workspace_without_history_says_what_to_do(call: Call, tmp_path: Path) -> None:
    assert call("init", "-w", tmp_path).status == 0
    answer = call("detect", "-w", tmp_path)
    assert (answer.status, answer.out) == (2, "")
    assert "no history" in answer.err


@pytest.mark.parametrize(
    ("p_value", "said"),
    [
        (0.001, "1 in 1,000"),
        (1 / 66_400, "1 in 66,000"),
        (1e-9, "< 1 in 1 million"),
        (0.5, "1 in 2"),
    ],
)
def test_odds_are_told_in_two_digits(p_value: float, said: str) -> None:
    assert odds(p_value) == said

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

Call = Callable[..., Any]


@pytest.fixture
def empty(empty_workspace: Path) -> Path:
    return empty_workspace


def test_generated_history_is_counted(call: Call, empty: Path) -> None:
    answer = call("generate", "-w", empty, "--days", "2", "--start", "2025-01-01", "--json")
    assert (answer.json["days"], answer.json["first_day"]) == (2, "2025-01-01")
    assert answer.json["rows"] == 4 * answer.json["series"]


def test_a_scenario_says_what_was_put_in_and_where_its_truth_is(call: Call, tmp_path: Path) -> None:
    world = tmp_path / "world"
    ask = ["generate", "--scenario", "nasty", "--days", "15", "--output", world, "--seed", "2"]
    found = call(*ask, "--json").json
    assert found["effects"]["halt"] > 0
    assert found["rows"] == pl.read_parquet(world / "consumption").height
    assert "the records with mistakes" in call(*ask).out


def test_a_scenario_file_of_ones_own_is_read(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\ndays = 3\n[plant]\nshowrooms = 1\nstations = 1\nparts = 4\n')
    found = call("generate", "--scenario", file, "--output", tmp_path / "world", "--json").json
    assert (found["scenario"], found["days"]) == ("mine", 3)


def test_a_scenario_with_a_misspelt_key_is_refused_with_the_right_one(
    call: Call, tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[plant]\nshowroms = 1\n")
    answer = call("generate", "--scenario", file, "--output", tmp_path / "world")
    assert answer.status == 2
    assert "showrooms" in answer.err
    assert len(answer.err.splitlines()) == 1


def test_sales_go_to_a_file_that_the_import_takes(call: Call, empty: Path, tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    ask = ["generate", "--sales", file, "--warehouses", "2", "--skus", "3", "--days", "10"]
    assert call(*ask, "--json").json["rows"] == 60
    taken = call("import", file, "-w", empty, "--lead-time-days", "2", "--json").json
    assert (taken["accepted"], taken["series"]) == (60, 6)


def test_quality_is_a_score_and_reasons(call: Call, ready: Path) -> None:
    people, program = call("quality", "-w", ready).lines, call("quality", "-w", ready, "--json")
    assert people[0] == f"quality score {program.json['quality_score']:.1f} of 100"
    issues = program.json["issues"]
    assert people[1 : 1 + len(issues)] == issues


def test_quality_of_a_file_needs_no_workspace(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("warehouse_id,sku_id,date,units_sold\nW1,bolt,2025-01-01,-3\n")
    answer = call("quality", file)
    assert answer.status == 0
    assert "Insufficient data for training: series W1/bolt has 1 day" in answer.out


def test_the_page_is_one_file_that_asks_for_nothing_else(
    call: Call, ready: Path, tmp_path: Path
) -> None:
    page = tmp_path / "report" / "eda.html"
    found = call("eda", "-w", ready, "--output", page, "--json").json
    text = page.read_text(encoding="utf-8")
    assert found["bytes"] == page.stat().st_size < 6_000_000
    assert all(sentence for sentence in found["sections"].values())
    assert "<script" not in text
    assert "src=" not in text.replace('src="data:', "")


def test_a_page_is_never_written_without_data(call: Call, empty: Path, tmp_path: Path) -> None:
    answer = call("eda", "-w", empty, "--output", tmp_path / "eda.html")
    assert answer.status == 2
    assert "supplynet import" in answer.err
    assert not (tmp_path / "eda.html").exists()


def test_the_page_is_never_written_over_the_file_it_shows(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("date,warehouse,sku,quantity\n2026-01-01,W,P,1\n", encoding="utf-8")
    answer = call("eda", file, "--output", file)
    assert answer.status == 2
    assert "write the page to another one" in answer.err
    assert file.read_text(encoding="utf-8").startswith("date,")

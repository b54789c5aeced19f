from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@pytest.fixture
def empty(call: Call, tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    assert call("init", "-w", folder).status == 0
    return folder


def _csv(folder: Path, *rows: str) -> Path:
    path = folder / "sales.csv"
    path.write_text("\n".join(["location_id,part_id,date,quantity", *rows]))
    return path


def test_generated_history_is_counted(call: Call, empty: Path) -> None:
    answer = call("generate", "-w", empty, "--days", "2", "--start", "2025-01-01", "--json")
    assert (answer.json["days"], answer.json["first_day"]) == (2, "2025-01-01")
    assert answer.json["rows"] == 4 * answer.json["series"]


def test_good_rows_are_taken(call: Call, empty: Path) -> None:
    sales = _csv(empty, "W1,bolt,2024-01-01,5", "W1,bolt,2024-01-02,7")
    answer = call("import", sales, "-w", empty, "--lead-time-days", "2")
    assert (answer.status, answer.err) == (0, "")
    assert answer.lines == ["sales.csv: took 2 of 2 rows as 1 series; no mistakes"]


def test_every_wrong_cell_is_named_with_the_option_that_would_help(call: Call, empty: Path) -> None:
    sales = _csv(empty, "W1,bolt,2024-01-01,(5)", "W1,bolt,yesterday,7")
    answer = call("import", sales, "-w", empty)
    head, brackets, day = answer.lines
    assert "2 mistakes in 2 rows, nothing taken" in head
    assert "row 2 column quantity" in brackets
    assert "choose --brackets negative" in brackets
    assert "row 3 column date: 'yesterday' is not a date" in day


def test_a_refused_import_is_exit_2_and_one_line_on_stderr(call: Call, empty: Path) -> None:
    answer = call("import", _csv(empty, "W1,bolt,2024-01-01,many"), "-w", empty)
    assert answer.status == 2
    assert answer.err == (
        "supplynet: nothing of sales.csv was taken: correct it, or choose --on-error skip\n"
    )


def test_a_file_without_a_column_cannot_be_helped_by_skipping(call: Call, empty: Path) -> None:
    (empty / "odd.csv").write_text("a,b\n1,2\n")
    answer = call("import", empty / "odd.csv", "-w", empty)
    assert (answer.status, "skip" in answer.err) == (2, False)


def test_a_long_list_is_capped_for_people_and_whole_for_programs(call: Call, empty: Path) -> None:
    sales = _csv(empty, *(f"W1,P{n},2024-01-01,many" for n in range(50)))
    people = call("import", sales, "-w", empty, "--rows", "3").lines
    assert len(people) == 5
    assert people[-1] == "... and 47 more (--rows N shows N)"
    program = call("import", sales, "-w", empty, "--rows", "3", "--json").json
    assert len(program["mistakes"]) == program["counts"]["not_a_number"] == 50


def test_wrong_rows_can_be_left_out(call: Call, empty: Path) -> None:
    sales = _csv(empty, "W1,bolt,2024-01-01,5", "W1,bolt,2024-01-02,many")
    skip = ("--on-error", "skip", "--lead-time-days", "1")
    answer = call("import", sales, "-w", empty, *skip, "--json")
    assert (answer.status, answer.json["accepted"], answer.json["written"]) == (0, 1, 1)


def test_a_dry_run_takes_nothing(call: Call, empty: Path) -> None:
    sales = _csv(empty, "W1,bolt,2024-01-01,5")
    assert call("import", sales, "-w", empty, "--dry-run", "--json").json["written"] == 0
    assert call("quality", "-w", empty).status == 2


def test_consumption_without_supply_terms_is_refused(call: Call, empty: Path) -> None:
    answer = call("import", _csv(empty, "W1,bolt,2024-01-01,5"), "-w", empty)
    assert (answer.status, "--lead-time-days" in answer.err) == (2, True)


@pytest.mark.parametrize("arguments", [["--map", "nonsense"], ["--time-zone", "Mars/Base"]])
def test_options_that_mean_nothing_are_refused(
    call: Call, empty: Path, arguments: list[str]
) -> None:
    answer = call("import", _csv(empty, "W1,bolt,2024-01-01,5"), "-w", empty, *arguments)
    assert (answer.status, answer.err.count("\n")) == (2, 1)


def test_a_file_that_is_not_there_is_named(call: Call, empty: Path) -> None:
    assert "gone.csv" in call("import", "gone.csv", "-w", empty).err


def test_quality_is_a_score_and_reasons(call: Call, ready: Path) -> None:
    people, program = call("quality", "-w", ready).lines, call("quality", "-w", ready, "--json")
    assert people[0] == f"quality score {program.json['score']:.1f} of 100"
    assert people[1:] == program.json["issues"]

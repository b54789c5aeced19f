from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@pytest.fixture
def empty(empty_workspace: Path) -> Path:
    return empty_workspace


def _csv(folder: Path, *rows: str) -> Path:
    path = folder / "sales.csv"
    path.write_text("\n".join(["location_id,part_id,date,quantity", *rows]))
    return path


def test_good_rows_are_taken(call: Call, empty: Path) -> None:
    sales = _csv(empty, "W1,bolt,2024-01-01,5", "W1,bolt,2024-01-02,7")
    answer = call("import", sales, "-w", empty, "--lead-time-days", "2")
    assert (answer.status, answer.err) == (0, "")
    assert answer.lines == [
        "sales.csv: took 2 of 2 rows as 1 series; no mistakes",
        "recognised as the SupplyNet template of demand (--profile supplynet-demand)",
        "days: 2 new, 0 changed, 0 as before",
    ]


def test_every_wrong_cell_is_named_with_the_option_that_would_help(call: Call, empty: Path) -> None:
    sales = _csv(empty, "W1,bolt,2024-01-01,(5)", "W1,bolt,yesterday,7")
    answer = call("import", sales, "-w", empty)
    head, _, brackets, day = answer.lines
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
    assert len(people) == 6
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
    assert not list((empty / "history").rglob("*.parquet"))


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


def test_only_some_rows_of_a_file_can_be_taken(call: Call, empty: Path) -> None:
    sales = empty / "sales.csv"
    sales.write_text("sku,date,quantity,kind\nb,2024-01-01,5,out\nb,2024-01-01,7,in\n")
    said = ("--constant", "location_id=W1", "--where", "kind=out,lost", "--lead-time-days", "1")
    answer = call("import", sales, "-w", empty, *said, "--json")
    assert (answer.json["rows"], answer.json["accepted"], answer.json["new"]) == (2, 1, 1)
    assert answer.json["decisions"] == ["1 rows whose kind is not out or lost were left out"]


def test_what_is_said_wins_over_the_layout(call: Call, empty: Path) -> None:
    sales = empty / "orders.csv"
    sales.write_text(
        "product_code,warehouse,product_category,date,order_demand\nP,W,C,2012/7/1,(5)\n"
    )
    taken = call("import", sales, "-w", empty, "--dry-run", "--json")
    assert (taken.json["profile"], taken.json["accepted"]) == ("historical-product-demand", 1)
    refused = call("import", sales, "-w", empty, "--dry-run", "--brackets", "error", "--json")
    assert (refused.status, refused.json["counts"]) == (2, {"bracketed": 1})


def test_all_problems_go_to_a_file(call: Call, empty: Path) -> None:
    sales = _csv(empty, *(f"W1,P{n},2024-01-01,many" for n in range(150)))
    problems = empty / "problems.csv"
    answer = call("import", sales, "-w", empty, "--dry-run", "--problems", problems)
    assert answer.status == 2
    assert f"150 problems written to {problems}" in answer.lines
    assert len(problems.read_text().splitlines()) == 151


def test_a_template_is_printed_or_written(call: Call, tmp_path: Path) -> None:
    printed = call("import", "--template", "stock")
    assert printed.lines[0] == "location_id,part_id,on_hand,counted_at,note"
    assert "EXAMPLE" in printed.lines[1]
    path = tmp_path / "plan.csv"
    assert call("import", "--template", "plan", "--output", path).status == 0
    assert path.read_text().startswith("location_id,product,date,shift")
    again = call("import", "--template", "plan", "--output", path)
    assert (again.status, "is there already" in again.err) == (2, True)


def test_the_layouts_are_listed_with_their_columns(call: Call, tmp_path: Path) -> None:
    listed = call("import", "--profiles", "-w", tmp_path)
    assert any(line.startswith("uci-online-retail") for line in listed.lines)
    items = call("import", "--profiles", "-w", tmp_path, "--json").json["items"]
    columns = {item["name"]: item["columns"] for item in items}
    assert columns["supplygraph"] == "date, product, flow, measure, value"


def test_a_saved_profile_is_recognised(call: Call, empty: Path) -> None:
    sales = empty / "export.csv"
    sales.write_text("ware,tag,zahl\nb,2024-01-01,5\n")
    maps = ("--map", "part_id=ware", "--map", "date=tag", "--map", "quantity=zahl")
    said = (*maps, "--constant", "location_id=W1", "--save-profile", "mine", "--dry-run")
    assert call("import", sales, "-w", empty, *said).status == 0
    answer = call("import", sales, "-w", empty, "--dry-run", "--json")
    assert (answer.json["profile"], answer.json["accepted"]) == ("mine", 1)


def test_an_import_of_nothing_says_what_to_type(call: Call, empty: Path) -> None:
    answer = call("import", "-w", empty)
    assert (answer.status, "--template KIND" in answer.err) == (2, True)


def test_problems_are_never_written_over_the_file_itself(call: Call, empty: Path) -> None:
    file = _csv(empty, "W1,bolt,2024-01-01,many")
    before = file.read_bytes()
    answer = call("import", file, "-w", empty, "--problems", file, "--dry-run")
    assert answer.status == 2
    assert "is the file to be read" in answer.err
    assert file.read_bytes() == before


def test_a_folder_is_not_called_a_file_that_is_not_there(call: Call, empty: Path) -> None:
    assert "is a folder; name a file in it" in call("import", empty, "-w", empty).err

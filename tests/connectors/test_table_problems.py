from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from supplynet.connectors.table_import import Checked, Wanted, check_source
from supplynet.connectors.table_layout import Said
from supplynet.connectors.table_problems import PROBLEMS_SCHEMA
from supplynet.connectors.table_source import Table, TableSource
from supplynet.errors import InvalidInput


def nasty(count: int, folder: Path | None = None) -> Checked:
    """``count`` rows of which every one has a mistake, and the last repeats the first."""
    cells = [f"many {n}" for n in range(count - 1)]
    frame = pl.DataFrame(
        {
            "warehouse": ["W"] * count,
            "sku": ["P"] * count,
            "date": ["2024-01-01"] * count,
            "quantity": [*cells, cells[0]],
        }
    )
    source = TableSource(Table(name="t.csv", frame=frame), rows=100)
    return check_source(source, Wanted(said=Said()), folder)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx"])
def test_all_problems_are_written_and_not_only_those_shown(tmp_path: Path, suffix: str) -> None:
    if suffix == "xlsx":
        pytest.importorskip("fastexcel")
        pytest.importorskip("xlsxwriter")
    checked = nasty(250)
    assert len(checked.mistakes) == 101
    path = tmp_path / f"problems.{suffix}"
    assert checked.problems.write(path) == 251
    if suffix == "csv":
        read = pl.read_csv(path)
    else:
        read = pl.read_parquet(path) if suffix == "parquet" else pl.read_excel(path)
    assert read.columns == PROBLEMS_SCHEMA.names()
    assert read["row"].to_list() == [*range(2, 252), 251]
    assert read.row(0) == (
        *("t.csv", 2, "quantity", "many 0", "not_a_number"),
        *("'many 0' is not a number", "write a whole number without a unit, like 12"),
    )
    assert read["reason"][-1] == "the row repeats row 2"


def test_problems_may_outgrow_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supplynet.connectors.table_problems.CHUNK_ROWS", 100)
    inside = nasty(600)
    monkeypatch.setattr("supplynet.connectors.table_spool.MOST_ROWS", 50)
    outside = nasty(600, tmp_path / "drafts")
    assert list((tmp_path / "drafts").rglob("*.arrow"))
    assert pl.concat(outside.problems.tables()).equals(pl.concat(inside.problems.tables()))
    assert outside.mistakes == inside.mistakes


def test_a_file_of_problems_has_a_known_suffix(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"csv, parquet or xlsx, not as problems.doc"):
        nasty(3).problems.write(tmp_path / "problems.doc")


def test_a_cell_of_a_stranger_is_no_formula_in_a_file_of_problems(tmp_path: Path) -> None:
    cells = ["=cmd|' /C calc'!A0", "@SUM(1)", "+a", "-5"]
    frame = pl.DataFrame(
        {"warehouse": ["W"] * 4, "sku": ["P"] * 4, "date": ["2024-01-01"] * 4, "quantity": cells}
    )
    checked = check_source(TableSource(Table(name="t.csv", frame=frame)), Wanted(said=Said()))
    checked.problems.write(tmp_path / "problems.csv")
    read = pl.read_csv(tmp_path / "problems.csv")
    assert read["value"].to_list() == [f"'{cell}" for cell in cells[:3]] + ["-5"]

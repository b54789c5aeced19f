"""Synthetic data: what it replaces, and what it never does."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from supplynet.connectors.table_import import open_table
from supplynet.connectors.table_rows import rows_as_they_are
from supplynet.errors import InvalidInput, NotFound
from supplynet.frames.demand import KEY
from supplynet.services import generating, setup
from supplynet.services.books import open_books
from supplynet.services.importing import ImportRequest, import_table
from supplynet.storage.history import read_history


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of plant and history."""
    found = [file for name in ("plant", "history") for file in (folder / name).rglob("*")]
    return {str(file): file.read_bytes() for file in found if file.is_file()}


def test_made_up_days_never_replace_real_ones(sold: Path) -> None:
    before = contents(sold)
    with pytest.raises(InvalidInput, match="was not generated"):
        generating.generate(sold, days=30, start=date(2026, 1, 1))
    with pytest.raises(InvalidInput, match="a plant of its own"):
        generating.generate_world("small", workspace=sold, days=20)
    assert contents(sold) == before


def test_what_was_imported_into_a_made_up_history_is_never_replaced_either(
    folder: Path, tmp_path: Path
) -> None:
    generating.generate_world("small", workspace=folder, days=20)
    row = read_history(folder / "history").head(1)
    file = tmp_path / "real.parquet"
    row.select("location_id", "part_id", "period_start", "consumed").write_parquet(file)
    import_table(folder, ImportRequest(file=file))
    with pytest.raises(InvalidInput, match="was not generated"):
        generating.generate_world("small", workspace=folder, days=20)


def test_generating_twice_gives_the_same_days(folder: Path) -> None:
    for _ in range(2):
        made = generating.generate(folder, days=7, start=date(2026, 1, 5), seed=3)
        assert made.rows == read_history(folder / "history").height


def test_a_world_in_a_workspace_is_its_plant_and_its_history_and_a_new_one_replaces_it(
    folder: Path,
) -> None:
    generating.generate_world("small", workspace=folder, days=40)
    made = generating.generate_world("small", workspace=folder, days=20)
    found = read_history(folder / "history")
    assert (made.rows, made.in_workspace) == (found.height, True)
    truth = pl.read_parquet(folder / generating.WORLD / "truth")
    assert truth.select(KEY).equals(found.select(KEY))
    assert {line.location_id for line in open_books(folder).plant.lines} == set(
        found["location_id"].unique()
    )


def test_a_world_as_files_needs_no_workspace_and_is_the_same(tmp_path: Path) -> None:
    made = generating.generate_world("small", output=tmp_path / "world", days=20, seed=1)
    inside = setup.init(tmp_path / "workspace").folder
    generating.generate_world("small", workspace=inside, days=20, seed=1)
    files = pl.read_parquet(tmp_path / "world" / "consumption")
    assert files.equals(read_history(inside / "history"))
    assert made.rows == files.height


def test_a_scenario_of_another_plant_is_refused(folder: Path) -> None:
    generating.generate(folder, days=3, start=date(2026, 1, 5))
    with pytest.raises(InvalidInput, match="a plant of its own"):
        generating.generate_world("small", workspace=folder)


def test_an_unknown_scenario_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises((NotFound, InvalidInput), match=r"nast.*nasty"):
        generating.generate_world("nast", output=tmp_path / "world")
    assert not (tmp_path / "world").exists()


@pytest.mark.parametrize("suffix", generating.TABLE_FILES)
def test_sales_are_written_as_the_suffix_says(suffix: str, tmp_path: Path) -> None:
    sales = pl.DataFrame({"sku_id": ["A", "B"], "units_sold": [1, 2]})
    file = tmp_path / f"sales{suffix}"
    generating.write_sales(sales, file)
    found = rows_as_they_are(open_table(file), None)
    assert found.cast(sales.schema).equals(sales)


def test_sales_are_not_written_in_a_form_that_nobody_reads(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="must end in"):
        generating.write_sales(pl.DataFrame({"a": [1]}), tmp_path / "sales.doc")


def test_made_up_sales_replace_no_file(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("real\n")
    with pytest.raises(InvalidInput, match="is there already"):
        generating.write_sales(pl.DataFrame({"a": [1]}), file)
    assert file.read_text() == "real\n"

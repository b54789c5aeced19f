"""Rows of the plant are changed with the whole plant checked: all of it or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from supplynet.api.etags import check_match, etag
from supplynet.connectors.plant_folder import read_plant
from supplynet.core.plant_hash import plant_hash
from supplynet.errors import VersionMoved
from supplynet.services.books import Books, open_books
from supplynet.services.plant_editing import edit, version_of
from supplynet.storage import audit


@pytest.fixture
def books(demo_template: Path, tmp_path: Path) -> Iterator[Books]:
    opened = open_books(Path(shutil.copytree(demo_template, tmp_path / "demo")))
    yield opened
    opened.store.close()


edited = partial(edit, actor="ana", reason="price list")


def test_a_changed_cell_is_in_the_folder_the_server_and_the_audit_log(books: Books) -> None:
    part = books.plant.parts[0].part_id
    answer = edited(books, "parts", [{"part_id": part, "unit_cost": "9.5"}])
    assert answer["written"]
    assert answer["changed"][0]["after"] == {"unit_cost": "9.5"}
    assert books.plant.parts[0].unit_cost == 9.5
    assert read_plant(books.workspace.plant) == books.plant
    with books.store.read() as tx:
        (entry,) = audit.entries(tx, subject=f"parts:{part}")
    assert (entry.action, entry.reason, entry.actor) == ("plant_changed", "price list", "ana")


def test_a_dry_run_tells_the_same_and_writes_nothing(books: Books) -> None:
    before = plant_hash(books.plant)
    rule = books.plant.supply_rules[0]
    row = {
        "stock_point_id": rule.stock_point_id,
        "part_id": rule.part_id,
        "container_size": str(rule.container_size * 2),
    }
    answer = edited(books, "supply_rules", [row], dry_run=True)
    assert (answer["written"], len(answer["changed"])) == (False, 1)
    assert plant_hash(read_plant(books.workspace.plant)) == before


def test_every_mistake_of_the_whole_plant_is_told_and_nothing_written(books: Books) -> None:
    before = plant_hash(books.plant)
    lane = books.plant.lanes[0].lane_id
    answer = edited(
        books,
        "lanes",
        [{"lane_id": lane, "departures": "25:00", "transit_low_minutes": "soon"}],
    )
    assert {each["column"] for each in answer["mistakes"]} >= {"departures", "transit_low_minutes"}
    assert all(each["file"] == "lanes.csv" and each["row"] == 2 for each in answer["mistakes"])
    assert not answer["written"]
    assert plant_hash(read_plant(books.workspace.plant)) == before


@pytest.mark.parametrize(
    "row", [{"part_id": "P-999", "unit_cost": "1"}, {"part_id": "P-001", "unit": "kg"}]
)
def test_rows_are_not_added_and_what_the_ledger_counts_in_stays(
    books: Books, row: dict[str, str]
) -> None:
    answer = edited(books, "parts", [row])
    assert answer["mistakes"]
    assert not answer["written"]


def test_the_same_again_changes_nothing(books: Books) -> None:
    part = books.plant.parts[0]
    answer = edited(books, "parts", [{"part_id": part.part_id, "description": part.description}])
    assert answer == {"changed": [], "mistakes": [], "written": False}


def test_who_read_an_older_plant_is_refused(books: Books) -> None:
    old = etag(version_of(books))
    part = books.plant.parts[0].part_id
    edited(books, "parts", [{"part_id": part, "unit_cost": "9.5"}])
    with pytest.raises(VersionMoved):
        edited(
            books,
            "parts",
            [{"part_id": part, "unit_cost": "1"}],
            check=partial(check_match, old),
        )
    assert books.plant.parts[0].unit_cost == 9.5

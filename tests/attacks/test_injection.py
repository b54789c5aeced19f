"""What strangers write stays text: in spreadsheets, pages, messages and SQL."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from supplynet.api.app import create_app
from supplynet.api.cursors import encode
from supplynet.connectors import erp_csv
from supplynet.connectors.drop_folder_problems import ProblemFile
from supplynet.connectors.drop_folder_rows import read_events
from supplynet.services import audit
from supplynet.services.books import Books, open_books
from supplynet.services.importing import ImportRequest, import_table
from supplynet.storage import Store
from supplynet.storage.audit import Wanted

from .conftest import API, HERE

FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1", "=HYPERLINK(1)"]
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
SQL = ["' OR '1'='1", "'; DROP TABLE orders; --", "%' UNION SELECT 1 --", '"', "\\", "1) OR (1=1"]


def harmless(content: bytes | str) -> list[list[str]]:
    """Rows of a CSV text, none of whose cells a spreadsheet runs."""
    text = content if isinstance(content, str) else content.decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    for cell in (cell for row in rows for cell in row):
        number = cell.lstrip("+-").replace(".", "", 1).isdigit()
        assert number or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell
    return rows


@pytest.mark.parametrize("kind", sorted(erp_csv.LAYOUTS))
def test_nothing_that_goes_to_an_erp_is_a_formula(kind: str) -> None:
    columns = erp_csv.LAYOUTS[kind]
    rows = [dict.fromkeys(columns, formula) for formula in FORMULAS]
    found = harmless(erp_csv.as_csv(kind, rows))
    assert found[1][0] == "'=1+1"


def test_nothing_in_the_audit_log_is_a_formula(sqlite_store: Store, attacked: Books) -> None:
    books = replace(attacked, store=sqlite_store)
    for number, formula in enumerate(FORMULAS):
        with books.store.write(formula.strip(), books.wall_clock()) as tx:
            tx.note("test", formula.strip(), reason=f"{formula}{number}")
    found = harmless(b"".join(audit.export(books, Wanted(), "csv")))
    assert len(found) > len(FORMULAS)


def test_no_mistake_of_a_dropped_file_is_a_formula(tmp_path: Path) -> None:
    rows = "\n".join(f'"{cell}","{cell}",-5,"{cell}",2026-01-05' for cell in FORMULAS)
    file = tmp_path / "events.csv"
    file.write_text(f"type,location_id,quantity,part_id,occurred_at\n{rows}\n", newline="")
    with ProblemFile(tmp_path / "problems.csv") as problems:
        found = [
            (row, row.problem or "wrong") for row in read_events(file, "a" * 64, time_zone="UTC")
        ]
        problems.add(found)
    assert len(harmless((tmp_path / "problems.csv").read_bytes())) == len(FORMULAS) + 1


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_no_mistake_of_an_import_is_a_formula(
    plant_folder: Path, tmp_path: Path, suffix: str
) -> None:
    rows = "\n".join(f'2026-01-05,"{cell}","{cell}","{cell}"' for cell in FORMULAS)
    file, problems = tmp_path / "=sales.csv", tmp_path / f"problems.{suffix}"
    file.write_text(f"date,location_id,part_id,demand\n{rows}\n", newline="")
    import_table(plant_folder, ImportRequest(file=file, kind="demand", problems=problems))
    if suffix == "csv":
        assert len(harmless(problems.read_bytes())) > len(FORMULAS)
    else:
        import zipfile

        with zipfile.ZipFile(problems) as book:
            sheets = [book.read(name) for name in book.namelist() if "worksheets" in name]
        assert sheets
        assert not [sheet for sheet in sheets if b"<f>" in sheet]


@pytest.mark.parametrize("kind", ["demand", "consumption", "stock", "plan", "deliveries"])
def test_no_template_has_a_formula(client: TestClient, kind: str) -> None:
    assert len(harmless(client.get(f"{API}/templates/{kind}/csv").content)) > 1


@pytest.fixture(scope="module")
def renamed(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The application of a plant whose every name is markup."""
    folder = Path(shutil.copytree(demo_template, tmp_path_factory.mktemp("named") / "demo"))
    for name, column in (("parts.csv", "description"), ("locations.csv", "name")):
        path = folder / "plant" / name
        rows = list(csv.DictReader(path.read_text().splitlines()))
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(row | {column: SCRIPT} for row in rows)
    plant = folder / "plant" / "plant.toml"
    plant.write_text(plant.read_text().replace("Demo plant", SCRIPT))
    books = open_books(folder)
    with TestClient(create_app(books, local=True), base_url=HERE) as opened:
        yield opened
    books.store.close()


@pytest.mark.parametrize("path", ["control-room", "network", "stock", "alerts", "forecasts"])
def test_names_that_are_markup_come_as_json_that_no_browser_takes_for_a_page(
    renamed: TestClient, path: str
) -> None:
    answer = renamed.get(f"{API}/{path}")
    assert answer.status_code in {200, 404}
    assert answer.headers["content-type"].endswith("json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_page_about_the_history_shows_markup_as_text_and_could_run_none(
    renamed: TestClient,
) -> None:
    answer = renamed.get(f"{API}/exploration")
    assert "<script" not in answer.text
    assert "<img src=x" not in answer.text
    assert "&lt;script&gt;" in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy


def test_the_control_room_puts_no_text_in_as_markup() -> None:
    sources = Path(__file__).resolve().parents[2] / "ui" / "src"
    files = [each for each in sources.rglob("*") if each.suffix in {".svelte", ".ts"}]
    assert files
    ways = ("{@html", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
    assert [(each.name, way) for each in files for way in ways if way in each.read_text()] == []


def _questions(document: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Paths of every read, with the names of the parameters that take text."""
    for path, operations in document["paths"].items():
        operation = operations.get("get")
        if operation is not None and path != f"{API}/stream":
            names = [
                each["name"] for each in operation.get("parameters", []) if each["in"] == "query"
            ]
            yield path, names


CURSORS = [
    encode(position) or ""
    for text in SQL[:2]
    for position in ([text], [text, text], ["2026-01-05T21:58:00Z", text])
]


def test_no_filter_and_no_cursor_reaches_the_database_as_sql(store: Store, attacked: Books) -> None:
    from sqlalchemy import func, select

    from supplynet.storage.tables import metadata

    books = replace(attacked, store=store)
    with TestClient(create_app(books, local=True), base_url=HERE) as client:
        document = client.get(f"{API}/openapi.json").json()
        asked = 0
        for path, names in _questions(document):
            for text in SQL[:2] if "{" in path else []:
                part = text.replace("/", "").replace("\\", "")
                url = path[: path.index("{")] + part
                assert client.get(url).status_code in {404, 405, 422}, url
            for name in names:
                for text in CURSORS if name == "cursor" else SQL[:2]:
                    answer = client.get(path, params={name: text})
                    assert answer.status_code < 500, (path, name, text, answer.text)
                    asked += 1
    assert asked > 100
    with store.read() as tx:
        for table in metadata.tables.values():
            tx.connection.execute(select(func.count()).select_from(table))

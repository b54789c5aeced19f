"""A plant as a folder of files that people edit: ``plant.toml`` and CSV tables.

``plant.toml`` is described in ``plant_settings``; the tables and their columns in
``plant_tables``. ``purchase_rules.csv`` and ``production_plan.csv`` may be left out. CSV is UTF-8
with or without byte order mark, separated by commas (semicolons and tabs are understood). An
empty cell takes the default of its field.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from supplynet.connectors.plant_checks import check_book
from supplynet.connectors.plant_settings import FILE, read_settings, write_settings
from supplynet.connectors.plant_sheets import Report, read_sheet, write_sheet
from supplynet.connectors.plant_tables import TABLES
from supplynet.core.network import Plant
from supplynet.errors import InvalidInput, NotFound, PlantErrors
from supplynet.files import write_atomically

FILES = (FILE, *(table.file for table in TABLES))


def read_plant(folder: Path) -> Plant:
    """Read a plant.

    Raises:
        NotFound: There is no such folder.
        PlantErrors: The folder has mistakes; all of them, each with file, row and column.
    """
    if not folder.is_dir():
        raise NotFound("plant folder", str(folder), "create it with `supplynet init`")
    report = Report()
    contents = {file: _content(folder / file) for file in FILES}
    _check_names(folder, contents, report)
    return _parse(contents, report, str(folder))


def read_changed(folder: Path, changed: Mapping[str, bytes]) -> Plant:
    """Read a plant as it would be with other contents of some of its files; nothing is written.

    Raises:
        PlantErrors: It would have mistakes; all of them.
    """
    contents = {file: changed.get(file, _content(folder / file)) for file in FILES}
    return _parse(contents, Report(), str(folder))


def write_plant(plant: Plant, folder: Path) -> None:
    """Write ``plant`` so that ``read_plant`` gives an equal one; the same plant, the same bytes.

    Every file is replaced whole or not at all, and none is when the plant has mistakes.

    Raises:
        PlantErrors: The plant could not be read back; rows are those of the files to be.
        InvalidInput: The plant holds values that the files cannot hold, such as seconds.
    """
    contents: dict[str, bytes | None] = {FILE: write_settings(plant)}
    for table in TABLES:
        rows = (table.row_of(item) for item in getattr(plant, table.field))
        contents[table.file] = write_sheet(table.columns, rows)
    again = _parse(contents, Report(), f"plant {plant.plant_id}")
    if again != plant:
        lost = [name for name in vars(again) if getattr(again, name) != getattr(plant, name, None)]
        raise InvalidInput(
            f"plant {plant.plant_id} has {', '.join(lost)} that its files cannot hold; "
            "use whole minutes, sorted departures and at least one weekday"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for file, data in contents.items():
        write_atomically(folder / file, data or b"")


def _parse(contents: Mapping[str, bytes | None], report: Report, subject: str) -> Plant:
    settings = read_settings(contents[FILE], report)
    sheets = {
        table.file: read_sheet(
            table.file, contents[table.file], table.columns, needed=table.needed, report=report
        )
        for table in TABLES
    }
    check_book(settings, sheets, report)
    if report.mistakes:
        raise PlantErrors(subject, report.in_order(FILES))
    zone: str = settings.values["time_zone"]
    tables: dict[str, Any] = {
        table.field: tuple(table.object_of(row, zone) for row in sheets[table.file].rows)
        for table in TABLES
    }
    return Plant(**settings.values, calendars=tuple(settings.calendars), **tables)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _check_names(folder: Path, contents: Mapping[str, bytes | None], report: Report) -> None:
    """An optional file under a misspelt name would be passed over in silence."""
    absent = [table.file for table in TABLES if contents[table.file] is None and not table.needed]
    for path in sorted(folder.glob("*.csv")):
        meant = get_close_matches(path.name, absent, n=1, cutoff=0.85)
        if path.name not in FILES and meant:
            report.add(path.name, None, None, "the file is unknown", f"did you mean {meant[0]!r}?")

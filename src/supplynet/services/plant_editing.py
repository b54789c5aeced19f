"""Changing the plant's numbers: rows of one table, checked with the whole plant, all or nothing.

Only what does not move stock from its place: what a part costs and fills, when a lane leaves and
how long it takes, how a stock point orders. What is called how, and which rows there are, is a
matter of the plant folder: the ledger knows parts and places by their names.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from supplynet.connectors.plant_folder import read_changed, read_plant, write_plant
from supplynet.connectors.plant_sheets import HEADER_ROW, write_sheet
from supplynet.connectors.plant_tables import TABLES, Table
from supplynet.core.network import Plant
from supplynet.core.plant_hash import plant_hash
from supplynet.errors import Mistake, PlantErrors
from supplynet.services.books import Books

Row = dict[str, Any]
Check = Callable[[str], None]
"""Raises ``VersionMoved`` when a change was made from another plant than that of the hash given."""
TableName = Literal["parts", "lanes", "supply_rules"]
EDITABLE: dict[str, tuple[str, ...]] = {
    "parts": ("description", "volume_litres", "unit_cost"),
    "lanes": (
        *("departures", "cutoff_minutes", "transit_low_minutes", "transit_mode_minutes"),
        "transit_high_minutes",
    ),
    "supply_rules": ("container_size", "minimum_order", "bin_maximum", "criticality"),
}
_TABLE: dict[str, Table] = {table.field: table for table in TABLES if table.field in EDITABLE}


def version_of(books: Books) -> str:
    """What a change is made from: the hash of the plant that this server plans by and shows."""
    return plant_hash(books.plant)


def edit(
    books: Books,
    name: TableName,
    changes: Sequence[Mapping[str, str]],
    *,
    actor: str,
    reason: str,
    dry_run: bool = False,
    check: Check = lambda _hash: None,
) -> Row:
    """Change rows of one table; the next plan goes by them.

    Args:
        books: The workspace.
        name: The table.
        changes: Per row its key and the cells that become other, written as in the file.
        actor: Who does it.
        reason: Why, for the audit log.
        dry_run: Check everything and write nothing.
        check: Is given the hash of the plant that is to be changed.

    Returns:
        ``{"changed": [{"key", "before", "after"}], "mistakes": [...], "written"}``; with mistakes
        nothing is written.
    """
    table = _TABLE[name]
    # Of two who write the second sees the first.
    with books.planning:
        plant = read_plant(books.workspace.plant)
        check(plant_hash(plant))
        rows = _rows(table, plant)
        after, mistakes = _applied(table, rows, changes)
        changed = _differences(table, rows, after)
        if mistakes or not changed:
            return _answer(changed, mistakes, written=False)
        try:
            edited = read_changed(books.workspace.plant, {table.file: _sheet(table, after)})
        except PlantErrors as error:
            return _answer(changed, error.mistakes, written=False)
        if dry_run:
            return _answer(changed, (), written=False)
        with books.store.write(actor, books.wall_clock()) as tx:
            for each in changed:
                tx.note(
                    "plant_changed",
                    f"{name}:{each['key']}",
                    before=each["before"],
                    after=each["after"],
                    reason=reason,
                )
            tx.change("plant", name)
            write_plant(edited, books.workspace.plant)
        books.look_at_plant_again()
    return _answer(changed, (), written=True)


def _rows(table: Table, plant: Plant) -> list[dict[str, str]]:
    """The table as it is written, cell by cell."""
    objects = (table.row_of(item) for item in getattr(plant, table.field))
    text = write_sheet(table.columns, objects).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _sheet(table: Table, rows: Sequence[Mapping[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [column.name for column in table.columns], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _applied(
    table: Table, rows: Sequence[Mapping[str, str]], changes: Sequence[Mapping[str, str]]
) -> tuple[list[dict[str, str]], list[Mistake]]:
    """The rows with the changes in them, and what cannot be changed."""
    after = [dict(row) for row in rows]
    places = {_key(table, row): number for number, row in enumerate(rows)}
    mistakes = []
    for change in changes:
        key = _key(table, change)
        place = places.get(key)
        if place is None:
            wrong, right = f"there is no row {key!r}", "add rows in the plant folder"
            mistakes.append(_mistake(table, None, None, wrong, right))
            continue
        for column, value in change.items():
            if column in table.key:
                continue
            if column not in EDITABLE[table.field]:
                right = "change one of " + ", ".join(EDITABLE[table.field])
                wrong = "it cannot be changed here"
                mistakes.append(_mistake(table, place, column, wrong, right))
            after[place][column] = value.strip()
    return after, mistakes


def _differences(
    table: Table, before: Sequence[Mapping[str, str]], after: Sequence[Mapping[str, str]]
) -> list[Row]:
    found = []
    for old, new in zip(before, after, strict=True):
        other = [column for column in old if old[column] != new.get(column, "")]
        if other:
            found.append(
                {
                    "key": _key(table, old),
                    "before": {column: old[column] for column in other},
                    "after": {column: new[column] for column in other},
                }
            )
    return found


def _key(table: Table, row: Mapping[str, str]) -> str:
    return " ".join(row.get(column, "") for column in table.key)


def _mistake(
    table: Table, place: int | None, column: str | None, wrong: str, right: str
) -> Mistake:
    row = None if place is None else HEADER_ROW + 1 + place
    return Mistake(file=table.file, row=row, column=column, wrong=wrong, right=right)


def _answer(changed: list[Row], mistakes: Sequence[Mistake], *, written: bool) -> Row:
    shown = [
        {"file": m.file, "row": m.row, "column": m.column, "wrong": m.wrong, "right": m.right}
        for m in mistakes
    ]
    return {"changed": changed, "mistakes": shown, "written": written}

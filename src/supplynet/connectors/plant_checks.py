"""What must hold across the rows of a plant folder, one table or reference at a time.

A cell that is wrong by itself has been reported and takes no part here: what depends on it is
not judged, so that one slip of the pen is one mistake. What needs the way from place to place is
in ``plant_ways``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from supplynet.connectors.plant_book import Book
from supplynet.connectors.plant_cells import near
from supplynet.connectors.plant_settings import Settings
from supplynet.connectors.plant_sheets import Report, Row, Sheet
from supplynet.connectors.plant_tables import (
    LANES,
    LOCATIONS,
    PARTS,
    PRODUCTION_PLAN,
    PURCHASE_RULES,
    REQUIREMENTS,
    SUPPLY_RULES,
    TABLES,
    Table,
    duration_steps,
)
from supplynet.connectors.plant_ways import check_ways
from supplynet.core.network import DEFAULT_PRODUCT, LocationKind
from supplynet.core.spelling import nearest

_MOST_HINTS = 100


def check_book(settings: Settings, sheets: Mapping[str, Sheet], report: Report) -> None:
    """Note in ``report`` every mistake that shows only across cells."""
    places: dict[str, Row] = {}
    for row in sheets[LOCATIONS.file].rows:
        if row.is_clear("location_id"):
            places.setdefault(row.get("location_id"), row)
    book = Book(settings=settings, sheets=sheets, places=places, report=report)
    for table in TABLES:
        _check_keys(book, table)
    _check_references(book)
    _check_calendars_named(book)
    _check_durations(book)
    _check_levels(book)
    _check_validity(book)
    _check_groups(book)
    _check_repeated_requirements(book)
    check_ways(book)


def _check_keys(book: Book, table: Table) -> None:
    seen: dict[tuple[object, ...], int] = {}
    for row in book.rows(table):
        if not table.key or not all(row.is_clear(column) for column in table.key):
            continue
        key = tuple(row.get(column) for column in table.key)
        first = seen.setdefault(key, row.number)
        if first != row.number:
            column = table.key[0] if len(table.key) == 1 else None
            name = " ".join(row.texts[name] for name in table.key)
            book.add(table, row, column, f"{name!r} is already in row {first}", "keep one of them")


_REFERENCES: tuple[tuple[Table, str, Table, str], ...] = (
    (LOCATIONS, "parent_id", LOCATIONS, "location"),
    (REQUIREMENTS, "line_id", LOCATIONS, "location"),
    (REQUIREMENTS, "part_id", PARTS, "part"),
    (LANES, "from_location", LOCATIONS, "location"),
    (LANES, "to_location", LOCATIONS, "location"),
    (SUPPLY_RULES, "stock_point_id", LOCATIONS, "location"),
    (SUPPLY_RULES, "part_id", PARTS, "part"),
    (SUPPLY_RULES, "lane_ids", LANES, "lane"),
    (PURCHASE_RULES, "warehouse_id", LOCATIONS, "location"),
    (PURCHASE_RULES, "part_id", PARTS, "part"),
    (PRODUCTION_PLAN, "line_id", LOCATIONS, "location"),
)


def _check_references(book: Book) -> None:
    hints: dict[tuple[str, str], str] = {}
    for table, column, target, what in _REFERENCES:
        if not book.sheets[target.file].readable:
            continue
        known = book.sheets[target.file].texts(target.key[0])
        garbled = _garbled_keys(book, target)
        for row in book.rows(table):
            value = row.get(column)
            names = value if isinstance(value, tuple) else () if value is None else (value,)
            for name in names:
                if name not in known and "" not in garbled and not nearest(name, garbled):
                    right = _hint(hints, name, known, target)
                    book.add(table, row, column, f"no {what} {name!r}", right)
    _check_suppliers(book)


def _garbled_keys(book: Book, table: Table) -> set[str]:
    """Keys that are no ids, as they stand: a name that is like one of them may mean its row."""
    key = table.key[0]
    return {row.texts.get(key, "") for row in book.rows(table) if _has_bad(book, table, row, key)}


def _has_bad(book: Book, table: Table, row: Row, column: str) -> bool:
    return not row.is_clear(column) and book.report.is_spoilt(table.file, row.number, column)


def _hint(
    hints: dict[tuple[str, str], str], name: str, known: Collection[str], target: Table
) -> str:
    """What is likely meant; looked for a few times only, since it compares with every name."""
    otherwise = f"add it to {target.file}"
    key = (name, target.file)
    if key not in hints and len(hints) < _MOST_HINTS:
        hints[key] = near(name, known, otherwise)
    return hints.get(key, otherwise)


def _check_suppliers(book: Book) -> None:
    """Suppliers may go without a row in locations.csv; where some have one, all should."""
    suppliers = {
        name for name, place in book.places.items() if place.get("kind") is LocationKind.SUPPLIER
    }
    for row in book.rows(PURCHASE_RULES):
        name = row.get("supplier_id")
        if name is None or name in suppliers:
            continue
        place = book.places.get(name)
        if place is not None and place.is_clear("kind"):
            wrong = f"{name!r} is a {place.get('kind')}, not a supplier"
            book.add(PURCHASE_RULES, row, "supplier_id", wrong, "name the one who sells the part")
        elif place is None and suppliers:
            right = near(name, suppliers, "add it to locations.csv with the kind supplier")
            if name not in book.sheets[LOCATIONS.file].texts("location_id"):
                book.add(PURCHASE_RULES, row, "supplier_id", f"no supplier {name!r}", right)


def _check_calendars_named(book: Book) -> None:
    if not book.settings.readable:
        return
    known = book.settings.shift_names
    for row in book.rows(LOCATIONS):
        name = row.get("calendar_id")
        if name is not None and name not in known:
            right = near(name, known, "add a [[calendar]] to plant.toml")
            book.add(LOCATIONS, row, "calendar_id", f"no calendar {name!r}", right)


def _check_durations(book: Book) -> None:
    for table, name in ((LANES, "transit"), (PURCHASE_RULES, "lead_time")):
        for row in book.rows(table):
            low, mode, high = duration_steps(row, name)
            if low is not None and mode is not None and low > mode:
                wrong = f"{low} is more than the usual {mode}"
                book.add(table, row, f"{name}_low_minutes", wrong, "low <= mode <= high is right")
            if high is not None and mode is not None and high < mode:
                wrong = f"{high} is less than the usual {mode}"
                book.add(table, row, f"{name}_high_minutes", wrong, "low <= mode <= high is right")


def _check_levels(book: Book) -> None:
    for table in (SUPPLY_RULES, PURCHASE_RULES):
        for row in book.rows(table):
            low, high = row.get("reorder_point"), row.get("order_up_to_level")
            if low is not None and high is not None and low > high:
                wrong = f"{high} is less than the reorder point {low}"
                book.add(table, row, "order_up_to_level", wrong, f"{low} or more is right")
    for row in book.rows(SUPPLY_RULES):
        most, box = row.get("bin_maximum"), row.get("container_size")
        if most is not None and box is not None and most < box:
            wrong = f"{most} is less than one container of {box}"
            book.add(SUPPLY_RULES, row, "bin_maximum", wrong, f"{box} or more is right")


def _check_validity(book: Book) -> None:
    for row in book.rows(REQUIREMENTS):
        start, end = row.get("valid_from"), row.get("valid_to")
        if start is not None and end is not None and start >= end:
            wrong = f"{end} is not after valid_from {start}"
            right = "valid_to is the first day on which the row no longer holds"
            book.add(REQUIREMENTS, row, "valid_to", wrong, right)


def _check_groups(book: Book) -> None:
    first_of: dict[str, Row] = {}
    for row in book.rows(REQUIREMENTS):
        group, line = row.get("alternative_group"), row.get("line_id")
        if group is None or line is None:
            continue
        first = first_of.setdefault(group, row)
        if first.get("line_id") != line:
            wrong = f"group {group!r} is already used by line {first.get('line_id')!r}"
            right = "parts replace each other on one line; give each line its own group"
            book.add(REQUIREMENTS, row, "alternative_group", wrong, right)


def _check_repeated_requirements(book: Book) -> None:
    """One line, product and part may have several rows, but only one on any day."""
    earlier: dict[tuple[str, str, str], list[Row]] = {}
    columns = ("line_id", "part_id", "product", "valid_from", "valid_to")
    for row in book.rows(REQUIREMENTS):
        if not all(row.is_clear(column) for column in columns):
            continue
        key = (row.get("line_id"), row.get("product") or DEFAULT_PRODUCT, row.get("part_id"))
        for other in earlier.setdefault(key, []):
            if _starts_before_end(row, other) and _starts_before_end(other, row):
                wrong = f"{key[0]} has {key[2]!r} already in row {other.number} on the same days"
                book.add(REQUIREMENTS, row, None, wrong, "keep one of them, or part their dates")
                break
        earlier[key].append(row)


def _starts_before_end(one: Row, other: Row) -> bool:
    start, end = one.get("valid_from"), other.get("valid_to")
    return start is None or end is None or bool(start < end)

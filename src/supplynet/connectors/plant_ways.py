"""What must hold on the way of a part: who lies where, what lanes join, where lines draw."""

from __future__ import annotations

from supplynet.connectors.plant_book import UNCLEAR, Book
from supplynet.connectors.plant_cells import near
from supplynet.connectors.plant_sheets import Row
from supplynet.connectors.plant_tables import (
    LANES,
    LOCATIONS,
    PARTS,
    PRODUCTION_PLAN,
    PURCHASE_RULES,
    REQUIREMENTS,
    SUPPLY_RULES,
)
from supplynet.core.network import LocationKind

PARENT_KINDS: dict[LocationKind, tuple[LocationKind, ...]] = {
    LocationKind.STATION: (LocationKind.SHOWROOM,),
    LocationKind.LINE: (LocationKind.STATION, LocationKind.SHOWROOM),
}
"""Kinds of parents; the other kinds have none. A line without parent holds its own stock."""


def check_ways(book: Book) -> None:
    """Note every mistake in how places, lanes and lines hang together."""
    _check_parents(book)
    _check_kinds(book)
    _check_lanes(book)
    _check_supply_lanes(book)
    _check_lines_draw(book)
    _check_requirements_supplied(book)
    _check_plan(book)


def _check_parents(book: Book) -> None:
    for name, row in book.places.items():
        if not (row.is_clear("kind") and row.is_clear("parent_id")):
            continue
        kind, parent_id = row.get("kind"), row.get("parent_id")
        parent = book.places.get(parent_id) if parent_id is not None else None
        allowed = PARENT_KINDS.get(kind, ())
        right = f"its parent is a {' or '.join(allowed)}" if allowed else "leave the cell empty"
        if parent_id is not None and _is_in_loop(book, name):
            wrong = f"{name!r} lies inside itself through its parents"
            book.add(LOCATIONS, row, "parent_id", wrong, right)
        elif parent is not None and parent.is_clear("kind") and parent.get("kind") not in allowed:
            wrong = f"a {kind} cannot lie in the {parent.get('kind')} {parent_id!r}"
            book.add(LOCATIONS, row, "parent_id", wrong, right)
        elif parent_id is None and kind is LocationKind.STATION:
            book.add(LOCATIONS, row, "parent_id", "a station has no parent", right)


def _is_in_loop(book: Book, name: str) -> bool:
    place: Row | None = book.places[name]
    for _ in range(len(book.places)):
        parent = None if place is None else place.get("parent_id")
        if parent is None or parent == name:
            return parent == name
        place = book.places.get(parent)
    return False


def _check_kinds(book: Book) -> None:
    for table, column, kind in (
        (REQUIREMENTS, "line_id", LocationKind.LINE),
        (PRODUCTION_PLAN, "line_id", LocationKind.LINE),
        (PURCHASE_RULES, "warehouse_id", LocationKind.WAREHOUSE),
    ):
        for row in book.rows(table):
            place = book.places.get(row.get(column))
            if place is not None and place.is_clear("kind") and place.get("kind") is not kind:
                wrong = f"{row.get(column)!r} is a {place.get('kind')}"
                book.add(table, row, column, wrong, f"name a {kind}")


def _check_lanes(book: Book) -> None:
    for row in book.rows(LANES):
        start, end = row.get("from_location"), row.get("to_location")
        if start is not None and start == end:
            book.add(
                LANES,
                row,
                "to_location",
                f"the lane leads from {start!r} to itself",
                "name another location",
            )
            continue
        for column, name in (("from_location", start), ("to_location", end)):
            place = book.places.get(name)
            if place is None or not place.is_clear("kind"):
                continue
            if place.get("kind") is LocationKind.SUPPLIER and column == "from_location":
                continue
            if place.get("kind") is LocationKind.SUPPLIER:
                book.add(
                    LANES,
                    row,
                    column,
                    f"the lane leads to the supplier {name!r}",
                    "name a stock point",
                )
            elif book.holds(place) is False:
                book.add(
                    LANES,
                    row,
                    column,
                    f"{name!r} holds no stock",
                    "set holds_stock to yes in locations.csv, or name a stock point",
                )


def _check_supply_lanes(book: Book) -> None:
    ends = {
        row.get("lane_id"): row.get("to_location")
        for row in book.rows(LANES)
        if row.is_clear("lane_id") and row.is_clear("to_location")
    }
    for row in book.rows(SUPPLY_RULES):
        name = row.get("stock_point_id")
        place = book.places.get(name)
        if place is not None and book.holds(place) is False:
            book.add(
                SUPPLY_RULES,
                row,
                "stock_point_id",
                f"{name!r} holds no stock",
                "set holds_stock to yes in locations.csv, or name a stock point",
            )
        for lane in row.get("lane_ids") or ():
            if name is not None and lane in ends and ends[lane] != name:
                wrong = f"the lane {lane!r} leads to {ends[lane]!r}, not to {name!r}"
                into = sorted(str(other) for other, end in ends.items() if end == name)
                right = f"use {' or '.join(into)}" if into else f"add a lane to {name!r}"
                book.add(SUPPLY_RULES, row, "lane_ids", wrong, right)


def _check_lines_draw(book: Book) -> None:
    for name, row in book.places.items():
        if row.get("kind") is LocationKind.LINE and book.stock_point_of(name) is None:
            wrong = f"neither the line {name!r} nor a location above it holds stock"
            right = "set holds_stock to yes on its showroom"
            book.add(LOCATIONS, row, "holds_stock", wrong, right)


def _check_requirements_supplied(book: Book) -> None:
    """Each part that a line needs has a rule at the stock point where the line draws."""
    rules = book.rows(SUPPLY_RULES)
    if not book.sheets[SUPPLY_RULES.file].readable:
        return
    supplied = {(row.texts["stock_point_id"], row.texts["part_id"]) for row in rules if row.values}
    doubtful = {
        text
        for row in rules
        if book.is_spoilt(SUPPLY_RULES, row)
        for text in (row.texts.get("stock_point_id", ""), row.texts.get("part_id", ""))
    }
    known_parts = book.sheets[PARTS.file].texts("part_id")
    for row in book.rows(REQUIREMENTS):
        line, part = row.get("line_id"), row.get("part_id")
        if line is None or part is None or part not in known_parts:
            continue
        stock_point = book.stock_point_of(line)
        pair = (stock_point or UNCLEAR, part)
        if UNCLEAR in pair or pair in supplied or part in doubtful or stock_point in doubtful:
            continue
        supplied.add((str(stock_point), part))  # one missing rule is one mistake
        wrong = f"{stock_point} has no supply rule for {part!r}, which {line} draws there"
        book.add(REQUIREMENTS, row, "part_id", wrong, "add the rule to supply_rules.csv")


def _check_plan(book: Book) -> None:
    if not book.settings.readable:
        return
    names = book.settings.shift_names
    for row in book.rows(PRODUCTION_PLAN):
        if row.get("shift_id") is None:
            continue
        site, _, shift = row.get("shift_id").split("/")
        own = UNCLEAR if row.get("line_id") is None else book.calendar_of(row.get("line_id"))
        if site not in names:
            wrong, right = f"no calendar {site!r}", near(site, names, "add it to plant.toml")
        elif shift not in names[site]:
            wrong = f"calendar {site!r} has no shift {shift!r}"
            right = near(shift, names[site], f"use one of {', '.join(sorted(names[site]))}")
        elif own not in {site, UNCLEAR}:
            wrong = f"line {row.get('line_id')!r} works by calendar {own!r}, not {site!r}"
            right = f"write {own}/{row.get('shift_id').partition('/')[2]}"
        else:
            continue
        book.add(PRODUCTION_PLAN, row, "shift_id", wrong, right)

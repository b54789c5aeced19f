"""All rows of a plant folder, as the checks look them up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from supplynet.connectors.plant_settings import Settings
from supplynet.connectors.plant_sheets import Report, Row, Sheet
from supplynet.connectors.plant_tables import LOCATIONS, Table, holds_stock

UNCLEAR = "?"
"""Stands for a location that cannot be found because of a mistake reported elsewhere; no id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Everything that was read, as it is looked up by the checks."""

    settings: Settings
    sheets: Mapping[str, Sheet]
    places: Mapping[str, Row]
    report: Report

    def rows(self, table: Table) -> list[Row]:
        """Rows of one file."""
        return self.sheets[table.file].rows

    def add(self, table: Table, row: Row, column: str | None, wrong: str, right: str) -> None:
        """Note a mistake."""
        self.report.add(table.file, row.number, column, wrong, right)

    def is_spoilt(self, table: Table, row: Row) -> bool:
        """Whether a mistake was noted in the row."""
        return self.report.is_spoilt(table.file, row.number)

    def holds(self, place: Row) -> bool | None:
        """Whether a location holds stock; None when that is unclear."""
        if not (place.is_clear("kind") and place.is_clear("holds_stock")):
            return None
        return holds_stock(place.get("kind"), place.get("holds_stock"))

    def up_from(self, location_id: str) -> Iterator[Row | None]:
        """The location and those around it; ends with None where the way up is unclear."""
        seen: set[str] = set()
        while location_id not in seen:
            seen.add(location_id)
            place = self.places.get(location_id)
            yield place
            if place is None:
                return
            if self.report.is_spoilt(LOCATIONS.file, place.number, "parent_id"):
                yield None
                return
            parent = place.get("parent_id")
            if parent is None:
                return
            location_id = parent
        yield None

    def stock_point_of(self, location_id: str) -> str | None:
        """The stock point that a location draws from; None = there is none, or UNCLEAR."""
        for place in self.up_from(location_id):
            holds = None if place is None else self.holds(place)
            if place is None or holds is None:
                return UNCLEAR
            if holds:
                return str(place.get("location_id") or UNCLEAR)
        return None

    def calendar_of(self, location_id: str) -> str | None:
        """The calendar of a location; None = the plant has none, or UNCLEAR."""
        for place in self.up_from(location_id):
            if place is None or not place.is_clear("calendar_id"):
                return UNCLEAR
            name = place.get("calendar_id")
            if name is not None:
                return str(name) if name in self.settings.shift_names else UNCLEAR
        return next(iter(self.settings.shift_names), None)

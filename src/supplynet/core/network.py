"""The plant: parts, places, what lines need, and how stock points are supplied.

A plant is data without behaviour in time; ``Plant`` joins it and answers look-ups.
Reading it from a folder, with every mistake reported, is ``connectors.plant_folder``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from supplynet.core.production_plan import PlanRow
from supplynet.core.shifts import ShiftCalendar
from supplynet.core.spelling import nearest
from supplynet.errors import NotFound

DEFAULT_PRODUCT = "default"


class LocationKind(StrEnum):
    """What a location is, from the outside in. A supplier always has enough."""

    SUPPLIER = "supplier"
    WAREHOUSE = "warehouse"
    SHOWROOM = "showroom"
    STATION = "station"
    LINE = "line"


class Shortage(StrEnum):
    """What becomes of production that a halt prevents."""

    LOST = "lost"
    CATCH_UP = "catch_up"
    BUILD_SHORT = "build_short"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One kind of part.

    Attributes:
        unit: Unit in which every quantity of the part is counted, in whole numbers.
        volume_litres: Volume of one unit.
        unit_cost: Cost of one unit in the plant's currency, for holding cost.
    """

    part_id: str
    description: str = ""
    unit: str = "pcs"
    volume_litres: float = 0.0
    unit_cost: float = 0.0


class CountedBy(StrEnum):
    """How it is known what a line uses of a part: one way for each, never two.

    ``reported`` in events (a scan, an emptied container), by a ``counter`` of that part, or from
    the units ``built`` and the bill of materials (backflush).
    """

    REPORTED = "reported"
    COUNTER = "counter"
    BUILT = "built"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A supplier, warehouse, showroom, station or line.

    Attributes:
        parent_id: The location around it; None for warehouses and showrooms.
        holds_stock: Whether it is a stock point. Showrooms and warehouses usually are; a station
            or line is where bins are configured. A line draws from the nearest stock point at or
            above it; a warehouse known only by its sales is one line that holds its own stock.
        calendar_id: Shift calendar; inherited from the parent when None.
        priority: Who gets the last parts of a shared stock point: lower numbers first (lines).
        on_shortage: What becomes of production that a halt prevents (lines).
    """

    location_id: str
    kind: LocationKind
    parent_id: str | None = None
    name: str = ""
    holds_stock: bool = False
    calendar_id: str | None = None
    priority: int = 100
    on_shortage: Shortage = Shortage.LOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What one unit of a product takes on a line (one row of the bill of materials).

    Attributes:
        quantity: Parts per unit built, > 0; the remainder of fractions is carried.
        valid_from, valid_to: Days ``[from, to)`` on which it holds; None = open.
        alternative_group: Rows of one group replace each other (substitutes): any one will do.
        counted_by: How the use of the part on the line is known; None = the way in which it is
            first reported.
    """

    line_id: str
    part_id: str
    quantity: Decimal
    product: str = DEFAULT_PRODUCT
    valid_from: date | None = None
    valid_to: date | None = None
    alternative_group: str | None = None
    counted_by: CountedBy | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the requirement is valid on ``day``."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A random time in minutes: triangular with ``low <= mode <= high``; fixed when all equal."""

    low: int
    mode: int
    high: int

    @property
    def mean(self) -> float:
        """Mean of the triangular distribution, minutes."""
        return (self.low + self.mode + self.high) / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A way from one stock point to another with a timetable.

    Attributes:
        departures: Local clock times at which a vehicle leaves, ascending.
        weekdays: Days on which it runs, Monday = 0.
        cutoff_minutes: An order must be released this long before its departure.
        frozen_minutes: No new orders for vehicles that leave within this time, so that the next
            shifts' trips stand firm; where it is longer than the cut-off it takes its place.
        transit: Minutes from departure until the parts can be used.
        volume_litres: Room of one trip; None = no limit.
        minimum_trip_litres: A trip with less than this does not pay.
        time_zone: Zone of the clock times (IANA name).
    """

    lane_id: str
    from_location: str
    to_location: str
    departures: tuple[time, ...]
    transit: Duration
    weekdays: frozenset[int] = frozenset(range(7))
    cutoff_minutes: int = 0
    frozen_minutes: int = 0
    volume_litres: float | None = None
    minimum_trip_litres: float = 0.0
    time_zone: str = "UTC"

    @property
    def closes_minutes(self) -> int:
        """How long before a departure its orders close: the cut-off or the frozen time."""
        return max(self.cutoff_minutes, self.frozen_minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyRule:
    """How one stock point gets one part (SAP's control cycle).

    Attributes:
        lane_ids: Lanes that may bring it, the usual one first.
        container_size: Parts per container; orders are whole containers.
        minimum_order: Smallest order in parts; 0 = one container.
        bin_maximum: Most that the bin holds, in parts; None = no limit.
        policy: Name of the replenishment policy; None = the plant's default.
        reorder_point, order_up_to_level: Static thresholds for ``min_max``, where people keep them.
        criticality: Class A, B or C; sets the promised service.
        automation: Who releases its orders: ``suggest`` a person, ``auto_below`` automation up to
            the limits of the settings, ``auto`` automation; None = as the settings say.
    """

    stock_point_id: str
    part_id: str
    lane_ids: tuple[str, ...]
    container_size: int = 1
    minimum_order: int = 0
    bin_maximum: int | None = None
    policy: str | None = None
    reorder_point: int | None = None
    order_up_to_level: int | None = None
    criticality: str = "B"
    automation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRule:
    """How a warehouse buys one part.

    Attributes:
        lead_time: Minutes from order to receipt.
        minimum_order, multiple: In parts.
        reorder_point, order_up_to_level: Static thresholds of the warehouse, parts.
    """

    warehouse_id: str
    part_id: str
    supplier_id: str
    lead_time: Duration
    minimum_order: int = 0
    multiple: int = 1
    reorder_point: int | None = None
    order_up_to_level: int | None = None


@dataclass(frozen=True, kw_only=True)
class Plant:
    """Everything that is known of one plant before anything happens in it."""

    plant_id: str
    name: str = ""
    time_zone: str = "UTC"
    parts: tuple[Part, ...] = ()
    locations: tuple[Location, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    lanes: tuple[Lane, ...] = ()
    supply_rules: tuple[SupplyRule, ...] = ()
    purchase_rules: tuple[PurchaseRule, ...] = ()
    calendars: tuple[ShiftCalendar, ...] = ()
    production_plan: tuple[PlanRow, ...] = ()
    default_policy: str = "order_up_to"

    @cached_property
    def part_by_id(self) -> dict[str, Part]:
        """Parts by id."""
        return {part.part_id: part for part in self.parts}

    @cached_property
    def location_by_id(self) -> dict[str, Location]:
        """Locations by id."""
        return {location.location_id: location for location in self.locations}

    @cached_property
    def lane_by_id(self) -> dict[str, Lane]:
        """Lanes by id."""
        return {lane.lane_id: lane for lane in self.lanes}

    @cached_property
    def lines(self) -> tuple[Location, ...]:
        """All lines, in the plant's order."""
        return tuple(place for place in self.locations if place.kind is LocationKind.LINE)

    @cached_property
    def stock_points(self) -> tuple[Location, ...]:
        """Showrooms, stations and lines that hold stock, in the plant's order."""
        kinds = (LocationKind.SHOWROOM, LocationKind.STATION, LocationKind.LINE)
        return tuple(place for place in self.locations if place.holds_stock and place.kind in kinds)

    @cached_property
    def supply_rule(self) -> dict[tuple[str, str], SupplyRule]:
        """Supply rules by (stock point, part)."""
        return {(rule.stock_point_id, rule.part_id): rule for rule in self.supply_rules}

    @cached_property
    def purchase_rule(self) -> dict[tuple[str, str], PurchaseRule]:
        """Purchase rules by (warehouse, part)."""
        return {(rule.warehouse_id, rule.part_id): rule for rule in self.purchase_rules}

    @cached_property
    def stock_point_of_line(self) -> dict[str, str]:
        """Stock point of each line that has one."""
        found = {}
        for line in self.lines:
            try:
                found[line.location_id] = self.stock_point_of(line.location_id)
            except NotFound:
                continue
        return found

    @cached_property
    def counted_by(self) -> dict[tuple[str, str], CountedBy]:
        """How the use of a (line, part) is known, where the plant folder says so."""
        return {
            (row.line_id, row.part_id): row.counted_by
            for row in self.requirements
            if row.counted_by is not None
        }

    @cached_property
    def requirements_of_line(self) -> dict[str, tuple[Requirement, ...]]:
        """Requirements by line."""
        found: dict[str, list[Requirement]] = defaultdict(list)
        for requirement in self.requirements:
            found[requirement.line_id].append(requirement)
        return {line: tuple(rows) for line, rows in found.items()}

    def part(self, part_id: str) -> Part:
        """The part of that id.

        Raises:
            NotFound: No such part.
        """
        try:
            return self.part_by_id[part_id]
        except KeyError:
            raise NotFound("part", part_id, _near(part_id, self.part_by_id)) from None

    def location(self, location_id: str) -> Location:
        """The location of that id.

        Raises:
            NotFound: No such location.
        """
        try:
            return self.location_by_id[location_id]
        except KeyError:
            raise NotFound(
                "location", location_id, _near(location_id, self.location_by_id)
            ) from None

    def stock_point_of(self, line_id: str) -> str:
        """The nearest location at or above ``line_id`` that holds stock.

        Raises:
            NotFound: The line does not exist, or no location above it holds stock.
        """
        place: Location | None = self.location(line_id)
        while place is not None:
            if place.holds_stock:
                return place.location_id
            place = None if place.parent_id is None else self.location(place.parent_id)
        raise NotFound("stock point above", line_id, "set holds_stock on its showroom")

    def ancestor(self, location_id: str, kind: LocationKind) -> str | None:
        """The location of that kind at or above ``location_id``; None when there is none.

        Raises:
            NotFound: No such location.
        """
        place = self.location(location_id)
        while place.kind is not kind:
            if place.parent_id is None:
                return None
            place = self.location(place.parent_id)
        return place.location_id

    def calendar_of(self, location_id: str) -> ShiftCalendar:
        """The shift calendar at ``location_id``: its own, its parents', or the plant's first.

        Raises:
            NotFound: The location or its calendar does not exist.
        """
        place: Location | None = self.location(location_id)
        while place is not None:
            if place.calendar_id is not None:
                return self._calendar(place.calendar_id)
            place = None if place.parent_id is None else self.location(place.parent_id)
        if not self.calendars:
            raise NotFound("shift calendar of", location_id, "add a [[calendar]] to plant.toml")
        return self.calendars[0]

    def _calendar(self, calendar_id: str) -> ShiftCalendar:
        for calendar in self.calendars:
            if calendar.calendar_id == calendar_id:
                return calendar
        raise NotFound("shift calendar", calendar_id)


def _near(wanted: str, known: Iterable[str]) -> str:
    """A hint for a misspelt id."""
    meant = nearest(wanted, known)
    return f"did you mean {meant!r}?" if meant else "see the plant folder"

"""What can be imported: each kind's columns, how they are read, and what its rows are known by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from supplynet.errors import InvalidInput

Reading = Literal["id", "day", "moment", "quantity", "number", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a kind.

    Attributes:
        name: Ours.
        reading: How its cells are read.
        says: What it means, with its unit; for templates.
        examples: Two cells, for templates.
        optional: Whether the column may be left out, and its cells empty.
        inside: Names of ``frames.aliases`` whose aliases it has.
        aliases: Further names by which it is recognised.
    """

    name: str
    reading: Reading
    says: str
    examples: tuple[str, str]
    optional: bool = False
    inside: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of table.

    Attributes:
        name: As it is said to ``--kind``.
        says: What a row is.
        columns: In the order of the template.
        series: The two columns by which rows are gathered.
        key: What a row is known by; rows with the same key are the same. Demand is summed by day,
            so there a row repeats another only when every cell of the file does.
        amount: Column that is added up where rows with one key are summed.
        one_of: Columns of which one must be there.
    """

    name: str
    says: str
    columns: tuple[Column, ...]
    series: tuple[str, str]
    key: tuple[str, ...]
    amount: str
    one_of: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its columns."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name, which must be there."""
        return next(column for column in self.columns if column.name == name)


def _location(says: str) -> Column:
    return Column(
        name="location_id",
        reading="id",
        says=says,
        examples=("EXAMPLE-W1", "EXAMPLE-W1"),
        inside=("location_id",),
        aliases=("plant",),
    )


def _part() -> Column:
    return Column(
        name="part_id",
        reading="id",
        says="the part",
        examples=("EXAMPLE-BOLT", "EXAMPLE-NUT"),
        inside=("part_id",),
    )


def _moment(name: str, says: str, examples: tuple[str, str], **more: tuple[str, ...]) -> Column:
    optional = name != "ordered_at"
    return Column(
        name=name, reading="moment", says=says, examples=examples, optional=optional, **more
    )


_SERIES = ("location_id", "part_id")
_SHIFT = Column(
    name="shift",
    reading="text",
    says="name of the shift in the site's calendar",
    examples=("day", "night"),
    optional=True,
    aliases=("shift_name", "schicht"),
)
DEMAND = Kind(
    name="demand",
    says="what one location used or sold of one part on one day; rows of a day are summed",
    columns=(
        _location("the line, warehouse or shop that used it"),
        _part(),
        Column(
            name="date",
            reading="day",
            says="the day",
            examples=("2024-01-31", "2024-02-01"),
            inside=("period_start",),
        ),
        Column(
            name="quantity",
            reading="quantity",
            says="whole number of the part's unit",
            examples=("12", "7"),
            inside=("demand", "consumed"),
        ),
    ),
    series=_SERIES,
    key=(),
    amount="quantity",
)
CONSUMPTION = Kind(
    name="consumption",
    says="what one line used of one part in one period (a shift)",
    columns=(
        _location("the consuming line"),
        _part(),
        Column(
            name="period_start",
            reading="moment",
            says="start of the shift",
            examples=("2024-01-31T05:00:00Z", "2024-01-31T17:00:00Z"),
        ),
        Column(
            name="consumed",
            reading="quantity",
            says="whole number of the part's unit",
            examples=("12", "7"),
            inside=("consumed", "demand"),
        ),
        _SHIFT,
        Column(
            name="starved_minutes",
            reading="quantity",
            says="minutes in which the line stood for want of a part",
            examples=("0", "15"),
            optional=True,
        ),
        Column(
            name="stopped_minutes",
            reading="quantity",
            says="minutes in which the line stood for another reason",
            examples=("0", "30"),
            optional=True,
        ),
        Column(
            name="rate",
            reading="number",
            says="parts per running hour",
            examples=("1.0", ""),
            optional=True,
        ),
        Column(
            name="demand",
            reading="number",
            says="what the line would have used; empty = not observed",
            examples=("12", ""),
            optional=True,
        ),
    ),
    series=_SERIES,
    key=("location_id", "part_id", "period_start"),
    amount="consumed",
)
STOCK = Kind(
    name="stock",
    says="what is on hand of one part at one stock point; taken as a count",
    columns=(
        _location("the stock point"),
        _part(),
        Column(
            name="on_hand",
            reading="quantity",
            says="whole number of the part's unit",
            examples=("120", "0"),
            inside=("on_hand",),
        ),
        _moment(
            "counted_at",
            "when it was counted; empty = now",
            ("2024-01-31 06:00", ""),
            inside=("counted_at",),
        ),
    ),
    series=_SERIES,
    key=_SERIES,
    amount="on_hand",
)
PLAN = Kind(
    name="plan",
    says="units of one product that one line is to build in one shift or on one day",
    columns=(
        _location("the line"),
        Column(
            name="product",
            reading="id",
            says="what is built",
            examples=("EXAMPLE-BIKE", "EXAMPLE-BIKE"),
            aliases=("product_id", "variant", "model", "produkt", "erzeugnis"),
        ),
        Column(
            name="date",
            reading="day",
            says="the day on which the shift starts; or use period_start",
            examples=("2024-01-31", "2024-01-31"),
            optional=True,
            aliases=("day", "datum", "tag"),
        ),
        _SHIFT,
        _moment(
            "period_start",
            "start of the shift, instead of date and shift",
            ("", ""),
            aliases=("start",),
        ),
        Column(
            name="units",
            reading="quantity",
            says="units to build",
            examples=("240", "180"),
            aliases=("planned_units", "quantity", "qty", "menge", "stück"),
        ),
        Column(
            name="takt_seconds",
            reading="number",
            says="seconds per unit",
            examples=("120", ""),
            optional=True,
            aliases=("takt", "takt_s", "taktzeit"),
        ),
        _moment("recorded_at", "when this was planned; empty = now", ("2024-01-24 14:00", "")),
    ),
    series=("location_id", "product"),
    key=("location_id", "product", "period_start", "recorded_at"),
    amount="units",
    one_of=("period_start", "date"),
)
DELIVERIES = Kind(
    name="deliveries",
    says="one line of an order to a supplier or warehouse; open as long as nothing was received",
    columns=(
        Column(
            name="order_id",
            reading="id",
            says="the order",
            examples=("EXAMPLE-4711", "EXAMPLE-4712"),
            aliases=("order", "order_no", "order_number", "po", "po_number", "purchase_order"),
        ),
        Column(
            name="from_location",
            reading="id",
            says="who supplies it",
            examples=("EXAMPLE-ACME", "EXAMPLE-ACME"),
            aliases=("supplier", "supplier_id", "vendor", "vendor_id"),
        ),
        _location("where it goes to"),
        _part(),
        Column(
            name="quantity",
            reading="quantity",
            says="whole number of the part's unit",
            examples=("500", "200"),
            inside=("demand",),
        ),
        _moment(
            "ordered_at",
            "when it was ordered",
            ("2024-01-10", "2024-01-12"),
            aliases=("ordered", "order_date"),
        ),
        _moment(
            "due_at",
            "when it was promised; empty = not promised",
            ("2024-01-24", ""),
            aliases=("due", "due_date", "promised", "promised_at", "promised_date"),
        ),
        _moment(
            "received_at",
            "when it came; empty = still open",
            ("2024-01-25", ""),
            aliases=("received", "received_date", "receipt_date", "delivered_at"),
        ),
    ),
    series=_SERIES,
    key=("order_id", "location_id", "part_id"),
    amount="quantity",
)
KINDS = {kind.name: kind for kind in (DEMAND, CONSUMPTION, STOCK, PLAN, DELIVERIES)}


def kind_of(name: str | Kind) -> Kind:
    """The kind of that name; a kind itself is what it is.

    Raises:
        InvalidInput: There is none.
    """
    if isinstance(name, Kind):
        return name
    if name not in KINDS:
        raise InvalidInput(f"{name!r} cannot be imported; choose from {', '.join(KINDS)}")
    return KINDS[name]

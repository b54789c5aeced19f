"""What building units takes: the bill of materials of a line, with remainders carried."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from supplynet.core.network import DEFAULT_PRODUCT, Plant, Requirement
from supplynet.errors import InvalidInput, NotFound

Remainders = Mapping[tuple[str, str], Decimal]
"""Parts used but not yet counted, ``0 <= r < 1``, by (line, part)."""

Availability = Callable[[str], int]
"""Usable stock of a part, in its unit, where the line draws."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """Parts that a piece of work takes.

    Attributes:
        parts: Whole parts taken, > 0, by part id.
        remainders: To be handed to the next draw; entries of other lines are passed through.
    """

    parts: dict[str, int]
    remainders: dict[tuple[str, str], Decimal]


def draw(
    plant: Plant,
    line_id: str,
    units: int,
    day: date,
    *,
    product: str = DEFAULT_PRODUCT,
    remainders: Remainders | None = None,
    available: Availability | None = None,
) -> Draw:
    """Parts that ``line_id`` takes to build ``units`` of ``product`` on ``day``.

    A part is counted when it is used up: with 0.4 per unit the first two units take none, the
    third takes one and carries 0.2. So many small draws take as many parts as one large draw.

    Args:
        plant: Its requirements that are valid on ``day`` count.
        line_id: The line that builds.
        units: >= 0.
        day: The local date of the shift.
        product: One that the line has requirements for.
        remainders: From the draw before; None = nothing carried.
        available: Chooses within alternative groups: the first part (in the plant's order) that
            covers all that is needed, else the first of which there is any, else the first.
            None = always the first.

    Raises:
        NotFound: The line has no requirement at all for ``product``.
        InvalidInput: ``units`` is negative.
    """
    if units < 0:
        raise InvalidInput(f"line {line_id} cannot build {units} units; 0 or more is right")
    carried = dict(remainders or {})
    taken: Counter[str] = Counter()
    for choices in _groups(_rows(plant, line_id, day, product)):
        row = _choose(choices, units, carried, available)
        exact = row.quantity * units + carried.get((line_id, row.part_id), Decimal(0))
        whole = int(exact)
        carried[line_id, row.part_id] = exact - whole
        taken[row.part_id] += whole
    return Draw(parts={part: n for part, n in taken.items() if n}, remainders=carried)


def first_choices(
    plant: Plant, line_id: str, day: date, product: str = DEFAULT_PRODUCT
) -> list[Requirement]:
    """Requirements of a line on ``day``; of those that replace each other the first alone.

    Raises:
        NotFound: The line has no requirement at all for ``product``.
    """
    return [choices[0] for choices in _groups(_rows(plant, line_id, day, product))]


def _rows(plant: Plant, line_id: str, day: date, product: str) -> list[Requirement]:
    rows = [r for r in plant.requirements_of_line.get(line_id, ()) if r.product == product]
    if not rows:
        raise NotFound("requirement of line", line_id, f"add rows for product {product!r}")
    return [row for row in rows if row.holds_on(day)]


def _groups(rows: Iterable[Requirement]) -> list[list[Requirement]]:
    """Rows that replace each other, together; a row without a group stands alone."""
    groups: dict[object, list[Requirement]] = defaultdict(list)
    for number, row in enumerate(rows):
        groups[number if row.alternative_group is None else row.alternative_group].append(row)
    return list(groups.values())


def _choose(
    choices: Sequence[Requirement], units: int, carried: Remainders, available: Availability | None
) -> Requirement:
    if available is None or len(choices) == 1:
        return choices[0]
    stock = [available(row.part_id) for row in choices]
    needed = [
        int(row.quantity * units + carried.get((row.line_id, row.part_id), Decimal(0)))
        for row in choices
    ]
    for row, held, wanted in zip(choices, stock, needed, strict=True):
        if held >= max(wanted, 1):
            return row
    return next((row for row, held in zip(choices, stock, strict=True) if held > 0), choices[0])

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.counters import Read, counted, read_of, used_between
from supplynet.core.events import Event, EventType
from supplynet.core.network import Location, LocationKind, Part, Plant, Requirement
from supplynet.errors import InvalidInput, NotFound

SIX = datetime(2026, 1, 5, 6, tzinfo=UTC)
DAY = date(2026, 1, 5)


def read(value: int, minutes: int = 0, **other: Any) -> Read:
    at = SIX + timedelta(minutes=minutes)
    return Read(occurred_at=at, value=value, event_id=f"r{minutes}", **other)


@pytest.mark.parametrize(
    ("before", "after", "span"),
    [
        (None, read(700), (700, 700)),
        (read(700), read(712, 1), (700, 712)),
        (read(700), read(700, 1), (700, 700)),
        (read(700), read(30, 1), (0, 30)),
        (read(700), read(900, 1, reset=True), (0, 900)),
        (read(65530), read(4, 1, modulus=65536), (65530, 65540)),
    ],
    ids=["first", "risen", "still", "reset", "said to be reset", "around the corner"],
)
def test_what_was_used_between_two_reads(
    before: Read | None, after: Read, span: tuple[int, int]
) -> None:
    assert counted(before, after) == span


@pytest.mark.parametrize(
    ("quantity", "data", "told"),
    [
        (None, {}, "has quantity None"),
        (5, {"reset": "yes"}, "reset 'yes'"),
        (5, {"modulus": 1}, "modulus 1"),
        (5, {"modulus": True}, "modulus True"),
        (70000, {"modulus": 65536}, "up to 65535"),
    ],
)
def test_a_read_that_cannot_be_is_refused(
    quantity: int | None, data: dict[str, Any], told: str
) -> None:
    event = Event(
        source="plc-7",
        event_id="1",
        type=EventType.COUNTER,
        occurred_at=SIX,
        location_id="L",
        part_id="bolt",
        quantity=quantity,
        data=data,
    )
    with pytest.raises(InvalidInput, match=told):
        read_of(event)


def line(*rows: tuple[str, str, str | None]) -> Plant:
    return Plant(
        plant_id="small",
        parts=tuple(Part(part_id=part) for part, _, _ in rows),
        locations=(Location(location_id="L", kind=LocationKind.LINE, holds_stock=True),),
        requirements=tuple(
            Requirement(
                line_id="L", part_id=part, quantity=Decimal(quantity), alternative_group=group
            )
            for part, quantity, group in rows
        ),
    )


def test_units_take_parts_by_the_bill_and_carry_the_remainder() -> None:
    plant = line(("wheel", "4", None), ("glue", "0.4", None), ("blue", "1", "x"), ("red", "1", "x"))
    assert used_between(plant, "L", (0, 2), DAY) == {"wheel": 8, "glue": 0, "blue": 2}
    assert used_between(plant, "L", (2, 3), DAY) == {"wheel": 4, "glue": 1, "blue": 1}
    with pytest.raises(NotFound, match="truck"):
        used_between(plant, "L", (0, 1), DAY, "truck")


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=8), st.decimals("0.01", 9, places=2))
def test_many_small_spans_take_as_much_as_a_large_one(stops: list[int], quantity: Decimal) -> None:
    plant = line(("glue", str(quantity), None))
    stops.sort()
    small = [used_between(plant, "L", span, DAY)["glue"] for span in pairwise(stops)]
    assert sum(small) == used_between(plant, "L", (stops[0], stops[-1]), DAY)["glue"]

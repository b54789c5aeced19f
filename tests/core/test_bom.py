from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.bom import draw
from supplynet.core.network import Plant, Requirement
from supplynet.errors import InvalidInput, NotFound

DAY = date(2026, 1, 5)
LINE = "SR1.ST1.A"


def with_rows(plant: Plant, *rows: Requirement) -> Plant:
    return replace(plant, requirements=rows)


def need(part_id: str, quantity: str, group: str | None = None) -> Requirement:
    return Requirement(
        line_id=LINE, part_id=part_id, quantity=Decimal(quantity), alternative_group=group
    )


def test_units_take_their_parts_and_the_remainder_is_carried(plant: Plant) -> None:
    first = draw(plant, LINE, 2, DAY)
    assert first.parts == {"P-1": 4}
    second = draw(plant, LINE, 1, DAY, remainders=first.remainders)
    assert second.parts == {"P-1": 2, "P-2": 1}
    assert second.remainders[LINE, "P-2"] == Decimal("0.2")


@given(
    st.lists(st.integers(0, 50), max_size=20),
    st.decimals("0.001", "5", places=3),
)
def test_many_small_draws_take_as_many_parts_as_one_large_draw(
    plant: Plant, runs: list[int], quantity: Decimal
) -> None:
    made = with_rows(plant, need("P-1", str(quantity)))
    taken: Counter[str] = Counter()
    remainders: dict[tuple[str, str], Decimal] = {}
    for units in runs:
        step = draw(made, LINE, units, DAY, remainders=remainders)
        taken.update(step.parts)
        remainders = step.remainders
    assert taken == Counter(draw(made, LINE, sum(runs), DAY).parts)
    assert all(0 <= rest < 1 for rest in remainders.values())


def test_remainders_of_other_lines_are_passed_through(plant: Plant) -> None:
    other = {("SR1.ST1.B", "P-2"): Decimal("0.7")}
    result = draw(plant, LINE, 1, DAY, remainders=other)
    assert result.remainders["SR1.ST1.B", "P-2"] == Decimal("0.7")
    assert result.parts == {"P-1": 2}


@pytest.mark.parametrize(
    ("stock", "chosen"),
    [
        ({"P-1": 10, "P-2": 10}, "P-1"),
        ({"P-1": 9, "P-2": 10}, "P-2"),
        ({"P-1": 0, "P-2": 3}, "P-2"),
        ({"P-1": 3, "P-2": 5}, "P-1"),
        ({}, "P-1"),
    ],
)
def test_of_alternatives_the_first_that_covers_the_need_is_taken(
    plant: Plant, stock: dict[str, int], chosen: str
) -> None:
    made = with_rows(plant, need("P-1", "1", "screws"), need("P-2", "1", "screws"))
    result = draw(made, LINE, 10, DAY, available=lambda part: stock.get(part, 0))
    assert result.parts == {chosen: 10}


def test_without_word_of_stock_the_first_alternative_is_taken(plant: Plant) -> None:
    made = with_rows(plant, need("P-2", "1", "screws"), need("P-1", "1", "screws"))
    assert draw(made, LINE, 3, DAY).parts == {"P-2": 3}


def test_a_row_counts_on_its_days_only(plant: Plant) -> None:
    change = date(2026, 1, 5)
    made = with_rows(
        plant,
        replace(need("P-1", "1"), valid_to=change),
        replace(need("P-2", "1"), valid_from=change),
    )
    assert draw(made, LINE, 1, date(2026, 1, 4)).parts == {"P-1": 1}
    assert draw(made, LINE, 1, date(2026, 1, 5)).parts == {"P-2": 1}


def test_what_cannot_be_built_is_refused(plant: Plant) -> None:
    with pytest.raises(InvalidInput, match="-1 units"):
        draw(plant, LINE, -1, DAY)
    with pytest.raises(NotFound, match="product 'deluxe'"):
        draw(plant, LINE, 1, DAY, product="deluxe")

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.errors import InvalidInput
from supplynet.frames.demand import KEY
from supplynet.frames.tables import DELIVERIES_SCHEMA, STOCK_SCHEMA
from supplynet.frames.triggers import refill_triggers

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
SHIFT = timedelta(hours=12)


def stock(*rows: tuple[int | None, int | None, int | None], part: str = "bolt") -> pl.DataFrame:
    """One row per shift: on hand, on order, reorder point."""
    keyed = [("A", part, MONDAY + i * SHIFT, *row) for i, row in enumerate(rows)]
    return pl.DataFrame(keyed, schema=STOCK_SCHEMA, orient="row")


def order(quantity: int, at: datetime, part: str = "bolt") -> pl.DataFrame:
    row = ("O1", "WH1", "A", part, quantity, at, None, None)
    return pl.DataFrame([row], schema=DELIVERIES_SCHEMA, orient="row")


def test_at_or_below_the_reorder_point_a_refill_is_due_above_it_none() -> None:
    found = refill_triggers(stock((11, 0, 10), (10, 0, 10), (3, 0, 10), (3, 20, 10)))
    assert found["triggered"].to_list() == [False, True, True, False]
    assert found["required_quantity"].to_list() == [0, 1, 8, 0]


def test_what_is_not_known_is_no_label() -> None:
    found = refill_triggers(stock((None, 0, 10), (1, None, 10), (1, 0, None)))
    assert found["triggered"].to_list() == [None] * 3
    assert found["required_quantity"].to_list() == [None] * 3


def test_an_order_belongs_to_the_row_in_which_it_was_placed() -> None:
    orders = pl.concat(
        [
            order(20, MONDAY + SHIFT),
            order(30, MONDAY + 1.9 * SHIFT),
            order(40, MONDAY + 9 * SHIFT),
            order(50, MONDAY - SHIFT),
            order(60, MONDAY, part="nut"),
        ]
    )
    found = refill_triggers(stock((9, 0, 10), (9, 0, 10), (9, 0, 10)), orders)
    assert found["ordered_quantity"].to_list() == [0, 50, 40]


def test_rows_come_sorted_whatever_order_they_came_in() -> None:
    both = pl.concat([stock((1, 0, 5), (9, 0, 5)), stock((4, 0, 5), part="anvil")])
    found = refill_triggers(both.reverse())
    assert found.equals(refill_triggers(both))
    assert found["part_id"].to_list() == ["anvil", "bolt", "bolt"]


def test_a_dict_of_columns_of_other_types_is_read() -> None:
    table = {
        "location_id": ["A"],
        "part_id": ["bolt"],
        "period_start": [datetime(2026, 1, 5, 6)],  # noqa: DTZ001 - read as UTC
        "on_hand": [4.0],
        "on_order": [0],
        "reorder_point": ["5"],
    }
    found = refill_triggers(table)
    assert found["required_quantity"].to_list() == [2]
    assert found["period_start"].to_list() == [MONDAY]


def test_an_empty_stock_has_no_triggers() -> None:
    found = refill_triggers(
        pl.DataFrame(schema=STOCK_SCHEMA), pl.DataFrame(schema=DELIVERIES_SCHEMA)
    )
    assert found.is_empty()
    assert found.columns == [*KEY, "triggered", "required_quantity", "ordered_quantity"]


def test_rows_without_a_clear_key_are_refused() -> None:
    row = stock((1, 0, 5))
    with pytest.raises(InvalidInput, match="2 of 2 rows of stock have no key or share one"):
        refill_triggers(pl.concat([row, row]))
    with pytest.raises(InvalidInput, match="1 of 1 rows"):
        refill_triggers(row.with_columns(part_id=pl.lit(None, dtype=pl.String)))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InvalidInput, match="a stock table needs reorder_point; it has location_id"):
        refill_triggers(stock((1, 0, 5)).drop("reorder_point"))


@given(st.lists(st.tuples(*[st.integers(0, 10**12)] * 3), max_size=20))
def test_the_required_quantity_just_lifts_the_position_above_the_point(
    rows: list[tuple[int, int, int]],
) -> None:
    found = refill_triggers(stock(*rows))
    for (hand, ordered, point), triggered, required in zip(
        rows, found["triggered"], found["required_quantity"], strict=True
    ):
        assert (required > 0) == triggered
        assert not triggered or hand + ordered + required == point + 1

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.errors import InvalidInput
from supplynet.frames.drivers import join_drivers

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
Scope = tuple[str | None, str | None]


def on(day: float) -> datetime:
    return MONDAY + day * DAY


def driver(
    at: float,
    known_at: float,
    value: float | None,
    scope: Scope = (None, None),
    name: str = "price",
) -> dict[str, Any]:
    return {
        "driver": name,
        "location_id": scope[0],
        "part_id": scope[1],
        "at": on(at),
        "value": value,
        "known_at": on(known_at),
    }


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    text = dict.fromkeys(("driver", "location_id", "part_id"), pl.String)
    return pl.DataFrame(rows, schema_overrides={**text, "value": pl.Float64})


def asked(target: float, cutoff: float, scope: tuple[str, str] = ("A", "bolt")) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "location_id": [scope[0]],
            "part_id": [scope[1]],
            "period_start": [on(target)],
            "cutoff": [on(cutoff)],
        }
    )


def price(target: float, cutoff: float, *drivers: dict[str, Any]) -> float | None:
    value: float | None = join_drivers(asked(target, cutoff), table(*drivers))["price"].item()
    return value


def test_an_announced_price_is_known_ahead() -> None:
    announced = driver(at=7, known_at=0, value=9.5)
    assert price(8, 1, driver(0, 0, 10.0), announced) == 9.5
    assert price(6, 1, driver(0, 0, 10.0), announced) == 10.0


def test_an_index_that_is_published_late_is_the_last_that_was_published() -> None:
    index = [driver(at=day, known_at=day + 3, value=float(day)) for day in range(10)]
    assert price(9, 9, *index) == 6.0
    assert price(9, 2, *index) is None


def test_of_two_values_for_one_moment_the_one_known_later_wins_once_it_is_known() -> None:
    revised = (driver(0, 0, 10.0), driver(0, 5, 11.0))
    assert price(4, 4, *revised) == 10.0
    assert price(4, 5, *revised) == 11.0


def test_the_most_specific_scope_wins() -> None:
    everywhere, line, part = driver(3, 0, 1.0), driver(2, 0, 2.0, ("A", None)), ("A", "bolt")
    of_part = driver(1, 0, 3.0, (None, "bolt"))
    assert price(4, 4, everywhere, of_part) == 3.0
    assert price(4, 4, everywhere, of_part, line) == 2.0
    assert price(4, 4, everywhere, of_part, line, driver(0, 0, 4.0, part)) == 4.0
    assert price(4, 4, everywhere, driver(0, 0, 4.0, ("B", "bolt"))) == 1.0


def test_exact_gives_only_what_was_stated_for_the_very_period() -> None:
    rows = pl.concat([asked(2, 2), asked(3, 2)])
    joined = join_drivers(rows, table(driver(2, 0, 5.0)), fill="exact")
    assert joined["price"].to_list() == [5.0, None]


def test_rows_keep_their_order_and_columns_and_get_one_per_driver() -> None:
    rows = pl.concat([asked(5, 5), asked(1, 1)]).with_columns(note=pl.lit("x"))
    joined = join_drivers(rows, table(driver(0, 0, 1.0), driver(0, 0, 2.0, name="heat")))
    assert joined.columns == [*rows.columns, "heat", "price"]
    assert joined.select(rows.columns).equals(rows)


def test_rows_without_a_value_say_nothing() -> None:
    nothing = [driver(2, 2, value) for value in (None, float("nan"))]
    assert price(4, 4, driver(0, 0, 7.0), *nothing) == 7.0


def test_another_zone_is_the_same_moment() -> None:
    berlin = table(driver(1, 1, 3.0)).with_columns(
        pl.col("at", "known_at").dt.convert_time_zone("Europe/Berlin")
    )
    rows = asked(1, 1).with_columns(pl.col("cutoff").dt.convert_time_zone("Asia/Tokyo"))
    assert join_drivers(rows, berlin)["price"].item() == 3.0


@pytest.mark.parametrize("column", ["at", "known_at"])
def test_a_time_without_a_zone_is_refused(column: str) -> None:
    naive = table(driver(0, 0, 1.0)).with_columns(pl.col(column).dt.replace_time_zone(None))
    with pytest.raises(InvalidInput, match=f"{column} is .* not a time with a zone"):
        join_drivers(asked(1, 1), naive)


def test_a_value_that_nobody_knows_since_when_is_refused() -> None:
    unknown = table(driver(0, 0, 1.0)).with_columns(
        known_at=pl.lit(None, dtype=pl.Datetime("us", "UTC"))
    )
    with pytest.raises(InvalidInput, match="1 of 1 rows have no known_at"):
        join_drivers(asked(1, 1), unknown)


def test_two_values_at_one_key_are_refused_and_equal_ones_do_no_harm() -> None:
    assert price(1, 1, driver(0, 0, 1.0), driver(0, 0, 1.0)) == 1.0
    with pytest.raises(InvalidInput, match=r"twice with different value.*driver=price"):
        price(1, 1, driver(0, 0, 1.0), driver(0, 0, 2.0))


@pytest.mark.parametrize(
    ("rows", "drivers", "message"),
    [
        ({"a": [1]}, {"driver": ["price"]}, "rows need the column period_start"),
        (asked(1, 1).drop("part_id"), table(driver(0, 0, 1.0)), "rows need the column part_id"),
        (asked(1, 1), {"driver": ["price"]}, "drivers need the column at"),
        (asked(1, 1), table(driver(0, 0, 1.0)).drop("value"), "drivers need the column value"),
        (asked(1, 1), table(driver(0, 0, 1.0, name="cutoff")), "a column 'cutoff' already"),
        (asked(1, 1), 7, "int is not a table"),
    ],
)
def test_what_cannot_be_joined_says_why(rows: object, drivers: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        join_drivers(rows, drivers)


def test_no_rows_and_no_drivers_are_fine() -> None:
    rows = asked(1, 1)
    assert join_drivers(rows, table(driver(0, 0, 1.0)).clear()).equals(rows)
    assert join_drivers(rows.clear(), table(driver(0, 0, 1.0))).columns[-1] == "price"


SCOPES: list[Scope] = list(product(("A", "B", None), ("bolt", "nut", None)))
entries = st.lists(
    st.builds(
        driver,
        at=st.integers(0, 8),
        known_at=st.integers(-4, 12),
        value=st.sampled_from([None, 1.0, 2.0, 3.0]),
        scope=st.sampled_from(SCOPES),
        name=st.sampled_from(["price", "heat"]),
    ),
    max_size=60,
    unique_by=lambda row: tuple(cell for name, cell in row.items() if name != "value"),
)
questions = st.lists(
    st.tuples(
        st.integers(-1, 10),
        st.integers(-5, 12),
        st.sampled_from([s for s in SCOPES if None not in s]),
    ),
    min_size=1,
    max_size=8,
)


def slow_value(
    rows: list[dict[str, Any]], name: str, at: datetime, cutoff: datetime, scope: Scope, fill: str
) -> float | None:
    line, part = scope
    for wanted in ((line, part), (line, None), (None, part), (None, None)):
        best = None
        for row in rows:
            mine = (row["driver"], row["location_id"], row["part_id"]) == (name, *wanted)
            if mine and row["value"] is not None and row["at"] <= at and row["known_at"] <= cutoff:
                found = (row["at"], row["known_at"], row["value"])
                best = found if best is None else max(best, found)
        if best is not None and (fill == "last" or best[0] == at):
            value: float = best[2]
            return value
    return None


@given(rows=entries, asking=questions, fill=st.sampled_from(["last", "exact"]))
def test_the_join_says_what_a_loop_over_all_rows_says(
    rows: list[dict[str, Any]], asking: list[tuple[int, int, tuple[str, str]]], fill: Any
) -> None:
    questions = pl.concat([asked(at, cutoff, scope) for at, cutoff, scope in asking])
    joined = join_drivers(questions, table(*rows) if rows else table(driver(0, 0, None)), fill=fill)
    for name in sorted({row["driver"] for row in rows if row["value"] is not None}):
        expected = [slow_value(rows, name, on(a), on(c), scope, fill) for a, c, scope in asking]
        assert joined[name].to_list() == expected


def test_a_clock_that_is_set_back_does_not_confuse_two_moments() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)
    second = first.replace(fold=1)
    drivers = table(driver(0, 0, 1.0)).with_columns(
        at=pl.Series([second]).cast(pl.Datetime("us", "UTC")),
        known_at=pl.Series([second]).cast(pl.Datetime("us", "UTC")),
    )
    rows = pl.DataFrame(
        {
            "location_id": ["A", "A"],
            "part_id": ["bolt", "bolt"],
            "period_start": [second.astimezone(UTC)] * 2,
            "cutoff": [first.astimezone(UTC), second.astimezone(UTC)],
        }
    )
    assert join_drivers(rows, drivers)["price"].to_list() == [None, 1.0]

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.errors import InvalidInput
from supplynet.frames.demand import (
    DEMAND_SCHEMA,
    cast_demand,
    conform,
    demand_from_consumption,
    ensure_demand,
    observe,
    stock_point_demand,
    sum_locations,
    sum_rows,
)
from supplynet.frames.synthetic.plant import tiny_plant

MONDAY = datetime(2026, 1, 5, 5, tzinfo=UTC)


def rows(*cells: tuple[str, str, int, int, int]) -> pl.DataFrame:
    """(line, part, shift number, consumed, starved minutes)"""
    return pl.DataFrame(
        [
            {
                "location_id": line,
                "part_id": part,
                "period_start": MONDAY + n * timedelta(hours=12),
                "shift": ("day", "night")[n % 2],
                "consumed": consumed,
                "starved_minutes": starved,
            }
            for line, part, n, consumed, starved in cells
        ]
    )


frames = st.lists(
    st.tuples(
        st.sampled_from(["L1", "L2", "L10"]),
        st.sampled_from(["P-1", "P-2"]),
        st.integers(0, 5),
        st.integers(0, 1000),
        st.sampled_from([0, 0, 30]),
    ),
    min_size=1,
    unique_by=lambda row: row[:3],
).map(lambda cells: rows(*cells))


@settings(deadline=None)
@given(frames)
def test_conforming_twice_changes_nothing(frame: pl.DataFrame) -> None:
    once = conform(frame)
    assert once.schema == DEMAND_SCHEMA
    assert conform(once).equals(once)


@settings(deadline=None)
@given(frames, st.integers(0, 99))
def test_the_order_of_rows_and_columns_does_not_matter(frame: pl.DataFrame, seed: int) -> None:
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=seed).select(reversed(frame.columns))
    assert conform(shuffled).equals(conform(frame))


@settings(deadline=None)
@given(frames)
def test_a_starved_line_hides_the_demand_of_every_part_of_it(frame: pl.DataFrame) -> None:
    made = conform(frame)
    starved = pl.col("starved_minutes").max().over("location_id", "period_start") > 0
    assert made.filter(starved)["demand"].is_null().all()
    assert made.filter(~starved)["demand"].is_not_null().all()


def test_starvation_that_is_noted_at_one_part_is_spread_over_its_line() -> None:
    made = observe(rows(("L1", "P-1", 0, 6, 360), ("L1", "P-2", 0, 12, 0)), 720)
    assert made["starved_minutes"].to_list() == [360, 360]
    assert made["demand"].to_list() == [None, None]
    assert made["rate"].to_list() == [1.0, 2.0]  # of the 6 hours that ran


def test_a_planned_stop_hides_nothing() -> None:
    demand, rate = demand_from_consumption([120], [0], [480], [720])
    assert (demand[0], rate[0]) == (120, 30)


def test_a_line_that_did_not_run_has_demand_but_no_rate() -> None:
    demand, rate = demand_from_consumption(np.array([0]), 0, 720, 720)
    assert demand[0] == 0
    assert np.isnan(rate[0])


def test_starved_periods_keep_their_rate() -> None:
    demand, rate = demand_from_consumption([[10, 10]], [[0, 120]], 0, 720)
    assert demand[0, 0] == 10
    assert np.isnan(demand[0, 1])
    assert rate[0].tolist() == [10 * 60 / 720, 10 * 60 / 600]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"consumed": [-1]}, "consumed below 0"),
        ({"consumed": [1.5]}, "consumed 1.5 cannot be read as a whole number"),
        ({"period_start": ["5 January"]}, "'5 January' cannot be read as a time"),
        ({"location_id": [None]}, "has no location, part or time"),
        ({"starved_minutes": [-5]}, "starved_minutes below 0"),
    ],
)
def test_what_cannot_be_demand_is_refused_with_its_value(
    broken: dict[str, list[object]], message: str
) -> None:
    good = {"location_id": ["L1"], "part_id": ["P"], "period_start": [MONDAY], "consumed": [1]}
    with pytest.raises(InvalidInput, match=message):
        conform(pl.DataFrame({**good, **broken}, strict=False))


def test_a_key_that_is_there_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"L1/P-1 at 2026-01-05T05:00:00\+00:00 is there twice"):
        conform(pl.concat([rows(("L1", "P-1", 0, 1, 0)), rows(("L1", "P-1", 0, 2, 0))]))


def test_missing_columns_are_named() -> None:
    with pytest.raises(InvalidInput, match=r"needs part_id, demand; it has location_id"):
        conform(pl.DataFrame({"location_id": ["L1"], "period_start": [MONDAY]}))


def test_times_are_utc_whatever_they_came_as() -> None:
    times: list[object] = [
        date(2026, 1, 5),
        datetime(2026, 1, 5),  # noqa: DTZ001 # a naive time is what is tested
        datetime(2026, 1, 5, 1, tzinfo=ZoneInfo("Europe/Berlin")),
        "2026-01-05",
        "2026-01-05 00:00:00",
        "2026-01-05T01:00:00+01:00",
        "2026-01-05T00:00:00Z",
    ]
    for time in times:
        made = ensure_demand({"unique_id": ["L/P"], "ds": [time], "y": [1.0]})
        assert made["period_start"].to_list() == [datetime(2026, 1, 5, tzinfo=UTC)]


def test_nan_is_not_observed_and_zero_is_an_observation() -> None:
    made = ensure_demand(
        {"unique_id": ["a", "b"], "ds": ["2026-01-05"] * 2, "y": [float("nan"), 0]}
    )
    assert made["demand"].to_list() == [None, 0.0]


def test_a_stock_point_demands_what_its_lines_demand() -> None:
    plant = tiny_plant()
    frame = observe(
        rows(
            ("SR1.ST1.A", "P-001", 0, 10, 0),
            ("SR1.ST1.B", "P-001", 0, 20, 0),
            ("SR1.ST1.A", "P-001", 1, 10, 0),
            ("SR1.ST1.B", "P-001", 1, 5, 60),
        ),
        720,
    )
    made = stock_point_demand(frame, plant)
    assert made["location_id"].unique().to_list() == ["SR1"]
    assert made["consumed"].to_list() == [30, 15]
    assert made["demand"].to_list() == [30.0, None]  # a starved line hides the sum
    assert made["shift"].to_list() == ["day", "night"]


@settings(deadline=None)
@given(frames)
def test_no_part_is_lost_when_locations_are_summed(frame: pl.DataFrame) -> None:
    made = conform(frame)
    summed = sum_locations(made, {"L1": "SR1", "L2": "SR1", "L10": "SR2"})
    assert summed["consumed"].sum() == made["consumed"].sum()


@pytest.mark.parametrize("amount", [float("inf"), 1e300])
def test_demand_beyond_all_numbers_is_refused_and_read_as_nothing_where_nothing_is_refused(
    amount: float,
) -> None:
    frame = pl.DataFrame(
        {
            "location_id": ["L"],
            "part_id": ["P"],
            "period_start": [datetime(2026, 1, 5, tzinfo=UTC)],
            "demand": [amount],
        }
    )
    with pytest.raises(InvalidInput, match=f"demand {re.escape(str(amount))}"):
        conform(frame)
    loose = cast_demand(frame, strict=False)
    assert loose["demand"].to_list() == [None]
    whole = cast_demand(loose).with_columns(demand=pl.lit(amount))
    with pytest.raises(InvalidInput, match=f"demand {re.escape(str(amount))}"):
        conform(whole)


def test_orders_of_one_day_are_one_row_with_their_sum() -> None:
    day = datetime(2026, 1, 5, tzinfo=UTC)
    orders = {"sku_id": ["P", "P", "Q"], "warehouse_id": ["W"] * 3, "date": [day] * 3}
    made = sum_rows({**orders, "units_sold": [3, 4, 5]})
    assert made.select("part_id", "consumed", "demand").rows() == [("P", 7, 7.0), ("Q", 5, 5.0)]
    assert sum_rows(made).equals(made)
    unknown = sum_rows({**orders, "units_sold": [None, None, 5]})
    assert unknown["demand"].to_list() == [None, 5.0]

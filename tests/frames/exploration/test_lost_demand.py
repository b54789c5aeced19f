"""How many halts there were, and what they took."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from supplynet.frames.exploration.lost_demand import halts_of, lost_demand
from supplynet.frames.exploration.source import make_source

HALF_DAYS = [datetime(2026, 1, 5 + n // 2, 6 + 12 * (n % 2), tzinfo=UTC) for n in range(8)]


def rows(
    consumed: list[int],
    starved: list[int],
    *,
    location: str = "L",
    part: str = "P",
    rate: list[float | None] | None = None,
) -> pl.DataFrame:
    count = len(consumed)
    frame = pl.DataFrame(
        {
            "location_id": [location] * count,
            "part_id": [part] * count,
            "period_start": HALF_DAYS[:count],
            "shift": ["day", "night"] * (count // 2) + ["day"] * (count % 2),
            "consumed": consumed,
            "starved_minutes": starved,
            "rate": pl.Series(rate or [None] * count, dtype=pl.Float64),
        }
    )
    return make_source(frame, plant=None, costs={}, now=None).rows


def test_a_halt_over_two_shifts_is_one_halt() -> None:
    found = halts_of(rows([1] * 6, [0, 60, 120, 0, 30, 0]))
    assert found.select("minutes", "periods").rows() == [(180, 2), (30, 1)]


def test_a_halt_of_a_line_is_counted_once_however_many_parts_it_touches() -> None:
    both = pl.concat([rows([1, 1], [45, 0]), rows([1, 1], [45, 0], part="Q")])
    assert halts_of(both)["minutes"].to_list() == [45]


def test_halts_at_the_end_of_one_line_and_the_start_of_the_next_are_two() -> None:
    both = pl.concat([rows([1, 1], [0, 45]), rows([1, 1], [30, 0], location="M")])
    assert halts_of(both).height == 2


def test_lost_demand_is_the_rate_times_the_starved_time() -> None:
    found = lost_demand(rows([20, 10], [0, 30], rate=[2.0, 60.0]))
    assert found["lost"].to_list() == [30.0]


def test_where_nothing_ran_the_usual_rate_of_the_shift_counts() -> None:
    rates = [10.0, 40.0, 30.0, None, 20.0, 50.0]
    found = lost_demand(rows([120, 480, 360, 0, 240, 600], [0, 0, 0, 720, 0, 0], rate=rates))
    assert found["lost"].to_list() == [45.0 * 12]  # the median night, 45 an hour, for 12 hours


def test_without_rates_it_is_what_is_usual_less_what_was_used() -> None:
    found = lost_demand(rows([10, 5, 20, 5, 15, 5, 6], [0, 0, 0, 0, 0, 0, 60]))
    assert found["lost"].to_list() == [pytest.approx(15 - 6)]


def test_a_part_that_used_more_than_usual_lost_nothing_below_0() -> None:
    found = lost_demand(rows([10, 5, 99], [0, 0, 60]))
    assert found["lost"].to_list() == [0.0]

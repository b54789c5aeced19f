from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from supplynet.frames.quality import Check, check_quality
from supplynet.frames.synthetic import tiny_plant

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BAD_DAY = date(2026, 1, 15)


def daily(part: str = "P", days: int = 40, start: date = date(2026, 1, 1)) -> pl.DataFrame:
    """Demand 20, 23, ... 38 through the week."""
    every = [start + timedelta(days=n) for n in range(days)]
    demand = [20 + 3 * day.weekday() for day in every]
    return pl.DataFrame({"warehouse_id": "W", "sku_id": part, "date": every, "units_sold": demand})


def check(frame: pl.DataFrame, rule: str) -> Check:
    return check_quality(frame, now=NOW).check(rule)


@pytest.mark.parametrize(
    ("value", "rule"), [(-1, "negatives_and_returns"), (None, "missing_values"), (900, "outliers")]
)
def test_a_bad_amount_is_found_with_its_place(value: int | None, rule: str) -> None:
    units = pl.when(pl.col("date") == BAD_DAY).then(pl.lit(value, dtype=pl.Int64))
    found = check(daily().with_columns(units_sold=units.otherwise("units_sold")), rule)
    if value is None:
        units = pl.when(pl.col("date") != BAD_DAY).then("units_sold")
        found = check(daily().with_columns(units_sold=units), rule)
    assert (found.count, found.places["period_start"].to_list()) == (
        1,
        [datetime(2026, 1, 15, tzinfo=UTC)],
    )
    assert found.examples[0].startswith("W/P at 2026-01-15")
    assert "1 of 40 rows (2.5 %)" in found.sentence


def test_exact_twins_and_other_content_are_told_apart() -> None:
    again = daily().head(2).with_columns(units_sold=pl.Series([20 + 9, 99]))
    found = check(pl.concat([daily(), again]), "duplicates")
    assert found.places["detail"].to_list() == ["other content", "exact twin"]
    assert "(1 exact twins, 1 with other content)" in found.sentence


def test_separate_orders_of_one_day_are_summed_and_no_duplicates() -> None:
    orders = [daily().with_columns(order_id=pl.format("o{}-{}", pl.lit(n), "date")) for n in "ab"]
    frame = pl.concat(orders)
    assert check(frame, "duplicates").count == 0
    sent_twice = pl.concat([frame, frame.head(3)])
    assert check(sent_twice, "duplicates").count == 3


def test_rows_after_now_are_in_the_future_and_no_gap_before_them() -> None:
    typo = daily().with_columns(
        date=pl.when(pl.col("date") == BAD_DAY).then(date(2062, 1, 15)).otherwise("date")
    )
    report = check_quality(typo, now=NOW)
    assert report.check("future_dates").examples == ("W/P at 2062-01-15",)
    assert report.check("missing_periods").count == 1  # 15 January itself
    assert check_quality(daily(days=400)).check("future_dates").count == 0


def test_hidden_demand_is_censored_and_not_missing() -> None:
    frame = daily().rename({"units_sold": "consumed"})
    starved = pl.when(pl.col("date") < date(2026, 1, 5)).then(60).otherwise(0)
    report = check_quality(frame.with_columns(starved_minutes=starved))
    assert (report.check("censored_shifts").count, report.check("missing_values").count) == (4, 0)


def test_a_starved_row_without_a_count_lacks_it_all_the_same() -> None:
    frame = daily().rename({"units_sold": "consumed"}).with_columns(starved_minutes=60)
    frame = frame.with_columns(consumed=pl.when(pl.col("date") != BAD_DAY).then("consumed"))
    assert check(frame, "missing_values").count == 1


def test_ids_that_the_plant_does_not_have_are_named_with_what_was_meant() -> None:
    plant = tiny_plant()
    line, part = plant.lines[0].location_id, plant.parts[0].part_id
    names = {"warehouse_id": pl.lit(line), "sku_id": pl.lit(part)}
    frame = daily(days=120).with_columns(**names)
    frame[5, "sku_id"], frame[6, "warehouse_id"] = "P-OO1", "nowhere"
    report = check_quality(frame, plant=plant)
    found = report.check("unknown_ids")
    assert found.places["detail"].to_list() == [f"no 'P-OO1', {part!r}?", "no 'nowhere'"]
    assert report.check("short_series").count == 0  # a misspelt row is no series


def test_one_id_in_two_spellings_is_found_without_a_plant() -> None:
    frame = pl.concat([daily("P-1", days=50), daily("p_1 ", days=2, start=date(2026, 2, 20))])
    found = check(frame, "id_spelling")
    assert (found.count, found.places["detail"][0]) == (2, "'p_1 ', usually 'P-1'")


def test_a_shift_spelt_otherwise_or_left_out_is_found() -> None:
    frame = daily().with_columns(shift=pl.lit("day"))
    odd = pl.col("date") == BAD_DAY
    for wrong in ("Day ", "dya", None):
        name = pl.when(odd).then(pl.lit(wrong, dtype=pl.String)).otherwise("shift")
        assert check(frame.with_columns(shift=name), "shift_names").count == 1
    assert check(frame, "shift_names").count == 0
    assert check(daily(), "shift_names").count == 0

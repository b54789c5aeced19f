from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from supplynet.errors import InvalidInput, NotFound
from supplynet.frames.aliases import to_guide, to_nixtla
from supplynet.frames.augmentation import (
    METHODS,
    Augmented,
    augment,
    training_rows,
    without_augmented,
)
from supplynet.frames.cleaning import clean
from supplynet.frames.demand import KEY, conform, empty_demand, ensure_demand
from supplynet.frames.panel import panel_from_frame
from supplynet.frames.quality import check_quality
from supplynet.frames.synthetic import generate_history, tiny_plant

START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""
EVERY = sorted(METHODS)


def daily(part: str, days: int, level: int = 40, first: datetime = START) -> pl.DataFrame:
    """Level + 0, 1, ... 6 from Monday to Sunday."""
    starts = [first + timedelta(days=n) for n in range(days)]
    return ensure_demand(
        {
            "location_id": ["W"] * days,
            "part_id": [part] * days,
            "period_start": starts,
            "demand": [float(level + start.weekday()) for start in starts],
        }
    )


def history() -> pl.DataFrame:
    """A short series of 30 days and a long one that began 120 days before it."""
    return pl.concat([daily("A", 150, 80, START - timedelta(days=120)), daily("B", 30)])


def made(frame: pl.DataFrame, method: str, seed: int = 1, days: int = 100) -> Augmented:
    return augment(frame, method=method, rng=np.random.default_rng(seed), minimum_days=days)


@pytest.mark.parametrize("method", EVERY)
def test_a_short_series_covers_the_minimum_and_real_rows_stay_as_they_are(method: str) -> None:
    frame = history()
    found = made(frame, method)
    added = found.frame.filter(pl.col("augmented").is_not_null())
    assert (added["part_id"].unique().to_list(), added.height) == (["B"], 70)
    assert added["period_start"].min() == START - timedelta(days=70)
    assert set(added["augmented"]) == {method}
    assert_frame_equal(found.for_evaluation(), frame)
    assert conform(training_rows(found)).height == frame.height + 70
    row = found.log.row(0, named=True)
    assert (row["part_id"], row["real_days"], row["added_rows"]) == ("B", 30, 70)
    assert row["donor"] == ("W/A" if method == "borrow" else None)


@pytest.mark.parametrize("method", EVERY)
def test_made_up_counts_are_whole_and_like_the_series(method: str) -> None:
    found = made(history(), method, days=100)
    added = found.frame.filter(pl.col("augmented").is_not_null())
    assert added["demand"].to_list() == added["consumed"].to_list()
    assert added["demand"].mean() == pytest.approx(43, rel=0.1)
    assert (added["starved_minutes"] + added["stopped_minutes"]).sum() == 0
    assert added["rate"].to_list() == pytest.approx((added["demand"] / 24).to_list())


@pytest.mark.parametrize("method", EVERY)
def test_made_up_weeks_keep_the_profile_over_weekdays(method: str) -> None:
    steep = daily("B", 60).with_columns(demand=10.0 * pl.col("period_start").dt.weekday())
    steep = steep.with_columns(consumed=pl.col("demand").cast(pl.Int64))
    frame = pl.concat([daily("A", 180, 80, START - timedelta(days=120)), steep])
    found = made(frame, method, days=160)
    added = found.frame.filter(pl.col("augmented").is_not_null())
    weekday = pl.col("period_start").dt.weekday()
    means = added.group_by(weekday).agg(pl.col("demand").mean()).sort("period_start")["demand"]
    assert means.to_list() == pytest.approx([10, 20, 30, 40, 50, 60, 70], rel=0.15, abs=8)


@pytest.mark.parametrize("method", EVERY)
def test_the_same_state_makes_the_same_rows_and_another_one_others(method: str) -> None:
    frame = history().with_columns(demand=pl.col("demand") * 50)
    frame = frame.with_columns(consumed=pl.col("demand").cast(pl.Int64))
    assert made(frame, method).frame.equals(made(frame, method).frame)
    if method != "borrow":
        assert not made(frame, method).frame.equals(made(frame, method, seed=2).frame)


def test_long_series_get_nothing() -> None:
    found = made(daily("A", 100), "scaling")
    assert_frame_equal(found.frame.drop("augmented"), daily("A", 100))
    assert (found.log.height, found.notes) == (0, ())


def test_borrowing_takes_the_series_with_the_most_similar_profile() -> None:
    early = START - timedelta(days=120)
    flat = daily("FLAT", 150, 40, early).with_columns(demand=pl.lit(43.0), consumed=pl.lit(43))
    steep = [daily("STEEP", 150, 40, early), daily("B", 30)]
    demand = 10.0 * pl.col("period_start").dt.weekday()
    steep = [f.with_columns(demand=demand, consumed=demand.cast(pl.Int64)) for f in steep]
    frame = conform(pl.concat([flat.cast(steep[0].schema), *steep]))
    assert made(frame, "borrow").log["donor"].to_list() == ["W/STEEP"]


def test_without_a_similar_series_borrowing_says_so() -> None:
    found = made(daily("B", 30), "borrow")
    assert found.frame.height == 30
    assert found.notes == (
        "1 short series were not lengthened (W/B): no similar series has rows in those periods.",
    )


def test_the_calendar_tells_which_shifts_there_were() -> None:
    plant = tiny_plant()
    real = generate_history(plant, start=date(2026, 2, 1), days=100, seed=1).demand
    recent = real.filter(pl.col("period_start") >= datetime(2026, 4, 10, tzinfo=UTC))
    rng = np.random.default_rng(1)
    found = augment(recent, method="continuation", rng=rng, minimum_days=90, plant=plant)
    key = [*KEY, "shift"]
    wanted = real.filter(pl.col("period_start") >= found.frame["period_start"].min())
    assert_frame_equal(found.frame.select(key), wanted.select(key))


def test_without_a_calendar_the_first_week_goes_on_backwards() -> None:
    plant = tiny_plant()
    real = generate_history(plant, start=date(2026, 5, 4), days=21, seed=1).demand
    found = made(real, "scaling", days=42)
    per_week = real.height // 3
    assert found.frame.height == 6 * per_week
    starts = found.frame["period_start"].unique()
    assert starts.dt.hour().unique().sort().to_list() == [4, 16]


def test_starved_shifts_are_no_low_demand() -> None:
    frame = daily("B", 40).with_columns(starved_minutes=pl.lit(720, dtype=pl.Int32))
    half = pl.col("consumed") // 2
    frame = frame.with_columns(consumed=half, demand=pl.lit(None, dtype=pl.Float64))
    seen = daily("B", 20, first=START + timedelta(days=40))
    found = made(conform(pl.concat([frame, seen])), "continuation", days=200)
    added = found.frame.filter(pl.col("augmented").is_not_null())
    assert added["demand"].mean() == pytest.approx(43, rel=0.06)


def test_nonsense_is_refused() -> None:
    with pytest.raises(NotFound, match="did you mean 'scaling'"):
        made(history(), "scalling")
    with pytest.raises(InvalidInput, match="no rows to augment"):
        made(empty_demand(), "scaling")
    with pytest.raises(InvalidInput, match="minimum_days is 0"):
        made(history(), "scaling", days=0)
    never = daily("N", 10).with_columns(demand=pl.lit(None, dtype=pl.Float64))
    with pytest.raises(InvalidInput, match=r"1 series were never observed \(W/N\)"):
        made(conform(pl.concat([daily("B", 30), never])), "scaling")


@pytest.mark.parametrize(
    "door",
    [ensure_demand, conform, check_quality, clean, panel_from_frame, to_nixtla, to_guide],
)
def test_no_made_up_row_comes_through_any_door_to_an_evaluation(door: object) -> None:
    found = made(history(), "scaling")
    assert callable(door)
    with pytest.raises(InvalidInput, match="70 of 250 rows are augmented"):
        door(found.frame)
    with pytest.raises(InvalidInput, match="70 of 250 rows are augmented"):
        augment(found.frame, method="scaling", rng=np.random.default_rng(1))
    door(found.for_evaluation())


def test_an_augmented_object_is_no_table_to_anything_but_fitting() -> None:
    found = made(history(), "scaling")
    for door in (ensure_demand, check_quality, clean):
        with pytest.raises(InvalidInput, match="Augmented is not a table"):
            door(found)
    assert training_rows(found).height == 250
    assert_frame_equal(training_rows(history()), history())


def test_a_frame_without_the_mark_has_only_real_rows() -> None:
    assert without_augmented(history()) is not None
    assert_frame_equal(without_augmented(history()), history())
    marked = history().with_columns(augmented=pl.lit(None, dtype=pl.String))
    assert_frame_equal(ensure_demand(marked), history())


def test_it_shows_itself_and_counts() -> None:
    found = made(history(), "scaling")
    assert found.to_dict() == {
        "rows": 250,
        "added_rows": 70,
        "series": 1,
        "methods": ["scaling"],
        "notes": [],
    }
    assert "70 made-up rows for 1 short series" in found._repr_html_()


@settings(max_examples=20)
@given(
    st.lists(st.one_of(st.none(), st.integers(0, 10**6)), min_size=1, max_size=30),
    st.sampled_from(EVERY),
    st.integers(1, 60),
)
def test_whatever_the_history_keys_stay_unique_and_rows_real(
    amounts: list[int | None], method: str, days: int
) -> None:
    count = len(amounts)
    frame = ensure_demand(
        {
            "location_id": ["W"] * count,
            "part_id": ["ü"] * count,
            "date": [START + timedelta(days=2 * n) for n in range(count)],
            "demand": [None if a is None else float(a) for a in amounts],
        }
    )
    if all(amount is None for amount in amounts):
        with pytest.raises(InvalidInput, match="never observed"):
            made(frame, method, days=days)
        return
    found = made(frame, method, days=days)
    assert_frame_equal(found.for_evaluation(), frame)
    rows = conform(training_rows(found))
    assert rows.height == found.frame.height
    added = found.frame.filter(pl.col("augmented").is_not_null())["demand"]
    assert added.null_count() == 0
    assert (added == added.round()).all()

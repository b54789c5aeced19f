from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from supplynet.errors import InvalidInput, NotFound
from supplynet.frames.features import (
    KINDS,
    FeatureInputs,
    FeatureSet,
    Pairs,
    feature_array,
    live_table,
    pairs_for,
    source_of,
    source_of_panel,
    training_shards,
    training_table,
)
from supplynet.frames.features import rows as rows_module
from supplynet.frames.features.calendar import DayOfWeek
from supplynet.frames.features.driver import Driver
from supplynet.frames.features.history import (
    DailyAverage,
    EwmMean,
    Lag,
    RollingMean,
    RollingStd,
    Trend,
)
from supplynet.frames.features.line import LineShare
from supplynet.frames.features.plan import PlannedUnits
from supplynet.frames.features.shift import ShiftName
from supplynet.frames.features.static import Static
from supplynet.frames.panel import daily_periods, panel_from_frame

if TYPE_CHECKING:
    from tests.frames.features.conftest import SmallPlant

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
LAGS = FeatureSet((Lag(count=1), RollingMean(window=2), RollingStd(window=3)))


def daily(demand: Sequence[float | None], part: str = "bolt") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "location_id": ["A"] * len(demand),
            "part_id": [part] * len(demand),
            "period_start": [MONDAY + i * DAY for i in range(len(demand))],
            "demand": demand,
        },
        schema_overrides={"demand": pl.Float64},
    )


def test_a_training_row_pairs_what_was_known_with_what_came() -> None:
    frame = training_table(LAGS, daily([1, 3, 8])).frame
    assert frame["cutoff"].to_list() == [MONDAY + DAY, MONDAY + 2 * DAY]
    assert frame["target"].to_list() == [3, 8]
    assert frame["lag_1"].to_list() == [1, 3]
    assert frame["rolling_mean_2"].to_list() == [1, 2]


def test_every_step_of_a_cutoff_is_a_row() -> None:
    frame = training_table(LAGS, daily([1, 3, 8]), steps=(1, 2)).frame
    assert frame.select("step", "target", "lag_1").rows() == [(1, 3, 1), (2, 8, 1), (1, 8, 3)]


def test_what_was_not_observed_is_skipped_and_never_read_as_0() -> None:
    frame = training_table(LAGS, daily([4, None, 8, 5])).frame
    assert frame["target"].to_list() == [8, 5]
    assert frame["lag_1"].to_list() == [None, 8]
    assert frame["rolling_mean_2"].to_list() == [4, 8]


def test_a_missing_row_is_a_gap_and_does_not_shift_the_lags() -> None:
    frame = live_table(LAGS, daily([4, 2, 8])[[0, 2]], MONDAY + 2 * DAY).frame
    assert frame.select("lag_1", "rolling_mean_2").row(0) == (None, 4)


def test_live_rows_reach_into_days_that_the_frame_does_not_have() -> None:
    frame = live_table(LAGS, daily([1, 3]), MONDAY + 2 * DAY, steps=(1, 3)).frame
    assert frame["period_start"].to_list() == [MONDAY + 2 * DAY, MONDAY + 4 * DAY]
    assert "target" not in frame.columns


def test_inside_a_period_it_is_step_0_and_only_what_was_finished_counts() -> None:
    frame = live_table(LAGS, daily([1, 3, 8]), MONDAY + 1.5 * DAY, steps=(0, 1)).frame
    assert frame.select("step", "lag_1").rows() == [(0, 1), (1, 1)]
    assert frame["period_start"].to_list() == [MONDAY + DAY, MONDAY + 2 * DAY]


def test_the_daily_average_waits_for_the_night_shift(small_plant: SmallPlant) -> None:
    friday = [p for p in small_plant.periods if p.local_date == small_plant.periods[0].local_date]
    spec = FeatureSet((DailyAverage(days=1),))
    rows = daily([6, 4]).with_columns(period_start=pl.Series([p.start for p in friday]))
    known = [
        live_table(spec, rows, p.end, periods=small_plant.periods).frame["daily_average_1"].item()
        for p in friday
    ]
    assert [p.shift for p in friday] == ["day", "night"]
    assert known == [None, 10]


def test_nights_in_which_the_clocks_change_have_11_hours_on_the_date_they_start(
    small_plant: SmallPlant,
) -> None:
    spec = FeatureSet((KINDS["shift_hours"](), ShiftName(), DayOfWeek(), KINDS["start_hour"]()))
    cutoff = datetime(2026, 3, 28, 17, tzinfo=UTC)  # 18:00 in Berlin, the clocks jump at 02:00
    rows = daily([6]).with_columns(period_start=pl.Series([small_plant.periods[0].start]))
    row = live_table(spec, rows, cutoff, periods=small_plant.periods).frame.row(0, named=True)
    assert (row["shift_hours"], row["shift_name"], row["day_of_week"]) == (11, "night", 5)
    assert row["start_hour"] == 17  # of UTC, which is its default


def test_shards_together_are_the_table_whatever_their_size(
    small_plant: SmallPlant, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = small_plant.make_world(5)
    common: dict[str, Any] = {"periods": small_plant.periods, "inputs": world.inputs}
    for spec in small_plant.sets_of(*KINDS)[:2]:
        whole = training_table(spec, world.demand, **common).frame
        with monkeypatch.context() as patch:
            patch.setattr(rows_module, "PIECE_CELLS", 1)
            shards = [s.frame for s in training_shards(spec, world.demand, **common)]
        assert len(shards) == 4
        assert pl.concat(shards).equals(whole)


def test_a_longer_history_than_the_windows_changes_no_bit() -> None:
    rng = np.random.default_rng(1)
    rows = daily(list(rng.random(60) * 1e6))
    spec = LAGS.plus(RollingMean(window=7), EwmMean(half_life=1), Trend(window=9))
    cutoff = MONDAY + 60 * DAY
    full, short = live_table(spec, rows, cutoff), live_table(spec, rows.tail(12), cutoff)
    assert full.frame.equals(short.frame)


def test_columns_are_32_bit_and_hold_the_largest_demand() -> None:
    largest = 2.0**53
    frame = live_table(LAGS, daily([largest, largest]), MONDAY + 2 * DAY).frame
    assert frame.select("lag_1", "rolling_mean_2").row(0) == (largest, largest)
    assert frame.schema["lag_1"] == pl.Float32


def test_odd_tables_give_the_rows_they_can() -> None:
    assert training_table(LAGS, daily([])).frame.columns == live_and_target()
    assert training_table(LAGS, daily([5])).frame.is_empty()
    assert training_table(LAGS, daily([None, None])).frame.is_empty()
    assert training_table(LAGS, daily([1, 2]), cutoffs=[]).frame.columns == live_and_target()
    assert live_table(LAGS, daily([]), MONDAY).frame.is_empty()
    assert live_table(LAGS, daily([5]), MONDAY - 9 * DAY).frame["lag_1"].to_list() == [None]
    names = {"warehouse_id": ["W"] * 2, "sku_id": ["übergröße"] * 2}
    sales = training_table(LAGS, {**names, "date": [MONDAY, MONDAY + DAY], "units_sold": [2, 3]})
    assert sales.frame.select("part_id", "target").row(0) == ("übergröße", 3)


def live_and_target() -> list[str]:
    key = ["location_id", "part_id", "period_start", "shift", "cutoff", "step", "target"]
    return [*key, *LAGS.columns]


def test_rows_may_come_in_any_order() -> None:
    rows = pl.concat([daily([1, 3, 8]), daily([2, 2, 2], "nut")])
    shuffled = rows.sample(fraction=1, shuffle=True, seed=1)
    assert training_table(LAGS, shuffled).frame.equals(training_table(LAGS, rows).frame)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"demand": daily([1, 2]).with_columns(shift=pl.lit("day"))}, "give the periods"),
        (
            {
                "periods": daily_periods(
                    MONDAY.date(), MONDAY.date() + 2 * DAY, time_zone="Asia/Tokyo"
                )
            },
            "start no period of the calendar",
        ),
        ({"demand": pl.concat([daily([1]), daily([1])])}, "is there twice"),
        ({"steps": ()}, "steps are"),
        ({"steps": (-1,)}, "steps are"),
        ({"steps": (1, 1)}, "steps are"),
        ({"cutoffs": [MONDAY.replace(tzinfo=None)]}, "no time zone"),
        ({"periods": daily_periods(MONDAY.date(), MONDAY.date() + 2 * DAY)[::-1]}, "overlap"),
    ],
)
def test_what_does_not_fit_says_why(changes: dict[str, Any], message: str) -> None:
    demand = changes.pop("demand", daily([1, 2]))
    with pytest.raises(InvalidInput, match=message):
        training_table(LAGS, demand, **changes)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("units_built_rate", "units_built_rate_28 needs the production plan; give plan="),
        ("driver", "driver_price needs the drivers table; give drivers="),
        ("cover_days", "cover_days_7 needs stock rows; give stock="),
        ("static", "static_container_size needs static facts; give statics="),
    ],
)
def test_a_feature_without_its_table_says_which(
    small_plant: SmallPlant, kind: str, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        training_table(small_plant.sets_of(kind)[0], daily([1, 2]))


PLAN: dict[str, list[Any]] = {
    "location_id": ["A"],
    "product": ["sedan"],
    "period_start": [MONDAY + DAY],
    "units": [4],
    "recorded_at": [MONDAY],
}


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"a": [1]}, "plan rows need the column period_start; they have a"),
        (PLAN | {"recorded_at": [MONDAY.replace(tzinfo=None)]}, "recorded_at is .* not a time"),
        (PLAN | {"recorded_at": [None]}, "1 of 1 rows have no recorded_at"),
        (PLAN | {"units": [-1]}, "units are below 0"),
        (PLAN | {"units": ["x"]}, "conversion"),
        (PLAN | {"period_start": [MONDAY + DAY / 2]}, "start no period of the calendar"),
        ({k: v * 2 for k, v in PLAN.items()} | {"units": [1, 2]}, "twice with different units"),
        (3, "int is not a table"),
    ],
)
def test_a_plan_that_cannot_be_read_says_why(plan: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        training_table(
            FeatureSet((PlannedUnits(),)), daily([1, 2, 3]), inputs=FeatureInputs(plan=plan)
        )


def test_the_plan_counts_only_as_it_was_said_by_the_cutoff() -> None:
    said = [MONDAY + DAY, MONDAY + 1.5 * DAY]
    plan = {k: v * 2 for k, v in PLAN.items()} | {"units": [4, 9], "recorded_at": said}
    spec, inputs = FeatureSet((PlannedUnits(),)), FeatureInputs(plan=plan)
    cutoffs = [MONDAY + 0.5 * DAY, MONDAY + DAY]
    units = [
        live_table(spec, daily([1, 2]), cutoff, inputs=inputs).frame["planned_units"].item()
        for cutoff in cutoffs
    ]
    assert units == [None, 4]


@pytest.mark.parametrize(
    ("statics", "message"),
    [
        ({"c": [1]}, "need location_id or part_id"),
        ({"part_id": ["bolt", "bolt"], "c": [1, 2]}, "bolt is there twice"),
        ({"part_id": ["bolt"], "d": [1]}, "needs the static fact 'c'; there are d"),
        ({"part_id": ["bolt"], "c": ["x"]}, "declare it as a category"),
    ],
)
def test_static_facts_that_cannot_be_used_say_why(statics: object, message: str) -> None:
    spec = FeatureSet((Static(column="c", form="number"),))
    with pytest.raises(InvalidInput, match=message):
        training_table(spec, daily([1, 2]), inputs=FeatureInputs(statics=statics))


def test_a_misspelt_driver_is_not_found() -> None:
    drivers = {"driver": ["price"], "at": [MONDAY], "known_at": [MONDAY], "value": [1.0]}
    with pytest.raises(NotFound, match="did you mean 'price'"):
        training_table(
            FeatureSet((Driver(driver="prize"),)),
            daily([1, 2]),
            inputs=FeatureInputs(drivers=drivers),
        )


def test_a_panel_gives_the_same_figures_as_its_frame() -> None:
    rows = pl.concat([daily([1, 3, None, 4]), daily([2, 2, 2, 0], "nut")])
    spec = LAGS.plus(LineShare(window=3), DayOfWeek())
    periods = daily_periods(MONDAY.date(), MONDAY.date() + 6 * DAY)
    pairs = pairs_for(periods, (1, 2), [MONDAY + 4 * DAY])
    panel = panel_from_frame(rows, periods[:4])
    array = feature_array(spec, source_of_panel(panel, periods[4:]), pairs)
    frame = live_table(spec, rows, MONDAY + 4 * DAY, steps=(1, 2)).frame
    expected = frame.select(spec.columns).to_numpy().reshape(2, 2, -1)
    np.testing.assert_array_equal(array, expected)


def test_an_array_knows_categories_by_their_codes(small_plant: SmallPlant) -> None:
    world, spec = small_plant.make_world(1), FeatureSet((ShiftName(),))
    source = source_of(world.demand, small_plant.periods, None)
    pairs = pairs_for(small_plant.periods, (1, 2), [small_plant.periods[9].end])
    shifts = [small_plant.periods[i].shift for i in pairs.targets]
    array = feature_array(spec, source, pairs, {"shift_name": ("night",)})
    assert array[0, :, 0].tolist() == [0.0 if shift == "night" else 1.0 for shift in shifts]
    with pytest.raises(InvalidInput, match="category shift_name has no codes"):
        feature_array(spec, source, pairs)


def test_known_ahead_inputs_of_a_models_context_are_as_they_were_known() -> None:
    plan = {k: v * 2 for k, v in PLAN.items()} | {
        "units": [4, 9],
        "recorded_at": [MONDAY, MONDAY + 3 * DAY],
    }
    periods = daily_periods(MONDAY.date(), MONDAY.date() + 4 * DAY)
    source = source_of(daily([1, 2, 3]), periods, FeatureInputs(plan=plan))
    cutoff = pairs_for(periods, (1,), [MONDAY + 2 * DAY])
    context = Pairs(
        periods=periods,
        targets=np.array([0, 1]),
        origins=np.repeat(cutoff.origins, 2),
        cutoffs=np.repeat(cutoff.cutoffs, 2),
    )
    array = feature_array(FeatureSet((PlannedUnits(),)), source, context)
    np.testing.assert_array_equal(array[0, :, 0], [np.nan, 4.0])

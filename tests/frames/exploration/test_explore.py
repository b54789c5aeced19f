"""The numbers and sentences of the sections."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from supplynet.core.network import Plant
from supplynet.errors import InvalidInput
from supplynet.frames.demand import empty_demand
from supplynet.frames.exploration import Exploration, explore

NOW = datetime(2025, 6, 1, 6, tzinfo=UTC)
KEYS = (
    *("summary", "over_time", "distributions", "heat_map", "seasonality", "demand_class"),
    *("abc_xyz", "halts", "lead_times", "correlations", "missing", "unusual", "series"),
)


@pytest.fixture(scope="module")
def seen(history: pl.DataFrame, plant: Plant, deliveries: pl.DataFrame) -> Exploration:
    return explore(history, plant=plant, deliveries=deliveries, now=NOW)


def daily(values: Sequence[float | None], *, location: str = "L", part: str = "P") -> pl.DataFrame:
    days = [date(2025, 1, 6) + timedelta(days=n) for n in range(len(values))]
    return pl.DataFrame(
        {
            "warehouse_id": [location] * len(values),
            "sku_id": [part] * len(values),
            "date": days,
            "units_sold": pl.Series(values, dtype=pl.Float64),
        }
    )


def test_every_section_is_there_in_order_with_its_sentence(seen: Exploration) -> None:
    assert tuple(seen.sections) == KEYS
    for key, section in seen.sections.items():
        assert section.key == key
        assert section.sentence[0].isupper() or section.sentence[0].isdigit()
        assert section.sentence.endswith(".")
        assert getattr(seen, key) is section
        assert key in dir(seen)
    with pytest.raises(AttributeError, match="heat_map"):
        seen.heatmap  # noqa: B018 - the name is wrong on purpose


def test_the_summary_counts(seen: Exploration, history: pl.DataFrame) -> None:
    figures = dict(seen.summary.frame.iter_rows())
    assert figures["rows"] == history.height
    assert (figures["series"], figures["locations"], figures["parts"]) == (12, 3, 4)
    starved = history.filter(pl.col("starved_minutes") > 0).height
    assert figures["unobserved_share"] == pytest.approx(starved / history.height)
    assert "3 lines used" in seen.summary.sentence
    assert "4 parts in the 139 days to 24 May 2025" in seen.summary.sentence


def test_the_odd_line_is_named_with_its_share(seen: Exploration) -> None:
    assert seen.heat_map.sentence.startswith("Line L3 uses 50 % less at night than by day; the")
    assert seen.heat_map.sentence.endswith("other lines 20 % less.")


def test_a_cell_of_the_heat_map_is_the_use_over_the_lines_own_average(seen: Exploration) -> None:
    nights = seen.heat_map.frame.filter(location_id="L3", shift="night")
    assert nights["step"].to_list() == [0, 1, 2, 3, 4, 5]  # no Sunday
    assert nights["index"].to_list() == pytest.approx([0.5 / 0.75] * 6, abs=0.03)
    assert nights["mean"].mean() == pytest.approx(0.5 * 40 * (1 + 2 + 3 + 4), rel=0.03)


def test_without_shifts_weekdays_are_compared() -> None:
    week = [10.0, 10, 10, 10, 16, 4, 10]
    said = explore(daily(week * 10)).heat_map.sentence
    assert said == "Most is used on Friday (60 % more than usual), least on Saturday (60 % less)."


def test_the_doubled_series_is_a_change_of_level(seen: Exploration) -> None:
    (row,) = seen.over_time.frame.to_dicts()
    assert (row["location_id"], row["part_id"]) == ("L2", "P4")
    assert row["since"] == date(2025, 3, 17)  # day 70
    assert row["change"] == pytest.approx(1.0, abs=0.1)
    assert "1 series moved to another level: L2/P4" in seen.over_time.sentence
    assert seen.unusual.frame["part_id"][0] == "P4"


def test_halts_are_counted_and_their_loss_is_rate_times_time(
    seen: Exploration, history: pl.DataFrame
) -> None:
    (row,) = seen.halts.frame.to_dicts()
    starved = history.filter(pl.col("starved_minutes") > 0)
    assert row["location_id"] == "L1"
    assert row["halts"] == starved["period_start"].n_unique()
    assert row["starved_minutes"] == 90 * row["halts"]
    assert row["lost"] == pytest.approx(float((starved["rate"] * 1.5).sum()))
    costs = starved["part_id"].str.tail(1).cast(pl.Float64)
    assert row["cost"] == pytest.approx(float((starved["rate"] * 1.5 * costs).sum()))
    assert seen.halts.sentence.startswith("1 of 3 lines stood still for ")


def test_findings_name_the_parts_behind_halts(history: pl.DataFrame) -> None:
    effects = pl.DataFrame(
        {
            "kind": ["halt", "halt", "late_truck", "outlier"],
            "location_id": "L1",
            "part_id": ["P2", "P2", "P1", "P9"],
        }
    )
    table = explore(history, findings=effects).halts.table
    assert table is not None
    assert table.rows[0][-1] == "P2 and P1"


def test_lead_times_by_lane_and_by_shift_of_ordering(seen: Exploration) -> None:
    lanes = {row["lane"]: row for row in seen.lead_times.frame.to_dicts()}
    near, far = lanes["WH → near"], lanes["WH → far"]
    assert (near["q50"], near["late_share"], near["received"]) == (120, 0.0, 100)
    assert (far["q05"], far["q95"], far["received"], far["orders"]) == (240, 360, 100, 101)
    assert far["late_share"] == pytest.approx(51 / 101)  # the open one is past its due time too
    assert far["overdue"] == 1
    said = seen.lead_times.sentence
    assert "of WH → far 50 %" in said
    assert "ordered in the night shift they take 4 h, in the day shift 3 h" in said
    assert said.endswith("1 order is overdue.")


def test_without_deliveries_it_is_said_what_to_import(history: pl.DataFrame) -> None:
    assert "import orders with ordered_at" in explore(history).lead_times.sentence


def test_parts_are_ranked_by_value_where_costs_are_known(
    history: pl.DataFrame, plant: Plant
) -> None:
    by_quantity = explore(history).abc_xyz
    by_value = explore(history, costs={"P1": 100.0, "P2": 1.0}).abc_xyz
    assert by_quantity.frame["part_id"].to_list() == ["P4", "P3", "P2", "P1"]
    assert by_value.frame["part_id"].to_list() == ["P1", "P2", "P3", "P4"]
    assert by_value.frame["value"].to_list()[2:] == [0.0, 0.0]
    table = {"part_id": ["P1", "P2"], "unit_cost": [100.0, 1.0]}
    assert explore(history, costs=table).abc_xyz.sentence == by_value.sentence
    assert explore(history, plant=plant).abc_xyz.frame["part_id"][0] == "P4"


def test_lost_days_of_one_part_are_missing(seen: Exploration) -> None:
    worst = seen.missing.frame.sort("missing").row(-1, named=True)
    assert (worst["location_id"], worst["part_id"], worst["missing"]) == ("L1", "P2", 5)
    assert "in 1 series" in seen.missing.sentence


def test_a_list_of_orders_is_read_as_one() -> None:
    orders = pl.concat([daily([5.0] * 90).gather_every(9), daily([2.0] * 90, part="Q")])
    seen = explore(orders)
    assert "a row only where something was used" in seen.missing.sentence
    classes = dict(seen.demand_class.frame.select("part_id", "demand_class").iter_rows())
    assert classes == {"P": "intermittent", "Q": "smooth"}


def test_rows_after_now_are_left_out_and_counted(history: pl.DataFrame) -> None:
    first = history["period_start"].min()
    assert isinstance(first, datetime)
    seen = explore(history, now=first + timedelta(days=30))
    figures = dict(seen.summary.frame.iter_rows())
    assert figures["rows"] + figures["left_out"] == history.height
    assert figures["rows"] < history.height / 4
    nothing = explore(history, now=first - timedelta(days=1))
    assert (
        nothing.summary.sentence
        == f"All {history.height:,} rows lie after the moment of this page."
    )


def test_the_frame_of_all_series_holds_them_all_the_largest_first(seen: Exploration) -> None:
    frame = seen.sections["series"].frame
    assert frame.height == 12
    assert frame["value"].is_sorted(descending=True)
    assert {"demand_class", "abc", "xyz", "season_strength", "score"} <= set(frame.columns)


@pytest.mark.parametrize(
    "values",
    [
        *[[5.0], [0.0], [None], [5.0, 6.0], [0.0] * 60, [None] * 60, [math.nan] * 60],
        *[[7.0] * 100, [1e-9 * n for n in range(100)], [9e15] * 60, [0.0] * 59 + [1.0]],
    ],
)
def test_frames_of_next_to_nothing_give_a_page_of_sentences(values: Sequence[float | None]) -> None:
    seen = explore(daily(values))
    assert tuple(seen.sections) == KEYS
    page = seen.to_html()
    for section in seen.sections.values():
        assert len(section.sentence) > 10
        assert not {"nan", "inf", "None"} & set(section.sentence.replace(",", " ").split())
    for wrong in ('"nan', ">nan<", "nan%", "inf%"):
        assert wrong not in page


def test_an_empty_frame_gives_a_page_too(plant: Plant, deliveries: pl.DataFrame) -> None:
    seen = explore(empty_demand(), plant=plant, deliveries=deliveries, now=NOW)
    assert seen.summary.sentence.startswith("There are no rows")
    assert "There are no rows" in seen.to_html()


def test_a_dict_of_columns_is_a_table() -> None:
    table = {"location_id": ["a"], "part_id": ["b"], "date": ["2026-01-05"], "demand": [3]}
    assert "used 3 pieces of 1 part on 5 Jan 2026" in explore(table).summary.sentence


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"now": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001 - naive on purpose
        ({"costs": {"P": -1.0}}, "cost -1.0 of part P"),
        ({"costs": {"P": math.nan}}, "cost nan of part P"),
        ({"costs": {"part": ["P"]}}, "part_id and unit_cost"),
        ({"findings": {"what": ["x"]}}, "rule or kind"),
        ({"deliveries": {"ordered_at": ["yesterday"]}}, "datetime"),
        ({"drivers": 7}, "not a table"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        explore(daily([1.0]), **arguments)  # type: ignore[arg-type] # wrong on purpose


@pytest.mark.parametrize("value", [math.inf, 1e300])
def test_an_amount_that_no_count_can_hold_is_refused(value: float) -> None:
    with pytest.raises(InvalidInput):
        explore(daily([value] * 3))

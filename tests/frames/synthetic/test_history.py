from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from supplynet.frames.demand import DEMAND_SCHEMA, KEY, conform
from supplynet.frames.synthetic import (
    SyntheticHistory,
    demo_plant,
    generate_demand,
    generate_history,
    history_of,
    tiny_plant,
)
from supplynet.frames.synthetic.effects import EFFECTS_SCHEMA
from supplynet.frames.synthetic.scenario import SupplyShape
from supplynet.frames.tables import DELIVERIES_SCHEMA, STOCK_SCHEMA
from supplynet.frames.triggers import refill_triggers

if TYPE_CHECKING:
    from tests.frames.synthetic.conftest import World

START = date(2025, 1, 1)
LINE = ["location_id", "period_start"]
SHORT = SupplyShape(plays=True, safety_z=0, late_share=0.1)


@pytest.fixture(scope="module")
def year() -> SyntheticHistory:
    return generate_history(demo_plant(), start=START, days=365, seed=1)


@pytest.fixture(scope="module")
def supplied() -> SyntheticHistory:
    plant = demo_plant(showrooms=2, stations=1)
    return history_of(generate_demand(plant, start=START, days=90, seed=1), SHORT, seed=1)


def test_a_history_conforms(year: SyntheticHistory, supplied: SyntheticHistory) -> None:
    for made in (year, supplied):
        assert conform(made.demand).equals(made.demand)
        assert made.demand.schema == DEMAND_SCHEMA
        assert made.truth.select(KEY).equals(made.demand.select(KEY))
        assert made.effects.schema == EFFECTS_SCHEMA
        assert made.stock.schema == STOCK_SCHEMA
        assert made.deliveries.schema == DELIVERIES_SCHEMA
    assert year.stock.is_empty()
    assert year.deliveries.is_empty()
    assert supplied.stock.select(KEY).equals(supplied.demand.select(KEY))


def test_the_same_seed_makes_the_same_bytes() -> None:
    one, two, other = (
        generate_history(tiny_plant(), start=START, days=30, seed=seed) for seed in (7, 7, 8)
    )
    for name in ("demand", "truth", "plan", "effects"):
        assert getattr(one, name).equals(getattr(two, name))
    assert not one.truth.equals(other.truth)


@pytest.mark.parametrize("days", [1, 28, 90])
def test_a_longer_history_begins_with_the_shorter_one(days: int) -> None:
    plant = demo_plant(showrooms=2, stations=1, parts=20)
    long = generate_history(plant, start=START, days=118, seed=3)
    short = generate_history(plant, start=START, days=days, seed=3)
    before = pl.col("period_start") <= short.demand["period_start"].max()
    assert long.demand.filter(before).equals(short.demand)
    assert long.truth.filter(before).equals(short.truth)


def test_a_longer_supply_begins_with_the_shorter_one_as_known_at_its_end(
    supplied: SyntheticHistory,
) -> None:
    plant = demo_plant(showrooms=2, stations=1)
    short = history_of(generate_demand(plant, start=START, days=30, seed=1), SHORT, seed=1)
    last = short.demand["period_start"].max()
    assert supplied.stock.filter(pl.col("period_start") <= last).equals(short.stock)
    placed = supplied.deliveries.filter(pl.col("ordered_at") <= last)
    came = pl.col("received_at") < pl.lit(last) + timedelta(hours=12)
    assert placed.with_columns(pl.when(came).then("received_at")).equals(short.deliveries)


def test_nobody_consumes_more_than_was_wanted(year: SyntheticHistory) -> None:
    assert (year.demand["consumed"] <= year.truth["true_demand"]).all()


@pytest.mark.parametrize("name", ["year", "supplied"])
def test_a_period_is_seen_as_a_whole_or_not_at_all(
    name: str, request: pytest.FixtureRequest
) -> None:
    """A starved line hides the demand of all its parts; otherwise all of it is served and seen."""
    made: SyntheticHistory = request.getfixturevalue(name)
    both = made.demand.with_columns(true=made.truth["true_demand"])
    served = both.filter(pl.col("starved_minutes") == 0)
    starved = both.filter(pl.col("starved_minutes") > 0)
    assert served["demand"].equals(served["true"].alias("demand"))
    assert starved["demand"].is_null().all()
    assert starved.height > 100
    minutes = made.demand.group_by(LINE).agg(pl.col("starved_minutes").n_unique())
    assert (minutes["starved_minutes"] == 1).all()


def test_halts_are_as_frequent_as_asked(year: SyntheticHistory) -> None:
    starved = (year.demand["starved_minutes"] > 0).mean()
    assert starved == pytest.approx(0.8 / 60, rel=0.2)
    none = generate_history(
        tiny_plant(), start=START, days=30, seed=1, halts_per_line_month=0
    ).demand
    assert none["demand"].equals(none["consumed"].cast(pl.Float64).alias("demand"))


def test_minutes_fit_into_the_shift(year: SyntheticHistory, supplied: SyntheticHistory) -> None:
    for made in (year, supplied):
        lost = made.demand["starved_minutes"] + made.demand["stopped_minutes"]
        assert (lost <= 13 * 60).all()  # the night on which the clocks go back


def test_the_effects_name_every_starved_minute_once(supplied: SyntheticHistory) -> None:
    halts = supplied.effects.filter(pl.col("kind") == "halt")
    lines = supplied.demand.group_by(LINE).agg(pl.col("starved_minutes").first())
    assert halts["strength"].sum() == lines["starved_minutes"].sum()
    starved = lines.filter(pl.col("starved_minutes") > 0)
    covered = starved.join_where(
        halts.select("location_id", "period_end", begin="period_start"),
        pl.col("location_id") == pl.col("location_id_right"),
        pl.col("period_start") >= pl.col("begin"),
        pl.col("period_start") < pl.col("period_end"),
    )
    assert covered.height == starved.height
    assert halts.height < starved.height  # some last for more than a period, and count once
    assert halts["part_id"].is_not_null().mean() > 0.5  # type: ignore[operator]  # a number


def test_a_halt_over_two_shifts_is_one(world: World) -> None:
    """One bolt a shift for a week, then ten thousand: far more than there is."""
    made = world({("A", "bolt"): [1] * 14 + [10_000] * 3 + [1] * 3}, 20)
    fixed = SupplyShape(
        plays=True,
        lead_periods_low=2,
        lead_periods_mode=2,
        lead_periods_high=2,
        late_share=0,
        halts_per_line_month=0,
        night_factor=1,
    )
    history = history_of(made, fixed, seed=1)
    halts = history.effects.filter(pl.col("kind") == "halt")
    starved = history.demand.filter(pl.col("starved_minutes") > 0)
    assert halts.height == 1
    assert halts["part_id"].to_list() == ["bolt"]
    assert halts["period_start"].item() == starved["period_start"].min()
    assert starved.height >= 2


def test_late_trucks_are_in_the_effects_with_their_orders(supplied: SyntheticHistory) -> None:
    late = supplied.effects.filter(pl.col("kind") == "late_truck")
    orders = supplied.deliveries.join(late, left_on="order_id", right_on="detail", how="inner")
    assert orders.height == late.height > 20
    assert orders["ordered_at"].equals(orders["period_start"].alias("ordered_at"))
    overdue = (pl.col("received_at") - pl.col("due_at")).dt.total_minutes()
    on_time = supplied.deliveries.join(late, left_on="order_id", right_on="detail", how="anti")
    mean = [frame.select(overdue.mean()).item() for frame in (orders, on_time)]
    assert mean[0] > mean[1] + 720


def test_order_ids_are_unique_and_orders_come_after_they_are_placed(
    supplied: SyntheticHistory,
) -> None:
    orders = supplied.deliveries
    assert orders["order_id"].is_unique().all()
    assert orders["ordered_at"].is_sorted()
    assert (orders["received_at"] > orders["ordered_at"]).all()
    assert orders["from_location"].unique().to_list() == ["WH1"]


def test_every_refill_that_was_due_was_ordered_and_no_other(supplied: SyntheticHistory) -> None:
    labels = refill_triggers(supplied.stock, supplied.deliveries)
    assert (labels["triggered"] == (labels["ordered_quantity"] > 0)).all()
    assert (labels["ordered_quantity"] >= labels["required_quantity"]).all()
    assert 0.05 < labels["triggered"].cast(pl.Float64).mean() < 0.5  # type: ignore[operator]  # a number


def test_a_line_that_rests_has_no_rows(world: World) -> None:
    nights = {"B": lambda shift: shift.name == "night"}
    made = world({("A", "bolt"): 5, ("B", "bolt"): 5}, 28, closed=nights)
    history = history_of(made, replace(SHORT, halts_per_line_month=0), seed=1)
    rows = history.demand.group_by("location_id").len().sort("location_id")
    assert rows["len"].to_list() == [28, 14]
    assert history.demand.filter(pl.col("location_id") == "B")["shift"].unique().to_list() == [
        "day"
    ]
    assert history.stock.select(KEY).equals(history.demand.select(KEY))
    assert conform(history.demand).equals(history.demand)

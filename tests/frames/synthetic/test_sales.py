from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from supplynet.errors import InvalidInput
from supplynet.frames.demand import ensure_demand
from supplynet.frames.synthetic.effects import EFFECTS_SCHEMA
from supplynet.frames.synthetic.sales import (
    SALES_DEMAND,
    Sales,
    generate_sales,
    sales_training_data,
)
from supplynet.frames.synthetic.scenario import DemandShape, PlantShape, SalesShape, Scenario

DAY = ["date", "warehouse_id", "sku_id"]
SCENARIO = Scenario(
    days=120,
    demand=SALES_DEMAND,
    sales=SalesShape(warehouses=3, skus=10, clients=100, orders_per_day=3),
)


@pytest.fixture(scope="module")
def busy() -> Sales:
    return generate_sales(SCENARIO, 1)


def test_sales_have_one_row_per_warehouse_sku_and_day() -> None:
    sales = sales_training_data(2, 3, 10, seed=1)
    assert sales.columns == [
        *("date", "warehouse_id", "sku_id", "units_sold"),
        *("order_id", "client_id", "location_lat", "location_lng"),
    ]
    assert sales.height == sales.unique(DAY).height == 60
    assert sales["warehouse_id"].unique().sort().to_list() == ["WH001", "WH002"]
    assert sales["sku_id"].max() == "SKU-003"
    assert sales["order_id"].n_unique() == 60
    assert sales.group_by("warehouse_id").agg(pl.col("location_lat").n_unique())[
        "location_lat"
    ].to_list() == [1, 1]
    assert sales.select(DAY).equals(sales.select(DAY).sort(DAY))


def test_sales_come_in_at_the_door() -> None:
    assert ensure_demand(sales_training_data(2, 3, 10, seed=1)).height == 60


@pytest.mark.parametrize("orders_per_day", [1.0, 4.0])
def test_more_days_add_rows_and_change_none(orders_per_day: float) -> None:
    long, short = (
        sales_training_data(3, 4, days, seed=2, orders_per_day=orders_per_day) for days in (60, 32)
    )
    assert long.head(short.height).equals(short)
    assert not sales_training_data(3, 4, 32, seed=3, orders_per_day=orders_per_day).equals(short)


def test_a_further_warehouse_or_sku_changes_the_sales_of_no_other() -> None:
    few, many = sales_training_data(2, 3, 30, seed=1), sales_training_data(3, 5, 30, seed=1)
    without = ["order_id"]
    common = many.join(few.select(DAY), on=DAY, how="semi")
    assert common.drop(without).equals(few.drop(without))


def test_one_sku_in_five_sells_on_few_days() -> None:
    sales = sales_training_data(1, 150, 100, seed=1)
    zero = sales.group_by("sku_id").agg((pl.col("units_sold") == 0).mean())["units_sold"].to_numpy()
    assert (zero > 0.5).mean() == pytest.approx(0.2, abs=0.07)
    assert ((zero < 0.2) | (zero > 0.5)).mean() > 0.95


def test_the_truth_says_what_a_day_sold_and_was_expected_to() -> None:
    sales, truth, effects = generate_sales(replace(SCENARIO, days=360), 1)
    assert truth.height == 360 * 30
    assert truth.columns == [*DAY, "units_sold", "mean"]
    assert truth["units_sold"].sum() == pytest.approx(truth["mean"].sum(), rel=0.02)
    assert effects.schema == EFFECTS_SCHEMA
    campaigns = effects.filter(pl.col("kind") == "campaign")
    assert campaigns.height / 30 == pytest.approx(2.4, abs=0.8)
    assert set(campaigns["location_id"].unique()) == {"WH001", "WH002", "WH003"}
    assert set(campaigns["part_id"].unique()) <= set(sales["sku_id"].unique())


def test_a_promotion_sells_almost_twice_as_much() -> None:
    busy, quiet = (
        generate_sales(replace(SCENARIO, demand=demand), 1)
        for demand in (SALES_DEMAND, replace(SALES_DEMAND, campaigns_per_line_year=0))
    )
    ratio = (busy.truth["mean"] / quiet.truth["mean"]).to_numpy()
    promoted = ratio > 1.01
    assert ratio[promoted] == pytest.approx(np.full(promoted.sum(), 1.8))
    assert promoted.mean() == pytest.approx(0.02, abs=0.01)


def test_several_orders_a_day_sum_to_what_the_day_sold(busy: Sales) -> None:
    per_day = busy.sales.group_by(DAY, maintain_order=True).agg(pl.col("units_sold").sum())
    assert per_day.equals(busy.truth.select(*DAY, "units_sold"))
    orders = busy.sales.group_by(DAY).len().join(busy.truth, on=DAY)
    usual = orders.filter(pl.col("units_sold") > 15)
    assert usual["len"].mean() == pytest.approx(3, rel=0.1)
    assert (orders["len"] <= orders["units_sold"].clip(1)).all()
    sold = busy.sales.join(busy.truth.filter(pl.col("units_sold") > 0), on=DAY, how="semi")
    assert sold["units_sold"].min() == 1
    assert busy.sales["order_id"].is_unique().all()


def test_few_clients_order_much(busy: Sales) -> None:
    """Client k orders in proportion to 1/k: the first of 100 takes 19 % of the orders."""
    counts = busy.sales["client_id"].value_counts(sort=True)["count"].to_numpy()
    share = counts / counts.sum()
    assert share[0] == pytest.approx(0.193, abs=0.02)
    assert share[:20].sum() == pytest.approx(0.69, abs=0.04)


def test_what_sells_well_sells_well_everywhere() -> None:
    demand = DemandShape(shock_sd=0, product_shock_sd=0.4, noise_cv=0.05, stops_per_period=0)
    truth = generate_sales(replace(SCENARIO, demand=demand, days=300), 1).truth
    wide = truth.with_columns(ratio=pl.col("units_sold") / pl.col("mean")).pivot(
        on=["warehouse_id", "sku_id"], index="date", values="ratio"
    )
    correlation = np.corrcoef(wide.drop("date").to_numpy().T)
    assert np.mean([correlation[i, i + 10] for i in range(20)]) > 0.6
    assert abs(np.mean([correlation[i, i + 1] for i in range(20)])) < 0.3


def test_shops_are_closed_on_holidays() -> None:
    german = replace(SCENARIO, plant=PlantShape(holiday_country="DE"), days=3)
    sales, _, effects = generate_sales(german, 1)
    assert sales["date"].unique().sort().to_list() == [date(2025, 1, 2), date(2025, 1, 3)]
    assert effects.filter(pl.col("kind") == "holiday").select("location_id", "part_id").rows() == [
        ("WH001", None),
        ("WH002", None),
        ("WH003", None),
    ]


def test_no_days_are_refused() -> None:
    with pytest.raises(InvalidInput):
        sales_training_data(1, 1, 0, seed=1)
    with pytest.raises(InvalidInput, match="orders_per_day is 0"):
        sales_training_data(1, 1, 1, seed=1, orders_per_day=0)
    with pytest.raises(InvalidInput, match="no open day in 1 days"):
        generate_sales(replace(SCENARIO, plant=PlantShape(holiday_country="DE"), days=1), 1)

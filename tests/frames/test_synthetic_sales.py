import polars as pl
import pytest

from supplynet.errors import InvalidInput
from supplynet.frames.demand import ensure_demand
from supplynet.frames.synthetic_sales import sales_training_data


def test_sales_have_one_row_per_warehouse_sku_and_day() -> None:
    sales = sales_training_data(2, 3, 10, seed=1)
    assert sales.columns == [
        *("date", "warehouse_id", "sku_id", "units_sold"),
        *("order_id", "client_id", "location_lat", "location_lng"),
    ]
    assert sales.height == sales.unique(["date", "warehouse_id", "sku_id"]).height == 60
    assert sales["warehouse_id"].unique().sort().to_list() == ["WH001", "WH002"]
    assert sales["sku_id"].max() == "SKU-003"
    assert sales["order_id"].n_unique() == 60
    assert sales.group_by("warehouse_id").agg(pl.col("location_lat").n_unique())[
        "location_lat"
    ].to_list() == [1, 1]


def test_sales_come_in_at_the_door() -> None:
    assert ensure_demand(sales_training_data(2, 3, 10, seed=1)).height == 60


def test_more_days_add_rows_and_change_none() -> None:
    long, short = (sales_training_data(3, 4, days, seed=2) for days in (60, 32))
    assert long.head(short.height).equals(short)
    assert not sales_training_data(3, 4, 32, seed=3).equals(short)


def test_one_sku_in_five_sells_on_few_days() -> None:
    sales = sales_training_data(1, 5, 200, seed=1)
    zero = sales.group_by("sku_id").agg((pl.col("units_sold") == 0).mean()).sort("sku_id")
    assert zero["units_sold"].to_list()[4] > 0.6
    assert zero["units_sold"].to_list()[0] < 0.1


def test_no_days_are_refused() -> None:
    with pytest.raises(InvalidInput):
        sales_training_data(1, 1, 0, seed=1)

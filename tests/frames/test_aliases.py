from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.errors import InvalidInput
from supplynet.frames.aliases import rename_aliases, to_guide, to_nixtla, to_polars
from supplynet.frames.demand import DEMAND_SCHEMA, ensure_demand

DAYS = [date(2026, 1, 5), date(2026, 1, 6)]
GUIDE = pl.DataFrame(
    {
        "warehouse_id": ["WH001", "WH001"],
        "sku_id": ["SKU-001", "SKU-001"],
        "date": DAYS,
        "units_sold": [3, 4],
    }
)


@pytest.mark.parametrize(
    "names",
    [
        ("warehouse_id", "sku_id", "date", "units_sold"),
        ("store_id", "item_id", "date", "units"),
        ("warehouse", "product_code", "date", "order_demand"),
        ("Warehouse ID", "SKU-ID", "Date", " Units Sold"),
        ("location_id", "part_id", "period_start", "demand"),
    ],
)
def test_known_names_become_ours(names: tuple[str, ...]) -> None:
    made = ensure_demand(GUIDE.rename(dict(zip(GUIDE.columns, names, strict=True))))
    assert made.equals(ensure_demand(GUIDE))
    assert made["demand"].to_list() == [3.0, 4.0]


def test_the_guides_names_come_back() -> None:
    assert to_guide(ensure_demand(GUIDE)).equals(GUIDE)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e6) | st.none(), min_size=1, max_size=20), st.sampled_from("ab"))
def test_nixtlas_names_round_trip(demand: list[float | None], line: str) -> None:
    frame = pl.DataFrame(
        {
            "location_id": line,
            "part_id": "P-1",
            "period_start": pl.date_range(date(2026, 1, 1), date(2026, 1, len(demand)), eager=True),
            "demand": pl.Series(demand, dtype=pl.Float64),
        }
    )
    made = ensure_demand(frame)
    nixtla = to_nixtla(made)
    assert nixtla.columns == ["unique_id", "ds", "y"]
    assert ensure_demand(nixtla).equals(made)


def test_a_series_without_a_slash_keeps_its_name() -> None:
    nixtla = pl.DataFrame({"unique_id": ["H1"], "ds": DAYS[:1], "y": [1.5]})
    made = ensure_demand(nixtla)
    assert made["part_id"].to_list() == ["H1"]
    assert to_nixtla(made)["unique_id"].to_list() == ["H1"]


def test_two_columns_for_one_name_are_refused() -> None:
    with pytest.raises(InvalidInput, match="warehouse_id, store_id can all be location_id"):
        rename_aliases(GUIDE.with_columns(store_id=pl.lit("X")))


def test_a_general_word_gives_way_to_a_clear_one() -> None:
    frame = GUIDE.with_columns(value=pl.lit(9), week=pl.lit(1), product=pl.lit("bolt"))
    made = ensure_demand(frame)
    assert made.equals(ensure_demand(GUIDE))


def test_our_own_name_wins_over_aliases() -> None:
    made = rename_aliases(pl.DataFrame({"demand": [1], "units_sold": [2]}))
    assert made["demand"].to_list() == [1]


class ArrowOnly:
    """Any library's table that speaks the Arrow C stream and nothing else."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return GUIDE.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "table",
    [GUIDE.lazy(), ArrowOnly(), GUIDE.to_dict(as_series=False)],
    ids=["lazy", "arrow", "dict"],
)
def test_tables_of_other_libraries_come_in(table: Any) -> None:
    assert to_polars(table).equals(GUIDE)


def test_a_pandas_frame_comes_in() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(GUIDE.to_dict(as_series=False))
    frame["date"] = pandas.to_datetime(frame["date"])
    assert ensure_demand(frame).equals(ensure_demand(GUIDE))


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(InvalidInput, match="int is not a table"):
        to_polars(3)


def test_an_empty_table_is_an_empty_demand_frame() -> None:
    assert ensure_demand(GUIDE.clear()).schema == DEMAND_SCHEMA

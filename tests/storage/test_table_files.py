from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from supplynet.errors import InvalidInput, StoreError
from supplynet.frames.tables import DELIVERIES_SCHEMA, PLAN_SCHEMA
from supplynet.storage.table_files import Upserted, read_table, write_table

AT = datetime(2024, 1, 8, tzinfo=UTC)


def orders(**quantities: int) -> pl.DataFrame:
    count = len(quantities)
    return pl.DataFrame(
        {
            "order_id": list(quantities),
            "from_location": ["acme"] * count,
            "location_id": ["W1"] * count,
            "part_id": ["bolt"] * count,
            "quantity": list(quantities.values()),
            "ordered_at": [AT] * count,
        }
    )


def test_a_table_that_was_never_written_is_empty(tmp_path: Path) -> None:
    assert read_table(tmp_path / "tables", "plan").equals(pl.DataFrame(schema=PLAN_SCHEMA))


def test_the_same_key_again_replaces_its_row(tmp_path: Path) -> None:
    assert write_table(tmp_path, "deliveries", orders(b=1, a=2)) == Upserted(
        new=2, changed=0, unchanged=0
    )
    assert write_table(tmp_path, "deliveries", orders(a=2, b=5, c=7)) == Upserted(
        new=1, changed=1, unchanged=1
    )
    read = read_table(tmp_path, "deliveries")
    assert read.schema == DELIVERIES_SCHEMA
    assert read.select("order_id", "quantity").rows() == [("a", 2), ("b", 5), ("c", 7)]


def test_the_same_rows_again_do_not_touch_the_file(tmp_path: Path) -> None:
    write_table(tmp_path, "deliveries", orders(a=1))
    before = (tmp_path / "deliveries.parquet").stat()
    assert write_table(tmp_path, "deliveries", orders(a=1)).unchanged == 1
    assert (tmp_path / "deliveries.parquet").stat().st_mtime_ns == before.st_mtime_ns
    assert not list(tmp_path.glob("*.draft"))


def test_comparing_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    assert write_table(folder, "deliveries", orders(a=1), write=False).new == 1
    assert not folder.exists()


def test_a_row_without_its_key_is_refused(tmp_path: Path) -> None:
    nameless = orders(a=1).with_columns(part_id=pl.lit(None))
    with pytest.raises(InvalidInput, match="1 rows of deliveries have no order_id or location_id"):
        write_table(tmp_path, "deliveries", nameless)
    with pytest.raises(InvalidInput, match="there is no table 'sales'; there are plan, deliveries"):
        read_table(tmp_path, "sales")


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "plan.parquet").write_text("nonsense")
    with pytest.raises(StoreError, match=r"plan.parquet cannot be read"):
        read_table(tmp_path, "plan")

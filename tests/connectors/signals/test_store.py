"""What a workspace keeps: nothing known is lost, and revisions are rows of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.connectors.signals.revisions import merge_revisions
from supplynet.connectors.signals.rows import drivers_frame
from supplynet.connectors.signals.store import add_drivers, read_drivers
from supplynet.errors import StoreError
from supplynet.frames.drivers import join_drivers
from supplynet.frames.tables import DRIVERS_SCHEMA


def day(number: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number - 1)


def frame(*rows: tuple[int, float, int]) -> pl.DataFrame:
    """Rows of (day it holds from, value, day it was known)."""
    return drivers_frame([("gdp", day(at), value, day(known)) for at, value, known in rows])


def found(merged: pl.DataFrame) -> list[tuple[int, float, int]]:
    return [
        ((at - day(1)).days + 1, value, (known - day(1)).days + 1)
        for at, value, known in merged.select("at", "value", "known_at").rows()
    ]


def test_what_is_there_already_is_not_added_again() -> None:
    stored = frame((1, 5.0, 2))
    assert found(merge_revisions(stored, stored, day(9), dated=False)) == [(1, 5.0, 2)]


def test_another_value_of_a_stored_period_is_known_from_the_moment_it_was_seen() -> None:
    merged = merge_revisions(frame((1, 5.0, 2)), frame((1, 6.0, 2)), day(9), dated=False)
    assert found(merged) == [(1, 5.0, 2), (1, 6.0, 9)]
    again = merge_revisions(merged, frame((1, 6.0, 2)), day(12), dated=False)
    assert found(again) == found(merged)
    back = merge_revisions(merged, frame((1, 5.0, 2)), day(20), dated=False)
    assert found(back) == [(1, 5.0, 2), (1, 6.0, 9), (1, 5.0, 20)]


def test_a_publisher_that_dates_its_revisions_is_believed() -> None:
    vintages = frame((1, 5.0, 2), (1, 6.0, 4), (1, 6.0, 5))
    merged = merge_revisions(frame((1, 5.0, 3)), vintages, day(9), dated=True)
    assert found(merged) == [(1, 5.0, 2), (1, 6.0, 4)]


def test_a_backtest_before_the_revision_still_sees_what_was_known_then() -> None:
    merged = merge_revisions(frame((1, 5.0, 2)), frame((1, 6.0, 2)), day(9), dated=False)
    rows = pl.DataFrame(
        {
            "location_id": "SR1.ST1.A",
            "part_id": "P-1",
            "period_start": [day(20)] * 4,
            "cutoff": [day(1), day(2), day(8), day(9)],
        }
    )
    assert join_drivers(rows, merged)["gdp"].to_list() == [None, 5.0, 5.0, 6.0]


FETCHES = st.lists(
    st.tuples(
        st.integers(min_value=2, max_value=40),
        st.lists(st.sampled_from([1.0, 2.0]), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=5,
)


@given(FETCHES)
def test_no_value_is_known_before_it_was_published_or_first_seen(
    fetches: list[tuple[int, list[float]]],
) -> None:
    """Day n has its value a day later; each fetch sees the days that are over."""
    stored, first_seen = pl.DataFrame(schema=DRIVERS_SCHEMA), dict[tuple[int, float], int]()
    taken: set[int] = set()
    for now, values in sorted(fetches):
        seen = [(at, value, at + 1) for at, value in enumerate(values, start=1) if at + 1 <= now]
        for at, value, known in seen:
            first_seen.setdefault((at, value), now if at in taken else known)
        taken |= {at for at, _, _ in seen}
        stored = merge_revisions(stored, frame(*seen), day(now), dated=False)
    for at, value, known in found(stored):
        assert known >= first_seen[at, value]


def test_rows_are_kept_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "tables" / "drivers.parquet"
    assert read_drivers(path).is_empty()
    assert add_drivers(path, frame((1, 5.0, 2), (2, 6.0, 3)), day(3), dated=False) == 2
    assert add_drivers(path, frame((2, 6.0, 3), (3, 7.0, 4)), day(4), dated=False) == 1
    assert found(read_drivers(path)) == [(1, 5.0, 2), (2, 6.0, 3), (3, 7.0, 4)]
    assert [entry.name for entry in path.parent.glob("*.draft")] == []


def test_a_value_corrected_in_place_by_its_owner_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "drivers.parquet"
    add_drivers(path, frame((1, 5.0, 2)), day(3), dated=True)
    assert add_drivers(path, frame((1, 6.0, 2)), day(4), dated=True) == 1
    assert found(read_drivers(path)) == [(1, 6.0, 2)]


def test_a_damaged_file_is_a_store_error_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "drivers.parquet"
    path.write_bytes(b"not parquet")
    with pytest.raises(StoreError, match="cannot be read"):
        add_drivers(path, frame((1, 5.0, 2)), day(3), dated=False)
    assert path.read_bytes() == b"not parquet"


def test_a_folder_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "tables").write_text("a file")
    with pytest.raises(StoreError, match="cannot be written"):
        add_drivers(tmp_path / "tables" / "d.parquet", frame((1, 5.0, 2)), day(3), dated=True)

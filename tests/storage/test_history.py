from __future__ import annotations

from datetime import UTC, datetime, timedelta
from errno import ENOSPC
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from supplynet.errors import InvalidInput, StoreError
from supplynet.frames.demand import DEMAND_SCHEMA, conform
from supplynet.storage.history import (
    HistoryDraft,
    changed_rows,
    newest_period,
    read_demand,
    read_history,
    replace_history,
    write_history,
)

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
SHIFT = timedelta(hours=12)


def demand(*consumed: int, start: datetime = NEW_YEAR, part_id: str = "P-001") -> pl.DataFrame:
    """One line, one part, one row per shift from ``start``."""
    return conform(
        pl.DataFrame(
            {
                "location_id": "SR1.ST1.A",
                "part_id": part_id,
                "period_start": [start + i * SHIFT for i in range(len(consumed))],
                "consumed": list(consumed),
            }
        )
    )


def test_history_lies_by_month_and_comes_back_as_it_was(tmp_path: Path) -> None:
    frame = demand(1, 2, 3, 4, start=NEW_YEAR - 2 * SHIFT)
    assert write_history(tmp_path, "imported", frame) == 4
    files = sorted(path.name for path in (tmp_path / "imported").glob("*.parquet"))
    assert files == ["2025-12.parquet", "2026-01.parquet"]
    assert read_history(tmp_path).equals(frame)
    assert read_history(tmp_path, NEW_YEAR, NEW_YEAR + SHIFT)["consumed"].to_list() == [3]
    assert read_history(tmp_path, end=NEW_YEAR)["consumed"].to_list() == [1, 2]


@pytest.mark.parametrize(("first", "last"), [(-9, 9), (-2, 3), (-1, 1), (0, 0), (20, 30)])
def test_demand_alone_is_that_of_the_whole_history(tmp_path: Path, first: int, last: int) -> None:
    start, end = NEW_YEAR + first * SHIFT, NEW_YEAR + last * SHIFT
    assert read_demand(tmp_path, start, end).is_empty()
    for part in ("P-001", "P-002"):
        many = demand(*range(12), start=NEW_YEAR - 6 * SHIFT, part_id=part)
        write_history(tmp_path, "imported", many)
    write_history(tmp_path, "ledger", demand(70, 80, 90, start=NEW_YEAR - SHIFT))
    found = read_demand(tmp_path, start, end)
    wanted = read_history(tmp_path, start, end).select(found.columns)
    assert found.columns[-1] == "demand"
    assert found.sort(found.columns[:-1]).equals(wanted)


def test_the_newest_period_is_known_without_reading_all(tmp_path: Path) -> None:
    assert newest_period(tmp_path) is None
    write_history(tmp_path, "imported", demand(1, 2, 3, start=NEW_YEAR - 2 * SHIFT))
    assert newest_period(tmp_path) == NEW_YEAR
    write_history(tmp_path, "ledger", demand(1, start=NEW_YEAR + 5 * SHIFT))
    assert newest_period(tmp_path) == NEW_YEAR + 5 * SHIFT
    write_history(tmp_path, "ledger", demand(1, start=NEW_YEAR + 9 * SHIFT))
    assert newest_period(tmp_path) == NEW_YEAR + 9 * SHIFT


def test_the_same_key_again_replaces_the_row_and_leaves_the_others(tmp_path: Path) -> None:
    write_history(tmp_path, "imported", demand(1, 2))
    write_history(tmp_path, "imported", demand(20, 30, start=NEW_YEAR + SHIFT))
    write_history(tmp_path, "imported", demand(7, part_id="P-002"))
    frame = read_history(tmp_path)
    assert frame["consumed"].to_list() == [1, 20, 30, 7]
    assert frame.schema == DEMAND_SCHEMA


def test_where_both_know_a_period_the_ledger_wins(tmp_path: Path) -> None:
    write_history(tmp_path, "ledger", demand(5))
    write_history(tmp_path, "imported", demand(1, 2))
    assert read_history(tmp_path)["consumed"].to_list() == [5, 2]
    assert read_history(tmp_path, kind="imported")["consumed"].to_list() == [1, 2]
    assert read_history(tmp_path, kind="ledger")["consumed"].to_list() == [5]


def test_no_history_is_an_empty_demand_frame(tmp_path: Path) -> None:
    assert read_history(tmp_path).schema == DEMAND_SCHEMA
    assert write_history(tmp_path, "ledger", demand()) == 0
    assert read_history(tmp_path).is_empty()


def test_a_frame_that_does_not_conform_changes_nothing(tmp_path: Path) -> None:
    write_history(tmp_path, "imported", demand(1))
    with pytest.raises(InvalidInput):
        write_history(tmp_path, "imported", demand(2).drop("period_start"))
    assert read_history(tmp_path)["consumed"].to_list() == [1]


def test_a_broken_file_is_named_and_not_overwritten(tmp_path: Path) -> None:
    write_history(tmp_path, "imported", demand(1))
    file = tmp_path / "imported" / "2026-01.parquet"
    file.write_bytes(file.read_bytes()[:100])
    for use in (
        lambda: read_history(tmp_path),
        lambda: write_history(tmp_path, "imported", demand(2)),
    ):
        with pytest.raises(StoreError, match=r"2026-01\.parquet"):
            use()
    assert file.stat().st_size == 100


def test_a_write_that_fails_leaves_the_month_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_history(tmp_path, "imported", demand(1))

    def no_space(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", no_space)
        with pytest.raises(StoreError, match="No space left"):
            write_history(tmp_path, "imported", demand(2))
    assert read_history(tmp_path)["consumed"].to_list() == [1]


def test_a_draft_counts_what_is_new_changed_and_as_before(tmp_path: Path) -> None:
    write_history(tmp_path, "imported", demand(10, 20, 30))
    with HistoryDraft(tmp_path, "imported", write=False) as draft:
        draft.add(demand(10, 21, 30, 40))
    assert (draft.new, draft.changed, draft.unchanged) == (1, 1, 2)
    assert read_history(tmp_path).equals(demand(10, 20, 30))


def test_nothing_is_replaced_before_every_month_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    january, february = demand(1), demand(2, start=NEW_YEAR + 62 * SHIFT)
    write_history(tmp_path, "imported", pl.concat([january, february]))
    before = read_history(tmp_path)
    written = pl.DataFrame.write_parquet
    room = [True, False]

    def full(self: pl.DataFrame, file: Any) -> None:
        if not room.pop(0):
            raise OSError(ENOSPC, "No space left on device")
        written(self, file)

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    both = pl.concat([january, february]).with_columns(consumed=pl.lit(9, dtype=pl.Int64))
    with pytest.raises(StoreError, match="No space left"):
        write_history(tmp_path, "imported", both)
    assert read_history(tmp_path).equals(before)
    assert not list((tmp_path / "imported").glob("*.draft"))


def test_a_month_without_a_change_keeps_its_file(tmp_path: Path) -> None:
    write_history(tmp_path, "imported", demand(1, 2))
    (file,) = (tmp_path / "imported").glob("*.parquet")
    before = file.stat().st_mtime_ns
    write_history(tmp_path, "imported", demand(1, 2))
    assert file.stat().st_mtime_ns == before


def test_what_is_replaced_holds_nothing_else(tmp_path: Path) -> None:
    write_history(tmp_path, "ledger", demand(1, 2, 3, start=NEW_YEAR - 2 * SHIFT))
    only = demand(7, start=NEW_YEAR)
    assert replace_history(tmp_path, "ledger", only) == 1
    assert read_history(tmp_path)["demand"].to_list() == [7]
    assert [file.name for file in (tmp_path / "ledger").glob("*.parquet")] == ["2026-01.parquet"]
    assert replace_history(tmp_path, "ledger", demand()) == 0
    assert read_history(tmp_path).is_empty()


def test_only_rows_that_are_other_than_there_are_changed(tmp_path: Path) -> None:
    write_history(tmp_path, "ledger", demand(1, 2, 3))
    assert changed_rows(tmp_path, "ledger", demand(1, 5, 3, 4))["demand"].to_list() == [5, 4]
    assert changed_rows(tmp_path, "ledger", demand()).is_empty()

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from supplynet.connectors.table_spool import PART, Spool

FRAMES = st.lists(st.lists(st.integers(0, 5), max_size=6), max_size=6)


def frame(parts: list[int], start: int) -> pl.DataFrame:
    values = range(start, start + len(parts))
    return pl.DataFrame({"value": values, PART: parts}, schema={"value": pl.Int64, PART: pl.UInt32})


@given(FRAMES, st.integers(0, 20))
def test_rows_come_back_by_part_in_the_order_added(frames: list[list[int]], most: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outside = Spool(Path(folder) / "rows", most_rows=most)
        inside = Spool(None)
        wanted: dict[int, list[int]] = {}
        count = 0
        for parts in frames:
            for spool in (outside, inside):
                spool.add(frame(parts, count))
            for number in parts:
                wanted.setdefault(number, []).append(count)
                count += 1
        for spool in (outside, inside):
            for _ in range(2):  # may be asked again
                read = [part["value"].to_list() for part in spool.parts()]
                assert read == [wanted[number] for number in sorted(wanted)]
            assert spool.rows == count


def test_few_rows_may_come_together(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "rows", together=True)
    spool.add(frame([3, 1], 0))
    assert [part["value"].to_list() for part in spool.parts()] == [[0, 1]]
    assert not (tmp_path / "rows").exists()

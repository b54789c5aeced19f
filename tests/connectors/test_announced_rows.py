"""Announcements as rows of a file: their rate is a number, as it is over HTTP."""

from __future__ import annotations

from pathlib import Path

from supplynet.connectors.drop_folder_rows import content_hash, read_events
from supplynet.core.statements import statement_of


def test_a_rate_in_a_file_is_read_as_a_number(tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text(
        "type;occurred_at;location_id;data.percent;data.until\n"
        "rate_changed;2026-01-05T13:40:00Z;SR1.A;112,5;2026-01-05T22:00:00Z\n"
    )
    (row,) = read_events(file, content_hash(file), time_zone="UTC")
    assert row.problem == ""
    assert row.event is not None
    said = statement_of(row.event)
    assert said is not None
    assert (said.factor, said.end is not None) == (1.125, True)

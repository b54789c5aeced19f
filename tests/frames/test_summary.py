from datetime import UTC, datetime

import pytest

from supplynet.frames.demand import empty_demand, ensure_demand
from supplynet.frames.summary import summarise


def test_a_summary_counts_what_is_there() -> None:
    frame = ensure_demand(
        {
            "location_id": ["L1"] * 4 + ["L2"],
            "part_id": ["P"] * 5,
            "date": ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-02"],
            "consumed": [0, 4, 2, 9, 9],
            "starved_minutes": [0, 0, 0, 0, 30],
        }
    )
    summary = summarise(frame)
    assert (summary.rows, summary.series, summary.locations, summary.parts) == (5, 2, 2, 1)
    assert (summary.periods, summary.total) == (4, 24)
    assert summary.first == datetime(2026, 1, 1, tzinfo=UTC)
    assert summary.last == datetime(2026, 1, 4, tzinfo=UTC)
    assert summary.zero_share == 0.25  # of the four that were observed
    assert summary.censored_share == 0.2
    assert summary.by_series["mean"].to_list() == [pytest.approx(3.75), None]
    assert summary.by_series["censored_share"].to_list() == [0.0, 1.0]


def test_nothing_has_a_summary_too() -> None:
    summary = summarise(empty_demand())
    assert (summary.rows, summary.first, summary.total, summary.zero_share) == (0, None, 0, 0.0)

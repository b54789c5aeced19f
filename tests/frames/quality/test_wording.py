"""Times in the sentences of findings."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl

from supplynet.frames.quality.wording import examples

SUMMER = datetime(2025, 8, 23, 4, tzinfo=UTC)
DAY = datetime(2025, 8, 23, tzinfo=UTC)


def places(start: datetime, end: datetime | None = None) -> pl.DataFrame:
    row = {"location_id": "A", "part_id": "P", "period_start": start, "period_end": end}
    schema = {"period_start": pl.Datetime("us", "UTC"), "period_end": pl.Datetime("us", "UTC")}
    return pl.DataFrame([row | {"detail": ""}], schema_overrides=schema)


def test_a_shift_of_a_plant_is_told_by_its_clocks_with_the_day() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert examples(places(SUMMER), berlin) == ("A/P at Sat 23 Aug 2025 06:00",)
    winter = datetime(2025, 12, 1, 17, tzinfo=UTC)
    assert examples(places(SUMMER, winter), berlin) == (
        "A/P from Sat 23 Aug 2025 06:00 to Mon 1 Dec 2025 18:00",
    )


def test_days_stay_days_and_a_table_without_a_plant_is_read_as_it_is() -> None:
    assert examples(places(DAY), ZoneInfo("Europe/Berlin")) == ("A/P at 2025-08-23",)
    assert examples(places(SUMMER)) == ("A/P at 2025-08-23 04:00",)

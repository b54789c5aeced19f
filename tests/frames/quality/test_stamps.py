"""Stamps: shifts at 05:00 and 17:00 UTC in winter, an hour earlier in summer (Berlin)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from supplynet.frames.quality import Check, check_quality

ZONE = ZoneInfo("Europe/Berlin")


def shifts(parts: int = 4, days: int = 120, start: date = date(2026, 1, 1)) -> pl.DataFrame:
    """A line with two shifts a day through the change to summer time."""
    rows = [
        ("L", f"P{part}", datetime.combine(day, time(hour), ZONE).astimezone(UTC), name, 30 + part)
        for part in range(parts)
        for day in (start + timedelta(days=n) for n in range(days))
        for hour, name in ((6, "day"), (18, "night"))
    ]
    names = ["line", "part", "period_start", "shift", "consumed"]
    return pl.DataFrame(rows, schema=names, orient="row")


def moved(frame: pl.DataFrame, part: str, hours: int, first: date, days: int) -> pl.DataFrame:
    """``days`` of one part stamped ``hours`` late."""
    local = pl.col("period_start").dt.convert_time_zone("Europe/Berlin").dt.date()
    inside = local.is_between(first, first + timedelta(days=days - 1)) & (pl.col("part") == part)
    late = pl.col("period_start") + pl.duration(hours=hours)
    return frame.with_columns(period_start=pl.when(inside).then(late).otherwise("period_start"))


def check(frame: pl.DataFrame, rule: str = "mixed_time_zones") -> Check:
    return check_quality(frame).check(rule)


def test_summer_time_moves_all_and_is_no_mistake() -> None:
    assert check(shifts()).count == 0
    assert check(shifts(parts=1)).count == 0
    assert check(shifts(parts=1, days=365)).count == 0


@pytest.mark.parametrize("hours", [1, 2, -1, -7])
def test_a_stretch_of_one_part_in_another_zone_is_found(hours: int) -> None:
    report = check_quality(moved(shifts(), "P1", hours, date(2026, 2, 2), days=10))
    found = report.check("mixed_time_zones")
    stretch = found.places.row(0, named=True)
    assert (found.count, found.places.height) == (20, 1)
    assert (stretch["part_id"], stretch["value"], stretch["detail"]) == (
        "P1",
        float(hours),
        f"{float(hours)} h off",
    )
    assert stretch["period_start"] == datetime(2026, 2, 2, 5, tzinfo=UTC) + timedelta(hours=hours)
    assert report.check("missing_periods").count == 0


def test_a_stretch_across_the_change_of_the_clocks_is_one() -> None:
    found = check(moved(shifts(), "P2", 1, date(2026, 3, 25), days=8))
    assert (found.count, found.places.height) == (16, 1)


def test_a_line_with_one_part_is_compared_with_itself() -> None:
    found = check(moved(shifts(parts=1), "P0", 2, date(2026, 2, 2), days=10))
    assert (found.count, found.places.height) == (20, 1)


def test_another_shift_name_in_between_hides_nothing() -> None:
    frame = moved(shifts(), "P1", 2, date(2026, 2, 2), days=10)
    frame[70, "shift"] = "DAY"
    assert check(frame).count == 20


def test_several_offsets_in_text_are_found_unless_summer_time_explains_them() -> None:
    frame = shifts(parts=1).with_columns(
        pl.col("period_start").dt.convert_time_zone("Europe/Berlin").dt.strftime("%FT%T%:z")
    )
    assert check(frame).count == 0
    naive = frame.with_columns(
        period_start=pl.col("period_start").str.replace(r"\+01:00", "-05:00")
    )
    mixed = frame.with_columns(
        period_start=pl.when(pl.int_range(pl.len()) == 7)
        .then(pl.lit("2026-01-04T17:00:00"))
        .otherwise("period_start")
    )
    assert check(mixed).places["detail"].to_list() == ["offset none, usually +01:00"]
    assert check(naive).count > 0


def test_events_at_any_minute_are_no_zones() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    stamps = [start + timedelta(minutes=37 * n) for n in range(600)]
    frame = pl.DataFrame({"line": "L", "part": "P", "ds": stamps, "consumed": 1})
    assert check(frame).count == 0
    assert check(frame, "missing_periods").count == 0

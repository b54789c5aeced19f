"""The detector that watches a plant: the newest that is whole, or one that is fitted at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from supplynet.errors import HistoryTooShort, InvalidInput, NotFound
from supplynet.frames.demand import observe
from supplynet.frames.panel import shift_periods
from supplynet.learning.manifest import read_manifest, saved_names
from supplynet.services import plant_detector
from supplynet.services.books import Books, open_books
from supplynet.storage.history import write_history

MONDAY = datetime(2026, 1, 5, 5, tzinfo=UTC)


def with_history(books: Books, days: int) -> Books:
    periods = shift_periods(books.plant.calendars[0], MONDAY - timedelta(days=days), MONDAY)
    rows = [
        {
            "location_id": "SR1.A",
            "part_id": "bolt",
            "period_start": period.start,
            "shift": period.shift,
            "consumed": 95 + 7 * number % 11,
            "starved_minutes": 0,
            "stopped_minutes": 0,
            "minutes": 720,
        }
        for number, period in enumerate(periods)
    ]
    frame = pl.DataFrame(rows, schema_overrides={"period_start": pl.Datetime("us", "UTC")})
    write_history(books.workspace.history, "imported", observe(frame, pl.col("minutes")))
    return books


def test_without_any_a_quick_one_is_fitted_once_and_kept(small_books: Books) -> None:
    books = with_history(small_books, 42)
    found = plant_detector.serving_detector(books)
    assert found.version.startswith("anomaly-robust_seasonal-2026")
    assert found.warning == ""
    assert plant_detector.serving_detector(books) is found
    assert saved_names(books.workspace.folder) == [found.version]
    manifest = read_manifest(books.workspace.folder, found.version)
    assert (manifest.purpose, manifest.series) == ("anomaly", 1)
    assert manifest.known_until == MONDAY


def test_the_newest_serves_at_once_and_a_damaged_one_is_passed_over(small_books: Books) -> None:
    books = with_history(small_books, 42)
    first = plant_detector.serving_detector(books).version
    later = replace(books, wall_clock=lambda: MONDAY + timedelta(days=1))
    second = plant_detector.train_detector(later, "robust_seasonal")
    assert second != first
    assert plant_detector.serving_detector(later).version == second
    file = books.workspace.folder / "scalers" / f"{second}.json"
    file.write_bytes(file.read_bytes()[:-9])
    fresh = replace(later, opened={})
    found = plant_detector.serving_detector(fresh)
    assert found.version == first
    assert second in found.warning
    assert f"{first} serves instead" in found.warning
    watcher = plant_detector.watcher_of(fresh)
    assert watcher.open()[1] == first
    assert watcher.warning() == found.warning  # what people are told


def test_too_short_a_history_is_told_and_nothing_is_kept(small_books: Books) -> None:
    books = with_history(small_books, 20)
    with pytest.raises(HistoryTooShort):
        plant_detector.serving_detector(books)
    assert saved_names(books.workspace.folder) == []


def test_only_a_detector_of_the_registry_can_be_trained(folder: Path) -> None:
    books = open_books(folder)
    with pytest.raises(InvalidInput, match="no history"):
        plant_detector.train_detector(books, "robust_seasonal")
    books.store.close()


def test_a_name_that_is_no_detector_is_refused(small_books: Books) -> None:
    books = with_history(small_books, 42)
    with pytest.raises(NotFound, match="robust"):
        plant_detector.train_detector(books, "robust")
    with pytest.raises(InvalidInput, match="name the one inside"):
        plant_detector.train_detector(books, "calibrated")

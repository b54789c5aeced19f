"""The forecast behind a plan: middles, means, and one part of it."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from supplynet.services import plan_forecast
from supplynet.services.books import Books
from supplynet.services.plan_forecast import PlanForecast, forecast_of
from supplynet.storage import plans

NIGHT = datetime(2026, 1, 5, 18, tzinfo=UTC)
DAY = NIGHT + timedelta(hours=12)
LEVELS = tuple(round(0.05 * step, 2) for step in range(1, 20))


def rows(line: str, start: datetime, mean: float) -> list[dict[str, object]]:
    """A normal distribution with a standard deviation of 2."""
    return [
        {
            "location_id": line,
            "part_id": "P-1",
            "period_start": start,
            "quantile": level,
            "demand": mean + 2.0 * float(norm.ppf(level)),
        }
        for level in LEVELS
    ]


def test_means_are_of_one_shift_and_by_line_and_part() -> None:
    # The later shift stands first: what is asked for is found by its time, not by its place.
    made = [*rows("A", DAY, 30.0), *rows("A", NIGHT, 10.0), *rows("B", NIGHT, 5.0)]
    forecast = PlanForecast(pl.DataFrame(made))
    assert forecast.means(NIGHT) == pytest.approx({("A", "P-1"): 10.0, ("B", "P-1"): 5.0}, abs=0.05)
    assert forecast.means(DAY) == pytest.approx({("A", "P-1"): 30.0}, abs=0.05)
    assert forecast.means(DAY + timedelta(hours=12)) == {}


def test_medians_stand_in_the_order_of_time_and_are_never_below_zero() -> None:
    made = [*rows("A", DAY, 30.0), *rows("B", NIGHT, -4.0), *rows("A", NIGHT, 10.0)]
    medians = PlanForecast(pl.DataFrame(made)).medians
    assert medians.starts == (NIGHT, DAY)
    by_line = dict(zip((line for line, _ in medians.series), medians.demand, strict=True))
    np.testing.assert_allclose(by_line["A"], [10.0, 30.0])
    np.testing.assert_allclose(by_line["B"], [0.0, 0.0])  # and nothing where nothing is forecast


def test_one_part_is_told_of_the_lines_asked_for() -> None:
    forecast = PlanForecast(pl.DataFrame([*rows("A", NIGHT, 10.0), *rows("B", NIGHT, 5.0)]))
    found = forecast.of_part(["B"], "P-1")
    assert set(found["location_id"]) == {"B"}
    assert forecast.of_part(["B"], "P-2").is_empty()


def test_a_plan_is_opened_once_and_the_oldest_is_let_go(
    small_books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []

    def forecast_bytes(_tx: object, plan_id: str) -> bytes:
        reads.append(plan_id)
        content = io.BytesIO()
        pl.DataFrame(rows("A", NIGHT, 1.0)).write_parquet(content)
        return content.getvalue()

    monkeypatch.setattr(plans, "forecast_of", forecast_bytes)
    monkeypatch.setattr(plan_forecast, "_MOST_BYTES", 1)
    with small_books.store.read() as tx:
        first = forecast_of(small_books, tx, "one")
        assert forecast_of(small_books, tx, "one") is first
        forecast_of(small_books, tx, "two")
        assert forecast_of(small_books, tx, "one") is not first
    assert reads == ["one", "two", "one"]

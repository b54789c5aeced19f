"""Training, the champion, and what it is bound to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from supplynet.errors import InvalidInput, NotFound
from supplynet.services import forecasting
from supplynet.services.books import Books, open_books
from supplynet.storage.history import read_history, write_history


@pytest.fixture
def books(demo_workspace: Path) -> Iterator[Books]:
    opened = open_books(demo_workspace)
    yield opened
    opened.store.close()


def test_the_champion_is_the_best_of_those_that_were_trained(books: Books) -> None:
    done = forecasting.train(books, ["shift_mean", "seasonal_naive"])
    rows = {row["model"]: row["pinball"] for row in done["backtest"]}
    assert done["champion"] == min(("shift_mean", "seasonal_naive"), key=rows.__getitem__)
    assert forecasting.champion(books) == {
        "model": done["champion"],
        "model_version": done["model_version"],
    }
    assert forecasting.champion_forecaster(books).model_version == done["model_version"]


def test_a_model_is_opened_once_until_it_or_the_history_is_another(books: Books) -> None:
    first = forecasting.champion_forecaster(books)
    assert forecasting.champion_forecaster(books) is first
    day = read_history(books.workspace.history).tail(1)
    write_history(books.workspace.history, "imported", day.with_columns(pl.col("demand") + 1))
    second = forecasting.champion_forecaster(books)
    assert second is not first
    forecasting.train(books, ["shift_mean"])
    assert forecasting.champion_forecaster(books).model_version != second.model_version


def test_a_forecast_can_be_asked_for_one_series(books: Books) -> None:
    line, part = forecasting.champion_forecaster(books).history.series[0]
    said = forecasting.forecast(books.workspace.folder, location_id=line, part_id=part, horizon=3)
    assert len(said.wide) == 3
    low, middle, high = (said.wide[0][f"q{q}"] for q in (0.05, 0.5, 0.95))
    assert 0 <= low <= middle <= high
    with pytest.raises(NotFound, match="doctor"):
        forecasting.forecast(books.workspace.folder, part_id="P-999")


def test_lines_with_other_days_off_are_not_forecast_together(books: Books) -> None:
    """Their shifts begin at the same hours, but not on the same days."""
    warehouse, *rooms = books.plant.calendars
    closed = replace(rooms[0], calendar_id="SR9", holiday_country="DE")
    places = tuple(
        replace(place, calendar_id="SR9") if place.location_id == "SR1.ST1.A" else place
        for place in books.plant.locations
    )
    plant = replace(books.plant, calendars=(warehouse, *rooms, closed), locations=places)
    books.__dict__["plant"] = plant
    with pytest.raises(InvalidInput, match="different shifts"):
        forecasting.common_calendar(books)

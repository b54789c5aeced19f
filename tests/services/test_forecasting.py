"""Training: what is kept of it, and who becomes champion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import pytest

from supplynet.errors import InvalidInput
from supplynet.frames.panel_hash import panel_hash
from supplynet.learning.manifest import read_manifest
from supplynet.services import forecasting
from supplynet.services.books import Books, open_books
from supplynet.services.model_promotion import Promote
from supplynet.services.model_versions import versions_of

SIMPLE = ["shift_mean", "seasonal_naive"]


@pytest.fixture
def books(demo_workspace: Path) -> Iterator[Books]:
    """Their champion is LightGBM, which no simple model beats."""
    opened = open_books(demo_workspace)
    yield opened
    opened.store.close()


def test_the_best_of_those_that_were_trained_is_promoted_where_that_is_asked_for(
    books: Books,
) -> None:
    done = forecasting.train(books, SIMPLE, promote="always")
    rows = {row["model"]: row["pinball"] for row in done["backtest"]}
    assert done["champion"] == min(SIMPLE, key=rows.__getitem__)
    assert versions_of(books).champion() == done["model_version"] == done["best_version"]


def test_a_worse_model_waits_as_challenger(books: Books) -> None:
    before = versions_of(books).champion()
    done = forecasting.train(books, ["seasonal_naive"])
    assert (done["promoted"], done["model_version"]) == (False, before)
    assert versions_of(books).get(done["best_version"]).aliases == ("challenger",)
    rows = {row["model"]: row["pinball"] for row in done["backtest"]}
    assert rows["seasonal_naive"] > rows["champion"]
    assert done["reason"].endswith("of the champion's settings on the same weeks")


def test_the_same_settings_on_more_data_take_their_own_place(books: Books) -> None:
    forecasting.train(books, ["shift_mean"], promote="always")
    again = forecasting.train(books, ["shift_mean"])
    assert again["promoted"]
    assert versions_of(books).champion() == again["model_version"]
    assert [row["model"] for row in again["backtest"]].count("champion") == 0


def test_a_damaged_champion_is_replaced_though_it_cannot_be_judged(books: Books) -> None:
    first = forecasting.train(books, ["shift_mean"], promote="always")["model_version"]
    (books.workspace.folder / "models" / f"{first}.h5").unlink()
    done = forecasting.train(books, ["seasonal_naive"])
    assert done["promoted"]
    assert "cannot be judged" in done["reason"]


def test_nobody_is_promoted_unasked(books: Books) -> None:
    before = versions_of(books).champion()
    done = forecasting.train(books, ["shift_mean"], promote="never")
    assert (done["promoted"], done["model_version"]) == (False, before)
    with pytest.raises(InvalidInput, match=", ".join(get_args(Promote))):
        forecasting.train(books, ["shift_mean"], promote="sometimes")  # type: ignore[arg-type]  # the point


def test_a_model_says_what_it_learnt_from(books: Books) -> None:
    version = forecasting.train(books, ["shift_mean"])["best_version"]
    manifest = read_manifest(books.workspace.folder, version)
    panel = forecasting.history_panel(books)
    assert manifest.data_hash == panel_hash(panel)
    assert manifest.known_until == panel.periods[-1].end
    assert manifest.series == len(panel.series)
    assert manifest.trained_at is not None
    assert set(manifest.packages) >= {"lightgbm", "statsforecast", "torch"}


def test_lines_with_other_days_off_are_not_forecast_together(books: Books) -> None:
    """Their shifts begin at the same hours, but not on the same days."""
    warehouse, *rooms = books.plant.calendars
    closed = replace(rooms[0], calendar_id="SR9", holiday_country="DE")
    places = tuple(
        replace(place, calendar_id="SR9") if place.location_id == "SR1.ST1.A" else place
        for place in books.plant.locations
    )
    plant = replace(books.plant, calendars=(warehouse, *rooms, closed), locations=places)
    books.__dict__["_kept_plant"] = SimpleNamespace(get=lambda: plant)
    with pytest.raises(InvalidInput, match="different shifts"):
        forecasting.common_calendar(books)

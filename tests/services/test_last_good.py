"""A plan goes on when its forecast fails: it says so, and the last good one is in the workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from supplynet.errors import ForecastError
from supplynet.forecast.bound import BoundForecaster
from supplynet.services import alerts, last_good, overview, planning
from supplynet.services.books import Books, open_books


@pytest.fixture
def books(demo_workspace: Path) -> Iterator[Books]:
    opened = open_books(demo_workspace)
    yield opened
    opened.store.close()


def fail(*_: object, **__: object) -> Any:
    raise ForecastError("the model's file is gone")


def test_the_last_good_forecast_plans_when_the_model_fails_and_the_plan_says_so(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = planning.plan_now(books, actor="test")
    assert good.plan.fallbacks == ()
    assert books.workspace.last_good_forecast.is_file()
    real = BoundForecaster.forecast

    def broken(self: BoundForecaster, *args: Any, **named: Any) -> Any:
        return real(self, *args, **named) if self.model_version == "last_good" else fail()

    monkeypatch.setattr(BoundForecaster, "forecast", broken)
    made = planning.plan_now(books, actor="test")
    (said,) = made.plan.fallbacks
    assert "the model's file is gone" in said
    assert "the last good forecast stands in" in said
    assert made.plan.model_version == "last_good"
    assert {order.key for order in made.plan.proposals} == {o.key for o in good.plan.proposals}
    assert overview.current_plan(books)["fallbacks"] == [said]
    found = [
        row["message"] for row in alerts.open_alerts(books) if row["kind"] == "forecast_fallback"
    ]
    assert found == [said]
    monkeypatch.undo()
    assert planning.plan_now(books, actor="test").plan.fallbacks == ()
    assert not [row for row in alerts.open_alerts(books) if row["kind"] == "forecast_fallback"]


def test_without_any_forecast_the_plan_orders_by_static_thresholds(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundForecaster, "forecast", fail)
    made = planning.plan_now(books, actor="test")
    assert "static thresholds order" in made.plan.fallbacks[0]
    assert made.plan.model_version == "min_max"


def test_a_damaged_file_is_no_forecast_and_no_error(books: Books) -> None:
    file = books.workspace.last_good_forecast
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"nonsense")
    assert last_good.read_last_good(books).made_at is None
    planning.plan_now(books, actor="test")
    kept = last_good.read_last_good(books)
    assert kept.made_at is not None
    assert np.isfinite([values for _, values in kept.slots.values()]).all()

"""How a warm start is judged: never by days that its start has seen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from supplynet.forecast.warm_start import WarmStart
from supplynet.frames.panel import Panel, daily_periods
from supplynet.services.model_index import SALES, versions_for
from supplynet.services.sales_training import AFRESH, TEST_DAYS, Request, _Ways
from supplynet.services.sales_versions import OpenedVersions, Served

DAYS = 120
START = date(2026, 1, 1)


class Goes:
    """A model that can go on."""

    def fit(self, panel: Panel, future: object = (), *, start: object = None) -> Any:
        return panel, future, start


@pytest.fixture
def panel() -> Panel:
    periods = daily_periods(START, START + timedelta(days=DAYS))
    return Panel(series=(("W", "s"),), periods=periods, demand=np.ones((1, DAYS)))


def ways(
    panel: Panel, seen: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[_Ways, Served]:
    """With a champion that has seen the first days."""
    champion = Served(predictor=object(), history=panel.head(seen))  # type: ignore[arg-type]  # never asked
    opened = OpenedVersions(workspace=folder)
    opened.put("v1", champion)
    versions = versions_for(folder, SALES, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    versions.aliases.assign({"champion": "v1"})
    monkeypatch.setattr(Request, "estimator", lambda _self: Goes())
    request = Request(
        workspace=folder, model="goes", seed=0, panel=panel, history=panel, warm_start=True
    )
    return _Ways.of(request, versions, opened), champion


@pytest.fixture(autouse=True)
def _no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supplynet.services.model_index._keys_of", lambda *_: [])


@pytest.mark.parametrize("added", [TEST_DAYS, 60])
def test_a_champion_that_has_not_seen_the_test_is_the_start(
    panel: Panel, added: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, champion = ways(panel, DAYS - added, tmp_path, monkeypatch)
    assert isinstance(found.judged, WarmStart)
    assert found.judged.start is champion.predictor
    assert (found.parent, set(found.beside)) == ("v1", {AFRESH})


@pytest.mark.parametrize("added", [0, 1, TEST_DAYS - 1])
def test_one_that_has_seen_some_of_it_is_fitted_again_as_many_days_earlier(
    panel: Panel, added: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, champion = ways(panel, DAYS - added, tmp_path, monkeypatch)
    assert isinstance(found.judged, WarmStart)
    assert isinstance(found.final, WarmStart)
    known: Any = found.judged.start
    assert len(known[0].periods) == DAYS - TEST_DAYS - added
    assert found.final.start is champion.predictor

"""Refill triggers of a workspace: from its tables to a report, and what is missing said."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from supplynet.errors import InvalidInput, NotFound
from supplynet.forecast.refill_trial import TrialSettings
from supplynet.learning.artifacts import load_metrics, load_model
from supplynet.services import generating, refill
from supplynet.services.books import open_books
from supplynet.services.importing import ImportRequest, import_table
from supplynet.services.refill import (
    RefillRequest,
    refill_lines,
    refill_report,
    scenario_report,
)
from supplynet.services.refill_data import scenario_data, workspace_data

REQUEST = RefillRequest(
    model="shift_mean",
    trial=TrialSettings(test_days=28, validation_days=21, paths=40),
)


def test_a_generated_world_is_reported_on_and_its_models_are_kept(folder: Path) -> None:
    generating.generate_world("small", workspace=folder)
    outcome = refill_report(folder, RefillRequest(**{**REQUEST.__dict__, "keep": True}))
    data = json.loads(json.dumps(outcome.to_dict(), allow_nan=False))
    rules = {row["rule"] for row in data["scores"]}
    assert rules >= {"reorder_point", "forecast", "refill_forest", "refill_lightgbm"}
    assert data["about"]["forecast"] == "shift_mean"
    assert len(outcome.saved) == 2
    for name in outcome.saved:
        manifest, state = load_model(folder, name)
        assert state.features == manifest.features
        assert 0 < load_metrics(folder, name)["threshold"] < 1
    text = "\n".join(refill_lines(outcome))
    assert "said yes" in text
    assert outcome.saved[0] in text


def test_a_workspace_and_its_scenario_give_the_same_figures(folder: Path) -> None:
    generating.generate_world("small", workspace=folder, seed=1)
    here = RefillRequest(**{**REQUEST.__dict__, "classifiers": ()})
    ours, theirs = refill_report(folder, here).report, scenario_report("small", here, seed=1).report
    assert ours.scores.equals(theirs.scores, null_equal=True)
    assert ours.counts == theirs.counts


def test_without_stock_it_says_how_to_get_it(sold: Path) -> None:
    with pytest.raises(InvalidInput, match="--kind stock"):
        refill_report(sold, REQUEST)


def test_imported_counts_are_stock_and_rules_are_lead_times(sold: Path, tmp_path: Path) -> None:
    books = open_books(sold)
    point = books.plant.stock_point_of(books.plant.lines[0].location_id)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for n in range(3):  # a file counts every place once
        file = tmp_path / f"stock-{n}.csv"
        moment = f"{start + timedelta(days=n):%Y-%m-%dT%H:%M:%SZ}"
        file.write_text(f"location_id,part_id,on_hand,counted_at\n{point},bolt,{40 - n},{moment}\n")
        import_table(sold, ImportRequest(file=file, kind="stock"))
    data = workspace_data(open_books(sold))
    assert data.panel.series == ((point, "bolt"),)
    assert data.stock["on_hand"].to_list() == [40, 39, 38]
    assert data.lead_minutes is not None
    assert data.lead_minutes[0] >= 2 * 1440


def test_a_table_of_stock_may_be_given(sold: Path) -> None:
    books = open_books(sold)
    line = books.plant.lines[0].location_id
    stock = pl.DataFrame(
        {
            "location_id": [line],
            "part_id": ["bolt"],
            "period_start": [datetime(2026, 1, 2, tzinfo=UTC)],
            "on_hand": [3],
            "on_order": [0],
            "reorder_point": [10],
        }
    )
    assert workspace_data(books, stock).panel.series == ((line, "bolt"),)
    with pytest.raises(InvalidInput, match="no place of the stock table"):
        workspace_data(books, stock.with_columns(location_id=pl.lit("elsewhere")))


def test_a_scenario_without_played_supply_or_with_the_twin_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "quiet.toml"
    file.write_text('name = "quiet"\ndays = 30\n')
    with pytest.raises(InvalidInput, match="plays no supply"):
        scenario_data(file, seed=1)
    with pytest.raises(InvalidInput, match="need a workspace"):
        scenario_report("small", RefillRequest(halts=True))


def test_a_thinned_history_still_meets_every_shift(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refill, "MOST_ROWS", 900)  # every second of 1,638 rows, but for the shifts
    data = scenario_data("small", seed=1)
    made = refill.moments_of(data, REQUEST)
    assert {int(gap) for gap in np.diff(made.moments)} == {3}
    assert {data.panel.shifts[p] for p in made.moments} == set(data.panel.shifts)


def test_unknown_names_are_refused_before_anything_is_learned(folder: Path) -> None:
    generating.generate_world("small", workspace=folder, days=60)
    with pytest.raises(NotFound, match="refill classifier 'svm'"):
        refill_report(folder, RefillRequest(model="", classifiers=("svm",)))
    with pytest.raises(NotFound, match="forecasting model 'oracle'"):
        refill_report(folder, RefillRequest(model="oracle"))

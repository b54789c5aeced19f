"""The demo: everything from one command, the same from the same seed."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from supplynet import cycle
from supplynet.errors import InvalidInput
from supplynet.learning.aliases import CHAMPION
from supplynet.services import champion, demo, doctor, forecasting, setup
from supplynet.services.books import open_books
from supplynet.services.overview import SCOREBOARD
from supplynet.services.policies import PARAMETERS
from supplynet.storage import ledger, values
from supplynet.storage.history import read_history

KEPT = (SCOREBOARD, PARAMETERS, CHAMPION, demo.MARK)


def test_the_same_seed_gives_the_same_board_plant_history_models_and_stock(
    demo_template: Path, tmp_path: Path
) -> None:
    board = demo.run(tmp_path / "again", size="tiny", seed=1)
    one, other = open_books(demo_template), open_books(tmp_path / "again")
    with one.store.read() as tx, other.store.read() as there:
        for name in KEPT:
            assert values.get_value(tx, name) == values.get_value(there, name), name
        assert ledger.on_hand(tx) == ledger.on_hand(there)
        shown = values.get_value(tx, SCOREBOARD)
    assert one.plant == other.plant
    assert read_history(one.workspace.history).equals(read_history(other.workspace.history))
    assert {key: board.as_dict()[key] for key in shown} == shown
    assert set(board.timing) == {"generate", "quality", "train, tune and replay", "open the books"}


def test_a_demo_is_left_as_a_plant_that_has_just_been_connected(demo_workspace: Path) -> None:
    states = {check.name: check.state for check in doctor.doctor(demo_workspace)}
    assert {states[name] for name in ("books", "plant", "history", "opening stock", "model")} == {
        "ready"
    }
    books = open_books(demo_workspace)
    end = forecasting.history_panel(books).periods[-1].end
    assert books.now() == end
    with books.store.read() as tx:
        assert cycle.is_connected(tx)


def test_the_future_of_a_demo_follows_its_history(demo_workspace: Path) -> None:
    books = open_books(demo_workspace)
    demand, start = demo.future_demand(books)
    panel = forecasting.history_panel(books)
    assert start == panel.periods[-1].end
    assert demand.shape == (len(panel.series), 2 * demo.FUTURE_DAYS)


def test_a_demo_plan_goes_on_into_its_future_and_is_an_input_of_its_models(
    demo_workspace: Path,
) -> None:
    books = open_books(demo_workspace)
    panel = forecasting.history_panel(books)
    assert panel.inputs is not None
    plan = panel.inputs.plan
    assert isinstance(plan, pl.DataFrame)
    last = plan["period_start"].max()
    assert isinstance(last, datetime)
    assert (last - panel.periods[-1].end).days >= demo.FUTURE_DAYS - 1
    said_before = (plan["period_start"] - plan["recorded_at"]).unique().sort().to_list()
    assert said_before == [timedelta(days=1), timedelta(days=7)]  # revised once
    predictor = champion.champion_forecaster(books).predictor
    assert "plan_surprise" in predictor.state().features


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InvalidInput, match="not empty and no demo"):
        demo.run(tmp_path, size="tiny")
    with pytest.raises(InvalidInput, match="no demo of size"):
        demo.run(tmp_path / "new", size="huge")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_only_a_demo_has_a_future(tmp_path: Path) -> None:
    folder = setup.init(tmp_path / "w").folder
    with pytest.raises(InvalidInput, match="run supplynet demo"):
        demo.future_demand(open_books(folder))

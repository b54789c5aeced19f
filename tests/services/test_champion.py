"""What plans when the champion's files are damaged: never they, and never nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from supplynet.errors import NotFound
from supplynet.services import champion, control_room, doctor, forecasting, planning
from supplynet.services.books import Books, open_books
from supplynet.services.checks import Check
from supplynet.services.model_versions import versions_of
from supplynet.storage.history import read_history, write_history


@pytest.fixture
def books(demo_workspace: Path) -> Iterator[Books]:
    """The champion is shift_mean; before it that was seasonal_naive."""
    opened = open_books(demo_workspace)
    for model in ("seasonal_naive", "shift_mean"):
        forecasting.train(opened, [model], promote="always")
    yield opened
    opened.store.close()


def model_files(books: Books, version: str) -> list[Path]:
    return sorted(books.workspace.folder.rglob(f"{version}.*"))


def before(books: Books) -> str:
    """The champion before."""
    return list(versions_of(books).to_serve())[1]


def break_champion(books: Books) -> str:
    version = versions_of(books).champion()
    assert version is not None
    path = books.workspace.folder / f"models/{version}.h5"
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 4
    path.write_bytes(content)
    return version


def test_a_model_is_opened_once_until_it_or_the_history_is_another(books: Books) -> None:
    first = champion.champion_forecaster(books)
    assert champion.champion_forecaster(books) is first
    day = read_history(books.workspace.history).tail(1)
    write_history(books.workspace.history, "imported", day.with_columns(pl.col("demand") + 1))
    second = champion.champion_forecaster(books)
    assert second is not first
    forecasting.train(books, ["shift_mean"], promote="always")
    assert champion.champion_forecaster(books).model_version != second.model_version


def test_a_forecast_can_be_asked_for_one_series(books: Books) -> None:
    found = champion.serving(books)
    assert found.warning == ""
    line, part = found.forecaster.history.series[0]
    said = champion.forecast(books.workspace.folder, location_id=line, part_id=part, horizon=3)
    assert len(said.wide) == 3
    assert (said.model_version, said.warning) == (found.forecaster.model_version, "")
    low, middle, high = (said.wide[0][f"q{q}"] for q in (0.05, 0.5, 0.95))
    assert 0 <= low <= middle <= high
    with pytest.raises(NotFound, match="doctor"):
        champion.forecast(books.workspace.folder, part_id="P-999")


def test_the_champion_before_serves_for_a_damaged_one(books: Books) -> None:
    broken = break_champion(books)
    found = champion.serving(books)
    assert found.forecaster.model_version == before(books)
    assert found.warning.startswith(f"model {broken} cannot be opened (models/{broken}.h5 was")
    assert f"{before(books)} serves instead: run supplynet train" in found.warning
    assert champion.serving(books).forecaster is found.forecaster  # opened once, this one too
    said = champion.forecast(books.workspace.folder, horizon=1)
    assert (said.model_version, said.warning) == (before(books), found.warning)


def test_a_restored_file_serves_again(books: Books) -> None:
    version = versions_of(books).champion()
    path = books.workspace.folder / f"models/{version}.h5"
    content = path.read_bytes()
    path.unlink()
    assert champion.champion_forecaster(books).model_version == before(books)
    path.write_bytes(content)
    found = champion.serving(books)
    assert (found.forecaster.model_version, found.warning) == (version, "")


def test_planning_goes_on_and_an_alert_stays_open_until_it_is_mended(books: Books) -> None:
    broken = break_champion(books)
    made = planning.plan_now(books, actor="test")
    assert made.plan.model_version == before(books)
    assert made.summary()["alerts"][0].startswith(f"model {broken} cannot be opened")
    assert any(broken in line for line in made.lines())
    alerts = {row["kind"]: row for row in control_room.control_room(books)["alerts"]}
    assert broken in alerts[planning.MODEL_DAMAGED]["message"]
    versions_of(books, actor="me").promote(before(books))
    planning.plan_now(books, actor="test")
    kinds = {row["kind"] for row in control_room.control_room(books)["alerts"]}
    assert planning.MODEL_DAMAGED not in kinds


def test_without_any_whole_version_a_mean_of_recent_shifts_plans(books: Books) -> None:
    for path in (books.workspace.folder / "models").glob("*.h5"):
        path.write_bytes(path.read_bytes()[:-1])
    made = planning.plan_now(books, actor="test")
    assert made.plan.model_version == champion.STAND_IN
    assert made.warning.startswith("no version of the model can be opened")
    assert "mean of recent shifts stands in" in made.warning
    assert made.committed.new
    assert planning.plan_now(books, actor="test").committed.new == ()
    assert not (books.workspace.folder / "models" / "shift_mean.h5").exists()


def test_without_a_single_file_it_plans_all_the_same(books: Books) -> None:
    for folder in ("models", "scalers", "metrics"):
        for path in (books.workspace.folder / folder).iterdir():
            path.unlink()
    assert planning.plan_now(books, actor="test").plan.model_version == champion.STAND_IN


@pytest.mark.parametrize("times", [40, pytest.param(1000, marks=pytest.mark.drill)])
def test_a_flipped_or_cut_champion_is_never_opened(books: Books, times: int) -> None:
    version = versions_of(books).champion()
    assert version is not None
    files = model_files(books, version)
    assert len(files) == 4
    rng, other = np.random.default_rng(5), before(books)
    for place in range(times):
        path = files[place % 4]
        content = path.read_bytes()
        broken = bytearray(content)
        bit = int(rng.integers(0, len(content) * 8))
        broken[bit // 8] ^= 1 << bit % 8
        path.write_bytes(broken if place % 5 else content[: bit // 8])
        books.opened.clear()
        assert champion.champion_forecaster(books).model_version == other, (path, bit)
        path.write_bytes(content)
        books.opened.pop(next(iter(books.opened)))
    assert champion.champion_forecaster(books).model_version == version


def test_doctor_says_that_the_champion_is_damaged(books: Books) -> None:
    def check() -> Check:
        return next(each for each in doctor.doctor(books.workspace.folder) if each.name == "model")

    assert check().state == "ready"
    broken = break_champion(books)
    found = check()
    assert (found.state, broken in found.found) == ("broken", True)
    assert "supplynet models rollback" in found.next_step


def test_nothing_promoted_is_nothing_to_plan_with(folder: Path) -> None:
    opened = open_books(folder)
    with pytest.raises(NotFound, match="supplynet train"):
        champion.serving(opened)
    opened.store.close()


def test_sums_of_a_level_are_those_of_the_lines_path_by_path(books: Books) -> None:
    folder = books.workspace.folder
    lines = champion.forecast(folder, horizon=2, level="line").items
    total = champion.forecast(folder, horizon=2, level="total").items
    means = [
        sum(row["demand"] for row in items if row["quantile"] is None and row["step"] == 1)
        for items in (lines, total)
    ]
    assert means[0] == pytest.approx(means[1])
    high = [
        sum(row["demand"] for row in items if row["quantile"] == 0.95 and row["step"] == 1)
        for items in (lines, total)
    ]
    assert high[1] < high[0]  # not all lines are busy at once
    with pytest.raises(NotFound, match="no level 'lines'"):
        champion.forecast(folder, level="lines")

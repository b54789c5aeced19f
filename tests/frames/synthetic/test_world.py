import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from supplynet.errors import InvalidInput, StoreError
from supplynet.frames.demand import KEY, conform
from supplynet.frames.synthetic import world
from supplynet.frames.synthetic.plant import scenario_plant
from supplynet.frames.synthetic.scenario import Defects, PlantShape, Scenario
from supplynet.frames.synthetic.scenario_file import read_scenario
from supplynet.frames.synthetic.shards import Shard, generate_shard, generate_shards, shard_lines
from supplynet.frames.synthetic.world import write_world

T = TypeVar("T")
R = TypeVar("R")
SMALL = read_scenario("small")
SCENARIO = replace(
    SMALL,
    days=40,
    plant=replace(SMALL.plant, showrooms=2, lines=3, parts=12, products=2),
    defects=Defects(duplicates=0.01, nulls=0.01, late_events=0.1),
)
PLANT = scenario_plant(SCENARIO, 1)
TABLES = ("truth", "stock", "plan")


@pytest.fixture(scope="module")
def whole() -> Shard:
    lines = tuple(sorted(line.location_id for line in PLANT.lines))
    return generate_shard(SCENARIO, 1, PLANT, lines)


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards of one or two lines."""
    cut = shard_lines
    monkeypatch.setattr(world, "shard_lines", lambda *args: cut(*args, rows=1000))


def test_shards_have_every_line_once_and_about_the_rows_that_they_should() -> None:
    shards = shard_lines(SCENARIO, PLANT, rows=1000)
    assert [line for shard in shards for line in shard] == sorted(
        x.location_id for x in PLANT.lines
    )
    assert len(shards) > 2
    assert [len(each) for each in shard_lines(SCENARIO, PLANT, rows=1)] == [1] * 6
    assert len(shard_lines(SCENARIO, PLANT)) == 1


def test_the_world_is_the_same_however_it_is_cut(whole: Shard) -> None:
    shards = list(generate_shards(SCENARIO, 1, PLANT, rows=1000))
    assert len(shards) > 2
    for name in ("demand", *TABLES):
        joined = pl.concat([getattr(shard.history, name) for shard in shards])
        assert joined.equals(getattr(whole.history, name)), name
    effects = pl.concat([shard.effects for shard in shards])
    order = effects.columns
    assert_frame_equal(effects.sort(order), whole.effects.sort(order))


@pytest.mark.usefixtures("small_shards")
def test_the_files_hold_the_world_sorted_by_key(whole: Shard, tmp_path: Path) -> None:
    told: list[float] = []
    made = write_world(SCENARIO, tmp_path / "w", 1, report=lambda done, _what: told.append(done))
    demand = whole.history.demand
    assert made.shards > 2
    assert (made.rows, made.series) == (demand.height, demand.select(KEY[:2]).n_unique())
    months = sorted((tmp_path / "w" / "consumption").iterdir())
    assert [file.name for file in months] == ["2025-01.parquet", "2025-02.parquet"]
    for file in months:
        month = pl.read_parquet(file)
        assert conform(month).equals(month)
        assert set(month["period_start"].dt.strftime("%Y-%m")) == {file.stem}
    assert pl.concat([pl.read_parquet(file) for file in months]).sort(KEY).equals(demand)
    for name in TABLES:
        assert pl.read_parquet(tmp_path / "w" / name).equals(getattr(whole.history, name)), name
    assert whole.raw is not None
    assert pl.read_parquet(tmp_path / "w" / "raw").height == whole.raw.frame.height
    assert pl.read_parquet(tmp_path / "w" / "effects.parquet").height == whole.effects.height
    assert told == sorted(told)
    assert told[-1] == 1
    assert read_scenario(tmp_path / "w" / "scenario.toml") == SCENARIO


def digests(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


class Backwards:
    """An executor that works from the last piece to the first."""

    def map(self, function: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        return reversed([function(piece) for piece in reversed(list(pieces))])


@pytest.mark.usefixtures("small_shards")
def test_the_same_seed_writes_the_same_bytes_in_whatever_order_shards_are_made(
    tmp_path: Path,
) -> None:
    write_world(SCENARIO, tmp_path / "a", 1)
    write_world(SCENARIO, tmp_path / "b", 2)
    write_world(SCENARIO, tmp_path / "b", 1, executor=Backwards())  # replaces the other
    assert digests(tmp_path / "a") == digests(tmp_path / "b")


def test_a_scenario_without_defects_and_supply_has_no_such_tables(tmp_path: Path) -> None:
    quiet = Scenario(days=3, plant=PlantShape(showrooms=1, stations=1, lines=1, parts=2))
    write_world(quiet, tmp_path, 1)
    assert {path.name for path in tmp_path.iterdir()} == {
        *("consumption", "truth", "plan", "effects.parquet", "scenario.toml"),
    }


def test_months_can_go_elsewhere(tmp_path: Path) -> None:
    quiet = replace(SMALL, days=3)
    write_world(quiet, tmp_path / "w", 1, consumption=tmp_path / "history" / "imported")
    assert [f.name for f in (tmp_path / "history" / "imported").iterdir()] == ["2025-01.parquet"]
    assert not (tmp_path / "w" / "consumption").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="not empty and no world"):
        write_world(SMALL, tmp_path, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(StoreError, match="cannot be written"):
        write_world(SMALL, tmp_path / "thesis.txt" / "w", 1)
    with pytest.raises(StoreError, match="cannot be written"):
        write_world(SMALL, tmp_path / "thesis.txt", 1)

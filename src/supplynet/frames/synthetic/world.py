"""A whole made-up world as Parquet files, made in shards, with bounded memory.

The folder holds ``scenario.toml``, ``effects.parquet``, and a folder for each table that has rows:

- ``consumption`` by month, sorted by its key, as a workspace's history keeps it;
- by shard (some lines over all days) ``truth``, ``stock`` and ``plan``, sorted by their keys from
  file to file as well, and ``deliveries``, oldest first in each;
- where records have defects ``raw`` and ``events``: what a sloppy plant exports and reports.

polars reads such a folder as one table.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from supplynet.core.network import Plant
from supplynet.core.protocols import Executor
from supplynet.errors import InvalidInput, StoreError
from supplynet.frames.synthetic.effects import no_effects
from supplynet.frames.synthetic.months import (
    ZSTD_LEVEL,
    Counted,
    by_month,
    counted_of,
    joined,
    write_month,
)
from supplynet.frames.synthetic.plant import scenario_plant
from supplynet.frames.synthetic.scenario import Scenario
from supplynet.frames.synthetic.scenario_file import scenario_toml
from supplynet.frames.synthetic.shards import generate_shard, shard_lines

TABLES = ("truth", "stock", "deliveries", "plan", "raw", "events")
CONSUMPTION, EFFECTS, SCENARIO = "consumption", "effects.parquet", "scenario.toml"
Report = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True)
class World:
    """What was written.

    Attributes:
        folder: Where.
        rows: Of consumption.
        series, lines, shards: How many.
        seed: Of the world.
    """

    folder: Path
    rows: int
    series: int
    lines: int
    shards: int
    seed: int


@dataclass(frozen=True, kw_only=True, eq=False)
class _Task:
    scenario: Scenario
    seed: int
    plant: Plant
    lines: tuple[str, ...]
    folder: Path
    number: int


def write_world(
    scenario: Scenario,
    folder: Path,
    seed: int,
    *,
    plant: Plant | None = None,
    executor: Executor | None = None,
    consumption: Path | None = None,
    report: Report = lambda _fraction, _what: None,
) -> World:
    """Make the world of ``scenario`` and write it to ``folder``.

    Args:
        scenario: What the world is like.
        folder: A new one, an empty one, or that of an earlier world, which is replaced.
        seed: Same seed, same files.
        plant: None = ``scenario_plant(scenario, seed)``.
        executor: Makes shards side by side; None = one after the other, here.
        consumption: Where the months of consumption go, such as ``history/imported`` of a
            workspace; None = ``folder/consumption``.
        report: Progress, 0 to 1.

    Raises:
        InvalidInput: The folder holds something else than a world; the scenario cannot be played.
        StoreError: A file cannot be written.
    """
    plant = scenario_plant(scenario, seed) if plant is None else plant
    months = folder / CONSUMPTION if consumption is None else consumption
    try:
        _make_room(folder)
        months.mkdir(parents=True, exist_ok=True)
        content = f"# seed {seed}\n{scenario_toml(scenario)}"
        (folder / SCENARIO).write_text(content, encoding="utf-8")
        tasks = [
            _Task(scenario=scenario, seed=seed, plant=plant, lines=lines, folder=folder, number=n)
            for n, lines in enumerate(shard_lines(scenario, plant), start=1)
        ]
        return _write(tasks, months, executor, report)
    except OSError as error:
        raise StoreError(f"the world cannot be written to {folder}: {error}") from error


def _write(
    tasks: Sequence[_Task], months: Path, executor: Executor | None, report: Report
) -> World:
    run = map if executor is None else executor.map
    shards: list[Counted] = []
    effects = [no_effects()]
    for task, (counted, noted) in zip(tasks, run(_write_shard, tasks), strict=True):
        shards.append(counted)
        effects.append(noted)
        report(0.8 * task.number / len(tasks), f"lines to {task.lines[-1]}")
    folder, whole = tasks[0].folder, joined(shards)
    pl.concat(effects).write_parquet(folder / EFFECTS)
    shards.clear()
    pieces = [(piece, months / f"{month}.parquet") for month, piece in by_month(whole)]
    for n, file in enumerate(run(write_month, pieces), start=1):
        report(0.8 + 0.2 * n / len(pieces), f"consumption of {file.stem}")
    return World(
        folder=folder,
        rows=whole.rows,
        series=len(whole.series),
        lines=len(whole.works),
        shards=len(tasks),
        seed=tasks[0].seed,
    )


def _make_room(folder: Path) -> None:
    """Take away an earlier world, and nothing else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / SCENARIO).is_file():
        raise InvalidInput(f"{folder} is not empty and no world; name another folder")
    for name in (CONSUMPTION, *TABLES):
        if (folder / name).exists():
            shutil.rmtree(folder / name)
    folder.mkdir(parents=True, exist_ok=True)


def _write_shard(task: _Task) -> tuple[Counted, pl.DataFrame]:
    """Write the shard's own files; hand back what the months need, and the effects."""
    shard = generate_shard(task.scenario, task.seed, task.plant, task.lines)
    history = shard.history
    tables = {
        "truth": history.truth,
        "stock": history.stock,
        "deliveries": history.deliveries,
        "plan": history.plan,
    }
    if shard.raw is not None:
        tables["raw"] = shard.raw.frame
    if shard.events is not None:
        tables["events"] = shard.events.frame
    for name, rows in tables.items():
        if rows.height:
            file = task.folder / name / f"{task.number:04d}.parquet"
            file.parent.mkdir(exist_ok=True)
            rows.write_parquet(file, compression_level=ZSTD_LEVEL)
    return counted_of(shard.made, history.demand), shard.effects

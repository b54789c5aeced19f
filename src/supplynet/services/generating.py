"""Synthetic data: a history for a workspace, a whole world, or a table of sales. ``generate``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from supplynet.connectors.plant_folder import write_plant
from supplynet.core.network import Plant
from supplynet.core.protocols import Executor
from supplynet.engine.process_pool import ProcessExecutor, SerialExecutor
from supplynet.errors import InvalidInput, StoreError
from supplynet.frames.synthetic import generate_history
from supplynet.frames.synthetic.plant import demo_plant, scenario_plant
from supplynet.frames.synthetic.scenario import Scenario
from supplynet.frames.synthetic.scenario_file import read_scenario
from supplynet.frames.synthetic.shards import shard_lines
from supplynet.frames.synthetic.world import write_world
from supplynet.services.books import CLOCK, Books, has_plant, open_books
from supplynet.storage import values
from supplynet.storage.history import newest_period, write_history

Report = Callable[[float, str], None]
DAYS = 365
"""Of a history, where nothing is said."""
GENERATED = "generated"
"""Value in the books that says: the history is made up."""
WORLD = "synthetic"
"""Folder of a workspace with the tables and the truth of a generated world."""
TABLE_FILES = (".csv", ".parquet", ".xlsx")


@dataclass(frozen=True, kw_only=True)
class Generated:
    """Synthetic history that was written."""

    rows: int
    series: int
    first_day: date
    days: int
    seed: int

    @property
    def sentence(self) -> str:
        """For people."""
        return (
            f"{self.rows:,} rows of {self.series:,} series over {self.days} days "
            f"from {self.first_day} written; seed {self.seed}"
        )


@dataclass(frozen=True, kw_only=True)
class GeneratedWorld(Generated):
    """A world that was written.

    Attributes:
        scenario: Its name.
        folder: Where its truth and tables are.
        effects: What was put in on purpose, by kind.
        in_workspace: Whether its consumption is the workspace's history now.
    """

    scenario: str
    folder: str
    effects: dict[str, int]
    in_workspace: bool

    def lines(self) -> list[str]:
        """For people."""
        put_in = ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.effects.items()))
        lines = [f"scenario {self.scenario}: {self.sentence}", f"put in on purpose: {put_in}"]
        lines.append(f"truth and tables are in {self.folder}")
        if (Path(self.folder) / "raw").is_dir():
            lines.append(
                "the records with mistakes are in its folder raw; "
                "the history has the records without them"
            )
        return lines


def generate(
    folder: Path,
    *,
    days: int = DAYS,
    start: date | None = None,
    seed: int | None = None,
    report: Report = lambda _fraction, _what: None,
) -> Generated:
    """Write synthetic consumption of the workspace's plant; make a demo plant if there is none.

    Doing it again replaces the days that are made again.

    Args:
        folder: The workspace.
        days: Length of the history.
        start: First day; None = so that it ends yesterday.
        seed: None = the workspace's.
        report: Progress, 0 to 1.

    Raises:
        InvalidInput: There is history that was not generated.
    """
    books = open_books(folder)
    seed = books.settings.seed if seed is None else seed
    _only_generated(books)
    report(0.1, "plant")
    if not has_plant(books.workspace):
        write_plant(demo_plant(seed=seed), books.workspace.plant)
    first = start or books.wall_clock().date() - timedelta(days=days)
    report(0.3, "consumption")
    made = generate_history(books.plant, start=first, days=days, seed=seed)
    report(0.8, "writing")
    rows = write_history(books.workspace.history, "imported", made.demand)
    series = made.demand.select("location_id", "part_id").n_unique()
    return Generated(rows=rows, series=series, first_day=first, days=days, seed=seed)


def generate_world(
    scenario: str | Path,
    *,
    workspace: Path | None = None,
    output: Path | None = None,
    days: int | None = None,
    start: date | None = None,
    seed: int | None = None,
    processes: int = 2,
    report: Report = lambda _fraction, _what: None,
) -> GeneratedWorld:
    """Write the world of a scenario: as files, or as the plant and history of a workspace.

    Args:
        scenario: Name of a shipped one, or a TOML file.
        workspace: Its plant and history become those of the world; files lie in ``synthetic``.
        output: Folder for the files alone; one of the two is given.
        days: Instead of the scenario's.
        start: Instead of the scenario's.
        seed: None = the workspace's, or 1.
        processes: Shards that are made side by side.
        report: Progress, 0 to 1.

    Raises:
        InvalidInput: The scenario or the folder cannot be used, or the workspace has a plant or a
            history of its own.
        StoreError: A file cannot be written.
    """
    world = _asked(read_scenario(scenario), days, start)
    if output is not None:
        seed = 1 if seed is None else seed
        plant, folder, months = scenario_plant(world, seed), output, None
    elif workspace is not None:
        books = open_books(workspace)
        seed = books.settings.seed if seed is None else seed
        plant, folder = scenario_plant(world, seed), books.workspace.folder / WORLD
        months = books.workspace.history / "imported"
        _make_room(books, plant)
        write_plant(plant, books.workspace.plant)
    else:
        raise InvalidInput("a scenario needs a workspace or an output folder")
    with _side_by_side(processes if len(shard_lines(world, plant)) > 1 else 1) as executor:
        made = write_world(
            world,
            folder,
            seed,
            plant=plant,
            executor=executor,
            consumption=months,
            report=report,
        )
    effects = pl.read_parquet(made.folder / "effects.parquet", columns=["kind"])["kind"]
    return GeneratedWorld(
        rows=made.rows,
        series=made.series,
        first_day=world.start,
        days=world.days,
        seed=seed,
        scenario=world.name,
        folder=str(made.folder),
        effects=dict(effects.value_counts().sort("kind").iter_rows()),
        in_workspace=output is None,
    )


@contextmanager
def _side_by_side(processes: int) -> Iterator[Executor]:
    """A small world is made here: starting processes takes longer."""
    if processes == 1:
        yield SerialExecutor()
    else:
        with ProcessExecutor(processes) as executor:
            yield executor


def write_sales(sales: pl.DataFrame, file: Path) -> None:
    """Write a table of sales as CSV, Parquet or Excel, by the file's suffix.

    Raises:
        InvalidInput: Another suffix, or a file that is there already.
        StoreError: The file cannot be written.
    """
    if file.suffix.lower() not in TABLE_FILES:
        raise InvalidInput(f"{file.name} must end in {', '.join(TABLE_FILES)}")
    if file.exists():
        raise InvalidInput(f"{file} is there already; it may be real: choose another name")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix.lower() == ".csv":
            sales.write_csv(file)
        elif file.suffix.lower() == ".parquet":
            sales.write_parquet(file)
        else:
            sales.write_excel(file)
    except OSError as error:
        raise StoreError(f"{file} cannot be written: {error.strerror}") from error


def forget_generated(books: Books) -> None:
    """From now on the history has what somebody recorded: made-up days never replace it."""
    with books.store.read() as tx:
        known = values.get_value(tx, GENERATED)
    if known:
        with books.store.write("import", books.wall_clock()) as tx:
            values.set_value(tx, GENERATED, False)


def _asked(scenario: Scenario, days: int | None, start: date | None) -> Scenario:
    return replace(
        scenario,
        days=scenario.days if days is None else days,
        start=scenario.start if start is None else start,
    )


def _make_room(books: Books, plant: Plant) -> None:
    """Take away the months of an earlier world, and nothing that anybody recorded."""
    with books.store.read() as tx:
        runs = values.get_value(tx, CLOCK) is not None
    if runs or (has_plant(books.workspace) and books.plant != plant):
        raise InvalidInput(
            "the workspace has a plant of its own; generate a scenario into a workspace of its "
            "own, or to files with --output FOLDER"
        )
    _only_generated(books)
    for file in (books.workspace.history / "imported").glob("????-??.parquet"):
        file.unlink()


def _only_generated(books: Books) -> None:
    """Made-up days must never replace real ones; remembers that the history is made up."""
    with books.store.read() as tx:
        known = values.get_value(tx, GENERATED) or values.get_value(tx, CLOCK) is not None
    if known:
        return
    if newest_period(books.workspace.history) is not None:
        raise InvalidInput(
            "the workspace has history that was not generated; generate in a workspace of its own: "
            "supplynet generate --workspace FOLDER"
        )
    with books.store.write("generate", books.wall_clock()) as tx:
        values.set_value(tx, GENERATED, True)

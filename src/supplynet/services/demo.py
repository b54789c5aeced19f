"""Everything on a synthetic plant: the main job, from one command."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

from supplynet import cycle
from supplynet.connectors.plant_folder import write_plant
from supplynet.core.events import Event, EventType
from supplynet.core.network import Plant
from supplynet.errors import InvalidInput, MissingExtra
from supplynet.forecast import registry
from supplynet.forecast.covariates import with_inputs
from supplynet.forecast.model import Estimator
from supplynet.frames.panel import Panel, Period, panel_from_frame, shift_periods
from supplynet.frames.panel_hash import panel_hash
from supplynet.frames.quality import QualityReport, check_quality
from supplynet.frames.synthetic import SyntheticHistory, generate_history
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.learning.aliases import CHAMPION
from supplynet.learning.manifest import Origin
from supplynet.services import forecasting
from supplynet.services.board import Board, board_of
from supplynet.services.books import CLOCK, Books, open_books
from supplynet.services.history import history_end
from supplynet.services.model_versions import PLANT, set_aliases
from supplynet.services.overview import SCOREBOARD
from supplynet.services.policies import keep_parameters
from supplynet.services.simulation import about
from supplynet.simulate.model import compile_plant
from supplynet.simulate.state import opening_state
from supplynet.storage import init_workspace, values
from supplynet.storage.history import write_history
from supplynet.storage.table_files import write_table
from supplynet.study.proof import Proof, Task, prove
from supplynet.study.replay import window_sums

MARK = "demo"
"""Value in the books that says: this workspace is a demo, and of what."""
START = date(2025, 1, 1)
OPENING_HISTORY = timedelta(days=56)
FUTURE_DAYS = 60
"""How long a demo lives on after its history."""
Report = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How big a demo is."""

    showrooms: int
    stations: int
    lines: str
    parts: int
    history_days: int
    unseen_days: int


SIZES = {
    "full": Size(showrooms=3, stations=3, lines="ABC", parts=60, history_days=365, unseen_days=28),
    "tiny": Size(showrooms=1, stations=1, lines="AB", parts=6, history_days=112, unseen_days=14),
}


def run(
    folder: Path,
    *,
    size: str = "full",
    seed: int = 1,
    report: Report = lambda _fraction, _what: None,
) -> Board:
    """Make a demo workspace, prove the policy in it, and leave it ready to be served.

    The same seed gives the same board, but for ``timing``.

    Args:
        folder: A new folder, or that of an earlier demo, which is replaced.
        size: ``full`` (27 lines, 60 parts, a year) or ``tiny`` (seconds).
        seed: Of plant, history, models and twin.
        report: Progress, 0 to 1.

    Raises:
        InvalidInput: The folder holds something else than a demo; no such size.
    """
    if size not in SIZES:
        raise InvalidInput(f"no demo of size {size!r}; choose from {', '.join(SIZES)}")
    chosen, clock = SIZES[size], perf_counter()
    timing: dict[str, float] = {}

    def lap(name: str) -> None:
        nonlocal clock
        timing[name] = round(perf_counter() - clock, 2)
        clock = perf_counter()

    report(0.0, "making a plant and its history")
    books = _fresh_workspace(folder, chosen, seed)
    made, plan = _recorded(books, chosen, seed)
    panel, truth, unseen_from = _panels(books, made, chosen)
    panel = with_inputs(panel, plan=plan)
    known = made.demand.filter(pl.col("period_start") < panel.periods[unseen_from].start)
    write_history(books.workspace.history, "imported", known)
    lap("generate")
    report(0.05, "checking its quality")
    quality = check_quality(known, now=panel.periods[unseen_from].start)
    lap("quality")
    task = Task(
        plant=books.plant,
        recorded=panel,
        truth=truth,
        unseen_from=unseen_from,
        calendar=forecasting.calendar_of(books, panel),
        estimators=_estimators(seed),
        target=books.settings.target_halts_per_line_month,
        paths=books.settings.paths,
        seed=seed,
    )
    proof = prove(task, report=lambda done, what: report(0.07 + 0.88 * done, what))
    lap("train, tune and replay")
    report(0.95, "opening the books")
    board = _board(books, chosen, quality, proof, timing, seed)
    write_table(books.workspace.tables, "plan", plan)
    _go_live(books, made, task, proof, board, chosen, seed)
    lap("open the books")
    board.timing.update(timing)
    return board


def _fresh_workspace(folder: Path, size: Size, seed: int) -> Books:
    if folder.exists() and any(folder.iterdir()):
        if not (folder / ".demo").is_file():
            raise InvalidInput(f"{folder} is not empty and no demo; name another --workspace")
        shutil.rmtree(folder)
    workspace = init_workspace(folder)
    (folder / ".demo").write_text("A demo: `supplynet demo` replaces this folder.\n")
    settings = workspace.settings_file
    settings.write_text('automation_mode = "auto"\n' + settings.read_text(encoding="utf-8"))
    plant = demo_plant(
        showrooms=size.showrooms,
        stations=size.stations,
        lines=size.lines,
        parts=size.parts,
        seed=seed,
    )
    write_plant(plant, workspace.plant)
    return open_books(folder)


def _recorded(books: Books, size: Size, seed: int) -> tuple[SyntheticHistory, pl.DataFrame]:
    """What the plant has recorded, and its production plan, which goes on into the live days."""
    days = size.history_days + size.unseen_days
    made = generate_history(books.plant, start=START, days=days + FUTURE_DAYS, seed=seed)
    last = START + timedelta(days=days)
    midnight = datetime.combine(last, time(), UTC)
    around = forecasting.common_calendar(books).shifts_between(
        midnight - timedelta(days=1), midnight + timedelta(days=7)
    )
    past = pl.col("period_start") < next(shift.start for shift in around if shift.day >= last)
    recorded = replace(made, demand=made.demand.filter(past), truth=made.truth.filter(past))
    return recorded, made.plan


def _panels(books: Books, made: SyntheticHistory, size: Size) -> tuple[Panel, Panel, int]:
    """Recorded and true demand on the plant's shifts, and the index of the first unseen one."""
    frame = made.demand
    start = frame["period_start"].min()
    assert isinstance(start, datetime)
    end = history_end(books, frame)
    periods = shift_periods(forecasting.common_calendar(books), start, end)
    recorded = panel_from_frame(frame, periods)
    per_day = len(periods) // (size.history_days + size.unseen_days)
    return recorded, _true_panel(made.truth, periods), len(periods) - size.unseen_days * per_day


def _true_panel(truth: pl.DataFrame, periods: Sequence[Period]) -> Panel:
    """The demand that nobody records, from the truth frame of the generator."""
    true_demand = pl.col("true_demand").cast(pl.Float64).alias("demand")
    return panel_from_frame(truth.with_columns(true_demand), periods)


def _estimators(seed: int) -> Mapping[str, Estimator]:
    """LightGBM, and the LSTM where torch is installed."""
    found = {"lightgbm": registry.estimator("lightgbm", seed=seed)}
    with suppress(MissingExtra):  # the board then has no lstm row; `doctor` says why
        found["lstm"] = registry.estimator("lstm", seed=seed)
    return found


def _board(
    books: Books,
    size: Size,
    quality: QualityReport,
    proof: Proof,
    timing: Mapping[str, float],
    seed: int,
) -> Board:
    told = about(books, size.unseen_days, seed) | {"quality_score": round(quality.score, 1)}
    return board_of(proof, told, timing)


def _go_live(
    books: Books,
    made: SyntheticHistory,
    task: Task,
    proof: Proof,
    board: Board,
    size: Size,
    seed: int,
) -> None:
    """Leave the workspace as a plant that has just been connected: model, parameters, stock."""
    now = task.recorded.periods[-1].end
    write_history(books.workspace.history, "imported", made.demand)
    known = task.recorded.head(task.unseen_from)
    origin = Origin(
        purpose=PLANT,
        data_hash=panel_hash(known),
        series=len(known.series),
        trained_at=books.wall_clock(),
        known_until=known.periods[-1].end,
    )
    for name, predictor in proof.predictors.items():
        metrics = {"dependence": asdict(proof.dependence[name])}
        registry.save(books.workspace.folder, f"{name}-demo", predictor, metrics, origin)
    for name, tuned in proof.tuned.items():
        keep_parameters(books, name, dict(tuned.best.parameters), actor="demo")
    champion = {CHAMPION: f"{proof.champion}-demo"}
    told = {"seed": seed, "start": START.isoformat(), "now": now.isoformat(), **asdict(size)}
    shown = {key: board.as_dict()[key] for key in ("policies", "forecast", "champion")}
    with books.store.write("demo", books.wall_clock()) as tx:
        set_aliases(tx, champion, reason="lowest pinball loss before the unseen days")
        values.set_value(tx, CLOCK, {"now": now.isoformat(), "speed": 1.0})
        values.set_value(tx, SCOREBOARD, shown)
        values.set_value(tx, MARK, told)
        cycle.connect_whole_plant(tx, now)
    counts = _opening_counts(books.plant, task.recorded, now, seed)
    cycle.take_in(books.store, books.plant, counts, actor="demo", now=now)


def _opening_counts(plant: Plant, panel: Panel, now: datetime, seed: int) -> list[Event]:
    """What a plant run by hand has on its shelves, counted everywhere.

    That is a fifth more than the largest window of the last eight weeks; the warehouse holds its
    purchase levels.
    """
    recent = panel.tail(sum(p.start >= now - OPENING_HISTORY for p in panel.periods))
    model = compile_plant(plant, panel.series, start=panel.periods[-2].start, end=now)
    state = opening_state(model, window_sums(plant, recent, seed=seed).max(axis=0), factor=1.2)
    held = [
        *zip(model.pairs, state.on_hand.tolist(), strict=True),
        *zip(model.sources, state.source_on_hand.tolist(), strict=True),
    ]
    return [
        Event(
            source="demo",
            event_id=f"opening-{place}-{part}",
            type=EventType.COUNTED,
            occurred_at=now.astimezone(UTC),
            location_id=place,
            part_id=part,
            quantity=int(quantity),
            data={"reason": "opening count"},
        )
        for (place, part), quantity in held
    ]


def future_demand(books: Books) -> tuple[np.ndarray[Any, np.dtype[np.int32]], datetime]:
    """True demand of the demo's plant after its history, shape (series, shift), and its start.

    Raises:
        InvalidInput: The workspace is no demo.
    """
    with books.store.read() as tx:
        told = values.get_value(tx, MARK)
    if told is None:
        raise InvalidInput("only a demo workspace has a future to play: run supplynet demo")
    known = told["history_days"] + told["unseen_days"]
    made = generate_history(
        books.plant,
        start=date.fromisoformat(told["start"]),
        days=known + FUTURE_DAYS,
        seed=told["seed"],
    )
    now = datetime.fromisoformat(told["now"])
    frame = made.truth.filter(pl.col("period_start") >= now)
    calendar = forecasting.common_calendar(books)
    last = frame["period_start"].max()
    assert isinstance(last, datetime)
    shift = calendar.shift_at(last)
    assert shift is not None
    periods = shift_periods(calendar, now, shift.end)
    return np.nan_to_num(_true_panel(frame, periods).demand).astype(np.int32), now

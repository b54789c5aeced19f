"""Policies side by side on the workspace's own history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from supplynet.frames.panel import Panel
from supplynet.services import forecasting
from supplynet.services.board import Board, board_of
from supplynet.services.books import Books, open_books
from supplynet.services.policies import keep_parameters
from supplynet.study.proof import Task, prove

Report = Callable[[float, str], None]


def simulate(
    folder: Path,
    *,
    days: int = 28,
    policies: Sequence[str] = ("min_max", "order_up_to"),
    seed: int | None = None,
    report: Report = lambda _fraction, _what: None,
) -> Board:
    """Replay the last ``days`` of the history: tuned on the days before, scored on these.

    The tuned parameters are kept and used by ``plan`` from then on.

    Raises:
        HistoryTooShort: Less than five times ``days`` of history.
        InvalidInput: An unknown policy, or no history.
    """
    books = open_books(folder)
    seed = books.settings.seed if seed is None else seed
    panel = forecasting.history_panel(books)
    task = Task(
        plant=books.plant,
        recorded=panel,
        truth=panel,
        unseen_from=_first_unseen(panel, days),
        calendar=forecasting.calendar_of(books, panel),
        estimators={books.settings.model: forecasting.estimator_of(books.settings.model, seed)},
        policies=policies,
        target=books.settings.target_halts_per_line_month,
        paths=books.settings.paths,
        seed=seed,
    )
    proof = prove(task, report=report)
    for name, tuned in proof.tuned.items():
        keep_parameters(books, name, dict(tuned.best.parameters), actor="simulate")
    return board_of(proof, about(books, days, seed))


def about(books: Books, days: int, seed: int) -> dict[str, object]:
    """What a proof was run on."""
    plant = books.plant
    return {
        "plant": plant.name or plant.plant_id,
        "lines": len(plant.lines),
        "parts": len(plant.parts),
        "days": days,
        "seed": seed,
    }


def _first_unseen(panel: Panel, days: int) -> int:
    since = panel.periods[-1].end - timedelta(days=days)
    return sum(period.start < since for period in panel.periods)

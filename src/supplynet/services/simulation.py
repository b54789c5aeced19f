"""Policies side by side on the workspace's own history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from supplynet.errors import InvalidInput, StoreError
from supplynet.frames.panel import Panel
from supplynet.services import forecasting
from supplynet.services.board import Board, board_of
from supplynet.services.books import Books, open_books
from supplynet.services.policies import keep_parameters
from supplynet.study.families import FAMILIES
from supplynet.study.frontier import picture
from supplynet.study.futures import FUTURES
from supplynet.study.proof import POLICIES, Proof, Task, frontier_of, prove
from supplynet.study.search import FURTHER

__all__ = ["FAMILIES", "FURTHER", "FUTURES", "POLICIES", "Depth", "simulate"]
Report = Callable[[float, str], None]
MOST_FUTURES = 20
"""Each takes as long to play as the recorded days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How far a simulation goes.

    Attributes:
        further: Settings that the search of each policy may try after the common grid.
        futures: Sampled futures of the tuning days, asked where these are too few to prove the
            promise; 0 = the days alone decide.
        bound: Whether to say what no policy can beat.
        keep: Whether ``plan`` uses what was tuned from then on.
        purchase_alpha: Warehouses buy up to this quantile of the forecast of all that they supply;
            0 = by the levels of the purchase rules.
        plot: SVG file for the frontier of all policies; None = no picture.
    """

    further: int = 0
    futures: int = FUTURES
    bound: bool = False
    keep: bool = True
    purchase_alpha: float = 0.0
    plot: Path | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.futures <= MOST_FUTURES:
            raise InvalidInput(f"{self.futures} sampled futures; use 0 to {MOST_FUTURES}")
        if not 0.0 <= self.purchase_alpha < 1.0:
            raise InvalidInput(
                f"purchases by alpha {self.purchase_alpha}; use a number between 0 and 1"
            )
        if self.plot is not None and self.plot.suffix.lower() != ".svg":
            raise InvalidInput(f"{self.plot} cannot be drawn; name a file that ends in .svg")


PLAIN = Depth()


def depth_of(
    *,
    tune: bool = False,
    compare: bool = False,
    futures: int | None = None,
    purchase_alpha: float = 0.0,
    plot: Path | None = None,
) -> Depth:
    """How far a simulation goes that shall tune, compare, or both; see ``Depth``.

    What was tuned is used from then on, unless policies are only compared. ``futures`` of None
    are as many as is usual.
    """
    return Depth(
        further=FURTHER if tune else 0,
        futures=FUTURES if futures is None else futures,
        bound=compare,
        keep=tune or not compare,
        purchase_alpha=purchase_alpha,
        plot=plot,
    )


def families(*, tune: bool = False, compare: bool = False) -> tuple[str, ...]:
    """The policies that are looked at where none is named."""
    return tuple(FAMILIES if tune or compare else POLICIES)


def simulate(
    folder: Path,
    *,
    days: int = 28,
    policies: Sequence[str] = POLICIES,
    seed: int | None = None,
    depth: Depth = PLAIN,
    report: Report = lambda _fraction, _what: None,
) -> Board:
    """Replay the last ``days`` of the history: tuned on the days before, scored on these.

    Args:
        folder: The workspace.
        days: That no policy sees before it is scored on them.
        policies: Of ``FAMILIES``; the first is the one that the others are compared with.
        seed: None = that of the settings.
        depth: How far to go.
        report: Progress, 0 to 1.

    Raises:
        HistoryTooShort: Less than five times ``days`` of history.
        InvalidInput: An unknown policy, or no history.
        StoreError: The picture cannot be written.
    """
    books = open_books(folder)
    seed = books.settings.seed if seed is None else seed
    task = _task(books, days, policies, depth, seed)
    proof = prove(task, report=lambda done, what: report(0.9 * done, what))
    if depth.keep:
        for name, tuned in proof.tuned.items():
            keep_parameters(books, name, dict(tuned.best.parameters), actor="simulate")
    board = board_of(proof, about(books, days, seed), target=task.target)
    if depth.plot is not None:
        report(0.9, "drawing the frontier")
        _draw(task, proof, depth.plot)
    report(1.0, "done")
    return board


def _task(books: Books, days: int, policies: Sequence[str], depth: Depth, seed: int) -> Task:
    panel = forecasting.history_panel(books)
    return Task(
        plant=books.plant,
        recorded=panel,
        truth=panel,
        unseen_from=_first_unseen(panel, days),
        calendar=forecasting.calendar_of(books, panel),
        estimators={books.settings.model: forecasting.estimator_of(books.settings.model, seed)},
        policies=policies,
        target=books.settings.target_halts_per_line_month,
        further=depth.further,
        futures=depth.futures,
        purchase_alpha=depth.purchase_alpha,
        bound=depth.bound,
        paths=books.settings.paths,
        seed=seed,
    )


def _draw(task: Task, proof: Proof, file: Path) -> None:
    bound = proof.scoreboard.bound
    drawn = picture(
        frontier_of(task, proof),
        title=f"{task.plant.name or task.plant.plant_id}: days that no policy has seen",
        bound_days=None if bound is None else bound.cover_days,
    )
    try:
        file.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"the picture cannot be written to {file}: {error}") from error


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

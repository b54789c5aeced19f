"""Kinds of long work, run the same way from the command line and from the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from supplynet.services import forecasting, models, plant_detector, simulation
from supplynet.services.books import open_books, system_now
from supplynet.services.what_if import ask_in
from supplynet.services.what_if_question import Question
from supplynet.worker.job_process import JobContext
from supplynet.worker.runner import JobRunner, run_job

KINDS = {
    "train": "supplynet.worker.jobs:train",
    "compare": "supplynet.worker.jobs:compare",
    "simulate": "supplynet.worker.jobs:simulate",
    "what_if": "supplynet.worker.jobs:what_if",
    "train_detector": "supplynet.worker.jobs:train_detector",
    "backtest": "supplynet.worker.learning_jobs:backtest",
    "tune": "supplynet.worker.learning_jobs:tune",
    "detect": "supplynet.worker.learning_jobs:detect",
    "triggers": "supplynet.worker.learning_jobs:triggers",
    "forecast": "supplynet.worker.learning_jobs:forecast",
    "train_series": "supplynet.worker.learning_jobs:train_series",
    "retrain_all": "supplynet.worker.learning_jobs:retrain_all",
    "detect_series": "supplynet.worker.learning_jobs:detect_series",
    "export_model": "supplynet.worker.learning_jobs:export_model",
    "import": "supplynet.worker.data_jobs:take_import",
    "generate": "supplynet.worker.data_jobs:generate",
    "rebuild_history": "supplynet.worker.data_jobs:rebuild_history",
    "verify": "supplynet.worker.data_jobs:verify",
    "signals_fetch": "supplynet.worker.data_jobs:fetch_signals",
    "erp_pull": "supplynet.worker.data_jobs:pull_from_erp",
    "erp_push": "supplynet.worker.data_jobs:push_to_erp",
    "backup": "supplynet.worker.backups:make",
    "verify_backup": "supplynet.worker.backups:verify",
}
"""Job kind -> function, as the process of a job finds it."""


def train(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """``{"models": [...], "seed": int or null, "promote": str}`` -> champion and comparison."""
    books = open_books(context.workspace)
    return forecasting.train(
        books,
        params["models"],
        seed=params.get("seed"),
        promote=params.get("promote", "if_better"),
        report=context.progress,
    )


def compare(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """``{"first": version, "second": version or null}`` -> both on the same unseen periods."""
    books = open_books(context.workspace)
    context.progress(0.1, "comparing on periods that neither has seen")
    return models.compare(books, params["first"], params.get("second"))


def simulate(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """``{"days": int, "policies": [...], "seed", "tune", "compare", ...}`` -> scoreboard."""
    tune, compare = params.get("tune", False), params.get("compare", False)
    futures = params.get("futures")
    depth = simulation.depth_of(
        tune=tune, compare=compare, futures=futures, purchase_alpha=params.get("purchases", 0.0)
    )
    board = simulation.simulate(
        context.workspace,
        days=params["days"],
        policies=params["policies"] or simulation.families(tune=tune, compare=compare),
        seed=params.get("seed"),
        depth=depth,
        report=context.progress,
    )
    return board.as_dict()


def what_if(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """The fields of ``services.what_if.Question`` -> both plants on the same futures."""
    context.progress(0.1, "playing both plants on the same futures")
    return ask_in(context.workspace, Question(**params)).as_dict()


def train_detector(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """``{"model": name or null, "seed": int or null}`` -> the version, which serves at once."""
    books = open_books(context.workspace)
    context.progress(0.1, "learning what is usual")
    version = plant_detector.train_detector(books, params.get("model"), seed=params.get("seed"))
    return {"version": version}


def run_here(
    folder: Path,
    kind: str,
    params: Mapping[str, Any],
    *,
    report: Callable[[float, str], None] | None = None,
) -> Any:
    """Submit a job, run it in a process of its own, wait, and return its result.

    Raises:
        JobError: It failed, with its own message.
    """
    books = open_books(folder)
    runner = JobRunner(
        books.store, books.workspace.folder, KINDS, runner_id="cli", clock=system_now
    )
    return run_job(
        runner,
        books.store,
        kind,
        params,
        actor="cli",
        now=books.wall_clock(),
        on_progress=report,
    )

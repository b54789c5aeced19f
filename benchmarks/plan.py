"""Seconds of one plan on the full demo plant, by phase.

The workspace is that of ``supplynet demo``: 27 lines, 60 parts, 14 shifts ahead. Phases marked
"within" are part of "decide".
"""

from __future__ import annotations

import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, cast

from supplynet import cycle
from supplynet.cli.benchmarking import Result, Setup
from supplynet.forecast.bound import BoundForecaster
from supplynet.services import champion, demo
from supplynet.services.books import open_books
from supplynet.services.policies import policy_of

Seconds = dict[str, list[float]]
FORECASTS = ("within decide: sample paths", "within decide: quantiles to show")


class Timed:
    """A forecaster whose time is taken."""

    def __init__(self, forecaster: BoundForecaster, seconds: Seconds) -> None:
        self._forecaster, self._seconds = forecaster, seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._forecaster, name)

    def sample(self, *args: Any, **named: Any) -> Any:
        with _lap(self._seconds, FORECASTS[0]):
            return self._forecaster.sample(*args, **named)

    def quantiles(self, *args: Any, **named: Any) -> Any:
        with _lap(self._seconds, FORECASTS[1]):
            return self._forecaster.quantiles(*args, **named)


def run(setup: Setup) -> Result:
    repeats = 2 if setup.quick else 5
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = "tiny" if setup.quick else "full"
        board = demo.run(folder, size=size, seed=setup.seed, report=setup.report)
        seconds: Seconds = defaultdict(list)
        for _ in range(repeats):
            proposals = _plan(folder, seconds, setup.seed)
    return Result(
        params={
            "plant": board.about,
            "model": board.champion,
            "repeats": repeats,
            "proposals": proposals,
            "seconds": "median; the first of them includes what a new process loads once",
        },
        rows=[
            {
                "table": "seconds of one plan",
                "phase": phase,
                "median": statistics.median(laps),
                "first": laps[0],
                "least": min(laps),
            }
            for phase, laps in seconds.items()
        ],
    )


def _plan(folder: Path, seconds: Seconds, seed: int) -> int:
    """What ``supplynet plan`` does, phase by phase."""
    with _lap(seconds, "all"):
        with _lap(seconds, "open books, model and history"):
            books = open_books(folder)
            forecaster = champion.champion_forecaster(books)
            policy, now = policy_of(books), books.now()
        history, plant = books.workspace.history, books.plant
        since = forecaster.history.periods[-1].end
        with _lap(seconds, "close shifts"):
            cycle.close_shifts(books.store, history, plant, since=since, now=now)
        with _lap(seconds, "snapshot"):
            snapshot = cycle.take_snapshot(books.store, history, plant, since=since, now=now)
        timed = cast("BoundForecaster", Timed(forecaster, seconds))
        with _lap(seconds, "decide"):
            plan = cycle.make_plan(snapshot, timed, policy, paths=books.settings.paths, seed=seed)
        seconds["within decide: policy and halt risk"].append(_rest(seconds))
        with _lap(seconds, "write"):
            cycle.commit(books.store, plan, actor="bench")
    books.store.close()
    return len(plan.proposals)


def _rest(seconds: Seconds) -> float:
    """What the last decision took beside its forecasts."""
    forecasts = (laps[-1] for phase, laps in seconds.items() if phase in FORECASTS)
    return seconds["decide"][-1] - sum(forecasts)


@contextmanager
def _lap(seconds: Seconds, phase: str) -> Iterator[None]:
    seconds[phase]  # phases stay in the order in which they begin
    started = perf_counter()
    yield
    seconds[phase].append(perf_counter() - started)

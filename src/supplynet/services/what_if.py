"""What if, asked of a workspace: from the state of its books now, on its own forecast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from supplynet import cycle
from supplynet.core.sample_paths import SamplePaths
from supplynet.cycle.snapshot import Snapshot, slot_minutes
from supplynet.forecast.guarded import GuardedForecaster
from supplynet.forecast.recent_use import mean_seen
from supplynet.frames.panel import Panel
from supplynet.services import champion, history, last_good
from supplynet.services.books import Books, open_books
from supplynet.services.policies import policy_of
from supplynet.services.what_if_question import Question, check
from supplynet.simulate.outlook import expected_window, steps_until
from supplynet.study.what_if import Answer, Figure, Situation, what_if

QUICK = 500_000
"""Futures x days x (line, part) that are answered at once; it takes about ten seconds."""
Table = Callable[[list[str], list[list[Any]]], list[str]]
Row = dict[str, Any]
_WORDS = {
    "halts": "halts",
    "lost_minutes": "lost minutes",
    "cover_days": "days of cover",
    "stock_parts": "parts in stock",
    "trips": "trips",
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An answer with what it is about."""

    answer: Answer
    change: tuple[str, ...]
    as_of: datetime
    days: int
    policy: str
    model_version: str
    fallbacks: tuple[str, ...]
    seconds: float

    def as_dict(self) -> Row:
        """For programs."""
        return {
            "as_of": self.as_of,
            "days": self.days,
            "futures": self.answer.futures,
            "policy": self.policy,
            "model_version": self.model_version,
            "change": list(self.change),
            "figures": [_row(each) for each in self.answer.figures],
            "worse_lines": [_row(each) for each in self.answer.lines],
            "worse_parts": [_row(each) for each in self.answer.parts],
            "fallbacks": list(self.fallbacks),
            "seconds": round(self.seconds, 2),
        }

    def lines(self, table: Table) -> list[str]:
        """For people."""
        head = ["", "as it is", "changed", "difference", "95 % interval"]
        changed, when = "; ".join(self.change), f"{self.as_of:%Y-%m-%d %H:%M}Z"
        futures = f"{self.answer.futures} futures, {self.policy}"
        said = [
            f"{changed}: {self.days} days from {when} on {futures}",
            *self.fallbacks,
            "",
            *table(head, [_cells(each, _WORDS[each.name]) for each in self.answer.figures]),
        ]
        for what, rows in (("lines", self.answer.lines), ("parts", self.answer.parts)):
            if rows:
                said += ["", f"{what} that lose more minutes, the worst first:"]
                said += table(head, [_cells(each, each.name) for each in rows])
        return [*said, "", f"answered in {self.seconds:.1f} seconds"]


def ask_in(folder: Path, question: Question) -> Outcome:
    """``ask`` for the workspace in ``folder``."""
    return ask(open_books(folder), question)


def ask(books: Books, question: Question) -> Outcome:
    """Play the plant as it is and as it might be, from the state of the books now.

    Changes nothing in the books.

    Raises:
        NotFound: Something that the question names does not exist, or no model is trained.
        InvalidInput: A value makes no sense, or no stock is known.
    """
    begun = perf_counter()
    change = check(question, books.plant)
    seed = books.settings.seed if question.seed is None else question.seed
    now = history.as_of(books)
    forecaster = last_good.guarded(books, champion.serving(books).forecaster)
    past = forecaster.history
    snapshot = cycle.take_snapshot(
        books.store,
        books.workspace.history,
        books.plant,
        since=past.periods[-1].end,
        now=now,
        unseen=books.settings.anomaly_unseen,
    )
    policy = policy_of(books, past)
    paths = _futures(snapshot, forecaster, question, seed)
    situation = Situation(
        plant=books.plant,
        series=snapshot.model.series,
        state=snapshot.state,
        paths=paths,
        policy=policy,
        days=question.days,
        slot_minutes=slot_minutes(snapshot.model.shifts),
        usual=_usual(past),
        seed=seed,
    )
    answer = what_if(situation, change)
    return Outcome(
        answer=answer,
        change=tuple(change.sentences()),
        as_of=now,
        days=question.days,
        policy=policy.name,
        model_version=forecaster.model_version,
        fallbacks=tuple(str(each) for each in forecaster.fallbacks),
        seconds=perf_counter() - begun,
    )


def is_quick(books: Books, question: Question) -> bool:
    """Whether an answer takes seconds, or is rather a job."""
    series = len({(row.line_id, row.part_id) for row in books.plant.requirements})
    return question.days * question.futures * series <= QUICK


def _futures(
    snapshot: Snapshot, forecaster: GuardedForecaster, question: Question, seed: int
) -> SamplePaths:
    """Paths that reach beyond the horizon by the longest window, so that late decisions see it."""
    batches = (batch for batches in snapshot.model.batches.values() for batch in batches)
    windows = [
        float(expected_window(batch, snapshot.model.slots.moment(batch.slot), seed, 50).max())
        for batch in batches
    ]
    longest = max([*windows, *(60.0 * 2 * m for m in question.lead_time.values()), 0.0])
    last = snapshot.now + timedelta(days=question.days, minutes=longest)
    steps = steps_until(snapshot.model.calendar, snapshot.now, last)
    paths = 2 * question.futures
    return forecaster.sample(snapshot.observed, snapshot.now, steps=steps, paths=paths, seed=seed)


def _usual(past: Panel) -> dict[tuple[str, str], float]:
    """What each series used in the shifts in which it used anything."""
    worked = past.demand.copy()
    worked[worked <= 0] = float("nan")
    return {
        name: float(mean)
        for name, mean in zip(past.series, mean_seen(worked), strict=True)
        if mean > 0
    }


def _row(figure: Figure) -> Row:
    return {
        "name": figure.name,
        "base": round(figure.base, 3),
        "changed": round(figure.changed, 3),
        "difference": round(figure.difference, 3),
        "low": round(figure.low, 3),
        "high": round(figure.high, 3),
    }


def _cells(figure: Figure, name: str) -> list[Any]:
    interval = f"{figure.low:+,.2f} to {figure.high:+,.2f}"
    return [name, figure.base, figure.changed, f"{figure.difference:+,.2f}", interval]

"""The search itself: trials one after the other, on a budget, none of which can stop the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ForecastError
from supplynet.forecast.cross_validation import Report
from supplynet.forecast.folds import FoldData, attempt, reason_of
from supplynet.forecast.metrics import errors_of
from supplynet.forecast.tuning_proposals import Proposals
from supplynet.forecast.tuning_task import (
    Budget,
    Metric,
    Search,
    Settings,
    State,
    Task,
    Trial,
)

Save = Callable[[Sequence[Trial]], None]
SEARCHING = 0.95
"""Share of the whole work that a search reports when it is done."""
_MOST_REPEATS = 50  # in a row: the space has nothing new


def search_settings(
    task: Task,
    search: Search,
    budget: Budget,
    *,
    earlier: Sequence[Trial] = (),
    save: Save = lambda _trials: None,
    report: Report = lambda _fraction, _what: None,
) -> tuple[Trial, ...]:
    """Try settings until the budget is used up.

    Args:
        task: What is searched.
        search: How.
        budget: Of this call; ``earlier`` trials cost nothing of the minutes.
        earlier: Of the same search before it was stopped; what follows is what would have.
        save: Handed all trials after each.
        report: Told of every trial and fold.
    """
    proposals = Proposals(task.space, task.default, search.method, search.seed)
    trials = list(earlier[: search.trials])
    for trial in trials:
        proposals.recall(trial.settings, trial.state, trial.scores)
    while not _is_over(trials, search, budget):
        if trials:  # the final scoring fits the default again, and the best
            budget.reserve = 2 * trials[0].seconds / len(task.data)
        settings = proposals.next()
        if settings is None:
            break
        known = next((one for one in trials if one.settings == settings), None)
        if known:
            trial = _repeated(known, len(trials), proposals)
        else:
            started = _Start(task, search, budget, proposals, trials, report)
            made = started.run(settings)
            if made is None:
                break
            trial = made
        proposals.tell(trial.state, trial.scores)
        trials.append(trial)
        save(trials)
    return tuple(trials)


def best_of(trials: Sequence[Trial]) -> Trial:
    """The complete trial with the least score; of equal ones the first.

    Raises:
        ForecastError: There is none.
    """
    scored = [(trial.score, trial.number) for trial in trials if trial.score is not None]
    if not scored:
        raise ForecastError(f"every trial failed, the first with: {trials[0].reason}")
    return trials[min(scored)[1]]


def score_of(data: FoldData, quantiles: FloatArray, metric: Metric) -> float:
    """One metric over a fold; NaN where it does not exist."""
    errors = errors_of(quantiles, data.actual, data.scale, data.square_scale)
    return errors.overall([metric])[metric]


def _is_over(trials: Sequence[Trial], search: Search, budget: Budget) -> bool:
    if not trials:
        return False
    repeats = sum(1 for _ in takewhile(lambda one: one.repeats is not None, reversed(trials)))
    enough = search.trials is not None and len(trials) >= search.trials
    return enough or budget.used >= 1 or repeats >= _MOST_REPEATS


def _repeated(known: Trial, number: int, proposals: Proposals) -> Trial:
    """What the same settings gave before: models are deterministic."""
    for fold in range(1, len(known.scores) + 1):
        proposals.gives_up(known.scores[:fold])
    return replace(known, number=number, seconds=0.0, repeats=known.number)


@dataclass(frozen=True)
class _Start:
    """Everything that a trial needs."""

    task: Task
    search: Search
    budget: Budget
    proposals: Proposals
    trials: Sequence[Trial]
    report: Report

    def run(self, settings: Settings) -> Trial | None:
        """Fold by fold; None when time ran out before the last."""
        started, folds = self.budget.clock(), self.task.data
        scores: list[float] = []
        state: State = "complete"
        reason = ""
        for data in folds:
            if self.trials and self.budget.used >= 1:
                return None
            self._tell(len(scores))
            outcome = self._outcome(settings, data)
            if isinstance(outcome, Exception):
                state, reason = "failed", reason_of(outcome)
                break
            scores.append(outcome)
            if self.proposals.gives_up(scores) and data is not folds[-1]:
                state = "pruned"
                break
        return Trial(
            number=len(self.trials),
            settings=dict(settings),
            state=state,
            scores=tuple(scores),
            seconds=self.budget.clock() - started,
            reason=reason,
        )

    def _outcome(self, settings: Settings, data: FoldData) -> float | Exception:
        try:
            model = self.task.make(settings)
        except Exception as error:  # noqa: BLE001  # settings that do not go together
            return error
        made = attempt(model, data, self.budget.clock)
        if isinstance(made, Exception):
            return made
        return score_of(data, made.quantiles, self.search.metric)

    def _tell(self, fold: int) -> None:
        number, folds = len(self.trials), len(self.task.data)
        done = (number + fold / folds) / self.search.trials if self.search.trials else 0.0
        scores = [trial.score for trial in self.trials if trial.score is not None]
        best = f", best so far {min(scores):.4g}" if scores else ""
        what = f"trial {number}: fold {fold + 1} of {folds}{best}"
        self.report(SEARCHING * max(done, self.budget.used), what)

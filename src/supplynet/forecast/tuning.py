"""Better settings of a model, found on a budget and judged on what the search has not seen.

The end of the history is held out first. Settings are compared on folds before it; then the best
and the default are scored on it, once, beside the naive rows. The default is the first trial, so
that what is found is never worse than it on the folds. It is adopted when it is no worse on what
was held out either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np

from supplynet.errors import InvalidInput
from supplynet.forecast import registry
from supplynet.forecast.backtest import YARDSTICKS
from supplynet.forecast.cross_validation import CrossValidation, Report, cross_validate
from supplynet.forecast.folds import FoldData, FoldPlan
from supplynet.forecast.model import Estimator, Sized
from supplynet.forecast.quantiles import QUANTILES
from supplynet.forecast.tuning_search import (
    SEARCHING,
    Save,
    best_of,
    score_of,
    search_settings,
)
from supplynet.forecast.tuning_spaces import space_of
from supplynet.forecast.tuning_task import Budget, Metric, Search, Settings, Task, Trial
from supplynet.frames.panel import Panel

TUNED, DEFAULT = "tuned", "default"


@dataclass(frozen=True, kw_only=True, eq=False)
class Tuned:
    """What a search found.

    Attributes:
        trials: All, in order.
        best: With the least score on the folds; the default where none is better.
        held_out: ``tuned`` and ``default`` on the periods that no trial saw, beside the naive
            rows; ``default`` alone where it is the best.
        adopted: Whether the best is another than the default and no worse there.
    """

    trials: tuple[Trial, ...]
    best: Trial
    held_out: CrossValidation
    adopted: bool


def tune(
    model: str,
    panel: Panel,
    *,
    plan: FoldPlan,
    held_out: int,
    search: Search,
    fixed: Settings | None = None,
    earlier: Sequence[Trial] = (),
    save: Save = lambda _trials: None,
    report: Report = lambda _fraction, _what: None,
    clock: Callable[[], float] = monotonic,
) -> Tuned:
    """Search settings on folds before the last ``held_out`` periods, and score them on those.

    Args:
        model: Name in the registry.
        panel: History.
        plan: Folds of what is not held out.
        held_out: Periods, at least the steps of a forecast.
        search: How, and for how long.
        fixed: Settings that are not searched, such as a seed.
        earlier: Trials of the same search before it was stopped.
        save: Handed all trials after each.
        report: Progress, 0 to 1.
        clock: Seconds.

    Raises:
        NotFound: No such model, or nothing to tune in it.
        InvalidInput: The folds cannot be, or the metric does not exist on one of them.
        SupplyNetError: Every trial failed, or the best and the default did at the end.
    """
    budget = Budget(minutes=search.minutes, clock=clock)
    known = panel.head(max(0, len(panel.periods) - held_out))
    task = _task(model, fixed or {}, _folds(known, plan))
    learn = len(task.data[0].history.periods) if plan.window == "sliding" else None
    final = replace(plan, count=1, periods=held_out, learn=learn)
    _check_metric(search.metric, [*task.data, *_folds(panel, final)])
    trials = search_settings(task, search, budget, earlier=earlier, save=save, report=report)
    best = best_of(trials)
    report(SEARCHING, f"scoring on the last {held_out} periods")
    models = {DEFAULT: task.make(task.default)}
    if best.number:
        models[TUNED] = task.make(best.settings)
    naive = [name for name in YARDSTICKS if name != model]
    outcome = cross_validate(models, panel, final, baselines=naive)
    return Tuned(
        trials=trials, best=best, held_out=outcome, adopted=_is_no_worse(outcome, search.metric)
    )


def _task(model: str, fixed: Settings, data: Sequence[FoldData]) -> Task:
    def make(settings: Settings) -> Estimator:
        return registry.estimator(model, **{**fixed, **settings})

    space, plain = space_of(model), make({})
    if isinstance(plain, Sized):
        plain = plain.sized(data[-1].history)
    default = {name: getattr(plain, name) for name in space}
    return Task(make=make, space=space, default=default, data=data)


def _folds(panel: Panel, plan: FoldPlan) -> tuple[FoldData, ...]:
    if not panel.series:
        raise InvalidInput("there are no series to tune on; import or generate a history first")
    folds = plan.folds(len(panel.periods))
    return tuple(FoldData.of(panel, fold, plan) for fold in folds)


def _check_metric(metric: Metric, data: Sequence[FoldData]) -> None:
    """Refuse folds on which a metric does not exist, whatever is forecast."""
    for each in data:
        nothing = np.zeros((*each.actual.shape, len(QUANTILES)))
        if np.isnan(score_of(each, nothing, metric)):
            periods = each.window.periods[len(each.history.periods) :]
            raise InvalidInput(
                f"there is no {metric} from {periods[0].local_date} to {periods[-1].local_date}: "
                "no demand was observed, or the history before is constant; choose another "
                "metric, or fewer folds"
            )


def _is_no_worse(outcome: CrossValidation, metric: Metric) -> bool:
    scores = {
        name: errors.overall([metric])[metric] for name, errors in outcome.pooled.errors.items()
    }
    return TUNED in scores and scores[TUNED] <= scores.get(DEFAULT, np.inf)

"""Judging models on a history, and searching better settings: ``backtest`` and ``tune``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import polars as pl

from supplynet.config import load_settings
from supplynet.errors import InvalidInput, ModelError
from supplynet.forecast import registry
from supplynet.forecast.cross_validation import CrossValidation, cross_validate
from supplynet.forecast.folds import FoldPlan
from supplynet.forecast.model import Estimator
from supplynet.forecast.tuning_spaces import space_of
from supplynet.forecast.tuning_task import Method, Metric, Search, Trial
from supplynet.frames.panel import Panel
from supplynet.learning.manifest import package_versions
from supplynet.learning.signed_json import json_bytes, sha256
from supplynet.services import tuned as kept
from supplynet.services.books import open_books, system_now
from supplynet.services.evaluation_data import Cut, data_facts, file_panel, plan_facts
from supplynet.services.forecasting import estimator_of, history_panel

if TYPE_CHECKING:
    from supplynet.forecast.tuning import Tuned

By = Literal["series", "class", "step", "fold"]
Report = Callable[[float, str], None]
Json = dict[str, Any]
TRIALS = 25
"""Of a search that is given neither trials nor minutes."""


@dataclass(frozen=True, kw_only=True)
class BacktestRequest:
    """What a backtest is asked for.

    Attributes:
        models: Names in the registry; none = the setting ``model``.
        file: A table to judge on; None = the workspace's history.
        cut: How the history is cut.
        by: Tables besides the overall one.
        seed: Of models that draw at random; None = the setting.
    """

    models: Sequence[str] = ()
    file: Path | None = None
    cut: Cut = field(default_factory=Cut)
    by: Sequence[By] = ()
    seed: int | None = None

    def __post_init__(self) -> None:
        for name in self.by:
            if name not in get_args(By):
                raise InvalidInput(f"no table by {name!r}; choose {', '.join(get_args(By))}")


@dataclass(frozen=True, kw_only=True)
class TuneRequest:
    """What a search is asked for; see ``forecast.tuning_task.Search``.

    Attributes:
        model: Name in the registry.
        trials, minutes: The budget; without either, ``TRIALS``.
        cut: Folds that settings are compared on.
        held_out: Periods at the end that no trial sees; None = as many as a fold has.
        fresh: Forget the trials of an earlier run of the same search.
        seed: None = the setting.
    """

    model: str
    method: Method = "tpe"
    metric: Metric = "pinball"
    trials: int | None = None
    minutes: float | None = None
    cut: Cut = field(default_factory=lambda: Cut(folds=3))
    held_out: int | None = None
    fresh: bool = False
    seed: int | None = None

    def search(self, seed: int) -> Search:
        """The search, with the seed of the workspace where none was given.

        Raises:
            InvalidInput: A word that is not known, or a budget of nothing.
        """
        unbounded = self.trials is None and self.minutes is None and self.method != "grid"
        return Search(
            method=self.method,
            metric=self.metric,
            trials=TRIALS if unbounded else self.trials,
            minutes=self.minutes,
            seed=seed if self.seed is None else self.seed,
        )


def backtest(
    folder: Path,
    request: BacktestRequest,
    *,
    report: Report = lambda _fraction, _what: None,
) -> Json:
    """Judge models on the end of a history, beside the naive rows.

    On the workspace's history a model has the settings that ``tune`` found, as in training. One
    that fails is named with the reason; the others go on.

    Returns:
        ``data, plan, models`` (tuned settings by name), ``overall`` (rows of ``metrics.POOLED``,
        best pinball first), ``by`` (rows, by what was asked for), ``failed`` (reasons by name).

    Raises:
        InvalidInput: There is no history, the file cannot be read, or the cut cannot be.
        NotFound: An unknown model.
        MissingExtra: A model's library is not installed.
        SupplyNetError: Every model failed.
    """
    setting = load_settings(folder)
    seed = setting.seed if request.seed is None else request.seed
    names = request.models or [setting.model]
    tuned = {name: {} if request.file else kept.tuned_settings(folder, name) for name in names}
    models = {name: _model(name, seed, settings) for name, settings in tuned.items()}
    report(0.0, "reading the history")
    panel = file_panel(request.file) if request.file else history_panel(open_books(folder))
    plan = request.cut.plan(panel)
    found = cross_validate(models, panel, plan, report=report)
    return {
        "data": data_facts(panel),
        "plan": plan_facts(plan, panel),
        "models": tuned,
        "overall": found.table.to_dicts(),
        "by": {by: _table_by(found, by).to_dicts() for by in request.by},
        "failed": dict(found.failed),
    }


def tune(
    folder: Path,
    request: TuneRequest,
    *,
    report: Report = lambda _fraction, _what: None,
    clock: Callable[[], float] = monotonic,
    wall_clock: Callable[[], datetime] = system_now,
) -> Json:
    """Search better settings of a model on the workspace's history, and keep what was found.

    The trials are kept as they come: the same search goes on where it was stopped, and with more
    trials it goes on from where it ended.

    Returns:
        What is kept, see ``services.tuned``; ``resumed`` says how many trials were taken over.

    Raises:
        NotFound: No workspace, no such model, or nothing to tune in it.
        MissingExtra: The model's library is not installed.
        InvalidInput: There is no history, or the cut or the budget cannot be.
        SupplyNetError: Every trial failed.
    """
    from supplynet.forecast import tuning

    books, model = open_books(folder), request.model
    space_of(model)
    search = request.search(books.settings.seed)
    fixed = {"seed": search.seed} if "seed" in registry.settings_of(model) else {}
    report(0.0, "reading the history")
    panel = history_panel(books)
    plan = request.cut.plan(panel, held_out=1)
    held_out = plan.periods if request.held_out is None else request.held_out
    key = _key(model, search, plan, held_out, panel)
    if request.fresh:
        kept.forget(folder, model)
    earlier = [] if request.fresh else _trials(folder, model, key)
    found = tuning.tune(
        model,
        panel,
        plan=plan,
        held_out=held_out,
        search=search,
        fixed=fixed,
        earlier=earlier,
        save=partial(kept.write_journal, folder, model, key),
        report=report,
        clock=clock,
    )
    result = {
        "model": model,
        "key": key,
        "tuned_at": wall_clock().isoformat(),
        "data": data_facts(panel),
        "plan": plan_facts(plan, panel.head(-held_out)),
        "packages": package_versions() | {"optuna": version("optuna")},
        **_search_facts(found, search),
        "held_out": {"periods": held_out, **_held_out_facts(found)},
    }
    kept.write_tuned(folder, model, result)
    return result | {"resumed": min(len(earlier), len(found.trials))}


def _model(name: str, seed: int, settings: Mapping[str, Any]) -> Estimator:
    made = cast("Any", estimator_of(name, seed))
    return cast("Estimator", replace(made, **settings))


def _table_by(found: CrossValidation, by: By) -> pl.DataFrame:
    tables = {
        "series": found.pooled.by_series,
        "class": found.pooled.by_class,
        "step": found.pooled.by_step,
        "fold": found.by_fold,
    }
    return tables[by]()


def _key(model: str, search: Search, plan: FoldPlan, held_out: int, panel: Panel) -> str:
    """Sum over all that the course of a search depends on; not over how long it is."""
    facts = {
        "model": model,
        "space": {name: repr(each) for name, each in space_of(model).items()},
        "search": asdict(replace(search, trials=1, minutes=None)),
        "plan": asdict(plan),
        "held_out": held_out,
        "data": data_facts(panel)["hash"],
        "packages": package_versions() | {"optuna": version("optuna")},
    }
    return sha256(json_bytes(facts))


def _trials(folder: Path, model: str, key: str) -> list[Trial]:
    try:
        rows = kept.earlier_trials(folder, model, key)
        return [Trial(**{**row, "scores": tuple(row["scores"])}) for row in rows]
    except (TypeError, KeyError) as error:
        raise ModelError(
            f"the earlier trials of {model} are damaged; tune it again from the start (--fresh)"
        ) from error


def _search_facts(found: Tuned, search: Search) -> Json:
    """What was searched, how, and every trial."""
    default = found.trials[0]
    return {
        "search": asdict(search),
        "adopted": found.adopted,
        "settings": dict(found.best.settings),
        "default_settings": dict(default.settings),
        "best_trial": found.best.number,
        "best_score": found.best.score,
        "default_score": default.score,
        "trials": [asdict(trial) for trial in found.trials],
    }


def _held_out_facts(found: Tuned) -> Json:
    outcome = found.held_out
    return {"overall": outcome.table.to_dicts(), "failed": dict(outcome.failed)}

"""Cross-validation by time: every model fitted anew before each fold, judged on what came after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import polars as pl

from supplynet.errors import ForecastError, InvalidInput, SupplyNetError
from supplynet.forecast.backtest import YARDSTICKS
from supplynet.forecast.comparison import Comparison, compare
from supplynet.forecast.folds import FoldData, FoldPlan, Forecasts, attempt, reason_of
from supplynet.forecast.model import Estimator
from supplynet.forecast.registry import estimator
from supplynet.frames.panel import Panel

Report = Callable[[float, str], None]
SECONDS = ("fit_seconds", "predict_seconds")
"""Of a table: to fit once, and to forecast once; means over the folds."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CrossValidation:
    """What a cross-validation found.

    Attributes:
        data: The folds, oldest first.
        forecasts: By model, one per fold; only models that no fold stopped.
        failed: Why the others failed, by model.
        pooled: All folds together: every error is scaled by the history of its own fold; weights
            and classes are those before the first.
    """

    data: tuple[FoldData, ...]
    forecasts: Mapping[str, tuple[Forecasts, ...]]
    failed: Mapping[str, str]
    pooled: Comparison

    @property
    def table(self) -> pl.DataFrame:
        """``model``, ``metrics.POOLED`` and ``SECONDS``: a row per model, best pinball first."""
        seconds = {
            name: [
                float(np.mean([getattr(one, name) for one in of])) for of in self.forecasts.values()
            ]
            for name in SECONDS
        }
        times = pl.DataFrame({"model": list(self.forecasts), **seconds})
        return self.pooled.overall().join(times, on="model", how="left", maintain_order="left")

    def by_fold(self) -> pl.DataFrame:
        """``fold``, ``model`` and ``metrics.POOLED``: a row per fold and model."""
        tables = []
        for place, data in enumerate(self.data):
            one = {name: each[place] for name, each in self.forecasts.items()}
            number = pl.lit(data.fold.number, pl.Int64).alias("fold")
            tables.append(data.comparison(one).overall().select(number, pl.all()))
        return pl.concat(tables)


def cross_validate(
    models: Mapping[str, Estimator],
    panel: Panel,
    plan: FoldPlan,
    *,
    baselines: Sequence[str] = YARDSTICKS,
    report: Report = lambda _fraction, _what: None,
    clock: Callable[[], float] = perf_counter,
) -> CrossValidation:
    """Fit every model anew before each fold and forecast the fold from its cutoffs.

    A model that fails on any fold is left out and named; the others go on.

    Args:
        models: By the name they get in the tables.
        panel: History.
        plan: The folds.
        baselines: Models of the registry that are added.
        report: Told of every model and fold.
        clock: Seconds, for the times in the table.

    Raises:
        InvalidInput: The folds leave nothing to learn from, there is no series, or nothing was
            observed in any fold.
        SupplyNetError: Every one of ``models`` failed; that of the only one is its own.
    """
    if not panel.series:
        raise InvalidInput("there are no series to forecast; import or generate a history first")
    data = tuple(FoldData.of(panel, fold, plan) for fold in plan.folds(len(panel.periods)))
    if all(np.isnan(each.actual).all() for each in data):
        raise InvalidInput("nothing was observed in the folds: there is nothing to judge by")
    named = {name: estimator(name) for name in baselines} | dict(models)
    forecasts: dict[str, tuple[Forecasts, ...]] = {}
    failed: dict[str, Exception] = {}
    for place, (name, model) in enumerate(named.items()):
        made: list[Forecasts] = []
        for each in data:
            what = f"{name}: fold {each.fold.number} of {len(data)}"
            report((place + len(made) / len(data)) / len(named), what)
            one = attempt(model, each, clock)
            if isinstance(one, Exception):
                failed[name] = one
                break
            made.append(one)
        else:
            forecasts[name] = tuple(made)
    if set(models or named) <= set(failed):
        raise _nothing({name: failed[name] for name in models or named})
    return CrossValidation(
        data=data,
        forecasts=forecasts,
        failed={name: reason_of(error) for name, error in failed.items()},
        pooled=_pooled(data, forecasts),
    )


def _pooled(data: Sequence[FoldData], forecasts: Mapping[str, Sequence[Forecasts]]) -> Comparison:
    quantiles = {
        name: np.concatenate([one.quantiles for one in each]) for name, each in forecasts.items()
    }
    origins = len(data[0].actual)
    scale = np.repeat([each.scale for each in data], origins, axis=0)
    square_scale = np.repeat([each.square_scale for each in data], origins, axis=0)
    actual = np.concatenate([each.actual for each in data])
    return compare(quantiles, actual, (scale, square_scale), data[0].history)


def _nothing(failed: Mapping[str, Exception]) -> SupplyNetError:
    """The error when no model is left; that of the only one is its own."""
    first = next(iter(failed.values()))
    if len(failed) == 1 and isinstance(first, SupplyNetError):
        return first
    reasons = "; ".join(f"{name}: {reason_of(error)}" for name, error in failed.items())
    return ForecastError(f"no model could be judged ({reasons})")

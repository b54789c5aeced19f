"""Folds by time: how a history is cut, and what a model makes of one cut.

The last ``count * periods`` of a history are cut into folds of equal length that follow each other.
With an expanding window a fold's models learn from everything before it, with a sliding one always
from the same number of periods. Nothing that is forecast lies before the cutoff of its fold, so
neither a gap nor an embargo is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Literal, get_args

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ForecastError, InvalidInput, SupplyNetError
from supplynet.forecast.backtest import actuals, naive_scales, rolling_forecasts
from supplynet.forecast.comparison import Comparison, compare
from supplynet.forecast.model import Estimator
from supplynet.frames.panel import Panel

Window = Literal["expanding", "sliding"]


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One cut through a history; periods are counted from its start.

    Attributes:
        number: From 1, oldest first.
        start, cutoff, end: Models learn from ``[start, cutoff)`` and are judged on
            ``[cutoff, end)``.
    """

    number: int
    start: int
    cutoff: int
    end: int


@dataclass(frozen=True, kw_only=True)
class FoldPlan:
    """How a history is cut into folds, and how it is forecast in them.

    Args:
        count: Folds.
        periods: Periods of a fold that are forecast.
        steps: Steps per forecast, at most ``periods``.
        every: Periods from one cutoff to the next in a fold; models are not fitted again for
            those. No divisor of the season, so that every shift is met.
        window: ``expanding`` or ``sliding``.
        learn: Periods that a sliding window is long; None = what the first fold has before it.

    Raises:
        InvalidInput: A number or a window that cannot be.
    """

    count: int = 4
    periods: int = 28
    steps: int = 14
    every: int = 3
    window: Window = "expanding"
    learn: int | None = None

    def __post_init__(self) -> None:
        numbers = {name: getattr(self, name) for name in ("count", "periods", "steps", "every")}
        numbers |= {} if self.learn is None else {"learn": self.learn}
        for name, value in numbers.items():
            if value < 1:
                raise InvalidInput(f"{name} of the folds is {value}; give 1 or more")
        if self.steps > self.periods:
            raise InvalidInput(
                f"{self.steps} steps do not fit into a fold of {self.periods} periods; "
                "give fewer steps or longer folds"
            )
        if self.window not in get_args(Window):
            raise InvalidInput(f"no window {self.window!r}; choose expanding or sliding")
        if self.learn is not None and self.window == "expanding":
            raise InvalidInput(
                "an expanding window learns from everything; learn goes with sliding"
            )

    def folds(self, total: int) -> tuple[Fold, ...]:
        """The folds of a history of ``total`` periods, oldest first.

        Raises:
            InvalidInput: They leave nothing, or less than ``learn``, to learn from.
        """
        first, needed = total - self.count * self.periods, self.learn or 1
        if first < needed:
            raise InvalidInput(
                f"{self.count} folds of {self.periods} periods leave {max(first, 0)} of "
                f"{total} periods to learn from, {needed} are needed; "
                "take fewer or shorter folds, or import more history"
            )
        length = first if self.learn is None else self.learn
        cutoffs = [first + number * self.periods for number in range(self.count)]
        return tuple(
            Fold(
                number=number,
                start=cutoff - length if self.window == "sliding" else 0,
                cutoff=cutoff,
                end=cutoff + self.periods,
            )
            for number, cutoff in enumerate(cutoffs, start=1)
        )

    def origins(self, known: int) -> range:
        """Periods known at each cutoff of a fold that begins after ``known`` periods."""
        return range(known, known + self.periods - self.steps + 1, self.every)


@dataclass(frozen=True, kw_only=True)
class Forecasts:
    """What one model made of one fold.

    Attributes:
        quantiles: Shape (origin, series, step, quantile), at ``QUANTILES``.
        fit_seconds, predict_seconds: To fit, and per forecast.
    """

    quantiles: FloatArray
    fit_seconds: float
    predict_seconds: float


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldData:
    """The part of a panel that one fold is about.

    Attributes:
        fold: Which.
        window: Its periods, known and to be forecast.
        history: Those before the cutoff.
        plan: How they are forecast.
        actual: What happened, shape (origin, series, step), NaN = not observed.
        scale, square_scale: See ``backtest.naive_scales``; of the history alone.
    """

    fold: Fold
    window: Panel
    history: Panel
    plan: FoldPlan
    actual: FloatArray
    scale: FloatArray
    square_scale: FloatArray

    @classmethod
    def of(cls, panel: Panel, fold: Fold, plan: FoldPlan) -> FoldData:
        """Cut one fold out of a panel."""
        window = panel.head(fold.end).tail(fold.end - fold.start)
        history = window.head(fold.cutoff - fold.start)
        scale, square_scale = naive_scales(history)
        return cls(
            fold=fold,
            window=window,
            history=history,
            plan=plan,
            actual=actuals(window, plan.origins(len(history.periods)), plan.steps),
            scale=scale,
            square_scale=square_scale,
        )

    def forecast(self, model: Estimator, clock: Callable[[], float] = perf_counter) -> Forecasts:
        """Fit on the history, forecast from every cutoff of the fold.

        Raises:
            ForecastError: A forecast is not finite, or whatever the model raises.
        """
        origins = self.plan.origins(len(self.history.periods))
        started = clock()
        predictor = model.fit(self.history)
        fitted = clock()
        quantiles = rolling_forecasts(predictor, self.window, origins, self.plan.steps)
        if not np.isfinite(quantiles).all():
            raise ForecastError("its forecast is not finite")
        return Forecasts(
            quantiles=quantiles,
            fit_seconds=fitted - started,
            predict_seconds=(clock() - fitted) / len(origins),
        )

    def comparison(self, forecasts: Mapping[str, Forecasts]) -> Comparison:
        """The models on this fold alone."""
        quantiles = {name: each.quantiles for name, each in forecasts.items()}
        return compare(quantiles, self.actual, (self.scale, self.square_scale), self.history)


def attempt(
    model: Estimator, data: FoldData, clock: Callable[[], float] = perf_counter
) -> Forecasts | Exception:
    """One fold's forecasts, or why there are none: a library may raise anything."""
    try:
        return data.forecast(model, clock)
    except Exception as error:  # noqa: BLE001  # it is handed on
        return error


def reason_of(error: Exception) -> str:
    """A sentence for a report; what we did not raise ourselves is named by its kind."""
    known = isinstance(error, SupplyNetError)
    return str(error) if known else f"{type(error).__name__}: {error}"

"""Exponential smoothing, Theta and ARIMA through statsforecast: one model per series.

``fit`` searches the form of each series (which components, which orders), which costs most;
``predict`` puts the panel it is given through that form. A series that is too short, or for which
a fit fails or runs away, falls back on the shift mean and is named with the reason; it never stops
the others.

Series are laid on a regular grid (``week_grid``), gaps filled from the same place in the seasons
around. A season longer than 24 (hours of a week, weeks of a year) is taken out beforehand as the
mean deviation of each place and put back, since these methods would have to estimate all of it.

The extra ``forecast`` brings statsforecast and with it pandas, pyarrow, statsmodels and fugue:
about 35 packages and 0.5 GB, 4 s to import.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ForecastError
from supplynet.forecast.closed_days import ClosedDays
from supplynet.forecast.model import Progress, check_history
from supplynet.forecast.quantiles import tidy
from supplynet.forecast.shift_mean import FittedShiftMean, ShiftMean
from supplynet.forecast.week_grid import WeekGrid, fill_gaps
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.scaling import typical_level
from supplynet.learning.windows import season_length

log = logging.getLogger(__name__)

Form = dict[str, Any]
"""What the search found for a series, JSON values; empty = fall back."""

_LONGEST_SEASON = 24
_LEAST_OBSERVED = 10
_RUNAWAY = 5.0  # times the largest demand of the history: no forecast is believed beyond it
_REMEMBERED = 256  # series; each takes some 20 kB
_BATCH = 100  # series between two calls of ``progress``


@dataclass(frozen=True, kw_only=True)
class Local(ABC):
    """Settings of a method that models each series by itself.

    Args:
        seasons: How many of the last seasons (weeks, or years) are looked at.
        n_jobs: Processes to search with; each loads statsforecast anew.
    """

    name: ClassVar[str]

    seasons: int = 26
    n_jobs: int = 1

    def fit(
        self,
        panel: Panel,
        future: Sequence[Period] = (),  # noqa: ARG002  # one shape for all models
        *,
        progress: Progress | None = None,
    ) -> FittedLocal:
        """Search the form of every series, in batches; several processes when ``n_jobs`` asks.

        ``progress`` is told the fallbacks so far as loss.

        Raises:
            HistoryTooShort: Fewer than two seasons.
        """
        check_history(panel, max(_LEAST_OBSERVED, 2 * season_length(panel.periods)))
        grid = WeekGrid.of(panel, (), self.seasons)
        found: list[Form | str] = []
        batches = [grid.demand[i : i + _BATCH] for i in range(0, len(panel.series), _BATCH)]
        for done, batch in enumerate(_each(self, batches, grid.season), start=1):
            found += batch
            if progress is not None:
                progress(done, len(batches), float(sum(isinstance(one, str) for one in found)))
        pairs = list(zip(panel.series, found, strict=True))
        return FittedLocal(
            settings=self,
            typical=typical_level(panel),
            closed=ClosedDays.of(panel),
            forms={name: form for name, form in pairs if not isinstance(form, str)},
            fallbacks={name: reason for name, reason in pairs if isinstance(reason, str)},
        )

    @classmethod
    def restore(cls, state: ModelState) -> FittedLocal:
        """Bring a saved model back."""
        forms, fallbacks = (json.loads(state.texts[name]) for name in ("forms", "fallbacks"))
        return FittedLocal(
            settings=cls(**state.settings),
            typical=state.scaler["typical"],
            closed=ClosedDays(share=state.scaler["closed"]),
            forms={(line, part): form for line, part, form in forms},
            fallbacks={(line, part): reason for line, part, reason in fallbacks},
        )

    @abstractmethod
    def search(self, demand: FloatArray, season: int) -> Form:
        """The best form of a series without gaps, shape (place,)."""

    @abstractmethod
    def model(self, form: Form, season: int) -> Any:
        """A model of statsforecast that has this form."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedLocal:
    """The form of each series.

    Attributes:
        settings: The estimator.
        forms: By series; one that it lacks is searched for when it is predicted.
        fallbacks: Why a series is forecast by the shift mean instead.
        typical: Level of a series never observed.
    """

    settings: Local
    typical: float
    closed: ClosedDays
    forms: dict[tuple[str, str], Form] = field(repr=False)
    fallbacks: dict[tuple[str, str], str] = field(repr=False)

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles, shape (series, step, quantile); see ``model.Predictor``."""
        grid = WeekGrid.of(panel, future, self.settings.seasons)
        instead = FittedShiftMean(settings=ShiftMean(), typical=self.typical)
        result = instead.predict(panel, future, quantiles)
        if not len(future):
            return result
        factors = self.closed.factors(panel, future)
        failed = {}
        for row, name in enumerate(panel.series):
            if name in self.fallbacks:
                continue
            try:
                values = self._one(grid, row, self.forms.get(name), quantiles)
            except _Unfit as error:
                failed[name] = str(error)
            else:
                result[row] = tidy(values) * factors[row, :, None]
        if failed:
            name, reason = next(iter(failed.items()))
            log.warning(
                "%s: %d series are forecast by shift_mean instead, the first is %s/%s: %s",
                *(self.settings.name, len(failed), *name, reason),
            )
        return result

    def _one(
        self, grid: WeekGrid, row: int, form: Form | None, quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles of one series, shape (step, quantile)."""
        demand, season, pattern = _prepared(grid.demand[row], grid.season)
        known = form or _searched(self.settings, demand, season)
        values = _forecast(self.settings, known, demand, season, grid.ahead, quantiles)
        seasonal = pattern[(len(demand) + grid.ahead - 1) % len(pattern)]
        return np.asarray(values + seasonal[:, None])

    def state(self) -> ModelState:
        """The model as plain data."""
        forms = [[*name, form] for name, form in self.forms.items()]
        fallbacks = [[*name, reason] for name, reason in self.fallbacks.items()]
        return ModelState(
            model=self.settings.name,
            settings=asdict(self.settings),
            scaler={"typical": self.typical, "closed": self.closed.share},
            texts={"forms": json.dumps(forms), "fallbacks": json.dumps(fallbacks)},
        )


class _Unfit(ForecastError):
    """A series cannot be modelled; never leaves this module."""


def _each(settings: Local, batches: Sequence[FloatArray], season: int) -> Any:
    arguments = ([settings] * len(batches), batches, [season] * len(batches))
    if settings.n_jobs == 1 or len(batches) == 1:
        yield from map(search_batch, *arguments)
        return
    # Spawned, because forking a process that runs threads may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(settings.n_jobs, mp_context=context) as pool:
        yield from pool.map(search_batch, *arguments)


def search_batch(settings: Local, demand: FloatArray, season: int) -> list[Form | str]:
    """The form of each series, shape (series, place), or why it has none."""
    return [_form_or_reason(settings, row, season) for row in demand]


def _form_or_reason(settings: Local, demand: FloatArray, season: int) -> Form | str:
    try:
        filled, rest, _ = _prepared(demand, season)
        form = _searched(settings, filled, rest)
        _forecast(settings, form, filled, rest, np.arange(1, season + 1), (0.1, 0.5, 0.9))
    except _Unfit as error:
        return str(error)
    return form


def _prepared(demand: FloatArray, season: int) -> tuple[FloatArray, int, FloatArray]:
    """A series without gaps, the season left in it, and the pattern taken out (season,).

    Raises:
        _Unfit: Too few observations, or nothing but one value.
    """
    seen = demand[~np.isnan(demand)]
    needed = max(_LEAST_OBSERVED, 2 * season)
    if len(seen) < needed:
        raise _Unfit(f"{len(seen)} observed periods, it needs {needed}")
    if (seen == seen[0]).all():
        raise _Unfit(f"every period is {seen[0]:g}")
    filled = fill_gaps(demand, season)
    if season <= _LONGEST_SEASON:
        return filled, season, np.zeros(1)
    level = filled.mean()
    pattern = np.array([filled[place::season].mean() - level for place in range(season)])
    return filled - np.resize(pattern, len(filled)), 1, pattern


def _searched(settings: Local, demand: FloatArray, season: int) -> Form:
    return dict(_guarded(lambda: settings.search(demand, season)))


def _forecast(
    settings: Local,
    form: Form,
    demand: FloatArray,
    season: int,
    ahead: np.ndarray[Any, np.dtype[np.int64]],
    quantiles: Sequence[float],
) -> FloatArray:
    """Quantiles at the places ahead, shape (step, quantile).

    Raises:
        _Unfit: statsforecast gave up, or its forecast cannot be believed.
    """
    levels = sorted({_interval(q) for q in quantiles} - {0.0})
    asked: dict[str, Any] = {"h": int(ahead.max())}
    if levels:
        asked["level"] = levels
    known = (settings, json.dumps(form), season, demand.tobytes())
    found = _guarded(lambda: _estimated(*known).predict(**asked))
    columns = [np.asarray(found[_column(q)], dtype=float)[ahead - 1] for q in quantiles]
    values = np.stack(columns, axis=-1)
    highest = _RUNAWAY * max(1.0, float(np.abs(demand).max()))
    if not np.isfinite(values).all() or float(np.asarray(found["mean"]).max()) > highest:
        raise _Unfit(f"its forecast ran away, beyond {highest:g} parts")
    return values


@lru_cache(_REMEMBERED)
def _estimated(settings: Local, form: str, season: int, demand: bytes) -> Any:
    """A form with its parameters, which cost most: kept of the series that were forecast last."""
    return settings.model(json.loads(form), season).fit(np.frombuffer(demand).copy())


def _interval(quantile: float) -> float:
    """The central interval, in percent, that has this quantile as a bound."""
    return round(abs(2 * quantile - 1) * 100, 6)


def _column(quantile: float) -> str:
    interval = _interval(quantile)
    if interval == 0:
        return "mean"
    return f"{'lo' if quantile < 0.5 else 'hi'}-{interval}"


def _guarded(call: Any) -> Mapping[str, Any]:
    """The call's result; whatever statsforecast raises on a strange series becomes ``_Unfit``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # convergence notes: the result is judged instead
            result: Mapping[str, Any] = call()
    except Exception as error:  # it raises bare Exception, and many kinds
        raise _Unfit(f"{type(error).__name__}: {error}") from error
    return result

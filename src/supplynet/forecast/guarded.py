"""A forecaster that always has an answer: the model's, the last good one, a mean, or what is known.

A forecast is checked series by series (``forecast_checks``) before anyone orders by it. What fails
is taken from the next rung, and said so:

1. the model;
2. the last good forecast of the same weekday and shift;
3. the mean of recent shifts;
4. nothing: those series count as unknown, and only static thresholds order for them.

The live plan and the twin use the same guard, so the twin shows what a broken forecast costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.protocols import Observed
from supplynet.core.sample_paths import FloatArray, SamplePaths
from supplynet.errors import ForecastError
from supplynet.forecast.announced import as_announced, at_usual_rate, paths_as_announced
from supplynet.forecast.asking import Model, asked
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.fallbacks import Fallback, Rung
from supplynet.forecast.forecast_checks import LARGEST, Verdict, Wanted, refused
from supplynet.forecast.kept_forecast import KeptForecast
from supplynet.forecast.model import Predictor
from supplynet.forecast.paths import QuantileForecast, sample_paths
from supplynet.forecast.quantiles import QUANTILES, tidy
from supplynet.forecast.recent_use import RecentUse, recent_use
from supplynet.forecast.shift_mean import ShiftMean
from supplynet.frames.panel import Panel, Period

TOO_OLD = timedelta(days=28)
"""A forecast that was kept for longer says nothing of today."""
MEAN = "shift_mean"
"""Model version of the mean of recent shifts."""
_UNSEEN_DAYS = 7.0
"""Working time that may pass without any observation, in days of 24 hours."""
_DAY_MINUTES = 1440.0
_NEVER = "nothing was ever observed"


@dataclass(frozen=True, kw_only=True, eq=False)
class _Accepted:
    """A forecast to order by, and what of it is not the model's."""

    forecast: QuantileForecast
    dependence: Dependence
    unknown: frozenset[tuple[str, str]]
    fallbacks: tuple[Fallback, ...]


class GuardedForecaster:
    """Implements ``core.protocols.Forecaster`` and never lets a decision wait for a forecast.

    Args:
        model: What forecasts as long as it can.
        history: What it is bound to.
        calendar: As that of ``BoundForecaster``.
        kept: The last good forecasts so far.
        seconds: How long the model may take; None = as long as it wants (a simulation must not
            depend on how busy the machine is).
    """

    def __init__(
        self,
        model: Model,
        *,
        history: Panel,
        calendar: Sequence[Period],
        kept: KeptForecast | None = None,
        seconds: float | None = None,
    ) -> None:
        self.history, self.kept = history, KeptForecast() if kept is None else kept
        self._model, self._calendar, self._seconds = model, calendar, seconds
        self._levels = tuple(getattr(model, "levels", QUANTILES))
        self._mean: BoundForecaster | None = None
        self._latest: tuple[tuple[object, ...], _Accepted] | None = None

    @property
    def model_version(self) -> str:
        """That of the model, or of what stood in for all series in the last forecast."""
        found = self.fallbacks
        alone = len(found) == 1 and found[0].series == found[0].of
        return found[0].rung.value if alone else self._model.model_version

    @property
    def fallbacks(self) -> tuple[Fallback, ...]:
        """What stands in for the model in the last forecast; none = nothing."""
        return () if self._latest is None else self._latest[1].fallbacks

    @property
    def unknown(self) -> frozenset[tuple[str, str]]:
        """Series of which the last forecast knows nothing."""
        return frozenset() if self._latest is None else self._latest[1].unknown

    def sample(
        self, observed: Observed, cutoff: datetime, *, steps: int, paths: int, seed: int
    ) -> SamplePaths:
        """Joint paths of demand after ``cutoff``; see ``core.protocols.Forecaster``.

        Raises:
            InvalidInput: The calendar does not reach far enough.
        """
        found = self._accept(observed, cutoff, steps)
        made = sample_paths(found.forecast, dependence=found.dependence, paths=paths, seed=seed)
        return paths_as_announced(made, observed.announced)

    def quantiles(self, observed: Observed, cutoff: datetime, *, steps: int) -> pl.DataFrame:
        """The forecast frame, see ``BoundForecaster.quantiles``. Raises as ``sample``."""
        return self.forecast(observed, cutoff, steps=steps).frame()

    def forecast(self, observed: Observed, cutoff: datetime, *, steps: int) -> QuantileForecast:
        """Quantiles that can be ordered by. Raises as ``sample``."""
        usual = self._accept(observed, cutoff, steps).forecast
        return as_announced(usual, observed.announced)

    def _accept(self, observed: Observed, cutoff: datetime, steps: int) -> _Accepted:
        """At the usual rates of all lines: a stop that was announced is no broken forecast."""
        observed = at_usual_rate(observed, cutoff, self._calendar)
        running = None if observed.running is None else observed.running.tobytes()
        key = (observed.series, observed.demand.tobytes(), running, cutoff)
        if self._latest is not None and self._latest[0] == key:
            known = self._latest[1]
            if len(known.forecast.periods) >= steps:
                return replace(known, forecast=_head(known.forecast, steps))
        found = self._climb(observed, cutoff, steps)
        self._latest = (key, found)
        return found

    def _climb(self, observed: Observed, cutoff: datetime, steps: int) -> _Accepted:
        """Ask the rungs one after the other, each for what those before it left open."""
        wanted = self._wanted(observed, cutoff, steps)
        recent = recent_use(wanted.series, self.history, observed, cutoff)
        values = np.zeros((len(wanted.series), len(wanted.periods), len(wanted.levels)))
        open_rows = np.ones(len(wanted.series), dtype=np.bool_)
        verdict = self._ask_model(observed, wanted, recent)
        self._keep(verdict, wanted)
        reason, fallbacks = verdict.reason, list[Fallback]()
        for rung in (None, Rung.LAST_GOOD, Rung.MEAN):
            if rung is not None:
                verdict = self._ask_rung(rung, observed, wanted, recent)
            fresh = verdict.good & open_rows
            if verdict.values is not None:
                values[fresh] = verdict.values[fresh]
            if rung is not None and fresh.any():
                fallbacks.append(self._fallback(rung, reason, fresh))
            open_rows &= ~fresh
            if not open_rows.any():
                break
        if open_rows.any():
            fallbacks.append(self._fallback(Rung.STATIC, reason, open_rows))
            usual = np.nan_to_num(recent.usual[open_rows], nan=0.0)
            values[open_rows] = np.minimum(usual, LARGEST)[:, None, None]
        replaced = sum(each.series for each in fallbacks)
        return _Accepted(
            forecast=self._made(values, wanted),
            dependence=self._dependence(replaced == len(wanted.series)),
            unknown=frozenset(
                name for name, lost in zip(wanted.series, open_rows, strict=True) if lost
            ),
            fallbacks=tuple(fallbacks),
        )

    def _wanted(self, observed: Observed, cutoff: datetime, steps: int) -> Wanted:
        series = self.history.series
        if not set(observed.series) <= set(series):
            series = tuple(sorted(set(series) | set(observed.series)))
        return Wanted(
            series=series,
            periods=self._bound(self.kept, "").periods_from(cutoff, steps),
            levels=self._levels,
            cutoff=cutoff,
        )

    def _ask_model(self, observed: Observed, wanted: Wanted, recent: RecentUse) -> Verdict:
        stopped = self._stopped(recent, wanted.cutoff)
        if stopped:
            return refused(wanted, stopped)
        return asked(self._model, observed, wanted, recent, self._seconds)

    def _ask_rung(
        self, rung: Rung, observed: Observed, wanted: Wanted, recent: RecentUse
    ) -> Verdict:
        if rung is Rung.MEAN:
            if recent.seen_until is None:
                return refused(wanted, _NEVER)
            try:
                self._mean = self._mean or mean_of_recent_shifts(self.history, self._calendar)
            except ForecastError as error:
                return refused(wanted, str(error))
            return asked(self._mean, observed, wanted, recent)
        made_at = self.kept.made_at
        if made_at is None or wanted.cutoff - made_at > TOO_OLD:
            return refused(wanted, "none is kept")
        return asked(self._bound(self.kept, rung.value), observed, wanted, recent)

    def _stopped(self, recent: RecentUse, cutoff: datetime) -> str:
        """Whether more periods have passed unseen than a week has; then no lag means anything."""
        if recent.seen_until is None:
            return _NEVER
        unseen = [p for p in self._calendar if recent.seen_until <= p.start and p.end <= cutoff]
        if sum(period.minutes for period in unseen) / _DAY_MINUTES <= _UNSEEN_DAYS:
            return ""
        return f"it is stale: nothing was observed since {recent.seen_until:%Y-%m-%d %H:%M}Z"

    def _keep(self, verdict: Verdict, wanted: Wanted) -> None:
        """Remember what of the model's forecast is good."""
        if verdict.values is not None and verdict.good.any():
            self.kept = self.kept.with_new(self._made(verdict.values, wanted), verdict.good)

    def _fallback(self, rung: Rung, reason: str, rows: npt.NDArray[np.bool_]) -> Fallback:
        return Fallback(
            rung=rung,
            reason=reason,
            series=int(rows.sum()),
            of=len(rows),
            made_at=self.kept.made_at if rung is Rung.LAST_GOOD else None,
        )

    def _made(self, values: FloatArray, wanted: Wanted) -> QuantileForecast:
        return QuantileForecast(
            values=tidy(values),
            levels=wanted.levels,
            series=wanted.series,
            periods=wanted.periods,
            cutoff=wanted.cutoff,
            model_version=self._model.model_version,
        )

    def _dependence(self, replaced: bool) -> Dependence:
        """Errors of the model hang together as it says; those of a stand-in as usual."""
        return Dependence() if replaced else self._model.dependence

    def _bound(self, predictor: Predictor, name: str) -> BoundForecaster:
        return BoundForecaster(
            predictor=predictor,
            history=self.history,
            calendar=self._calendar,
            model_version=name,
            levels=self._levels,
        )


def mean_of_recent_shifts(history: Panel, calendar: Sequence[Period]) -> BoundForecaster:
    """What stands in where no model can be used: ``shift_mean``, fitted on the spot.

    Raises:
        HistoryTooShort: There is no history at all.
    """
    return BoundForecaster(
        predictor=ShiftMean().fit(history),
        history=history,
        calendar=calendar,
        model_version=MEAN,
    )


def _head(forecast: QuantileForecast, steps: int) -> QuantileForecast:
    return replace(forecast, values=forecast.values[:, :steps], periods=forecast.periods[:steps])

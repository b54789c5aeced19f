"""Forecasts that go bad, to see what that costs: broken in a known way, for a known time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from supplynet.core.protocols import Observed
from supplynet.core.sample_paths import SamplePaths
from supplynet.errors import ForecastError
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.paths import QuantileForecast, sample_paths
from supplynet.frames.panel import Panel, Period
from supplynet.simulate.disruptions import DemandChange, Fault, ForecastTrouble, demand_factors


class BrokenModel:
    """A model whose forecast is broken for a while; see ``forecast.guarded.Model``.

    Args:
        inner: The model itself.
        trouble: What is wrong with it, and when.
        start: Of the horizon, from which the days count.
        change: A change of demand that it knows of, when that is announced.
    """

    def __init__(
        self,
        inner: BoundForecaster,
        trouble: ForecastTrouble,
        *,
        start: datetime,
        change: DemandChange | None = None,
    ) -> None:
        self._inner, self._trouble, self._start = inner, trouble, start
        self._change = change if change is not None and change.announced else None
        self._begins = start + timedelta(days=trouble.start_day)
        self._ends = self._begins + timedelta(days=trouble.days)
        self._last: tuple[Observed, datetime] | None = None

    @property
    def model_version(self) -> str:
        """That of the model."""
        return self._inner.model_version

    @property
    def dependence(self) -> Dependence:
        """That of the model."""
        return self._inner.dependence

    @property
    def levels(self) -> tuple[float, ...]:
        """Those of the model."""
        return self._inner.levels

    @property
    def history(self) -> Panel:
        """That of the model."""
        return self._inner.history

    @property
    def calendar(self) -> Sequence[Period]:
        """That of the model."""
        return self._inner.calendar

    def forecast(self, observed: Observed, cutoff: datetime, *, steps: int) -> QuantileForecast:
        """The forecast of the model, broken when it is time.

        Raises:
            ForecastError: The fault is that there is none.
        """
        broken = self._begins <= cutoff < self._ends
        if broken and self._trouble.fault == Fault.MISSING:
            raise ForecastError("the model's file cannot be opened")
        if broken and self._trouble.fault == Fault.STALE and self._last is not None:
            observed, cutoff = self._last
        elif not broken:
            self._last = observed, cutoff
        made = self._announced(self._inner.forecast(observed, cutoff, steps=steps))
        return self._broken(made) if broken else made

    def sample(
        self, observed: Observed, cutoff: datetime, *, steps: int, paths: int, seed: int
    ) -> SamplePaths:
        """What is ordered by where nobody guards it.

        Raises:
            ForecastError: There is no forecast, or no paths can be drawn from it.
        """
        made = self.forecast(observed, cutoff, steps=steps)
        if not np.isfinite(made.values).all():
            raise ForecastError("no paths can be drawn from a forecast that is not finite")
        return sample_paths(made, dependence=self.dependence, paths=paths, seed=seed)

    def _announced(self, made: QuantileForecast) -> QuantileForecast:
        if self._change is None:
            return made
        factors = demand_factors(
            self._change,
            lines=[line for line, _ in made.series],
            shifts=[(period.start, period.shift) for period in made.periods],
            start=self._start,
        )
        return made.scaled(factors)

    def _broken(self, made: QuantileForecast) -> QuantileForecast:
        fault, values = self._trouble.fault, made.values
        if fault == Fault.SCALED:
            values = values * self._trouble.factor
        elif fault == Fault.NEGATIVE:
            values = -values - 1.0
        elif fault == Fault.NAN:
            values = np.full_like(values, np.nan)
        elif fault == Fault.INFINITE:
            values = np.full_like(values, np.inf)
        return replace(made, values=values)

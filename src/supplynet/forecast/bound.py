"""A fitted model bound to its history and calendar: the ``Forecaster`` that deciding asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import numpy as np
import polars as pl

from supplynet.core.protocols import Observed
from supplynet.core.sample_paths import FloatArray, SamplePaths
from supplynet.errors import InvalidInput
from supplynet.forecast.announced import as_announced, at_usual_rate, paths_as_announced
from supplynet.forecast.batches import predict_in_batches
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.model import Predictor
from supplynet.forecast.paths import QuantileForecast, condition, sample_paths
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, Period

_REMEMBERED = 4  # forecasts; enough for a policy that looks back and forth within a shift


@dataclass(frozen=True, kw_only=True, eq=False)
class BoundForecaster:
    """Implements ``core.protocols.Forecaster``.

    The quantiles of whole periods are computed once per set of finished periods and remembered;
    further cutoffs in the same period only condition and sample them anew.

    Args:
        predictor: A fitted model.
        history: What it is bound to; ``Observed`` tells what came after.
        calendar: Periods that cover everything observed later and every step asked for.
        dependence: See ``forecast.dependence``.
        model_version: Written on everything it makes.
    """

    predictor: Predictor
    history: Panel
    calendar: Sequence[Period]
    dependence: Dependence = field(default_factory=Dependence)
    model_version: str = ""
    levels: tuple[float, ...] = QUANTILES
    _known: dict[tuple[object, ...], QuantileForecast] = field(
        default_factory=dict, init=False, repr=False
    )

    def sample(
        self, observed: Observed, cutoff: datetime, *, steps: int, paths: int, seed: int
    ) -> SamplePaths:
        """Joint paths of demand after ``cutoff``; see ``core.protocols.Forecaster``.

        Raises:
            InvalidInput: The calendar does not reach far enough, or what was observed is not in
                it.
        """
        forecast = self._usual(observed, cutoff, steps)
        made = sample_paths(forecast, dependence=self.dependence, paths=paths, seed=seed)
        return paths_as_announced(made, observed.announced)

    def quantiles(self, observed: Observed, cutoff: datetime, *, steps: int) -> pl.DataFrame:
        """The forecast frame; step 0 is the rest of the running period. Raises as ``sample``."""
        return self.forecast(observed, cutoff, steps=steps).frame()

    def forecast(self, observed: Observed, cutoff: datetime, *, steps: int) -> QuantileForecast:
        """Quantiles after ``cutoff`` given what was observed. Raises as ``sample``.

        Periods that have ended but were not observed yet are forecast over.
        """
        return as_announced(self._usual(observed, cutoff, steps), observed.announced)

    def _usual(self, observed: Observed, cutoff: datetime, steps: int) -> QuantileForecast:
        """At the usual rates of all lines."""
        observed = at_usual_rate(observed, cutoff, self.calendar)
        known = _finished(observed, cutoff)
        whole = self._whole(known, cutoff, steps)
        consumed = None
        if observed.running is not None:
            row = {name: i for i, name in enumerate(observed.series)}
            seen = np.append(observed.running, np.nan)
            consumed = seen[[row.get(name, -1) for name in whole.series]]
        return condition(replace(whole, cutoff=cutoff), self.dependence, consumed)

    def _whole(self, observed: Observed, cutoff: datetime, steps: int) -> QuantileForecast:
        periods = self.periods_from(cutoff, steps)
        key = (observed.series, observed.period_starts, observed.demand.tobytes(), periods)
        whole = self._known.get(key)
        if whole is None:
            whole = self._predict(observed, periods, cutoff)
            while len(self._known) >= _REMEMBERED:
                self._known.pop(next(iter(self._known)), None)
            self._known[key] = whole
        return whole

    def _predict(
        self, observed: Observed, periods: tuple[Period, ...], cutoff: datetime
    ) -> QuantileForecast:
        panel = self.history.append(observed, self.calendar)
        end = panel.periods[-1].end
        missing = tuple(p for p in self.calendar if end <= p.start < periods[0].start)
        ahead = (*missing, *periods)
        values = predict_in_batches(self.predictor, panel, ahead, self.levels)
        return QuantileForecast(
            values=values[:, len(missing) :],
            levels=self.levels,
            series=panel.series,
            periods=periods,
            cutoff=cutoff,
            model_version=self.model_version,
        )

    def periods_from(self, cutoff: datetime, steps: int) -> tuple[Period, ...]:
        """The running period, if any, and those after it, ``steps`` in all.

        Raises:
            InvalidInput: The calendar has fewer.
        """
        first = sum(end <= cutoff for end in self._ends)
        periods = tuple(self.calendar[first : first + steps])
        if len(periods) < steps:
            raise InvalidInput(
                f"the calendar has {len(periods)} periods after {cutoff.isoformat()}, "
                f"{steps} are asked for; bind the forecaster to a longer one"
            )
        return periods

    @cached_property
    def _ends(self) -> list[datetime]:
        return [period.end for period in self.calendar]


def _finished(observed: Observed, cutoff: datetime) -> Observed:
    """What of it was over at the cutoff: a forecast never sees more."""
    count = sum(end <= cutoff for end in observed.period_ends)
    if count == len(observed.period_ends):
        return observed
    demand: FloatArray = observed.demand[:, :count]
    return replace(
        observed,
        period_starts=observed.period_starts[:count],
        period_ends=observed.period_ends[:count],
        demand=demand,
        running=None,
    )

"""Forecast residual: against our own forecast, so that what is known ahead is no anomaly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from supplynet.anomaly.detector import Judged, Progress
from supplynet.anomaly.sameness import LONGEST as REPEATS
from supplynet.anomaly.sameness import MEMORY as SAME
from supplynet.anomaly.scan import LONGEST, Scan
from supplynet.anomaly.some_lines import some_lines
from supplynet.anomaly.surprise import MEMORY, noise_of, surprise_of
from supplynet.anomaly.tails import Tail
from supplynet.anomaly.weekly_forecast import LOOKED_AT, Expected, WeeklyForecast
from supplynet.errors import HistoryTooShort
from supplynet.forecast import registry
from supplynet.forecast.model import Predictor, check_history
from supplynet.frames.panel import Panel
from supplynet.learning.artifacts import ModelState
from supplynet.learning.timelines import timeline
from supplynet.learning.windows import Index, shift_codes

_BAND = 2.6
_LEAST = 14  # periods without which nothing is expected
_LOOK_BACK_WEEKS = 21  # as far back as forecasting models look
_FINE_WEEKS = 9  # of hours and less, which are many


@dataclass(frozen=True, kw_only=True)
class ForecastResidual:
    """How surprising a value is to a forecast made at the start of its week.

    Args:
        model: Forecasting model, by its name in ``forecast.registry``.
        settings: Of the model.
        instead: Model that stands in where the history is too short for it.
        learn: Share of the history, at its end, that surprises are learnt from.
    """

    model: str = "lightgbm"
    settings: Mapping[str, Any] = field(default_factory=dict)
    instead: str = "shift_mean"
    learn: float = 0.5

    def fit(self, panel: Panel, *, progress: Progress | None = None) -> FittedForecastResidual:
        """Fit the model, and learn how far what happened was from what it expected.

        Raises:
            HistoryTooShort: Fewer than four weeks of shifts, or the stand-in needs more.
        """
        check_history(panel, 2 * _LEAST)
        model = registry.estimator(self.model, **self.settings)
        try:
            predictor = model.fit(panel, progress=progress)
        except HistoryTooShort:
            predictor = registry.estimator(self.instead).fit(panel)
        line = timeline(panel.periods)
        learnt = max(_LEAST, int(self.learn * len(panel.periods)))
        return FittedForecastResidual(
            settings=self,
            predictor=predictor,
            season=max(line.season_length, line.trailing_unit),
            fine=line.frequency == "hour",
            shifts=line.shift_names,
        ).having_seen(some_lines(panel), learnt)

    @classmethod
    def restore(cls, state: ModelState) -> FittedForecastResidual:
        """Bring a saved detector back."""
        return FittedForecastResidual(
            settings=cls(**state.settings),
            predictor=registry.restore(state.members["forecaster"]),
            season=state.scaler["season"],
            fine=state.scaler["fine"],
            shifts=tuple(state.scaler["shifts"]),
            noise=state.scaler["noise"],
            scan=Scan(tails=tuple(Tail.of_dict(told) for told in state.scaler["tails"])),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedForecastResidual:
    """The forecaster, and how far what happened usually is from it.

    Attributes:
        season: Periods in a season.
        fine: Whether periods are parts of a day without a name.
        shifts: Names of the shifts.
        noise: See ``surprise.noise_of``.
        scan: Tails of what the scan finds.
    """

    settings: ForecastResidual
    predictor: Predictor
    season: int
    fine: bool
    shifts: tuple[str, ...]
    noise: float = 1.0
    scan: Scan = field(default_factory=lambda: Scan(tails=()))

    @property
    def context(self) -> int:
        """Periods before a judged one that may be looked at."""
        return self._look_back + (LOOKED_AT + 2) * self.season + self._warm_up + SAME + REPEATS

    @property
    def _look_back(self) -> int:
        return (_FINE_WEEKS if self.fine else _LOOK_BACK_WEEKS) * self.season

    @property
    def _warm_up(self) -> int:
        """Periods whose surprise tells how large a surprise is."""
        return MEMORY + LONGEST * max(1, len(self.shifts))

    def having_seen(self, panel: Panel, last: int) -> FittedForecastResidual:
        """The same forecaster with what is usual learnt from the last periods."""
        expected = self._expected(panel, last)
        demand = panel.demand[:, -last:]
        noise = noise_of(panel, demand, expected)
        surprise = surprise_of(panel, demand, expected, noise)
        scan = Scan.of(surprise, self._codes(panel, last))
        return replace(self, noise=noise, scan=scan)

    def judge(self, panel: Panel, last: int | None = None, *, hindsight: bool = False) -> Judged:  # noqa: ARG002
        """``-log10`` of how rare a surprise is; see ``detector.FittedDetector``."""
        total = len(panel.periods)
        last = total if last is None else min(last, total)
        seen = min(total, last + self._warm_up)
        near = panel.tail(last + self.context)
        expected = self._expected(near, seen)
        surprise = surprise_of(near, near.demand[:, -seen:], expected, self.noise)
        band = _BAND * surprise.spread
        return Judged(
            strangeness=self.scan.strangeness(surprise, self._codes(near, seen)),
            expected=surprise.expected,
            low=np.maximum(surprise.expected - band, 0.0),
            high=surprise.expected + band,
        ).tail(last)

    def _expected(self, panel: Panel, last: int) -> Expected:
        return self._weekly.expected(panel, last)

    @cached_property
    def _weekly(self) -> WeeklyForecast:
        return WeeklyForecast(predictor=self.predictor, look_back=self._look_back, least=_LEAST)

    def _codes(self, panel: Panel, last: int) -> Index:
        return shift_codes(panel.periods[-last:], self.shifts)

    def state(self) -> ModelState:
        """The detector as plain data."""
        return ModelState(
            model="forecast_residual",
            settings=asdict(self.settings),
            scaler={
                "season": self.season,
                "fine": self.fine,
                "shifts": list(self.shifts),
                "noise": self.noise,
                "tails": [tail.as_dict() for tail in self.scan.tails],
            },
            members={"forecaster": self.predictor.state()},
        )

"""``Forecaster``: any model on any table, for notebooks and scripts.

    Forecaster("lightgbm", freq="1d").fit(frame).predict(horizon=28, quantiles=[0.1, 0.5, 0.9])
    Forecaster("nhits", freq="1d").fit(frame, future=prices_and_events).predict(horizon=28)

Tables go in and out under Nixtla's names (``unique_id, ds, y``) or any others that
``frames.aliases`` knows; a ``unique_id`` is ``location/part``, or a part alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.core.shifts import ShiftCalendar
from supplynet.errors import InvalidInput
from supplynet.forecast import registry
from supplynet.forecast.batches import predict_in_batches
from supplynet.forecast.given_inputs import given_inputs
from supplynet.forecast.model import Predictor, Progress
from supplynet.forecast.quantiles import QUANTILES, at_levels, mean
from supplynet.frames.augmentation import training_rows
from supplynet.frames.demand import ensure_demand
from supplynet.frames.panel import Panel, Period
from supplynet.frames.time_grid import Place, TimeGrid, panel_on_grid, unique_id

LONGEST_HORIZON = 1000


class Forecaster:
    """Settings of a model and of its calendar; fits any number of times.

    Args:
        model: Name in ``forecast.registry``.
        freq: ``5min, 10min, 15min, 30min, 1h, 1d, 1w, 1mo`` or ``shift``; None = as most rows are
            apart.
        calendar: The site's shifts, for ``freq="shift"``.
        country: ISO code of the country whose public holidays count, such as DE.
        subdivision: Of the country, such as BY.
        time_zone: In which days, weeks and months begin.
        calibrate: Correct the intervals by what happened at the end of the history: about twice
            the time, see ``forecast.calibrated``.
        settings: Of the model, such as ``seed``.

    Raises:
        NotFound: No such model.
        MissingExtra: A library that it needs is not installed.
        ConfigError: The model has no such setting.
        InvalidInput: No such frequency, or shifts without a calendar.
    """

    def __init__(
        self,
        model: str = "lightgbm",
        *,
        freq: str | None = None,
        calendar: ShiftCalendar | None = None,
        country: str | None = None,
        subdivision: str | None = None,
        time_zone: str = "UTC",
        calibrate: bool = False,
        **settings: Any,
    ) -> None:
        self._place = Place(
            freq=freq,
            calendar=calendar,
            country=country,
            subdivision=subdivision,
            time_zone=time_zone,
        )
        self.model, self.settings = model, settings
        self._estimator = registry.estimator(model, **settings)
        if calibrate:
            own = {"horizon": settings["horizon"]} if "horizon" in settings else {}
            self._estimator = registry.estimator(
                "calibrated", model=model, settings=settings, **own
            )

    def fit(
        self,
        data: object,
        *,
        future: object = None,
        past: Sequence[str] = (),
        static: object = None,
        progress: Progress | None = None,
    ) -> FittedForecaster:
        """Learn from a table; it stays as it is.

        Args:
            data: History under any known names, or an ``Augmented`` one. A period without a row
                is not observed, which is not a demand of 0.
            future: What is known ahead, from the beginning of the history to the end of the
                horizon: a table with a time and, where they differ by series, its keys; each
                further column of numbers, flags or texts is an input, with ``known_at`` where it
                was not known all the time. Values of history may stand in ``data`` instead, under
                the same names. Or a production plan (``location_id, product, period_start, units,
                recorded_at``), or ``frames.inputs.FeatureInputs``.
            past: Columns of ``data`` that are known when their period is over, such as the weather.
            static: Facts, one row per series, part or location.
            progress: Told of every round where training takes rounds.

        Raises:
            InvalidInput: It is no table, does not conform, or does not fit the frequency.
            HistoryTooShort: Fewer periods than the model needs.
        """
        frame = training_rows(data)
        if frame.is_empty():
            raise InvalidInput("there are no rows to learn from")
        grid = self._place.grid_of(frame["period_start"])
        panel = panel_on_grid(frame, grid)
        given = given_inputs(data, panel.periods, future, past, static)
        panel = replace(panel, inputs=given.inputs)
        predictor = self._estimator.fit(panel, progress=progress)
        return FittedForecaster(
            predictor=predictor, grid=grid, history=panel, known_until=given.until
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedForecaster:
    """A fitted model with the history that it forecasts from.

    Attributes:
        predictor: See ``forecast.model``.
        grid: Its periods.
        history: What ``predict`` starts from.
        known_until: Last moment that the inputs known ahead tell of; None = there are none.
    """

    predictor: Predictor
    grid: TimeGrid
    history: Panel
    known_until: datetime | None = None

    def observing(
        self,
        data: object,
        *,
        future: object = None,
        past: Sequence[str] = (),
        static: object = None,
    ) -> FittedForecaster:
        """The same model at the end of another history: later rows, or other series.

        Args:
            data: As for ``Forecaster.fit``.
            future: As there; when neither it nor ``past`` nor ``static`` is given, those of the
                fit go on.
            past: As there.
            static: As there.

        Raises:
            InvalidInput: The table does not conform or does not fit the frequency.
        """
        panel = panel_on_grid(ensure_demand(data), self.grid)
        given = given_inputs(data, panel.periods, future, past, static)
        if given.inputs is None:
            return replace(self, history=replace(panel, inputs=self.history.inputs))
        return replace(self, history=replace(panel, inputs=given.inputs), known_until=given.until)

    def predict(self, horizon: int, quantiles: Sequence[float] = (0.1, 0.5, 0.9)) -> pl.DataFrame:
        """Demand of the ``horizon`` periods after the history.

        Args:
            horizon: Periods ahead, 1 to 1,000.
            quantiles: Levels in (0, 1).

        Returns:
            ``unique_id, ds`` (naive UTC start of the period), ``quantile`` (null = the mean) and
            ``y`` in parts; sorted, the mean last.

        Raises:
            InvalidInput: A horizon or a level that cannot be, or what is known ahead ends before
                the horizon does.
        """
        if not 1 <= horizon <= LONGEST_HORIZON:
            raise InvalidInput(f"horizon is {horizon}; give 1 to {LONGEST_HORIZON} periods")
        levels = sorted(set(quantiles))
        if not all(0 < level < 1 for level in levels):
            raise InvalidInput(f"quantiles {list(quantiles)} must lie between 0 and 1")
        future = self.grid.after(self.history.periods, horizon)
        if self.known_until is not None and future[-1].start > self.known_until:
            raise InvalidInput(
                f"future= ends {self.known_until:%Y-%m-%d %H:%M}, a horizon of {horizon} needs it "
                f"until {future[-1].start:%Y-%m-%d %H:%M}; give the rest, e.g. with observing()"
            )
        found = predict_in_batches(self.predictor, self.history, future, QUANTILES)
        wanted = at_levels(found, QUANTILES, levels)
        values = np.concatenate([wanted, mean(found, QUANTILES)[..., None]], axis=-1)
        return _frame(self.history, future, (*levels, None), values)


def _frame(
    history: Panel,
    future: Sequence[Period],
    levels: Sequence[float | None],
    values: FloatArray,
) -> pl.DataFrame:
    names = pl.Series([unique_id(*name) for name in history.series], dtype=pl.String)
    starts = pl.Series([p.start for p in future], dtype=pl.Datetime("us", "UTC"))
    cells = np.arange(values.size)
    per_series, count = values[0].size, len(levels)
    return pl.DataFrame(
        {
            "unique_id": names.gather(cells // per_series),
            "ds": starts.dt.replace_time_zone(None).gather(cells // count % len(future)),
            "quantile": pl.Series(levels, dtype=pl.Float64).gather(cells % count),
            "y": values.ravel(),
        }
    )

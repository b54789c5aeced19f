"""What an accuracy set is: data, how far ahead, which models, and what more it is judged by."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, Period
from supplynet.learning.windows import season_length

Scores = Callable[[FloatArray, FloatArray], dict[str, float]]
"""Further figures from quantiles (origin, series, step, quantile) and what happened."""

NEURAL = ("lstm", "gru", "mlp", "nhits", "transformer")
GLOBAL = ("lightgbm", "random_forest", *NEURAL)
INTERMITTENT = ("croston_sba", "tsb", "adida")
STATISTICS = ("theta", "ets", "arima")
SIMPLE = ("naive", "moving_average")
"""The backtest adds ``seasonal_naive`` and ``shift_mean``."""
QUICK = ("moving_average", "lightgbm", "mlp")
PEERS = ("neuralforecast LSTM", "neuralforecast NHITS", "mlforecast LightGBM", "AutoETS")


@dataclass(frozen=True, kw_only=True, eq=False)
class AccuracySet:
    """Data to forecast.

    Attributes:
        title: What it is, for people.
        panel: History and test; what is known ahead is in its ``inputs``.
        test: How many of its last periods are forecast.
        steps: Steps of each forecast.
        every: Periods from one cutoff to the next.
        models: Names in the registry, each with settings of its own.
        judged: Figure by which models are ranked.
        peers: Some of ``PEERS``.
        lookback: Periods that the neural peers see: what our models look back in all.
        known: What peers are told ahead by name, shape (series, period).
        given: Further rows, such as an oracle: quantiles, shape (series, period, quantile).
        scores: Further figures of each row.
        note: What a reader of its figures must know.
    """

    title: str
    panel: Panel
    test: int
    steps: int
    every: int
    models: Mapping[str, Mapping[str, Any]]
    judged: str = "mase"
    peers: tuple[str, ...] = PEERS
    lookback: int
    known: Mapping[str, FloatArray] = field(default_factory=dict)
    given: Mapping[str, FloatArray] = field(default_factory=dict)
    scores: Scores = lambda _quantiles, _actual: {}
    note: str = ""

    @property
    def first(self) -> int:
        """Periods before the first cutoff."""
        return len(self.panel.periods) - self.test

    @property
    def cutoffs(self) -> range:
        """Periods known at each cutoff."""
        return range(self.first, len(self.panel.periods) - self.steps + 1, self.every)

    def at_cutoffs(self, values: FloatArray) -> FloatArray:
        """From (series, period, ...) to (origin, series, step, ...)."""
        return np.stack([values[:, n : n + self.steps] for n in self.cutoffs])

    def described(self) -> str:
        """One line for the head of the report."""
        periods = self.panel.periods
        days = f"{periods[self.first].local_date} to {periods[-1].local_date}"
        line = (
            f"{self.title}: {len(self.panel.series)} series, {self.first} periods of history, "
            f"{days} forecast {self.steps} ahead from {len(self.cutoffs)} cutoffs"
        )
        return f"{line}; {self.note}" if self.note else line


def settings(*names: str, **own: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Models without settings, and those that ``own`` names with theirs."""
    return {name: own.get(name, {}) for name in names}


def zeros(panel: Panel) -> FloatArray:
    """The forecast of nothing at all, shape (series, period, quantile)."""
    return np.zeros((*panel.demand.shape, len(QUANTILES)))


def calendar_columns(panel: Panel) -> dict[str, FloatArray]:
    """Weekday, shift or month, and holidays, as peers are told them: 0 or 1, (series, period)."""
    periods = panel.periods
    columns = {"holiday": [period.is_holiday for period in periods]}
    if season_length(periods) == 12:
        columns |= _one_hot("month", [period.local_date.month for period in periods])
    else:
        columns |= _one_hot("weekday", [period.local_date.weekday() for period in periods])
        columns |= _one_hot("shift", [period.shift for period in periods])
    wanted = {name: np.array(row, dtype=float) for name, row in columns.items() if any(row)}
    return {name: np.broadcast_to(row, panel.demand.shape) for name, row in wanted.items()}


def data_folder(checkout: Path, name: str) -> Path | None:
    """A folder of ``SHARED_DATA``, or of ``shared/data`` beside the checkout; None = not there."""
    given = os.environ.get("SHARED_DATA")
    root = Path(given) if given else checkout.parent / "shared" / "data"
    folder = root / name
    return folder if folder.is_dir() else None


def panel_of(
    frame: pl.DataFrame, index: tuple[str, str], on: str, values: str, periods: tuple[Period, ...]
) -> Panel:
    """A panel from a long table with a row for each series and day; what is missing is NaN."""
    wide = frame.pivot(on=on, index=index, values=values, sort_columns=True).sort(index)
    return Panel(
        series=tuple(wide.select(index).iter_rows()),
        periods=periods,
        demand=wide.drop(index).to_numpy().astype(np.float64),
    )


def _one_hot(name: str, codes: Sequence[object]) -> dict[str, list[bool]]:
    """A column for every value but the first, which the others tell."""
    return {
        f"{name}_{value}": [code == value for code in codes]
        for value in list(dict.fromkeys(codes))[1:]
    }

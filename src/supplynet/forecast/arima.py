"""ARIMA with a season, orders searched for by AICc."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from statsforecast.models import ARIMA, AutoARIMA

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.model import Progress
from supplynet.forecast.statistical import FittedLocal, Form, fit_local, restore_local
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState


@dataclass(frozen=True, kw_only=True)
class Arima:
    """Stepwise search of Hyndman and Khandakar (2008), by statsforecast's AutoARIMA.

    Takes 0.3 s to search a series of 26 weeks of days and 1 to 2 s of two shifts a day, where the
    full search (``most_lags=5``, ``approximate=False``) takes 2 and 10 to 20 s. ``predict`` keeps
    the coefficients and estimates the variance anew: some milliseconds.

    Args:
        most_lags: Highest order of the autoregressive and the moving average part.
        most_seasonal_lags: The same for the season.
        approximate: Compare orders by conditional sums of squares.
        seasons: How many of the last seasons (weeks, or years) are looked at.
        n_jobs: Processes to search with; each loads statsforecast anew.
    """

    most_lags: int = 2
    most_seasonal_lags: int = 1
    approximate: bool = True
    seasons: int = 26
    n_jobs: int = 1

    def fit(
        self,
        panel: Panel,
        future: Sequence[Period] = (),  # noqa: ARG002  # one shape for all models
        *,
        progress: Progress | None = None,
    ) -> FittedLocal:
        """Search the form of every series; ``progress`` is told the fallbacks so far as loss.

        Raises:
            HistoryTooShort: Fewer than two seasons.
        """
        return fit_local("arima", self, panel, progress)

    @classmethod
    def restore(cls, state: ModelState) -> FittedLocal:
        """Bring a saved model back."""
        return restore_local(cls(**state.settings), state)

    def search(self, demand: FloatArray, season: int) -> Form:
        """Orders with the least AICc, and coefficients; see ``statistical.Local``."""
        search = AutoARIMA(
            season_length=season,
            max_p=self.most_lags,
            max_q=self.most_lags,
            max_P=self.most_seasonal_lags,
            max_Q=self.most_seasonal_lags,
            approximation=self.approximate,
        )
        found = search.fit(demand).model_
        p, q, seasonal_p, seasonal_q, _, d, seasonal_d = (int(n) for n in found["arma"])
        return {
            "order": [p, d, q],
            "seasonal_order": [seasonal_p, seasonal_d, seasonal_q],
            "coefficients": {name: float(value) for name, value in found["coef"].items()},
        }

    def model(self, form: Form, season: int) -> Any:
        """Takes the coefficients as they are; see ``statistical.Local``."""
        return ARIMA(
            order=tuple(form["order"]),
            season_length=season,
            seasonal_order=tuple(form["seasonal_order"]),
            include_mean="intercept" in form["coefficients"],
            include_drift="drift" in form["coefficients"],
            fixed=dict(form["coefficients"]) or None,
        )

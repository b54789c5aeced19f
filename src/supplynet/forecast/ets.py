"""Exponential smoothing (ETS): error, trend and season, each searched for by AICc."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from statsforecast.models import AutoETS

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.model import Progress
from supplynet.forecast.statistical import FittedLocal, Form, fit_local, restore_local
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState


@dataclass(frozen=True, kw_only=True)
class Ets:
    """State space models of Hyndman et al. (2008), by statsforecast's AutoETS.

    Takes 0.2 s to search and 0.02 s to forecast a series of 26 weeks of days, 0.6 and 0.05 s of
    two shifts a day. Quantiles are the model's own, which widen with the step.

    Args:
        form: Letters for error, trend and season: A additive, M multiplicative, N none, Z
            searched for.
        seasons: How many of the last seasons (weeks, or years) are looked at.
        n_jobs: Processes to search with; each loads statsforecast anew.
    """

    form: str = "ZZZ"
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
        return fit_local("ets", self, panel, progress)

    @classmethod
    def restore(cls, state: ModelState) -> FittedLocal:
        """Bring a saved model back."""
        return restore_local(cls(**state.settings), state)

    def search(self, demand: FloatArray, season: int) -> Form:
        """The form with the least AICc; see ``statistical.Local``."""
        found = AutoETS(season_length=season, model=self.form).fit(demand).model_["components"]
        return {"form": found[:3], "damped": found[3] != "N"}

    def model(self, form: Form, season: int) -> Any:
        """Estimates the parameters of a known form; see ``statistical.Local``."""
        return AutoETS(season_length=season, model=form["form"], damped=form["damped"])

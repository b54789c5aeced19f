"""Exponential smoothing (ETS): error, trend and season, each searched for by AICc."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from statsforecast.models import AutoETS

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.statistical import Form, Local


@dataclass(frozen=True, kw_only=True)
class Ets(Local):
    """State space models of Hyndman et al. (2008), by statsforecast's AutoETS.

    Takes 0.2 s to search and 0.02 s to forecast a series of 26 weeks of days, 0.6 and 0.05 s of
    two shifts a day. Quantiles are the model's own, which widen with the step.

    Args:
        form: Letters for error, trend and season: A additive, M multiplicative, N none, Z
            searched for.
    """

    name: ClassVar[str] = "ets"

    form: str = "ZZZ"

    def search(self, demand: FloatArray, season: int) -> Form:
        """The form with the least AICc; see ``statistical.Local``."""
        found = AutoETS(season_length=season, model=self.form).fit(demand).model_["components"]
        return {"form": found[:3], "damped": found[3] != "N"}

    def model(self, form: Form, season: int) -> Any:
        """Estimates the parameters of a known form; see ``statistical.Local``."""
        return AutoETS(season_length=season, model=form["form"], damped=form["damped"])

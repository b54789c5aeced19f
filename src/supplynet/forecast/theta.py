"""Theta: a trend line and exponential smoothing, combined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from statsforecast.models import AutoTheta

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.model import Progress
from supplynet.forecast.statistical import FittedLocal, Form, fit_local, restore_local
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState


@dataclass(frozen=True, kw_only=True)
class Theta:
    """The four variants of Fiorucci et al. (2016), by statsforecast's AutoTheta.

    The standard method of Assimakopoulos and Nikolopoulos (2000) is one of them. Takes 0.08 s to
    search and 0.04 s to forecast a series of 26 weeks of days, 0.15 and 0.09 s of two shifts a
    day. Quantiles come from statsforecast's simulated paths, seeded there.

    Args:
        variant: STM, OTM, DSTM or DOTM; "" = searched for.
        seasons: How many of the last seasons (weeks, or years) are looked at.
        n_jobs: Processes to search with; each loads statsforecast anew.
    """

    variant: str = ""
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
        return fit_local("theta", self, panel, progress)

    @classmethod
    def restore(cls, state: ModelState) -> FittedLocal:
        """Bring a saved model back."""
        return restore_local(cls(**state.settings), state)

    def search(self, demand: FloatArray, season: int) -> Form:
        """The variant with the least squared error; see ``statistical.Local``."""
        search = AutoTheta(season_length=season, model=self.variant or None)
        return {"variant": str(search.fit(demand).model_["modeltype"])}

    def model(self, form: Form, season: int) -> Any:
        """Estimates the parameters of a known variant; see ``statistical.Local``."""
        return AutoTheta(season_length=season, model=form["variant"])

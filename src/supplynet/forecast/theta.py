"""Theta: a trend line and exponential smoothing, combined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from statsforecast.models import AutoTheta

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.statistical import Form, Local


@dataclass(frozen=True, kw_only=True)
class Theta(Local):
    """The four variants of Fiorucci et al. (2016), by statsforecast's AutoTheta.

    The standard method of Assimakopoulos and Nikolopoulos (2000) is one of them. Takes 0.08 s to
    search and 0.04 s to forecast a series of 26 weeks of days, 0.15 and 0.09 s of two shifts a
    day. Quantiles come from statsforecast's simulated paths, seeded there.

    Args:
        variant: STM, OTM, DSTM or DOTM; "" = searched for.
    """

    name: ClassVar[str] = "theta"

    variant: str = ""

    def search(self, demand: FloatArray, season: int) -> Form:
        """The variant with the least squared error; see ``statistical.Local``."""
        search = AutoTheta(season_length=season, model=self.variant or None)
        return {"variant": str(search.fit(demand).model_["modeltype"])}

    def model(self, form: Form, season: int) -> Any:
        """Estimates the parameters of a known variant; see ``statistical.Local``."""
        return AutoTheta(season_length=season, model=form["variant"])

"""A model of sums that corrects the sum of the series, where a backtest says that it helps.

Both forecast the same sum: from below the joint paths, from above a model of the summed history.
Their mean with a weight ``w`` is a combination of an indirect and a direct forecast, which is what
reconciling comes to (Hollyman, Petropoulos and Tipping 2021); 0 is bottom-up, 1 top-down by
forecast proportions. Estimating the covariance of all errors (MinT, Wickramasuriya,
Athanasopoulos and Hyndman 2019) needs more cutoffs than a plant's history has. All series of a sum
are multiplied by the same factor ``1 + w (top / bottom_up - 1)``, so every sum stays exact.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError, InvalidInput
from supplynet.forecast import registry
from supplynet.forecast.coherence import summed_panel
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.ensemble_trial import Cutoffs
from supplynet.forecast.hierarchy import TOTAL, Hierarchy
from supplynet.forecast.model import Estimator, Predictor
from supplynet.forecast.paths import QuantileForecast
from supplynet.forecast.quantiles import QUANTILES, mean
from supplynet.forecast.top_level_trial import Errors, Trial, factors_of, means_of, of_series_in
from supplynet.frames.panel import Panel
from supplynet.learning.artifacts import ModelState
from supplynet.learning.windows import season_length

_SEASONS = 3  # of history that must be left to fit on
_OFTEN = 2 / 3  # of the cutoffs must be better, so that no single one decides


@dataclass(frozen=True, kw_only=True)
class TopLevel:
    """How a model of sums is tried beside the sums of forecasts.

    The last ``4 * horizon`` periods of the history are forecast by models fitted before them: from
    ``cutoffs`` places of their first half to choose the weight, and from as many of the second to
    check it. It is used when, on the second half, the sums' pinball loss falls by ``least_gain``
    and falls at two cutoffs in three, the sums' RMSSE does not rise, and the series' pinball loss
    does not rise by more than ``most_harm``.

    Args:
        level: Of the hierarchy; every series must be in one of its nodes.
        horizon: Steps forecast.
        weights: That are tried, above 0 and at most 1.
        cutoffs: In each half.
        least_gain, most_harm: Shares of the loss.
        most_missing: See ``coherence.summed_panel``.
        paths, seed: Joint paths that the sums' quantiles are taken from in the trial.

    Raises:
        ConfigError: A weight, ``horizon``, ``cutoffs`` or ``paths`` that cannot be.
    """

    level: str = TOTAL
    horizon: int = 14
    weights: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)
    cutoffs: int = 3
    least_gain: float = 0.01
    most_harm: float = 0.001
    most_missing: float = 0.05
    paths: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", tuple(self.weights))
        if not self.weights or not all(0 < weight <= 1 for weight in self.weights):
            raise ConfigError(f"top level: weights {self.weights} must lie above 0 and up to 1")
        if min(self.horizon, self.cutoffs, self.paths) < 1:
            raise ConfigError("top level: horizon, cutoffs and paths are 1 or more")

    def fit(
        self,
        top: Estimator,
        bottom: Estimator,
        panel: Panel,
        hierarchy: Hierarchy,
        dependence: Dependence | None = None,
    ) -> FittedTopLevel:
        """Try a model of the sums; fit it on all history when it helps.

        Args:
            top: Fitted on the sums.
            bottom: The model of the series; fitted for the trial only.
            panel: History.
            hierarchy: Of the panel's series.
            dependence: Of the series' scores; None = the default.

        Raises:
            InvalidInput: A series is in no node of the level, or the hierarchy is of others.
            NotFound: No such level.
            ForecastError: Of the models. A history too short for a trial is no error, but a reason
                to leave the series as they are.
        """
        hierarchy.check(panel.series)
        if not hierarchy.level(self.level).is_partition:
            raise InvalidInput(f"level {self.level} leaves series out; correct one that has all")
        cutoffs = self._cutoffs(panel)
        if cutoffs is None:
            return FittedTopLevel(
                settings=self, reason=f"{len(panel.periods)} periods are too few for a trial"
            )
        sums = summed_panel(panel, hierarchy, self.level, most_missing=self.most_missing)
        trial = Trial(
            panel=panel,
            sums=sums,
            hierarchy=hierarchy.select(self.level),
            cutoffs=cutoffs,
            dependence=dependence or Dependence(),
            paths=self.paths,
            seed=self.seed,
        )
        errors = trial.run(top, bottom, self.weights)
        weight, reason = self.verdict(errors)
        return FittedTopLevel(
            settings=self,
            reason=reason,
            weight=weight,
            predictor=top.fit(sums) if weight else None,
            evidence=tuple(errors.frame().with_columns(cutoff=_as_text()).to_dicts()),
        )

    def _cutoffs(self, panel: Panel) -> Cutoffs | None:
        """Origins of both halves; None when the history is too short for them."""
        total, held_out = len(panel.periods), 4 * self.horizon
        first = total - held_out
        if first < max(held_out, _SEASONS * season_length(panel.periods[-400:])):
            return None
        places = np.unique(np.linspace(0, self.horizon, self.cutoffs).round().astype(int))
        half = [first + place for place in places.tolist()]
        later = [origin + 2 * self.horizon for origin in half]
        return Cutoffs(fitted=first, origins=(*half, *later), horizon=self.horizon)

    def verdict(self, errors: Errors) -> tuple[float, str]:
        """The weight to use, 0 = none, and why; ``errors`` are of both halves of the cutoffs."""
        half = len(errors.cutoffs) // 2
        first, second = slice(0, half), slice(half, None)
        chosen = errors.gains(first)
        if np.isnan(chosen).any() or np.isnan(errors.gains(second)).any():
            return 0.0, "too little was observed of the sums or the series to compare"
        allowed = np.where(chosen[:, 2] >= -self.most_harm, chosen[:, 0], -np.inf)
        best = int(allowed.argmax())
        if best == 0:
            return 0.0, "no weight lowers the pinball loss of the sums and spares the series"
        weight, gain = errors.weights[best], errors.gains(second)[best]
        better = errors.values[second, best, 0] < errors.values[second, 0, 0]
        helps = (
            gain[0] >= self.least_gain
            and gain[1] >= 0
            and gain[2] >= -self.most_harm
            and better.mean() >= _OFTEN
        )
        changes = (
            f"pinball loss of the sums {-gain[0]:+.1%} (better at {better.sum()} of {better.size}),"
            f" their RMSSE {-gain[1]:+.1%}, pinball loss of the series {-gain[2]:+.1%}"
        )
        said = f"weight {weight:g} was best at first; on later cutoffs {changes}"
        return (weight, said) if helps else (0.0, f"{said}: not used")


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedTopLevel:
    """What the trial decided.

    Attributes:
        settings: It was made with.
        reason: Why the model of the sums is used or not, in a sentence.
        weight: Of that model; 0 = the series are left as they are.
        predictor: The model, fitted on all history; None when it is not used.
        evidence: Errors by cutoff and weight, as ``top_level_trial.EVIDENCE`` has them, the cutoff
            as text; the first half of the cutoffs chose the weight, the second checked it.
    """

    settings: TopLevel
    reason: str
    weight: float = 0.0
    predictor: Predictor | None = None
    evidence: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    def factors(
        self, panel: Panel, hierarchy: Hierarchy, forecast: QuantileForecast
    ) -> FloatArray | None:
        """What to multiply each series by, for ``sample_paths``, shape (series, step).

        None when the model is not used. 1 in a running step 0: what was consumed of it so far
        says more.

        Args:
            panel: History up to the forecast, of its series.
            hierarchy: Of the same.
            forecast: Of whole periods, from below.

        Raises:
            InvalidInput: The panel or the forecast has other series than the hierarchy.
        """
        if self.predictor is None:
            return None
        hierarchy.check(forecast.series)
        level, settings = hierarchy.level(self.settings.level), self.settings
        sums = summed_panel(panel, hierarchy, level.name, most_missing=settings.most_missing)
        above = mean(self.predictor.predict(sums, forecast.periods, QUANTILES), QUANTILES)
        below = hierarchy.select(level.name).sums(means_of(forecast.values, forecast.levels))
        factors = factors_of(self.weight, above, below)
        if forecast.elapsed > 0:
            factors[:, 0] = 1.0
        return of_series_in(level, factors)

    def state(self) -> ModelState:
        """The decision and its model as plain data, for ``learning.artifacts``."""
        members = {} if self.predictor is None else {"top": self.predictor.state()}
        return ModelState(
            model="top_level",
            settings=asdict(self.settings),
            scaler={
                "weight": self.weight,
                "reason": self.reason,
                "evidence": list(self.evidence),
            },
            members=members,
        )

    @classmethod
    def restore(cls, state: ModelState) -> FittedTopLevel:
        """Bring a saved decision back.

        Raises:
            ModelError: The model was made with other features.
            MissingExtra: A library that it needs is not installed.
        """
        top = state.members.get("top")
        return cls(
            settings=TopLevel(**state.settings),
            reason=state.scaler["reason"],
            weight=state.scaler["weight"],
            predictor=None if top is None else registry.restore(top),
            evidence=tuple(state.scaler["evidence"]),
        )


def _as_text() -> pl.Expr:
    return pl.col("cutoff").dt.to_string("iso:strict")

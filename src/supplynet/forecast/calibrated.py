"""A model with its calibration: fitted, saved and restored as one."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError
from supplynet.forecast import registry
from supplynet.forecast.backtest import Backtest, actuals
from supplynet.forecast.calibration import Calibration, fit_calibration
from supplynet.forecast.demand_class import demand_classes
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.ensemble_trial import Cutoffs, forecasts
from supplynet.forecast.model import Estimator, Predictor, Progress, check_history
from supplynet.forecast.quantiles import QUANTILES, at_levels
from supplynet.forecast.window_sums import dependence_of
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.scaling import tail_of

log = logging.getLogger(__name__)

_MEMBER = "model"


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """A model that calibrates itself on the end of the panel it is fitted on.

    It is fitted without that end, forecasts it from several cutoffs, is calibrated on what
    happened there, and fitted again on everything: about twice the time of the model. With too
    short a panel for that it stays as it is. Who runs a backtest anyway takes ``calibrate``
    instead.

    Args:
        model: Name in the registry.
        settings: Of the model; ``horizon`` and ``seed`` are these unless given.
        horizon: Steps that are calibrated; later ones are read as the last.
        cutoffs: From how many places of the panel's end it forecasts.
        seed: Of the model.
    """

    model: str = "lightgbm"
    settings: Mapping[str, Any] = field(default_factory=dict)
    horizon: int = 14
    cutoffs: int = 12
    seed: int = 0

    def __post_init__(self) -> None:
        if self.model == "calibrated":
            raise ConfigError("model calibrated: choose the model that is to be calibrated")
        if min(self.horizon, self.cutoffs) < 1:
            raise ConfigError("model calibrated: horizon and cutoffs are 1 or more")

    def fit(
        self, panel: Panel, future: Sequence[Period] = (), *, progress: Progress | None = None
    ) -> CalibratedPredictor:
        """Calibrate, then fit on everything.

        Args:
            panel: History; its end is held out first.
            future: Passed on to the model.
            progress: Passed on to the last fit.

        Raises:
            HistoryTooShort: For the model.
            ForecastError: What the model forecasts is not finite.
            ConfigError: The model has no such setting.
            MissingExtra: A library that the model needs is not installed.
        """
        check_history(panel, 1)
        model = self._made()
        calibration = self._calibration(model, panel)
        predictor = model.fit(panel, future, progress=progress)
        return CalibratedPredictor(predictor=predictor, calibration=calibration)

    def _made(self) -> Estimator:
        known = registry.settings_of(self.model)
        own = {"horizon": self.horizon, "seed": self.seed}
        settings = {name: value for name, value in own.items() if name in known}
        return registry.estimator(self.model, **{**settings, **self.settings})

    def _calibration(self, model: Estimator, panel: Panel) -> Calibration:
        cutoffs = Cutoffs.of(panel, self.horizon, self.cutoffs)
        if cutoffs is None:
            log.info("%s: the history is too short to calibrate on", self.model)
            return Calibration.none()
        quantiles = forecasts(model, panel, cutoffs)
        actual = actuals(panel, cutoffs.origins, cutoffs.horizon)
        return fit_calibration(quantiles, actual, classes_of(panel.head(cutoffs.fitted)))

    @classmethod
    def restore(cls, state: ModelState) -> CalibratedPredictor:
        """Bring a saved model back.

        Raises:
            ModelError: The model inside was made with other features, or its calibration is none.
            MissingExtra: A library that the model needs is not installed.
        """
        return CalibratedPredictor(
            predictor=registry.restore(state.members[_MEMBER]),
            calibration=Calibration(**state.scaler["calibration"]),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class CalibratedPredictor:
    """A fitted model, read where its calibration says.

    Attributes:
        predictor: The model.
        calibration: Of the model or of the same one fitted on a little less.
    """

    predictor: Predictor
    calibration: Calibration

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles, shape (series, step, quantile); see ``model.Predictor``."""
        values = self.predictor.predict(panel, future, QUANTILES)
        return at_levels(self.calibration.apply(values, classes_of(panel)), QUANTILES, quantiles)

    def state(self) -> ModelState:
        """The model as plain data, with the model inside; its settings are those of the model."""
        inside = self.predictor.state()
        return ModelState(
            model="calibrated",
            settings={"model": inside.model, "settings": inside.settings},
            scaler={"calibration": asdict(self.calibration)},
            features=inside.features,
            members={_MEMBER: inside},
        )


def calibrate(found: Backtest, model: str) -> tuple[Calibration, Dependence]:
    """Calibration of a model of a backtest, and how its errors hang together once calibrated.

    Args:
        found: The backtest.
        model: Name in it.
    """
    calibration, quantiles = calibration_of(found, model), found.outcomes[model].quantiles
    calibrated = calibration.apply(quantiles, classes_of(found.history))
    return calibration, dependence_of(calibrated, found.actual, found.series)


def calibration_of(found: Backtest, model: str) -> Calibration:
    """Calibration of a model of a backtest alone. Arguments as for ``calibrate``."""
    return fit_calibration(found.outcomes[model].quantiles, found.actual, classes_of(found.history))


def uncalibrated(predictor: Predictor) -> Predictor:
    """The model itself, such as a warm start goes on from."""
    return predictor.predictor if isinstance(predictor, CalibratedPredictor) else predictor


def classes_of(panel: Panel) -> npt.NDArray[np.int64]:
    """Place in ``DEMAND_CLASSES`` of each series by what is recent of it, shape (series,)."""
    return demand_classes(tail_of(panel).demand)

"""Models by name. A model's libraries load only when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from supplynet.forecast.model import Estimator, Predictor
from supplynet.forecast.onnx_models import ExportedState
from supplynet.learning.artifacts import ModelState, load_model, save_model
from supplynet.learning.by_name import ByName
from supplynet.learning.manifest import Manifest, Origin

MODELS = {
    "adida": "supplynet.forecast.adida:Adida",
    "arima": "supplynet.forecast.arima:Arima",
    "calibrated": "supplynet.forecast.calibrated:Calibrated",
    "croston_sba": "supplynet.forecast.croston_sba:CrostonSba",
    "ensemble": "supplynet.forecast.ensemble:Ensemble",
    "ets": "supplynet.forecast.ets:Ets",
    "gru": "supplynet.forecast.gru:Gru",
    "individual": "supplynet.forecast.individual:Individual",
    "lightgbm": "supplynet.forecast.lightgbm:LightGbm",
    "lstm": "supplynet.forecast.lstm:Lstm",
    "mlp": "supplynet.forecast.mlp:Mlp",
    "moving_average": "supplynet.forecast.moving_average:MovingAverage",
    "naive": "supplynet.forecast.naive:Naive",
    "nhits": "supplynet.forecast.nhits:Nhits",
    "random_forest": "supplynet.forecast.random_forest:RandomForest",
    "seasonal_naive": "supplynet.forecast.seasonal_naive:SeasonalNaive",
    "shift_mean": "supplynet.forecast.shift_mean:ShiftMean",
    "theta": "supplynet.forecast.theta:Theta",
    "transformer": "supplynet.forecast.transformer:Transformer",
    "tsb": "supplynet.forecast.tsb:Tsb",
}
_NAMED = ByName("forecasting model", MODELS)


def estimator(name: str, **settings: Any) -> Estimator:
    """The model of that name with these settings.

    Raises:
        NotFound: No such model.
        MissingExtra: A library that it needs is not installed.
        ConfigError: The model has no such setting.
    """
    return cast("Estimator", _NAMED.make(name, settings))


def settings_of(name: str) -> tuple[str, ...]:
    """Names of the settings that a model has.

    Raises:
        NotFound: No such model.
        MissingExtra: A library that it needs is not installed.
    """
    return _NAMED.settings_of(name)


def save(
    workspace: Path,
    name: str,
    predictor: Predictor,
    metrics: Mapping[str, Any] | None = None,
    origin: Origin | None = None,
) -> Manifest:
    """Save a fitted model under a name of its own; see ``learning.artifacts``."""
    return save_model(workspace, name, predictor.state(), metrics, origin)


def load(workspace: Path, name: str) -> tuple[Manifest, Predictor]:
    """A saved model, checked byte by byte before it is opened.

    Raises:
        ModelError: It is missing, damaged, or of another version.
        MissingExtra: A library that it needs is not installed.
    """
    manifest, state = load_model(workspace, name)
    return manifest, restore(state)


def restore(state: ModelState) -> Predictor:
    """The fitted model that gave this state.

    Raises:
        ModelError: It was made with other features or settings, or is of no model that there is.
        MissingExtra: A library that it needs is not installed.
    """
    if isinstance(state, ExportedState):
        return state.restored()
    return cast("Predictor", _NAMED.restore(state))

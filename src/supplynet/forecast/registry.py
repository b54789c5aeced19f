"""Models by name. A model's libraries load only when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from supplynet.errors import ConfigError, MissingExtra, ModelError, NotFound
from supplynet.forecast.model import Estimator, Predictor
from supplynet.forecast.onnx_models import ExportedState
from supplynet.learning.artifacts import ModelState, load_model, save_model
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
_EXTRAS = {"statsforecast": "forecast", "torch": "neural"}


def estimator(name: str, **settings: Any) -> Estimator:
    """The model of that name with these settings.

    Raises:
        NotFound: No such model.
        MissingExtra: A library that it needs is not installed.
        ConfigError: The model has no such setting.
    """
    try:
        return cast("Estimator", _class_of(name)(**settings))
    except TypeError as error:
        raise ConfigError(f"model {name}: {error}") from error


def settings_of(name: str) -> tuple[str, ...]:
    """Names of the settings that a model has.

    Raises:
        NotFound: No such model.
        MissingExtra: A library that it needs is not installed.
    """
    return tuple(option.name for option in fields(_class_of(name)))


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
    try:
        return cast("Predictor", _class_of(state.model).restore(state))
    except (KeyError, TypeError, NotFound) as error:
        raise ModelError(
            f"{state.model} was saved by another version of it ({error}); train again"
        ) from error


def _class_of(name: str) -> Any:
    if name not in MODELS:
        raise NotFound("forecasting model", name, f"choose one of {', '.join(sorted(MODELS))}")
    module, _, attribute = MODELS[name].partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in _EXTRAS:
            raise
        raise MissingExtra(f"model {name}", _EXTRAS[library]) from error

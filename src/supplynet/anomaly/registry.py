"""Detectors by name. A detector's libraries load only when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from supplynet.anomaly.detector import Detector, FittedDetector
from supplynet.learning.artifacts import ModelState, load_model, save_model
from supplynet.learning.by_name import ByName
from supplynet.learning.manifest import Manifest, Origin

DETECTORS = {
    "calibrated": "supplynet.anomaly.calibrated:Calibrated",
    "ensemble": "supplynet.anomaly.ensemble:Ensemble",
    "forecast_residual": "supplynet.anomaly.forecast_residual:ForecastResidual",
    "lstm_reconstruction": "supplynet.anomaly.lstm_reconstruction:LstmReconstruction",
    "robust_seasonal": "supplynet.anomaly.robust_seasonal:RobustSeasonal",
    "sub_pca": "supplynet.anomaly.sub_pca:SubPca",
}
_NAMED = ByName("anomaly detector", DETECTORS)


def detector(name: str, **settings: Any) -> Detector:
    """The detector of that name with these settings.

    Raises:
        NotFound: No such detector.
        MissingExtra: A library that it needs is not installed.
        ConfigError: The detector has no such setting.
    """
    return cast("Detector", _NAMED.make(name, settings))


def settings_of(name: str) -> tuple[str, ...]:
    """Names of the settings that a detector has.

    Raises:
        NotFound: No such detector.
        MissingExtra: A library that it needs is not installed.
    """
    return _NAMED.settings_of(name)


def save(
    workspace: Path,
    name: str,
    fitted: FittedDetector,
    metrics: Mapping[str, Any] | None = None,
    origin: Origin | None = None,
) -> Manifest:
    """Save a fitted detector under a name of its own; see ``learning.artifacts``."""
    return save_model(workspace, name, fitted.state(), metrics, origin)


def load(workspace: Path, name: str) -> tuple[Manifest, FittedDetector]:
    """A saved detector, checked byte by byte before it is opened.

    Raises:
        ModelError: It is missing, damaged, or of another version.
        MissingExtra: A library that it needs is not installed.
    """
    manifest, state = load_model(workspace, name)
    return manifest, restore(state)


def restore(state: ModelState) -> FittedDetector:
    """The fitted detector that gave this state.

    Raises:
        ModelError: It was made with other inputs or settings, or is of no detector that there is.
        MissingExtra: A library that it needs is not installed.
    """
    return cast("FittedDetector", _NAMED.restore(state))

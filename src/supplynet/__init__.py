"""SupplyNet keeps assembly lines running.

It learns what every line consumes, forecasts it with its uncertainty, and moves parts from the
warehouse before a line can halt, with as little stock as that takes. Names are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from supplynet._version import __version__

_LAZY = {
    "AnomalyDetector": "supplynet.anomaly.anomaly_detector",
    "AnomalyService": "supplynet.services.anomaly",
    "Client": "supplynet.client",
    "DataService": "supplynet.services.data",
    "Forecaster": "supplynet.forecast.forecaster",
    "ForecastingService": "supplynet.services.sales_models",
    "Plant": "supplynet.core.network",
    "SupplyNetError": "supplynet.errors",
}
__all__ = [
    "AnomalyDetector",
    "AnomalyService",
    "Client",
    "DataService",
    "Forecaster",
    "ForecastingService",
    "Plant",
    "SupplyNetError",
    "__version__",
]


def __getattr__(name: str) -> Any:
    try:
        return getattr(import_module(_LAZY[name]), name)
    except KeyError:
        raise AttributeError(f"module 'supplynet' has no attribute {name!r}") from None

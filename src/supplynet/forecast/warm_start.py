"""Going on from a fitted model where data were added, instead of training afresh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any, cast

from supplynet.errors import ConfigError
from supplynet.forecast import registry
from supplynet.forecast.model import Estimator, Predictor, Progress
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState


@dataclass(frozen=True, kw_only=True)
class WarmStart:
    """An estimator that goes on from a model fitted before.

    Attributes:
        estimator: Its ``fit`` takes ``start``.
        start: The model to go on from.

    Raises:
        ConfigError: The model cannot go on from another.
    """

    estimator: Estimator
    start: Predictor

    def __post_init__(self) -> None:
        check_start(self.estimator)

    def fit(
        self, panel: Panel, future: Sequence[Period] = (), *, progress: Progress | None = None
    ) -> Predictor:
        """Fit from the start.

        Raises:
            HistoryTooShort: For the model.
            ModelError: The start does not fit these settings or this panel.
        """
        settings = cast("Any", self.estimator)
        warm = settings.fit(panel, future, progress=progress, start=self.start)
        return cast("Predictor", warm)

    @classmethod
    def restore(cls, state: ModelState) -> Predictor:
        """Bring back what was fitted, which is a model like any other. Raises as the registry."""
        return registry.restore(state)


def check_start(estimator: Estimator) -> None:
    """Refuse a model that cannot go on from a fitted one.

    Raises:
        ConfigError: It cannot.
    """
    if "start" not in signature(estimator.fit).parameters:
        raise ConfigError(
            f"{type(estimator).__name__} cannot go on from a fitted model; train it afresh, or "
            "choose lightgbm or a neural model"
        )

"""What every forecasting model is: settings that fit, and a fitted model that predicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import HistoryTooShort, ModelError
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState

Progress = Callable[[int, int, float], None]
"""Called with the rounds done, the most rounds, and the loss so far."""

SettingsT = TypeVar("SettingsT")


@runtime_checkable
class Sized(Protocol):
    """An estimator of which some settings follow the size of the panel unless they are given."""

    def sized(self, panel: Panel) -> Estimator:
        """The estimator with these settings filled in."""


class Predictor(Protocol):
    """A fitted model. Predicting changes nothing in it."""

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles of demand in each future period, in parts.

        Args:
            panel: History up to the cutoff: of the series that the model was trained on or of
                others, as long as there is; most models look at no more than 21 weeks.
            future: Periods to forecast, following the panel; step 0 is the first.
            quantiles: Levels in (0, 1), ascending.

        Returns:
            Shape (series, step, quantile): finite, >= 0, never falling along the quantiles. What
            is forecast of one series does not depend on the others.
        """

    def state(self) -> ModelState:
        """The model as plain data, for ``learning.artifacts``."""


class Estimator(Protocol):
    """Settings of a model; a frozen dataclass that can be fitted any number of times."""

    def fit(
        self, panel: Panel, future: Sequence[Period] = (), *, progress: Progress | None = None
    ) -> Predictor:
        """Learn from a panel.

        Args:
            panel: History; NaN is never a target, and only a gap as input.
            future: Periods known ahead, after the panel.
            progress: Told of every round where training takes rounds.

        Raises:
            HistoryTooShort: Fewer periods than the model needs.
        """

    @classmethod
    def restore(cls, state: ModelState) -> Predictor:
        """Bring a saved model back.

        Raises:
            ModelError: It was made with other features.
        """


def check_history(panel: Panel, needed: int) -> None:
    """Refuse a panel without series or with fewer than ``needed`` periods.

    Raises:
        HistoryTooShort: Too few periods.
    """
    periods = panel.demand.shape[1] if panel.demand.size else 0
    if periods < needed:
        raise HistoryTooShort(periods, needed)


def check_features(state: ModelState, features: Sequence[str]) -> None:
    """Refuse a model that was made with other inputs than this version gives it.

    Raises:
        ModelError: The features differ.
    """
    if state.features != tuple(features):
        unknown = [name for name in state.features if name not in features]
        changed = [*unknown, *sorted(set(features) - set(state.features))] or ["their order"]
        raise ModelError(
            f"{state.model} was trained on other features ({', '.join(changed[:3])}); train again"
        )

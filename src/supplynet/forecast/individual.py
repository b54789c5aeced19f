"""One model per series, where one for all is not wanted."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError, ForecastError, HistoryTooShort, ModelError
from supplynet.forecast import registry
from supplynet.forecast.model import Estimator, Predictor, Progress, check_history
from supplynet.forecast.warm_start import check_start
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState

log = logging.getLogger(__name__)

BATCH_SIZE = 32
"""Of neural models: one series has few windows, and a larger batch would be all of them."""
_INSTEAD = "instead"


@dataclass(frozen=True, kw_only=True)
class Individual:
    """A model of the given kind for every series, fitted on that series alone.

    It costs as many trainings as there are series, and learns nothing from one series for
    another; a global model is faster and mostly better. A series for which the fit fails is
    forecast by a simple model and named with the reason; so is one that comes later.

    Args:
        model: Name in the registry.
        settings: Of the model; ``seed`` and, for neural models, a batch of 32 unless given.
        instead: Model that stands in, fitted on all series.
        seed: Of the models.
    """

    model: str = "lightgbm"
    settings: Mapping[str, Any] = field(default_factory=dict)
    instead: str = "shift_mean"
    seed: int = 0

    def __post_init__(self) -> None:
        if "individual" in {self.model, self.instead}:
            raise ConfigError("model individual: choose the model that every series gets")

    def fit(
        self,
        panel: Panel,
        future: Sequence[Period] = (),
        *,
        progress: Progress | None = None,
        start: FittedIndividual | None = None,
    ) -> FittedIndividual:
        """Fit series after series.

        Args:
            panel: History.
            future: Passed on to the models.
            progress: Told of every series; the loss is how many failed.
            start: Go on from its models, series by series; a series that it lacks starts afresh.

        Raises:
            HistoryTooShort: For every series.
            ForecastError: Every series failed.
            ConfigError: The model has no such setting, or cannot go on from a fitted one.
            MissingExtra: A library that the model needs is not installed.
        """
        check_history(panel, 1)
        made = self._made()
        if start is not None:
            check_start(made)
        models: dict[tuple[str, str], Predictor] = {}
        failed: dict[tuple[str, str], Exception] = {}
        for done, name in enumerate(panel.series, start=1):
            known = None if start is None else start.models.get(name)
            own = {"start": known} if known is not None else {}
            try:
                models[name] = cast("Any", made).fit(panel.select([name]), future, **own)
            except Exception as error:  # noqa: BLE001  # a library may raise anything
                failed[name] = error
            if progress is not None:
                progress(done, len(panel.series), float(len(failed)))
        _check_some(self.model, models, failed)
        return FittedIndividual(
            settings=self,
            models=models,
            instead=registry.estimator(self.instead).fit(panel),
            fallbacks={name: f"{type(e).__name__}: {e}" for name, e in failed.items()},
        )

    def _made(self) -> Estimator:
        known = registry.settings_of(self.model)
        defaults = {"batch_size": BATCH_SIZE, "seed": self.seed}
        own = {name: value for name, value in defaults.items() if name in known}
        return registry.estimator(self.model, **{**own, **self.settings})

    @classmethod
    def restore(cls, state: ModelState) -> FittedIndividual:
        """Bring a saved model back.

        Raises:
            ModelError: A member was made with other features, or is not there.
            MissingExtra: A library that the model needs is not installed.
        """
        names = [(line, part) for line, part in state.scaler["series"]]
        if set(state.members) != {_INSTEAD, *map(_member, range(len(names)))}:
            raise ModelError("individual was saved without some of its models; train again")
        return FittedIndividual(
            settings=cls(**state.settings),
            models={
                name: registry.restore(state.members[_member(i)]) for i, name in enumerate(names)
            },
            instead=registry.restore(state.members[_INSTEAD]),
            fallbacks={(line, part): reason for line, part, reason in state.scaler["fallbacks"]},
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedIndividual:
    """The models of the series.

    Attributes:
        models: By series.
        instead: For every other series.
        fallbacks: Why a series has none, by series.
    """

    settings: Individual
    models: Mapping[tuple[str, str], Predictor]
    instead: Predictor
    fallbacks: Mapping[tuple[str, str], str]

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles, shape (series, step, quantile); see ``model.Predictor``."""
        result = self.instead.predict(panel, future, quantiles).copy()
        for row, name in enumerate(panel.series):
            model = self.models.get(name)
            if model is None:
                continue
            values = model.predict(panel.select([name]), future, quantiles)
            if np.isfinite(values).all():
                result[row] = values[0]
            else:
                log.warning("individual: %s/%s is forecast by %s", *name, self.settings.instead)
        return result

    def state(self) -> ModelState:
        """The model as plain data, its models inside."""
        own = {_member(i): model.state() for i, model in enumerate(self.models.values())}
        return ModelState(
            model="individual",
            settings=asdict(self.settings),
            scaler={
                "series": [list(name) for name in self.models],
                "fallbacks": [[*name, reason] for name, reason in self.fallbacks.items()],
            },
            members={_INSTEAD: self.instead.state(), **own},
        )


def _member(place: int) -> str:
    """Names of series may hold what a name in a file must not."""
    return f"series-{place}"


def _check_some(
    model: str,
    models: Mapping[tuple[str, str], Predictor],
    failed: Mapping[tuple[str, str], Exception],
) -> None:
    if models or not failed:
        return
    short = [error for error in failed.values() if isinstance(error, HistoryTooShort)]
    if len(short) == len(failed):
        raise min(short, key=lambda error: error.needed)
    (line, part), error = next(iter(failed.items()))
    raise ForecastError(
        f"{model} could be fitted for none of {len(failed)} series; the first is {line}/{part}: "
        f"{type(error).__name__}: {error}"
    ) from error

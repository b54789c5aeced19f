"""An ensemble: several models, averaged quantile by quantile with weights from backtests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from typing import Any, cast

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError, MissingExtra
from supplynet.forecast import registry
from supplynet.forecast.blending import renormalised
from supplynet.forecast.demand_class import demand_classes
from supplynet.forecast.ensemble_calls import MemberCalls
from supplynet.forecast.ensemble_trial import Cutoffs, Trial, finite, forecasts
from supplynet.forecast.model import Estimator, Predictor, Progress, check_history
from supplynet.frames.demand_classes import DEMAND_CLASSES
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.scaling import tail_of

_MOST_LOCAL = 100  # series up to which a model per series is a member by default
_SPARSE = 0.2  # share of intermittent and lumpy series from which their own model is a member
_LEAST_WEIGHT = 0.03  # a member below it in every class costs more time than it is worth


@dataclass(frozen=True, kw_only=True)
class Member:
    """A model of an ensemble.

    Args:
        model: Name in the registry.
        settings: Of the model; ``horizon`` and ``seed`` are the ensemble's unless given.
        seeds: How many times it is fitted, each with the next seed.
    """

    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    seeds: int = 1


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """Weighted average of the members' quantile functions.

    Members are fitted on the panel without its end, forecast that end from several cutoffs, and
    get the weights of the least pinball loss, by class of demand (smooth, erratic, intermittent,
    lumpy); see ``ensemble_trial``. Then they are fitted on the whole panel. Fitting so takes a
    little more than twice what the members take. A member that fails, or cannot do with so short
    a panel, is left out and named; with too short a panel for a trial all weights are equal.

    Args:
        members: Models; none = ``default_members``.
        horizon: Steps that members are tried and trained for.
        cutoffs: From how many places of the panel's end they are tried.
        prior: Forecasts (series x cutoff) that equal weights count for.
        seed: Of the members.
    """

    members: Sequence[Member] = ()
    horizon: int = 14
    cutoffs: int = 6
    prior: float = 400.0
    seed: int = 0

    def __post_init__(self) -> None:
        given = [_member(one) for one in self.members]
        object.__setattr__(self, "members", tuple(given))
        if min(self.horizon, self.cutoffs, *(one.seeds for one in given)) < 1 or self.prior < 0:
            raise ConfigError(
                "model ensemble: horizon, cutoffs and seeds are 1 or more, prior not below 0"
            )

    def fit(
        self, panel: Panel, future: Sequence[Period] = (), *, progress: Progress | None = None
    ) -> FittedEnsemble:
        """Try the members, weigh them, fit them.

        Args:
            panel: History; its end is held out for the trial.
            future: Passed on to the members.
            progress: Told of every member tried and every member fitted; there is no one loss.

        Raises:
            HistoryTooShort: For every member.
            ForecastError: Every member failed.
            ConfigError: A member has no such setting.
        """
        check_history(panel, 1)
        calls = MemberCalls(2, progress)
        models = self._models(panel, calls)
        trial = self._trial(models, panel, calls)
        weights = trial.weights(self.prior) if trial else _equal(models)
        names = trial.members if trial else tuple(models)
        names, weights = _pruned(names, weights, calls.dropped)
        fitted = {
            name: one
            for name in names
            if (one := calls.result(name, partial(models[name].fit, panel, future))) is not None
        }
        if not fitted:
            raise calls.nothing()
        return FittedEnsemble(
            settings=self,
            members=fitted,
            weights=renormalised(weights[:, [name in fitted for name in names]]),
            losses=trial.losses() if trial else {},
            dropped=calls.dropped,
        )

    def _models(self, panel: Panel, calls: MemberCalls) -> dict[str, Estimator]:
        models: dict[str, Estimator] = {}
        for member in self.members or default_members(panel):
            try:
                made = registry.estimator(member.model, **member.settings)
            except MissingExtra as error:
                calls.drop(member.model, error, quiet=not self.members)
                continue
            for place in range(member.seeds):
                models[_label(member.model, models)] = self._with_own(made, member, place)
        calls.rounds *= len(models)
        return models

    def _with_own(self, made: Estimator, member: Member, place: int) -> Estimator:
        """The model with the ensemble's horizon and a seed of its own, where it has them."""
        known = {entry.name for entry in fields(cast("Any", made))}
        seed = member.settings.get("seed", self.seed)
        wanted = {"horizon": member.settings.get("horizon", self.horizon), "seed": seed + place}
        own = {name: value for name, value in wanted.items() if name in known}
        return cast("Estimator", replace(cast("Any", made), **own))

    def _trial(
        self, models: Mapping[str, Estimator], panel: Panel, calls: MemberCalls
    ) -> Trial | None:
        cutoffs = Cutoffs.of(panel, self.horizon, self.cutoffs)
        if cutoffs is None or len(models) == 1:
            return None
        tried = {
            name: calls.result(name, partial(forecasts, model, panel, cutoffs))
            for name, model in models.items()
        }
        found = {name: values for name, values in tried.items() if values is not None}
        if not found:
            raise calls.nothing()
        trial = Trial.of(panel, cutoffs, found)
        return trial if len(trial.actual) else None

    @classmethod
    def restore(cls, state: ModelState) -> FittedEnsemble:
        """Bring a saved model back.

        Raises:
            ModelError: A member was made with other features.
            MissingExtra: A library that a member needs is not installed.
        """
        return FittedEnsemble(
            settings=cls(**state.settings),
            members={
                name: registry.restore(state.members[name]) for name in state.scaler["members"]
            },
            weights=np.asarray(state.arrays["weights"]),
            losses=dict(state.scaler["losses"]),
            dropped=dict(state.scaler["dropped"]),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedEnsemble:
    """Fitted members and their weights.

    Attributes:
        members: By name, in the order of the weights.
        weights: >= 0, each row sums to 1, shape (class, member); classes are ``DEMAND_CLASSES``.
        losses: Scaled pinball loss of every member that was tried; empty without a trial.
        dropped: Why a member is not used, by name.
    """

    settings: Ensemble
    members: Mapping[str, Predictor]
    weights: FloatArray
    losses: Mapping[str, float]
    dropped: Mapping[str, str]

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles, shape (series, step, quantile); see ``model.Predictor``.

        A member that fails is left out and the others' weights are raised; the log names it.

        Raises:
            ForecastError: Every member failed.
        """
        calls = MemberCalls(0, None)
        found = [
            calls.result(name, partial(finite, member, panel, future, quantiles))
            for name, member in self.members.items()
        ]
        there = [values is not None for values in found]
        if not any(there):
            raise calls.nothing()
        weights = renormalised(self.weights[:, there])
        of_series = weights[demand_classes(tail_of(panel).demand)]  # (series, member)
        result = np.zeros((len(panel.series), len(future), len(quantiles)))
        values = [one for one in found if one is not None]
        for place, one in enumerate(values):
            result += of_series[:, place, None, None] * one
        return np.maximum.accumulate(result, axis=-1)  # sums of equal quantiles may round apart

    def state(self) -> ModelState:
        """The model as plain data, its members inside."""
        return ModelState(
            model="ensemble",
            settings=asdict(self.settings),
            scaler={
                "members": list(self.members),
                "classes": list(DEMAND_CLASSES),
                "losses": dict(self.losses),
                "dropped": dict(self.dropped),
            },
            arrays={"weights": self.weights},
            members={name: member.state() for name, member in self.members.items()},
        )


def default_members(panel: Panel) -> tuple[Member, ...]:
    """Trees, neural nets where torch is there, and a plain rule.

    On one core a fit took 35 s for 100 daily series of a year, 75 s for 274 series of two shifts
    a day, and 70 s for 70 daily series of five years. ``theta`` fits every series by itself, about
    0.4 s each in all, so it takes part up to 100 of them. ``tsb`` does where a fifth of the series
    is intermittent or lumpy.
    """
    local = (Member(model="theta"),) if len(panel.series) <= _MOST_LOCAL else ()
    sparse = (demand_classes(tail_of(panel).demand) >= DEMAND_CLASSES.index("intermittent")).mean()
    rare = (Member(model="tsb"),) if sparse >= _SPARSE else ()
    return (
        Member(model="lightgbm"),
        Member(model="lstm", seeds=2),
        Member(model="mlp"),
        Member(model="nhits"),
        Member(model="shift_mean"),
        *local,
        *rare,
    )


def _member(given: Member | Mapping[str, Any]) -> Member:
    if isinstance(given, Member):
        return given
    try:
        return Member(**given)
    except TypeError as error:
        raise ConfigError(f"model ensemble: member {given!r}: {error}") from error


def _label(model: str, taken: Mapping[str, object]) -> str:
    """``lstm``, then ``lstm-2``, ``lstm-3``."""
    count = sum(name.partition("-")[0] == model for name in taken)
    return f"{model}-{count + 1}" if count else model


def _equal(models: Mapping[str, Estimator]) -> FloatArray:
    return np.full((len(DEMAND_CLASSES), len(models)), 1 / max(1, len(models)))


def _pruned(
    names: Sequence[str], weights: FloatArray, dropped: dict[str, str]
) -> tuple[tuple[str, ...], FloatArray]:
    """Without the members that hardly count in any class."""
    kept = weights.max(axis=0, initial=0.0) >= min(_LEAST_WEIGHT, 1 / max(1, len(names)))
    for name in np.array(names)[~kept].tolist():
        dropped[name] = f"weight below {_LEAST_WEIGHT:.0%} in every class"
    left = tuple(name for name, keep in zip(names, kept, strict=True) if keep)
    return left, renormalised(weights[:, kept])

"""Boosted trees, one set for all series and steps: quantiles, or a mean with counts around it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import lightgbm
import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError, ModelError
from supplynet.forecast.count_spread import CountSpread
from supplynet.forecast.covariates import Covariates
from supplynet.forecast.features import FEATURES
from supplynet.forecast.model import Progress, check_features, check_history
from supplynet.forecast.quantiles import QUANTILES, at_levels, tidy
from supplynet.forecast.recursion import measure_growth, recursive_quantiles
from supplynet.forecast.tree_rows import TreeRows, future_rows, training_rows
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.scaling import typical_level
from supplynet.learning.windows import season_length, shift_names

OBJECTIVES = ("quantile", "tweedie", "poisson")
STRATEGIES = ("direct", "recursive")
_CATEGORICAL = ("weekday", "shift")
_LEAST_BASE = 0.1  # parts: what a mean is a multiple of, where the profile says next to nothing
_TRACE = 1e-6
_LARGE_FROM = 100_000  # observed cells
SMALL: Mapping[str, Any] = {"rounds": 60, "learning_rate": 0.08, "leaves": 15, "most_rows": 60_000}
LARGE: Mapping[str, Any] = {
    "rounds": 100,
    "learning_rate": 0.06,
    "leaves": 31,
    "most_rows": 100_000,
}
"""With the room of a long history: pinball -3 % on M5 and -0.5 % on a plant of 274 series, in two
to three times the time; on a few hundred days of 100 series it gains nothing."""
_WARM = 4  # a warm start adds this part of the rounds
_LONGEST = 2  # times the rounds: a longer booster starts afresh


@dataclass(frozen=True, kw_only=True)
class LightGbm:
    """Global gradient boosting (LightGBM, Ke et al. 2017) on window-scaled demand.

    Trees correct the trailing weekly profile; the lead ("step") is an input, so one set serves
    every step, and a series that the model has never seen is forecast from its own few days.

    Args:
        objective: ``quantile`` trains a booster per level of ``QUANTILES``. ``tweedie`` and
            ``poisson`` train one booster for the mean, a ninth of the time, and put counts
            around it (``count_spread``).
        strategy: ``direct`` forecasts each step from the history alone. ``recursive`` is trained
            on the next period only and feeds its forecasts back; see ``recursion``.
        rounds: Trees per booster.
        learning_rate: Share of each tree's correction that is taken.
        leaves, least_in_leaf: Size of a tree.
        most_rows: Rows drawn for training; more rows cost time in proportion. These four follow
            the panel unless given: ``SMALL`` up to 100,000 observed cells, ``LARGE`` beyond.
        horizon: Leads 0 .. horizon - 1 are trained; longer ones use the last.
        tweedie_power: Variance power of the Tweedie objective, in (1, 2).
        seed: Same panel, same settings, same seed: same model.
        threads: LightGBM threads.
    """

    objective: str = "quantile"
    strategy: str = "direct"
    rounds: int | None = None
    learning_rate: float | None = None
    leaves: int | None = None
    least_in_leaf: int = 60
    most_rows: int | None = None
    horizon: int = 14
    tweedie_power: float = 1.5
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        for value, known in ((self.objective, OBJECTIVES), (self.strategy, STRATEGIES)):
            if value not in known:
                raise ConfigError(f"model lightgbm: {value!r} is none of {', '.join(known)}")
        if not 1 < self.tweedie_power < 2:
            raise ConfigError("model lightgbm: tweedie_power lies between 1 and 2")

    def fit(
        self,
        panel: Panel,
        future: Sequence[Period] = (),  # noqa: ARG002  # one shape for all models
        *,
        progress: Progress | None = None,
        start: FittedLightGbm | None = None,
    ) -> FittedLightGbm:
        """Train a booster per quantile of ``QUANTILES``, or one for the mean.

        Args:
            panel: History.
            future: Not needed.
            progress: Told of every booster.
            start: Go on from this model where data were added: a quarter of the rounds more, on
                rows drawn from all of ``panel``. Once that would make twice the rounds, from
                scratch.

        Raises:
            HistoryTooShort: Fewer than three weeks, or nothing observed in them.
            ModelError: ``start`` has other shifts, inputs or another objective.
        """
        check_history(panel, 3 * season_length(panel.periods))
        return self.sized(panel)._fit(panel, progress, start)

    def sized(self, panel: Panel) -> LightGbm:
        """With what follows the size of the panel filled in."""
        large = np.count_nonzero(~np.isnan(panel.demand)) > _LARGE_FROM
        sizes = LARGE if large else SMALL
        return replace(self, **{k: v for k, v in sizes.items() if getattr(self, k) is None})

    def _fit(
        self, panel: Panel, progress: Progress | None, start: FittedLightGbm | None
    ) -> FittedLightGbm:
        assert self.most_rows is not None  # filled in by the size of the panel
        names, typical = shift_names(panel.periods), typical_level(panel)
        covariates = Covariates.of(panel)
        if start is not None:
            self._check_start(start, names, covariates)
        rows = training_rows(
            panel,
            names,
            typical,
            covariates,
            horizon=self.leads,
            most_rows=self.most_rows,
            seed=self.seed,
        )
        fitted = FittedLightGbm(
            settings=self,
            shifts=names,
            typical=typical,
            covariates=covariates,
            boosters=self._train(rows, covariates, progress, start),
        )
        if self.objective != "quantile":
            mean = fitted.mean_of(rows)
            fitted = replace(fitted, spread=CountSpread.of(rows, mean, panel.series))
        if self.strategy == "recursive":
            fitted = replace(fitted, growth=measure_growth(fitted.one_step, panel, self.horizon))
        return fitted

    @property
    def _trees(self) -> int:
        assert self.rounds is not None  # filled in by the size of the panel
        return self.rounds

    @property
    def leads(self) -> int:
        """How many leads the boosters know."""
        return 1 if self.strategy == "recursive" else self.horizon

    def _check_start(
        self, start: FittedLightGbm, shifts: tuple[str, ...], covariates: Covariates
    ) -> None:
        own = (self.objective, self.strategy, shifts, covariates.columns)
        old = start.settings
        if own != (old.objective, old.strategy, start.shifts, start.covariates.columns):
            raise ModelError(
                "lightgbm cannot go on from this model: it has another objective, other shifts or "
                "other inputs; train it afresh"
            )

    def _train(
        self,
        rows: TreeRows,
        covariates: Covariates,
        progress: Progress | None,
        start: FittedLightGbm | None,
    ) -> dict[str, str]:
        mean = self.objective != "quantile"
        base = _base(rows)
        data = lightgbm.Dataset(
            rows.table,
            # A trace, because a mean of nothing at all has no logarithm.
            np.maximum(rows.demand, 0.0) / base + _TRACE if mean else rows.target,
            # Weights as the inverse variance: exactly Poisson's likelihood where counts are.
            weight=(base / rows.spread) ** 2 if mean else None,
            feature_name=[*FEATURES, *_plain(covariates.columns)],
            categorical_feature=_categorical(covariates),
            params=self._parameters(),
            free_raw_data=False,
        )
        wanted = {"mean": {}} if mean else {_name(q): {"alpha": q} for q in QUANTILES}
        texts = {}
        for name, own in wanted.items():
            before = self._goes_on_from(start, name)
            rounds = self._trees if before is None else -(-self._trees // _WARM)
            booster = lightgbm.train({**self._parameters(), **own}, data, rounds, init_model=before)
            texts[name] = str(booster.model_to_string())
            if progress:
                progress(len(texts), len(wanted), float("nan"))
        return texts

    def _goes_on_from(self, start: FittedLightGbm | None, name: str) -> lightgbm.Booster | None:
        """The booster to add trees to; None where there is none, or it has grown too long."""
        if start is None or name not in start.boosters:
            return None
        booster = lightgbm.Booster(model_str=start.boosters[name])
        return booster if booster.num_trees() < _LONGEST * self._trees else None

    def _parameters(self) -> dict[str, Any]:
        of_tweedie = {"tweedie_variance_power": self.tweedie_power}
        return {
            "objective": self.objective,
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.least_in_leaf,
            "max_bin": 63,
            "feature_fraction": 0.8,
            "seed": self.seed,
            "num_threads": self.threads,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
            **(of_tweedie if self.objective == "tweedie" else {}),
        }

    @classmethod
    def restore(cls, state: ModelState) -> FittedLightGbm:
        """Bring a saved model back.

        Raises:
            ModelError: It was made with other features.
        """
        scaler, texts = state.scaler, dict(state.texts)
        covariates = Covariates.from_dict(scaler.get("covariates", {}))
        check_features(state, (*FEATURES, *covariates.columns))
        own = json.loads(texts.pop("spread", "[]"))
        return FittedLightGbm(
            settings=cls(**state.settings),
            shifts=tuple(scaler["shifts"]),
            typical=scaler["typical"],
            covariates=covariates,
            boosters=texts,
            spread=CountSpread(
                common=scaler.get("spread", 1.0), own={(line, part): r for line, part, r in own}
            ),
            growth=scaler.get("growth", 0.0),
        )


@dataclass(frozen=True, kw_only=True)
class FittedLightGbm:
    """Boosters as their text, which is what is saved: before and after are the same model.

    Attributes:
        boosters: LightGBM's text model by name: one for each of ``QUANTILES``, or ``mean``.
        spread: Of counts around the mean.
        growth: By what share of the first step's the variance grows per step, when recursive.
    """

    settings: LightGbm
    shifts: tuple[str, ...]
    typical: float
    covariates: Covariates
    boosters: Mapping[str, str]
    spread: CountSpread = field(default_factory=CountSpread)
    growth: float = 0.0

    @cached_property
    def _loaded(self) -> dict[str, lightgbm.Booster]:
        return {name: lightgbm.Booster(model_str=text) for name, text in self.boosters.items()}

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles, shape (series, step, quantile); see ``model.Predictor``."""
        if self.settings.strategy == "recursive":
            values = recursive_quantiles(
                self.one_step, panel, future, self.growth, self.settings.horizon
            )
        else:
            values = self.one_step(panel, future)
        return at_levels(values, QUANTILES, quantiles)

    def one_step(self, panel: Panel, future: Sequence[Period]) -> FloatArray:
        """Quantiles from the history alone, at ``QUANTILES``, shape (series, step, quantile)."""
        rows = future_rows(
            panel, future, self.shifts, self.typical, self.covariates, self.settings.leads
        )
        if self.settings.objective == "quantile":
            scaled = np.stack([self._raw(_name(q), rows) for q in QUANTILES], axis=-1)
            values = rows.location[:, None] + rows.spread[:, None] * scaled
        else:
            values = self.spread.quantiles(rows, self.mean_of(rows), panel.series, QUANTILES)
        return tidy(values.reshape(len(panel.series), len(future), len(QUANTILES)))

    def mean_of(self, rows: TreeRows) -> FloatArray:
        """Mean demand by the booster for it, parts, shape (row,)."""
        return self._raw("mean", rows) * _base(rows)

    def _raw(self, name: str, rows: TreeRows) -> FloatArray:
        booster, threads = self._loaded[name], self.settings.threads
        return np.asarray(booster.predict(rows.table, num_threads=threads), dtype=float)

    def state(self) -> ModelState:
        """The model as plain data."""
        own = [[*name, ratio] for name, ratio in self.spread.own.items()]
        return ModelState(
            model="lightgbm",
            settings=asdict(self.settings),
            scaler={
                "shifts": list(self.shifts),
                "typical": self.typical,
                "spread": self.spread.common,
                "growth": self.growth,
                "covariates": self.covariates.to_dict(),
            },
            features=(*FEATURES, *self.covariates.columns),
            texts={**self.boosters, "spread": json.dumps(own)},
        )


def _base(rows: TreeRows) -> FloatArray:
    return np.maximum(rows.location, _LEAST_BASE)


def _name(level: float) -> str:
    return f"booster_{level:g}"


def _categorical(covariates: Covariates) -> list[int]:
    """Places of the columns that hold codes."""
    count = len(FEATURES) + len(covariates.columns)
    codes = range(count - len(covariates.categories), count)
    return [*(FEATURES.index(name) for name in _CATEGORICAL), *codes]


def _plain(columns: Sequence[str]) -> list[str]:
    """Names that LightGBM takes: letters, digits and ``_``, each once."""
    plain = [re.sub(r"[^A-Za-z0-9_]", "_", name) for name in columns]
    return [name if plain.count(name) == 1 else f"{name}_{i}" for i, name in enumerate(plain)]

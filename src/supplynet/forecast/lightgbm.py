"""One set of boosted trees for all series and all steps, with an output per quantile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.features import FEATURES, calendar_table, feature_table, line_codes
from supplynet.forecast.model import Progress, check_features, check_history
from supplynet.forecast.quantiles import QUANTILES, at_levels, tidy
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.scaling import Profile, Scaling, tail_of, typical_level
from supplynet.learning.windows import season_length, shift_names

_CATEGORICAL = ["weekday", "shift"]


@dataclass(frozen=True, kw_only=True)
class LightGbm:
    """Global, direct quantile regression (LightGBM, Ke et al. 2017) on window-scaled demand.

    Trees correct the trailing weekly profile; the lead ("step") is an input, so one set serves
    every step, and a series that the model has never seen is forecast from its own few days.

    Args:
        rounds: Trees per quantile.
        leaves, least_in_leaf: Size of a tree.
        most_rows: Rows drawn for training; more rows cost time in proportion.
        horizon: Leads 0 .. horizon - 1 are trained; longer ones use the last.
        seed: Same panel, same settings, same seed: same model.
        threads: LightGBM threads.
    """

    rounds: int = 60
    learning_rate: float = 0.08
    leaves: int = 15
    least_in_leaf: int = 60
    most_rows: int = 60_000
    horizon: int = 14
    seed: int = 0
    threads: int = 1

    def fit(
        self,
        panel: Panel,
        future: Sequence[Period] = (),  # noqa: ARG002  # one shape for all models
        *,
        progress: Progress | None = None,
    ) -> FittedLightGbm:
        """Train one booster per quantile of ``QUANTILES``.

        Raises:
            HistoryTooShort: Fewer than three weeks.
        """
        check_history(panel, 3 * season_length(panel.periods))
        names, typical = shift_names(panel.periods), typical_level(panel)
        table, target = self._rows(panel, names, typical)
        data = lightgbm.Dataset(
            table,
            target,
            feature_name=list(FEATURES),
            categorical_feature=_CATEGORICAL,
            params=self._parameters(0.5),
        )
        texts = []
        for done, level in enumerate(QUANTILES, start=1):
            booster = lightgbm.train(self._parameters(level), data, self.rounds)
            texts.append(booster.model_to_string())
            if progress:
                progress(done, len(QUANTILES), float("nan"))
        return FittedLightGbm(settings=self, shifts=names, typical=typical, boosters=tuple(texts))

    def _rows(
        self, panel: Panel, names: tuple[str, ...], typical: float
    ) -> tuple[npt.NDArray[np.float32], FloatArray]:
        """Training rows: every target at one random lead, observed ones only, thinned out."""
        rng = np.random.default_rng(self.seed)
        scaling = Scaling.of(Profile.of(panel, (), names, typical))
        targets = np.arange(1, len(panel.periods))
        origins = np.maximum(targets - rng.integers(0, self.horizon, len(targets)), 1)
        calendar = calendar_table(panel.periods, names)
        lines = line_codes(panel.series)
        table, location, spread = feature_table(scaling, calendar, lines, targets, origins)
        scaled = (panel.demand[:, targets] - location) / spread
        usable = np.flatnonzero(~np.isnan(scaled) & (table[:, :, -1] > 0))
        if usable.size > self.most_rows:
            usable = np.sort(rng.choice(usable, self.most_rows, replace=False))
        return table.reshape(-1, len(FEATURES))[usable], scaled.ravel()[usable]

    def _parameters(self, level: float) -> dict[str, Any]:
        return {
            "objective": "quantile",
            "alpha": level,
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
        }

    @classmethod
    def restore(cls, state: ModelState) -> FittedLightGbm:
        """Bring a saved model back.

        Raises:
            ModelError: It was made with other features.
        """
        check_features(state, FEATURES)
        return FittedLightGbm(
            settings=cls(**state.settings),
            shifts=tuple(state.scaler["shifts"]),
            typical=state.scaler["typical"],
            boosters=tuple(state.texts[_name(level)] for level in QUANTILES),
        )


@dataclass(frozen=True, kw_only=True)
class FittedLightGbm:
    """Boosters as their text, which is what is saved: before and after are the same model.

    Attributes:
        boosters: LightGBM's text model for each of ``QUANTILES``.
    """

    settings: LightGbm
    shifts: tuple[str, ...]
    typical: float
    boosters: tuple[str, ...]

    @cached_property
    def _loaded(self) -> tuple[lightgbm.Booster, ...]:
        return tuple(lightgbm.Booster(model_str=text) for text in self.boosters)

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles, shape (series, step, quantile); see ``model.Predictor``."""
        history = tail_of(panel)
        scaling = Scaling.of(Profile.of(history, future, self.shifts, self.typical))
        calendar = calendar_table([*history.periods, *future], self.shifts)
        now = len(history.periods)
        targets, origins = now + np.arange(len(future)), np.full(len(future), now)
        lines = line_codes(panel.series)
        table, location, spread = feature_table(scaling, calendar, lines, targets, origins)
        steps = table[:, :, FEATURES.index("step")]
        np.minimum(steps, self.settings.horizon - 1, out=steps)
        rows = table.reshape(-1, len(FEATURES))
        threads = self.settings.threads
        scaled = [booster.predict(rows, num_threads=threads) for booster in self._loaded]
        shaped = np.stack(scaled, axis=-1).reshape(*location.shape, len(QUANTILES))
        values = tidy(location[:, :, None] + spread[:, :, None] * shaped)
        return at_levels(values, QUANTILES, quantiles)

    def state(self) -> ModelState:
        """The model as plain data."""
        return ModelState(
            model="lightgbm",
            settings=asdict(self.settings),
            scaler={"shifts": list(self.shifts), "typical": self.typical},
            features=FEATURES,
            texts={_name(q): text for q, text in zip(QUANTILES, self.boosters, strict=True)},
        )


def _name(level: float) -> str:
    return f"booster_{level:g}"

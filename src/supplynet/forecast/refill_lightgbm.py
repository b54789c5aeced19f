"""Boosted trees that tell whether a refill is due, and others that tell how much lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import lightgbm
import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError
from supplynet.forecast.model import check_features
from supplynet.forecast.refill_classifier import RefillExamples, Table
from supplynet.learning.artifacts import ModelState

_PARTS = ("due", "lack")


@dataclass(frozen=True, kw_only=True)
class RefillLightGbm:
    """Gradient boosted trees (Ke et al. 2017): log loss for the label, pinball for the lack.

    Args:
        rounds: Trees of each of the two.
        learning_rate: Of each tree.
        leaves: Most leaves of a tree.
        least_in_leaf: Rows.
        level: Quantile of the lack that is told.
        threads: Numeric threads.
        seed: Same rows, same settings, same seed: same trees.
    """

    rounds: int = 200
    learning_rate: float = 0.05
    leaves: int = 31
    least_in_leaf: int = 40
    level: float = 0.9
    threads: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        counts = ("rounds", "least_in_leaf", "threads")
        low = [name for name in counts if getattr(self, name) < 1]
        if low or self.leaves < 2 or self.learning_rate <= 0 or not 0 < self.level < 1:
            raise ConfigError(
                "classifier refill_lightgbm: "
                f"{', '.join(low or ['leaves, learning_rate or level'])}: use counts of 1 or "
                "more, leaves of 2 or more, learning_rate above 0, level in (0, 1)"
            )

    def fit(self, examples: RefillExamples) -> FittedRefillLightGbm:
        """Boost.

        Raises:
            InsufficientData: Too few rows of either kind.
        """
        examples.check()
        known = ~np.isnan(examples.lack)
        texts = {
            "due": self._boost("binary", examples.table, examples.due.astype(float)),
            "lack": self._boost("quantile", examples.table[known], examples.lack[known]),
        }
        return FittedRefillLightGbm(settings=self, columns=examples.columns, boosters=texts)

    def _boost(self, objective: str, table: Table, target: FloatArray) -> str:
        parameters: dict[str, Any] = {
            "objective": objective,
            "alpha": self.level,
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
        booster = lightgbm.train(parameters, lightgbm.Dataset(table, target), self.rounds)
        return str(booster.model_to_string())

    @classmethod
    def restore(cls, state: ModelState, columns: Sequence[str]) -> FittedRefillLightGbm:
        """Bring saved boosters back.

        Raises:
            ModelError: They were made with other columns.
        """
        check_features(state, columns)
        return FittedRefillLightGbm(
            settings=cls(**state.settings), columns=state.features, boosters=dict(state.texts)
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedRefillLightGbm:
    """Boosters as their text, which is what is saved.

    Attributes:
        boosters: LightGBM's text model of ``due`` and ``lack``.
    """

    settings: RefillLightGbm
    columns: tuple[str, ...]
    boosters: Mapping[str, str]

    @cached_property
    def _loaded(self) -> dict[str, lightgbm.Booster]:
        return {name: lightgbm.Booster(model_str=self.boosters[name]) for name in _PARTS}

    def probability(self, table: Table) -> FloatArray:
        """That a refill is due, shape (row,)."""
        return self._told("due", table)

    def lack(self, table: Table) -> FloatArray:
        """Upper quantile of the lack, in units of what is expected, shape (row,)."""
        return self._told("lack", table)

    def _told(self, name: str, table: Table) -> FloatArray:
        if not len(table):
            return np.empty(0)
        found = self._loaded[name].predict(table, num_threads=self.settings.threads)
        return np.asarray(found, dtype=float)

    def state(self) -> ModelState:
        """The boosters as plain data."""
        return ModelState(
            model="refill_lightgbm",
            settings=asdict(self.settings),
            features=self.columns,
            texts=dict(self.boosters),
        )

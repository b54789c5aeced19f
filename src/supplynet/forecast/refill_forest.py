"""Random forests that tell whether a refill is due and how much lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError
from supplynet.forecast.forest_arrays import ForestArrays
from supplynet.forecast.model import check_features
from supplynet.forecast.refill_classifier import RefillExamples, Table
from supplynet.learning.artifacts import ModelState

_DUE, _LACK = "due_", "lack_"
_ROWS = 4096  # judged at a time
_SPLIT_LIMIT = 3.0  # windows: a single huge lack must not decide where trees split


@dataclass(frozen=True, kw_only=True)
class RefillForest:
    """One forest (Breiman 2001) on the label, a quantile regression forest on the lack.

    The second is Meinshausen's (2006), as in ``random_forest``.

    Args:
        trees: How many.
        rows_per_tree: Drawn with replacement for each tree.
        least_in_leaf: Of the drawn rows.
        split_share: Share of the columns that a split chooses from.
        points: Values of the lack kept of each leaf.
        level: Quantile of the lack that is told.
        seed: Same rows, same settings, same seed: same forest.
    """

    trees: int = 100
    rows_per_tree: int = 10_000
    least_in_leaf: int = 10
    split_share: float = 0.4
    points: int = 16
    level: float = 0.9
    seed: int = 0

    def __post_init__(self) -> None:
        counts = ("trees", "rows_per_tree", "least_in_leaf", "points")
        low = [name for name in counts if getattr(self, name) < 1]
        if low or not 0 < self.split_share <= 1 or not 0 < self.level < 1:
            raise ConfigError(
                f"classifier refill_forest: {', '.join(low or ['split_share or level'])}: use "
                "counts of 1 or more, split_share in (0, 1], level in (0, 1)"
            )

    def fit(self, examples: RefillExamples) -> FittedRefillForest:
        """Grow the forest.

        Raises:
            InsufficientData: Too few rows of either kind.
        """
        examples.check()
        shared: dict[str, Any] = {
            "n_estimators": self.trees,
            "min_samples_leaf": self.least_in_leaf,
            "max_features": self.split_share,
            "random_state": self.seed,
            "n_jobs": 1,
        }
        known = ~np.isnan(examples.lack)
        table, lack = examples.table[known], examples.lack[known]
        drawn = [min(self.rows_per_tree, len(rows)) for rows in (examples.table, table)]
        due = RandomForestClassifier(**shared, max_samples=drawn[0])
        due.fit(examples.table, examples.due)
        much = RandomForestRegressor(**shared, max_samples=drawn[1])
        much.fit(table, lack.clip(-_SPLIT_LIMIT, _SPLIT_LIMIT))
        return FittedRefillForest(
            settings=self,
            columns=examples.columns,
            due=_share_forest([each.tree_ for each in due.estimators_], examples.table),
            lacks=ForestArrays.of(
                (each.tree_ for each in much.estimators_), table, lack, self.points
            ),
        )

    @classmethod
    def restore(cls, state: ModelState, columns: Sequence[str]) -> FittedRefillForest:
        """Bring a saved forest back.

        Raises:
            ModelError: It was made with other columns.
        """
        check_features(state, columns)
        forests = [
            ForestArrays.restore(
                {
                    name.removeprefix(part): array
                    for name, array in state.arrays.items()
                    if name.startswith(part)
                }
            )
            for part in (_DUE, _LACK)
        ]
        return FittedRefillForest(
            settings=cls(**state.settings),
            columns=state.features,
            due=forests[0],
            lacks=forests[1],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedRefillForest:
    """Trees as arrays: scikit-learn is not needed any more.

    Attributes:
        due: Its leaves hold the share of their training rows at which a refill was due.
        lacks: Its leaves hold the lack.
    """

    settings: RefillForest
    columns: tuple[str, ...]
    due: ForestArrays
    lacks: ForestArrays

    def probability(self, table: Table) -> FloatArray:
        """Mean over the trees of the share in the leaf, shape (row,)."""
        found = np.empty(len(table))
        for first in range(0, len(table), _ROWS):
            rows = slice(first, first + _ROWS)
            leaves = self.due.leaf[self.due.apply(table[rows])]
            found[rows] = self.due.sketches[leaves, 0].mean(axis=1)
        return found

    def lack(self, table: Table) -> FloatArray:
        """Upper quantile of the lack, in units of what is expected, shape (row,)."""
        return self.lacks.quantiles(table, [self.settings.level])[:, 0]

    def state(self) -> ModelState:
        """The forests as plain data."""
        forests = {_DUE: self.due, _LACK: self.lacks}
        return ModelState(
            model="refill_forest",
            settings=asdict(self.settings),
            features=self.columns,
            arrays={
                part + name: array
                for part, forest in forests.items()
                for name, array in forest.arrays().items()
            },
        )


def _share_forest(trees: Sequence[Any], table: Table) -> ForestArrays:
    """Trees of a classifier; the one value kept of each leaf is its share of rows that were due."""
    nodes = ForestArrays.of(trees, table, np.zeros(len(table)), 1)
    shares = [tree.value[tree.children_left < 0, 0, 1] for tree in trees]
    return replace(nodes, sketches=np.concatenate(shares)[:, None].astype(np.float32))

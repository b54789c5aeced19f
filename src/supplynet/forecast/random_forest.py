"""One random forest for all series and all steps; its leaves give the quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sklearn.ensemble import RandomForestRegressor

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError
from supplynet.forecast.covariates import Covariates
from supplynet.forecast.features import FEATURES
from supplynet.forecast.forest_arrays import ForestArrays
from supplynet.forecast.model import Progress, check_features, check_history
from supplynet.forecast.quantiles import QUANTILES, at_levels, tidy
from supplynet.forecast.tree_rows import future_rows, training_rows
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.scaling import typical_level
from supplynet.learning.windows import season_length, shift_names

_SPLIT_LIMIT = 6.0  # spreads: a single huge demand must not decide where trees split


@dataclass(frozen=True, kw_only=True)
class RandomForest:
    """Global, direct quantile regression forest (Meinshausen 2006) on window-scaled demand.

    Learns from the same table as ``lightgbm``. Splits are found by scikit-learn on a draw of rows
    per tree; then every training row is dropped into every tree, so that the leaves know more than
    their splits were made from.

    Args:
        trees: How many.
        rows_per_tree: Drawn with replacement for each tree; fit time grows with it.
        least_in_leaf: Of the drawn rows.
        split_share: Share of the inputs that a split chooses from.
        points: Values kept of each leaf: what is saved grows with it.
        most_rows: Rows drawn from the panel.
        horizon: Leads 0 .. horizon - 1 are trained; longer ones use the last.
        seed: Same panel, same settings, same seed: same model.
    """

    trees: int = 60
    rows_per_tree: int = 8_000
    least_in_leaf: int = 20
    split_share: float = 0.4
    points: int = 16
    most_rows: int = 60_000
    horizon: int = 14
    seed: int = 0

    def __post_init__(self) -> None:
        counts = ("trees", "rows_per_tree", "least_in_leaf", "points", "most_rows", "horizon")
        low = [name for name in counts if getattr(self, name) < 1]
        if low or not 0 < self.split_share <= 1:
            raise ConfigError(
                f"model random_forest: {', '.join(low or ['split_share'])} must be 1 or more, "
                "split_share above 0 and at most 1"
            )

    def fit(
        self,
        panel: Panel,
        future: Sequence[Period] = (),  # noqa: ARG002  # one shape for all models
        *,
        progress: Progress | None = None,
    ) -> FittedRandomForest:
        """Grow the forest.

        Raises:
            HistoryTooShort: Fewer than three weeks, or nothing observed in them.
        """
        check_history(panel, 3 * season_length(panel.periods))
        names, typical = shift_names(panel.periods), typical_level(panel)
        covariates = Covariates.of(panel)
        rows = training_rows(
            panel,
            names,
            typical,
            covariates,
            horizon=self.horizon,
            most_rows=self.most_rows,
            seed=self.seed,
        )
        forest = RandomForestRegressor(
            self.trees,
            min_samples_leaf=self.least_in_leaf,
            max_features=self.split_share,
            max_samples=min(self.rows_per_tree, len(rows.table)),
            random_state=self.seed,
            n_jobs=1,
        ).fit(rows.table, rows.target.clip(-_SPLIT_LIMIT, _SPLIT_LIMIT))
        trees = (tree.tree_ for tree in forest.estimators_)
        arrays = ForestArrays.of(trees, rows.table, rows.target, self.points)
        if progress:
            progress(1, 1, float("nan"))
        return FittedRandomForest(
            settings=self, shifts=names, typical=typical, covariates=covariates, forest=arrays
        )

    @classmethod
    def restore(cls, state: ModelState) -> FittedRandomForest:
        """Bring a saved model back.

        Raises:
            ModelError: It was made with other features.
        """
        covariates = Covariates.from_dict(state.scaler.get("covariates", {}))
        check_features(state, (*FEATURES, *covariates.columns))
        return FittedRandomForest(
            settings=cls(**state.settings),
            shifts=tuple(state.scaler["shifts"]),
            typical=state.scaler["typical"],
            covariates=covariates,
            forest=ForestArrays.restore(state.arrays),
        )


@dataclass(frozen=True, kw_only=True)
class FittedRandomForest:
    """Trees as arrays: scikit-learn is not needed any more."""

    settings: RandomForest
    shifts: tuple[str, ...]
    typical: float
    covariates: Covariates
    forest: ForestArrays

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles, shape (series, step, quantile); see ``model.Predictor``."""
        rows = future_rows(
            panel, future, self.shifts, self.typical, self.covariates, self.settings.horizon
        )
        scaled = self.forest.quantiles(rows.table, QUANTILES)
        values = rows.location[:, None] + rows.spread[:, None] * scaled
        shape = (len(panel.series), len(future), len(QUANTILES))
        return at_levels(tidy(values.reshape(shape)), QUANTILES, quantiles)

    def state(self) -> ModelState:
        """The model as plain data."""
        return ModelState(
            model="random_forest",
            settings=asdict(self.settings),
            scaler={
                "shifts": list(self.shifts),
                "typical": self.typical,
                "covariates": self.covariates.to_dict(),
            },
            features=(*FEATURES, *self.covariates.columns),
            arrays=self.forest.arrays(),
        )

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from supplynet.errors import ConfigError, HistoryTooShort
from supplynet.forecast.forest_arrays import ForestArrays
from supplynet.forecast.random_forest import RandomForest
from supplynet.frames.panel import Panel

RNG = np.random.default_rng(5)
TABLE = RNG.normal(size=(4000, 4)).astype(np.float32)
TABLE[RNG.random(TABLE.shape) < 0.1] = np.nan


def grown(target: np.ndarray, **settings: int) -> RandomForestRegressor:
    return RandomForestRegressor(random_state=0, **settings).fit(TABLE, target)


def of_forest(forest: RandomForestRegressor, target: np.ndarray, points: int) -> ForestArrays:
    return ForestArrays.of((t.tree_ for t in forest.estimators_), TABLE, target, points)


def test_rows_end_in_the_leaves_that_sklearn_finds() -> None:
    target = np.nan_to_num(TABLE[:, 0]) ** 2 + RNG.normal(size=4000)
    forest = grown(target, n_estimators=7, min_samples_leaf=3)
    arrays = of_forest(forest, target, 4)
    others = RNG.normal(size=(3000, 4)).astype(np.float32)
    others[RNG.random(others.shape) < 0.2] = np.nan
    for table in (TABLE, others):
        np.testing.assert_array_equal(
            arrays.apply(table) - arrays.roots, forest.apply(table).astype(int)
        )


def test_values_at_a_threshold_go_where_sklearn_sends_them() -> None:
    table = np.repeat(np.array([0.1, 0.2, 0.3, 0.7], dtype=np.float32), 50)[:, None]
    target = np.repeat([1.0, 2.0, 3.0, 4.0], 50)
    forest = RandomForestRegressor(3, random_state=0).fit(table, target)
    arrays = ForestArrays.of((t.tree_ for t in forest.estimators_), table, target, 2)
    cuts = np.unique(np.concatenate([t.tree_.threshold for t in forest.estimators_]))
    rounded = cuts.astype(np.float32)
    near = [np.nextafter(rounded, np.float32(side)) for side in (-9, 9)]
    asked = np.concatenate([rounded, *near])[:, None]
    np.testing.assert_array_equal(arrays.apply(asked) - arrays.roots, forest.apply(asked))


def test_a_single_leaf_gives_the_quantiles_of_its_sample() -> None:
    target = RNG.permutation(np.arange(4000.0))
    stump = of_forest(
        grown(target, n_estimators=3, max_leaf_nodes=2, min_samples_leaf=1), target, 8
    )
    assert (np.diff(stump.sketches, axis=1) >= 0).all()
    whole = of_forest(grown(target, n_estimators=1, min_samples_leaf=3000), target, 4000)
    found = whole.quantiles(TABLE[:2], (0.1, 0.5, 0.9))
    np.testing.assert_allclose(found, [[399.5, 1999.5, 3599.5]] * 2)


def test_quantiles_follow_a_known_distribution() -> None:
    # Normal, its mean and spread told by one column: N(0, 1) below 0 and N(10, 3) above.
    high = np.nan_to_num(TABLE[:, 1], nan=-1.0) > 0
    target = np.where(high, 10 + 3 * RNG.normal(size=4000), RNG.normal(size=4000))
    forest = of_forest(grown(target, n_estimators=30, min_samples_leaf=300), target, 50)
    asked = np.array([[0, -1, 0, 0], [0, 1, 0, 0]], dtype=np.float32)
    found = forest.quantiles(asked, (0.1, 0.5, 0.9))
    np.testing.assert_allclose(found[0], [-1.28, 0, 1.28], atol=0.2)
    np.testing.assert_allclose(found[1], [6.16, 10, 13.84], atol=0.6)


def test_a_forest_that_cannot_be_is_refused(panel: Panel) -> None:
    with pytest.raises(ConfigError, match="trees"):
        RandomForest(trees=0)
    with pytest.raises(ConfigError, match="split_share"):
        RandomForest(split_share=1.5)
    empty = replace(panel, demand=np.full_like(panel.demand, np.nan))
    with pytest.raises(HistoryTooShort):
        RandomForest().fit(empty)

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from supplynet.errors import ConfigError, InsufficientData, ModelError, NotFound
from supplynet.forecast.refill_classifier import (
    CLASSIFIERS,
    RefillExamples,
    classifier,
    restore_classifier,
)
from supplynet.learning.artifacts import load_model, save_model

QUICK = {
    "refill_forest": {"trees": 15, "rows_per_tree": 600},
    "refill_lightgbm": {"rounds": 40},
}


def examples_of(count: int = 1200, seed: int = 0) -> RefillExamples:
    """A refill is due where the first column plus noise is above 0; that is the lack too."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(count, 4)).astype(np.float32)
    table[rng.random(table.shape) < 0.05] = np.nan
    lack = np.nan_to_num(table[:, 0].astype(float)) + 0.3 * rng.normal(size=count)
    due = lack > 0
    lack[::50] = np.nan
    return RefillExamples(columns=("a", "b", "c", "d"), table=table, due=due, lack=lack)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_tells_what_it_learned_on_rows_it_has_not_seen(name: str) -> None:
    fitted = classifier(name, **QUICK[name]).fit(examples_of())
    unseen = examples_of(seed=1)
    said = fitted.probability(unseen.table)
    assert ((said >= 0) & (said <= 1)).all()
    assert ((said > 0.5) == unseen.due).mean() > 0.85
    known = ~np.isnan(unseen.lack)
    within = (unseen.lack <= fitted.lack(unseen.table))[known].mean()
    assert 0.82 < within < 0.97  # the 90 % quantile


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_saved_and_restored_it_says_the_same(name: str, tmp_path: Path) -> None:
    fitted, table = classifier(name, **QUICK[name]).fit(examples_of()), examples_of(seed=2).table
    save_model(tmp_path, "one", fitted.state())
    manifest, state = load_model(tmp_path, "one")
    again = restore_classifier(state, manifest.features)
    assert again.probability(table).tolist() == fitted.probability(table).tolist()
    assert again.lack(table).tolist() == fitted.lack(table).tolist()
    with pytest.raises(ModelError, match="other features"):
        restore_classifier(state, ("a", "b"))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_same_seed_gives_the_same_model(name: str) -> None:
    table = examples_of(seed=2).table
    made = [classifier(name, seed=3, **QUICK[name]).fit(examples_of()) for _ in range(2)]
    assert made[0].probability(table).tolist() == made[1].probability(table).tolist()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_no_rows_are_judged_as_none(name: str) -> None:
    fitted = classifier(name, **QUICK[name]).fit(examples_of())
    nothing = np.empty((0, 4), dtype=np.float32)
    assert fitted.probability(nothing).shape == fitted.lack(nothing).shape == (0,)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_rows_of_one_kind_alone_are_too_few(name: str) -> None:
    given = examples_of()
    due = np.zeros(len(given.due), dtype=bool)
    due[:5] = True
    few = RefillExamples(columns=given.columns, table=given.table, due=due, lack=given.lack)
    with pytest.raises(InsufficientData, match="at 5; a classifier needs 20 of each"):
        classifier(name).fit(few)


def test_the_forest_gives_the_probabilities_of_scikit_learn() -> None:
    examples, table = examples_of(), examples_of(seed=3).table
    fitted = classifier("refill_forest", seed=5, **QUICK["refill_forest"]).fit(examples)
    forest = RandomForestClassifier(
        15, min_samples_leaf=10, max_features=0.4, max_samples=600, random_state=5
    ).fit(examples.table, examples.due)
    np.testing.assert_allclose(
        fitted.probability(table), forest.predict_proba(table)[:, 1], atol=1e-6
    )


def test_bad_settings_are_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="trees"):
        classifier("refill_forest", trees=0)
    with pytest.raises(ConfigError, match="rounds"):
        classifier("refill_lightgbm", rounds=0)
    with pytest.raises(ConfigError, match="unexpected keyword"):
        classifier("refill_lightgbm", depth=3)
    with pytest.raises(NotFound, match="refill_forest, refill_lightgbm"):
        classifier("refill_svm")

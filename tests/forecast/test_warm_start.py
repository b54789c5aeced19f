from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from supplynet.errors import ConfigError, ModelError
from supplynet.forecast import registry
from supplynet.forecast.quantiles import QUANTILES
from supplynet.forecast.warm_start import WarmStart
from supplynet.frames.panel import Panel, Period


class Counting:
    """A model that is the number of periods it has learnt from, with those of its start."""

    def __init__(self, seen: tuple[int, ...] = ()) -> None:
        self.seen = seen

    def fit(
        self,
        panel: Panel,
        future: object = (),  # noqa: ARG002
        *,
        progress: object = None,  # noqa: ARG002
        start: Counting | None = None,
    ) -> Any:
        return Counting(((start.seen) if start else ()) + (len(panel.periods),))

    @classmethod
    def restore(cls, state: object) -> Any:
        raise AssertionError(state)


def test_it_goes_on_from_the_start(panel: Panel) -> None:
    fitted: Any = WarmStart(estimator=Counting(), start=Counting((40,))).fit(panel)  # type: ignore[arg-type]  # it does not predict
    assert fitted.seen == (40, len(panel.periods))


def test_a_model_that_cannot_go_on_is_refused() -> None:
    with pytest.raises(ConfigError, match="ShiftMean cannot go on from a fitted model"):
        WarmStart(estimator=registry.estimator("shift_mean"), start=Counting())  # type: ignore[arg-type]  # as above


def test_individual_models_go_on_one_by_one(panel: Panel, calendar: tuple[Period, ...]) -> None:
    pytest.importorskip("torch")
    tiny = {"epochs": 1, "finish": 0, "hidden": 8, "width": 8, "stride": 9}
    few = panel.select(panel.series[:2])
    each = registry.estimator("individual", model="mlp", settings=tiny)
    ahead = calendar[len(panel.periods) : len(panel.periods) + 6]
    start = each.fit(few.head(-14))
    warm = WarmStart(estimator=each, start=start).fit(few)
    afresh = each.fit(few)
    one, other = (model.predict(few, ahead, QUANTILES) for model in (warm, afresh))
    assert not np.array_equal(one, other)


def test_boosted_trees_go_on_with_a_quarter_of_the_rounds(panel: Panel) -> None:
    trees: Any = registry.estimator("lightgbm", rounds=8, most_rows=500)
    start = trees.fit(panel.head(-14))
    warm: Any = WarmStart(estimator=trees, start=start).fit(panel)
    counts = {text.count("\nTree=") for text in warm.boosters.values()}
    assert counts == {8 + 2}
    for name, text in start.boosters.items():  # what was learnt is kept
        first = text[text.index("Tree=0") : text.index("Tree=1")]
        assert first in warm.boosters[name]


def test_trees_with_other_inputs_are_refused(panel: Panel) -> None:
    trees: Any = registry.estimator("lightgbm", rounds=2, most_rows=200)
    other = registry.estimator("lightgbm", rounds=2, most_rows=200, objective="poisson")
    with pytest.raises(ModelError, match="another objective"):
        WarmStart(estimator=trees, start=other.fit(panel)).fit(panel)

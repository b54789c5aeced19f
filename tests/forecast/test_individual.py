"""What is special to a model per series; the rest is in ``test_models``."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from supplynet.errors import ConfigError, ForecastError, HistoryTooShort, ModelError
from supplynet.forecast import registry
from supplynet.forecast.individual import Individual
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, Period


def lgb(**more: Any) -> Individual:
    return Individual(model="lightgbm", settings={"rounds": 3, "least_in_leaf": 5}, **more)


@pytest.fixture
def ahead(panel: Panel, calendar: tuple[Period, ...]) -> tuple[Period, ...]:
    return calendar[len(panel.periods) : len(panel.periods) + 6]


def test_each_series_is_forecast_by_a_model_that_has_seen_no_other(
    panel: Panel, ahead: tuple[Period, ...]
) -> None:
    name = panel.series[4]
    alone = panel.select([name])
    own = registry.estimator("lightgbm", rounds=3, least_in_leaf=5).fit(alone)
    together = lgb().fit(panel).predict(panel, ahead, QUANTILES)
    np.testing.assert_array_equal(together[4], own.predict(alone, ahead, QUANTILES)[0])


def test_a_series_that_fails_is_named_and_forecast_by_a_simple_model(
    panel: Panel, ahead: tuple[Period, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, bad = lgb()._made(), panel.series[1]

    class Picky:
        def fit(self, alone: Panel, *_: object, **__: object) -> Any:
            if alone.series[0] == bad:
                raise RuntimeError("not this one")
            return made.fit(alone)

    monkeypatch.setattr(Individual, "_made", lambda _self: Picky())
    done: list[tuple[int, int, float]] = []
    fitted = lgb().fit(panel, progress=lambda *told: done.append(told))
    assert done[-1] == (len(panel.series), len(panel.series), 1.0)
    simple = registry.estimator("shift_mean").fit(panel).predict(panel, ahead, QUANTILES)
    registry.save(tmp_path, "kept", fitted)
    _, loaded = registry.load(tmp_path, "kept")
    for model in (fitted, loaded):
        assert model.fallbacks == {bad: "RuntimeError: not this one"}  # type: ignore[attr-defined]  # it has
        np.testing.assert_array_equal(model.predict(panel, ahead, QUANTILES)[1], simple[1])


def test_when_every_series_fails_it_says_so(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HistoryTooShort):
        lgb().fit(panel.head(20))

    class Hopeless:
        def fit(self, *_: object, **__: object) -> Any:
            raise RuntimeError("no")

    monkeypatch.setattr(Individual, "_made", lambda _self: Hopeless())
    with pytest.raises(ForecastError, match=r"none of 12 series; .*RuntimeError: no"):
        lgb().fit(panel)


def test_neural_models_have_the_batch_of_one_series_unless_told_otherwise() -> None:
    pytest.importorskip("torch")
    assert asdict(Individual(model="mlp", seed=7)._made())["batch_size"] == 32  # type: ignore[call-overload]  # it is a dataclass
    told = Individual(model="mlp", settings={"batch_size": 8})._made()
    assert asdict(told)["batch_size"] == 8  # type: ignore[call-overload]  # as above


def test_what_cannot_be_is_refused(panel: Panel) -> None:
    with pytest.raises(ConfigError, match="every series gets"):
        Individual(model="individual")
    with pytest.raises(ConfigError, match="colour"):
        Individual(settings={"colour": 1}).fit(panel)
    plain = Individual(model="shift_mean")
    with pytest.raises(ConfigError, match="cannot go on"):
        plain.fit(panel, start=plain.fit(panel))
    state = lgb().fit(panel).state()
    members = {name: one for name, one in state.members.items() if name != "series-3"}
    with pytest.raises(ModelError, match="without some of its models"):
        Individual.restore(replace(state, members=members))

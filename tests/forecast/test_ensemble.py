import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError, ForecastError, HistoryTooShort, ModelError
from supplynet.forecast import registry
from supplynet.forecast.ensemble import Ensemble, FittedEnsemble, Member, default_members
from supplynet.forecast.ensemble_trial import Cutoffs
from supplynet.forecast.model import Progress
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, Period

BETTER, WORSE = Member(model="shift_mean"), Member(model="shift_mean", settings={"weeks": 1})
TREES = {"rounds": 5, "most_rows": 1500}


@dataclass(frozen=True, kw_only=True)
class Broken:
    """Fails when it is fitted, or is not a number when it predicts."""

    fails: bool = True
    seen: int = 0

    def fit(
        self, panel: Panel, future: Sequence[Period] = (), *, progress: Progress | None = None
    ) -> "Broken":
        del future, progress
        if self.fails:
            raise ZeroDivisionError("no demand to divide by")
        return replace(self, seen=len(panel.periods))

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        return np.full((len(panel.series), len(future), len(quantiles)), np.nan)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.MODELS, "broken", f"{__name__}:Broken")


def noisy(panel: Panel) -> Panel:
    """A level that never moves: the longer mean is the better one."""
    rng = np.random.default_rng(4)
    return replace(panel, demand=rng.poisson(20.0, panel.demand.shape).astype(float))


@pytest.fixture
def all_near(monkeypatch: pytest.MonkeyPatch) -> None:
    """No member is far behind: with a prior without end all weights are equal."""
    monkeypatch.setattr("supplynet.forecast.ensemble_trial._NEAR", 1e6)


def test_weights_are_shares_and_favour_the_better_member(panel: Panel) -> None:
    fitted = Ensemble(members=(WORSE, BETTER)).fit(noisy(panel))
    assert list(fitted.members) == ["shift_mean", "shift_mean-2"]
    np.testing.assert_allclose(fitted.weights.sum(axis=1), 1)
    assert (fitted.weights >= 0).all()
    assert (fitted.weights[0] @ [1, -1]) < -0.3
    assert fitted.losses["shift_mean-2"] < fitted.losses["shift_mean"]


@pytest.mark.usefixtures("all_near")
def test_the_forecast_is_the_weighted_mean_of_the_members_quantiles(
    panel: Panel, calendar: tuple[Period, ...]
) -> None:
    fitted = Ensemble(members=(WORSE, BETTER)).fit(panel)
    future = calendar[len(panel.periods) : len(panel.periods) + 3]
    one, two = (m.predict(panel, future, QUANTILES) for m in fitted.members.values())
    equal = replace(fitted, weights=np.full((4, 2), 0.5))
    np.testing.assert_allclose(equal.predict(panel, future, QUANTILES), (one + two) / 2)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("fails", [True, False])
def test_a_member_that_fails_is_dropped_and_named(
    panel: Panel, fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    bad = Member(model="broken", settings={"fails": fails})
    with caplog.at_level(logging.WARNING):
        fitted = Ensemble(members=(bad, BETTER, WORSE)).fit(panel)
    assert "broken" not in fitted.members
    expected = "ZeroDivisionError" if fails else "not finite"
    assert expected in fitted.dropped["broken"]
    assert "without broken" in caplog.text
    np.testing.assert_allclose(fitted.weights.sum(axis=1), 1)


@pytest.mark.usefixtures("broken")
def test_when_every_member_fails_all_are_named(panel: Panel) -> None:
    bad = Member(model="broken")
    with pytest.raises(ForecastError, match=r"every member .*broken: Zero.*broken-2: Zero"):
        Ensemble(members=(bad, bad)).fit(panel)


def test_a_member_that_fails_to_predict_is_left_out(
    panel: Panel, calendar: tuple[Period, ...]
) -> None:
    good = registry.estimator("shift_mean").fit(panel)
    fitted = FittedEnsemble(
        settings=Ensemble(),
        members={"broken": Broken(), "shift_mean": good},  # type: ignore[dict-item]  # no state
        weights=np.tile([1.0, 0.0], (4, 1)),
        losses={},
        dropped={},
    )
    future = calendar[len(panel.periods) : len(panel.periods) + 3]
    np.testing.assert_array_equal(
        fitted.predict(panel, future, (0.5,)), good.predict(panel, future, (0.5,))
    )


def test_too_short_for_a_trial_gives_equal_weights_to_those_who_can(panel: Panel) -> None:
    trees = Member(model="lightgbm", settings=TREES)
    short = Ensemble(members=(BETTER, WORSE, trees)).fit(panel.head(20))
    assert list(short.members) == ["shift_mean", "shift_mean-2"]
    np.testing.assert_array_equal(short.weights, 0.5)
    assert "HistoryTooShort" in short.dropped["lightgbm"]
    with pytest.raises(HistoryTooShort):
        Ensemble(members=(trees,)).fit(panel.head(20))


def test_members_never_see_what_follows_a_cutoff(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    cutoffs = Cutoffs.of(panel, 14, 3)
    assert cutoffs is not None
    seen: list[int] = []

    @dataclass(frozen=True)
    class Spy:
        def fit(self, panel: Panel, *_: Any, **__: Any) -> "Spy":
            seen.append(len(panel.periods))
            return self

        def predict(
            self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
        ) -> FloatArray:
            seen.append(len(panel.periods))
            assert future[0].start == panel.periods[-1].end
            return np.zeros((len(panel.series), len(future), len(quantiles)))

    monkeypatch.setitem(globals(), "Spy", Spy)
    monkeypatch.setitem(registry.MODELS, "spy", f"{__name__}:Spy")
    Ensemble(members=(Member(model="spy"), BETTER), cutoffs=3).fit(panel)
    assert seen[:4] == [cutoffs.fitted, *cutoffs.origins]
    assert cutoffs.origins[-1] == len(panel.periods) - 14


def test_seeds_are_members_with_the_ensembles_horizon(panel: Panel) -> None:
    two = Ensemble(members=[{"model": "lightgbm", "settings": TREES, "seeds": 2}], horizon=5)  # type: ignore[list-item]  # as a file of settings gives it
    fitted = two.fit(panel)
    settings = [m.state().settings for m in fitted.members.values()]
    assert [(one["seed"], one["horizon"]) for one in settings] == [(0, 5), (1, 5)]


@pytest.mark.usefixtures("all_near")
def test_members_are_saved_inside_and_every_byte_is_covered(
    panel: Panel, calendar: tuple[Period, ...], tmp_path: Path
) -> None:
    trees = Member(model="lightgbm", settings=TREES)
    forest = Member(model="random_forest", settings={"trees": 3, "rows_per_tree": 500})
    inner = Member(model="ensemble", settings={"members": [asdict_of(BETTER), asdict_of(WORSE)]})
    fitted = Ensemble(members=(trees, forest, inner), prior=1e9).fit(panel)
    assert list(fitted.members) == ["lightgbm", "random_forest", "ensemble"]
    manifest = registry.save(tmp_path, "saved", fitted)
    files = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert files == {*manifest.files, "models/saved.manifest.json", "keys/keys.json"}
    _, loaded = registry.load(tmp_path, "saved")
    future = calendar[len(panel.periods) : len(panel.periods) + 4]
    np.testing.assert_array_equal(
        fitted.predict(panel, future, QUANTILES), loaded.predict(panel, future, QUANTILES)
    )
    for file in manifest.files:
        content = (tmp_path / file).read_bytes()
        (tmp_path / file).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(ModelError, match="was changed"):
            registry.load(tmp_path, "saved")
        (tmp_path / file).write_bytes(content)


def asdict_of(member: Member) -> dict[str, Any]:
    return {"model": member.model, "settings": dict(member.settings)}


def test_a_model_per_series_is_a_default_member_of_small_panels_only(panel: Panel) -> None:
    many = Panel(
        series=tuple(("L", f"{i:03}") for i in range(101)),
        periods=panel.periods,
        demand=np.zeros((101, len(panel.periods))),
    )
    assert "theta" in [member.model for member in default_members(panel)]
    assert "theta" not in [member.model for member in default_members(many)]


@pytest.mark.parametrize("wrong", [{"horizon": 0}, {"cutoffs": 0}, {"prior": -1}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Ensemble(**wrong)


def test_a_member_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="wieght"):
        registry.estimator("ensemble", members=[{"model": "shift_mean", "wieght": 2}])

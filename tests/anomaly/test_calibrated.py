"""Probabilities that hold on what a detector has not seen."""

from dataclasses import replace

import numpy as np
import pytest

from supplynet.anomaly.calibrated import Calibrated
from supplynet.anomaly.ensemble import Ensemble
from supplynet.errors import ConfigError, HistoryTooShort, NotFound
from supplynet.frames.panel import Panel, Period


@pytest.fixture(scope="module")
def plant(calendar: tuple[Period, ...]) -> Panel:
    """40 series of counts, nothing wrong with them."""
    rng = np.random.default_rng(9)
    levels = rng.uniform(5, 200, size=(40, 1))
    night = np.array([0.6 if period.shift == "night" else 1.0 for period in calendar])
    return Panel(
        series=tuple((f"L{row // 5}", f"P{row % 5}") for row in range(40)),
        periods=calendar,
        demand=rng.poisson(levels * night).astype(float),
    )


@pytest.mark.parametrize("model", ["robust_seasonal", "sub_pca"])
def test_of_normal_values_a_share_p_is_found_as_odd_as_p(model: str, plant: Panel) -> None:
    detector = Calibrated(model=model).fit(plant.head(-112))
    p = detector.score(plant, 112).p_value
    for level in (0.2, 0.05, 0.01):
        assert np.nanmean(p <= level) == pytest.approx(level, rel=0.35)


def test_faults_in_the_history_do_not_hide_those_to_come(plant: Panel) -> None:
    demand = plant.demand.copy()
    demand[3, 250:290] = 0.0  # a dead counter in what the odds are learnt from
    demand[7, 260:280] *= 8
    demand[11, 400] *= 6
    odd = replace(plant, demand=demand)
    detector = Calibrated(model="robust_seasonal").fit(odd.head(-112))
    assert detector.score(odd, 112).p_value[11, 400 - (420 - 112)] < 1e-3


def test_a_history_that_cannot_be_cut_is_judged_by_the_detector_that_saw_it(plant: Panel) -> None:
    short = plant.head(50)
    scored = Calibrated(model="robust_seasonal").fit(short).score(short)
    assert np.isfinite(scored.p_value[:, -7:]).all()


def test_what_never_strays_has_odds_for_the_day_on_which_it_does(plant: Panel) -> None:
    still = replace(plant, demand=np.full_like(plant.demand, 4.0))
    moved = still.demand.copy()
    moved[0, -1] = 9.0
    scored = Calibrated(model="robust_seasonal").fit(still).score(replace(still, demand=moved), 2)
    assert scored.p_value[0, 1] < 0.05
    assert scored.p_value[1, 1] > 0.5


def test_too_little_is_refused_and_an_unknown_detector_named(plant: Panel) -> None:
    with pytest.raises(HistoryTooShort):
        Calibrated(model="sub_pca").fit(plant.head(5))
    with pytest.raises(NotFound, match="robust_seasonal"):
        Calibrated(model="crystal_ball").fit(plant)


def test_an_ensemble_finds_what_one_of_its_members_is_sure_of(plant: Panel) -> None:
    members = [{"model": "robust_seasonal"}, {"model": "sub_pca"}]
    demand = plant.demand.copy()
    demand[20, 380] *= 5
    odd = replace(plant, demand=demand)
    found = Ensemble(members=members).fit(plant.head(-60)).judge(odd, 60).strangeness
    assert np.nanargmax(found) == 20 * 60 + 20


def test_a_member_that_needs_more_history_stays_out(plant: Panel) -> None:
    members = [{"model": "sub_pca"}, {"model": "robust_seasonal"}]
    short = plant.head(20)
    fitted = Ensemble(members=members).fit(short)
    assert [each["model"] for each in fitted.settings.members] == ["robust_seasonal"]


@pytest.mark.parametrize("members", [[], [{"model": "ensemble"}], [{"model": "calibrated"}]])
def test_an_ensemble_of_nothing_or_of_itself_is_refused(members: list[dict[str, str]]) -> None:
    with pytest.raises(ConfigError, match="ensemble"):
        Ensemble(members=members)

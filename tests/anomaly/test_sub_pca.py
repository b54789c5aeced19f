"""Subsequence PCA: what is special to it."""

from dataclasses import replace

import numpy as np
import pytest

from supplynet.anomaly.sub_pca import SubPca
from supplynet.anomaly.window_rows import SHORTEST
from supplynet.errors import ConfigError
from supplynet.frames.panel import Panel


def test_a_window_is_a_week_of_the_calendar(panel: Panel) -> None:
    assert SubPca().fit(panel).cut.window == 14


def test_the_distance_is_that_of_a_normal_distribution(panel: Panel) -> None:
    """Equal to the quadratic form with the covariance: Tipping and Bishop 1999, eq. 6."""
    fitted = SubPca().fit(panel)
    told = fitted.cut.surprises(panel)
    rows, share = fitted.cut.rows(told.values)
    off = rows[2, 200] - fitted.mean
    slow = off @ np.linalg.solve(fitted.factor @ fitted.factor.T, off)
    fast = ((rows[2, 200] - fitted.mean) @ np.linalg.inv(fitted.factor).T) ** 2
    assert fast.sum() == pytest.approx(slow)
    assert share[2, 200] == 1


def test_normal_windows_are_about_one_spread_off(panel: Panel) -> None:
    found = SubPca().fit(panel).judge(panel, 200, hindsight=True).strangeness
    assert 0.7 < np.nanmedian(found) < 1.3


def test_a_few_odd_weeks_in_the_history_are_not_learnt_as_usual(panel: Panel) -> None:
    demand = panel.demand.copy()
    demand[:, 150:158] *= 8
    odd = replace(panel, demand=demand)
    careful, careless = (SubPca(drop=drop).fit(odd) for drop in (0.15, 0.0))
    found = [np.nanmax(each.judge(odd).strangeness[:, 150:158]) for each in (careful, careless)]
    assert found[0] > 1.5 * found[1]


def test_hindsight_finds_the_whole_of_an_anomaly(panel: Panel) -> None:
    demand = panel.demand.copy()
    demand[1, 300:306] = 0
    changed, fitted = replace(panel, demand=demand), SubPca().fit(panel)
    found = fitted.judge(changed, hindsight=True).strangeness[1]
    others = np.r_[found[200:287], found[320:]]
    assert found[300:306].min() > np.nanmax(others)


def test_the_last_value_itself_does_not_change_what_was_expected(panel: Panel) -> None:
    demand = panel.demand.copy()
    demand[:, -1] = 3 * np.nan_to_num(demand[:, -1]) + 10
    fitted = SubPca().fit(panel)
    one, other = fitted.judge(panel, 1), fitted.judge(replace(panel, demand=demand), 1)
    np.testing.assert_allclose(one.expected, other.expected, rtol=1e-9)


@pytest.mark.parametrize(
    "settings", [{"window": SHORTEST - 1}, {"share": 1.0}, {"drop": 1.0}, {"most_rows": 0}]
)
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        SubPca(**settings)  # type: ignore[arg-type]

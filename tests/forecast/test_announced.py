"""A forecast follows what was announced, and learns the usual rate from what was seen under it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from supplynet.core.announcements import Announced, Announcements
from supplynet.core.protocols import Observed
from supplynet.core.sample_paths import SamplePaths
from supplynet.forecast.announced import panel_at_usual_rate, scaled_paths
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.guarded import GuardedForecaster, mean_of_recent_shifts
from supplynet.frames.panel import Panel, Period

HALF_A_DAY = timedelta(hours=12)


@pytest.fixture
def bound(panel: Panel, calendar: tuple[Period, ...]) -> BoundForecaster:
    return mean_of_recent_shifts(panel, calendar)


@pytest.fixture
def guard(bound: BoundForecaster, panel: Panel, calendar: tuple[Period, ...]) -> GuardedForecaster:
    return GuardedForecaster(bound, history=panel, calendar=calendar)


def moment(panel: Panel, shifts: float) -> datetime:
    """So many shifts after the panel's last one."""
    return panel.periods[-1].end + shifts * HALF_A_DAY


def say(panel: Panel, factor: float, first: float, last: float) -> Announcements:
    """Of the first line, in shifts after the panel's end."""
    line = panel.series[0][0]
    row = Announced(
        line_id=line, start=moment(panel, first), end=moment(panel, last), factor=factor
    )
    return Announcements(by_line={line: (row,)})


def seen(panel: Panel, later: Panel, count: int, announced: Announcements | None) -> Observed:
    new = slice(len(panel.periods), len(panel.periods) + count)
    return Observed(
        series=later.series,
        period_starts=later.period_starts[new],
        period_ends=later.period_ends[new],
        demand=later.demand[:, new],
        announced=announced,
    )


def sample(
    forecaster: BoundForecaster | GuardedForecaster, observed: Observed, cutoff: datetime
) -> SamplePaths:
    return forecaster.sample(observed, cutoff, steps=6, paths=200, seed=1)


@pytest.mark.parametrize("name", ["bound", "guard"])
def test_the_usual_rate_changes_nothing_bit_for_bit(
    name: str, panel: Panel, longer: Panel, request: pytest.FixtureRequest
) -> None:
    forecaster = request.getfixturevalue(name)
    usual = say(panel, 1.0, -3, 4.5)
    cutoff = moment(panel, 2)
    plain, told = (seen(panel, longer, 2, each) for each in (None, usual))
    assert np.array_equal(
        sample(forecaster, plain, cutoff).values, sample(forecaster, told, cutoff).values
    )
    frames = [forecaster.quantiles(each, cutoff, steps=6) for each in (plain, told)]
    assert frames[0].equals(frames[1])


@pytest.mark.parametrize("name", ["bound", "guard"])
def test_quantiles_and_paths_of_the_line_scale_and_no_other(
    name: str, panel: Panel, longer: Panel, request: pytest.FixtureRequest
) -> None:
    forecaster = request.getfixturevalue(name)
    cutoff, faster = moment(panel, 0), say(panel, 2.0, 1, 2.5)
    plain, told = (seen(panel, longer, 0, each) for each in (None, faster))
    before, after = (forecaster.forecast(each, cutoff, steps=6).values for each in (plain, told))
    ours = np.array([line == panel.series[0][0] for line, _ in panel.series])
    rates = np.array([1, 2, 1.5, 1, 1, 1])
    assert np.allclose(after[ours], before[ours] * rates[None, :, None])
    assert np.array_equal(after[~ours], before[~ours])
    paths, faster_paths = (sample(forecaster, each, cutoff).values for each in (plain, told))
    assert np.array_equal(faster_paths[:, ours, 1], 2 * paths[:, ours, 1])
    assert np.array_equal(faster_paths[:, ~ours], paths[:, ~ours])
    middle = paths[:, ours, 2].mean()
    assert abs(faster_paths[:, ours, 2].mean() / middle - 1.5) < 0.001


def test_a_stop_is_no_broken_forecast_and_brings_no_stand_in(
    guard: GuardedForecaster, panel: Panel, longer: Panel
) -> None:
    still = replace(say(panel, 0.0, 0, 6))
    made = guard.forecast(seen(panel, longer, 0, still), moment(panel, 0), steps=6)
    assert (made.values[:3] == 0).all()
    assert made.values[3:].any()
    assert guard.fallbacks == ()


def test_a_shift_that_was_announced_to_stand_still_is_not_observed_and_a_surge_is_brought_back(
    bound: BoundForecaster, panel: Panel, longer: Panel
) -> None:
    cutoff = moment(panel, 2)
    usual = seen(panel, longer, 2, None)
    for factor in (0.0, 2.0):
        other = usual.demand.copy()
        other[:3] *= factor
        told = replace(usual, demand=other, announced=say(panel, factor, 0, 2))
        hidden = usual.demand.copy()
        if factor == 0.0:
            hidden[:3] = np.nan
        expected = bound.forecast(replace(usual, demand=hidden), cutoff, steps=6)
        assert np.array_equal(bound.forecast(told, cutoff, steps=6).values, expected.values)


def test_a_line_that_keeps_its_announced_pace_is_at_its_usual_pace(
    bound: BoundForecaster, panel: Panel
) -> None:
    """Half a shift in which twice as much is used as usual, and the other half to come so."""
    cutoff = moment(panel, 0.5)
    nothing = np.zeros((len(panel.series), 0))
    usual = Observed(
        series=panel.series,
        period_starts=(),
        period_ends=(),
        demand=nothing,
        running=np.full(len(panel.series), 30.0),
    )
    pace = np.full(len(panel.series), 30.0)
    pace[:3] = 60.0
    told = replace(usual, running=pace, announced=say(panel, 2.0, 0, 1))
    before, after = (bound.forecast(each, cutoff, steps=2).values for each in (usual, told))
    assert np.allclose(after[:3, 0], 2 * before[:3, 0])
    assert np.array_equal(after[:, 1], before[:, 1])


def test_history_is_brought_to_the_usual_rate(panel: Panel) -> None:
    assert panel_at_usual_rate(panel, None) is panel
    assert panel_at_usual_rate(panel, say(panel, 2.0, 1, 3)) is panel
    told = panel_at_usual_rate(panel, say(panel, 0.5, -2, 0))
    assert np.array_equal(told.demand[:3, -2:], 2 * panel.demand[:3, -2:], equal_nan=True)
    still = panel_at_usual_rate(panel, say(panel, 0.1, -1, 0))
    assert np.isnan(still.demand[:3, -1]).all()
    assert np.array_equal(still.demand[3:], panel.demand[3:], equal_nan=True)


def test_scaled_paths_keep_the_mean_of_what_is_rare(bound: BoundForecaster, panel: Panel) -> None:
    observed = Observed(
        series=panel.series, period_starts=(), period_ends=(), demand=np.zeros((12, 0))
    )
    paths = sample(bound, observed, moment(panel, 0))
    rare = replace(paths, values=np.minimum(paths.values, 1))
    assert scaled_paths(rare, np.ones((12, 6))) is rare
    more = scaled_paths(rare, np.full((12, 1), 1.2))
    assert abs(more.values.mean() / rare.values.mean() - 1.2) < 0.01
    assert more.values.max() == 2

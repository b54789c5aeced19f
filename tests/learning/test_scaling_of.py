"""The scaling of small panels is remembered by what is in them, and is never an old one."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from supplynet.frames.panel import Panel, daily_periods
from supplynet.learning import scaling
from supplynet.learning.scaling import Profile, Scaling, scaling_of, tail_of

FIRST = date(2025, 1, 6)
NAMES = ("",)


def made(days: int, series: int = 3) -> Panel:
    demand = np.random.default_rng(days).poisson(9, (series, days)).astype(float)
    demand[0, 5] = np.nan
    periods = daily_periods(FIRST, FIRST + timedelta(days=days))
    names = tuple(("L", f"p{i}") for i in range(series))
    return Panel(series=names, periods=periods, demand=demand)


def same(one: Scaling, two: Scaling, count: int) -> None:
    now = np.arange(count)
    np.testing.assert_array_equal(one.errors, two.errors)
    np.testing.assert_array_equal(one.surprises, two.surprises)
    for found, wanted in zip(one.at(now, now), two.at(now, now), strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("ahead", [0, 7])
def test_it_is_what_the_panel_is_scaled_by(ahead: int) -> None:
    panel = made(80)
    future = daily_periods(FIRST + timedelta(days=80), FIRST + timedelta(days=80 + ahead))
    plain = Scaling.of(Profile.of(panel, future, NAMES, 4.0))
    for _ in range(2):
        same(scaling_of(panel, future, NAMES, 4.0), plain, 80)


def test_the_members_of_an_ensemble_get_the_same_one() -> None:
    panel = made(80)
    assert scaling_of(panel, (), NAMES, 4.0) is scaling_of(panel, (), NAMES, 4.0)
    twin = replace(panel, demand=panel.demand.copy())
    assert scaling_of(twin, (), NAMES, 4.0) is scaling_of(panel, (), NAMES, 4.0)
    for other in (
        scaling_of(panel, (), NAMES, 5.0),
        scaling_of(panel, (), ("day", "night"), 4.0),
        scaling_of(panel.head(79), (), NAMES, 4.0),
    ):
        assert other is not scaling_of(panel, (), NAMES, 4.0)


def test_demand_that_is_changed_in_place_is_scaled_anew() -> None:
    panel = made(80)
    before = scaling_of(panel, (), NAMES, 4.0)
    first = panel.demand.copy()
    panel.demand[:] += 100
    after = scaling_of(panel, (), NAMES, 4.0)
    same(after, Scaling.of(Profile.of(panel, (), NAMES, 4.0)), 80)
    np.testing.assert_array_equal(before.profile.demand, first)  # what was remembered is a copy
    same(scaling_of(replace(panel, demand=first), (), NAMES, 4.0), before, 80)


def test_a_large_panel_is_not_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "_MOST_CELLS", 100)
    panel = made(80)
    assert scaling_of(panel, (), NAMES, 4.0) is not scaling_of(panel, (), NAMES, 4.0)


def test_the_tail_of_a_panel_is_its_end_and_keeps_one_calendar() -> None:
    panel = made(400)
    tail = tail_of(panel)
    assert tail.periods == panel.periods[-147:]
    np.testing.assert_array_equal(tail.demand, panel.demand[:, -147:])
    assert tail_of(panel).periods is tail.periods
    assert tail_of(tail).periods is tail.periods
    empty = Panel(series=(("L", "p"),), periods=(), demand=np.empty((1, 0)))
    assert tail_of(empty).demand.shape == (1, 0)

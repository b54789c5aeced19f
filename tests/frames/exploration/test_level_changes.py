"""What is a change of level, and what only looks like one."""

from __future__ import annotations

import numpy as np
import pytest

from supplynet.frames.exploration.level_changes import level_changes


def noisy(level: np.ndarray, seed: int = 0) -> np.ndarray:
    return level + np.random.default_rng(seed).normal(0, 3, level.size)


def test_a_step_is_found_in_its_week_with_both_levels() -> None:
    weekly = noisy(np.repeat([100.0, 150.0], 26))
    (change,) = level_changes(weekly[None])
    assert change.week == 26
    assert change.change == pytest.approx(0.5, abs=0.1)
    assert change.series == 0


def test_a_series_may_step_twice_and_the_changes_come_in_order_of_time() -> None:
    weekly = noisy(np.repeat([100.0, 200.0, 120.0], 20))
    assert [change.week for change in level_changes(weekly[None])] == [20, 40]


def test_the_end_of_a_part_is_a_change_to_nothing() -> None:
    (change,) = level_changes(np.repeat([80.0, 0.0], 20)[None])
    assert (change.week, change.change) == (20, -1.0)


@pytest.mark.parametrize(
    "weekly",
    [
        np.full(52, 100.0),
        noisy(np.full(52, 100.0)),
        np.linspace(10, 200, 52),  # a straight line
        100 + 40 * np.sin(np.arange(104) / 52 * 2 * np.pi),  # a year's wave
        np.where(np.arange(52) == 25, 900.0, 100.0),  # one wild week
        np.where((np.arange(52) > 20) & (np.arange(52) < 24), 300.0, 100.0),  # a campaign
        np.where(np.arange(52) % 9 == 0, 50.0, 0.0),  # used now and then
        np.full(52, np.nan),
        np.zeros(52),
        np.ones(3),
    ],
)
def test_it_is_no_change_of_level(weekly: np.ndarray) -> None:
    assert level_changes(weekly[None]) == []


def test_weeks_without_figures_do_not_hide_a_step() -> None:
    weekly = noisy(np.repeat([100.0, 160.0], 26))
    weekly[[3, 24, 29]] = np.nan
    (change,) = level_changes(weekly[None])
    assert abs(change.week - 26) <= 1

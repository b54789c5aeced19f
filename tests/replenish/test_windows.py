from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from supplynet.core.sample_paths import SamplePaths
from supplynet.replenish.windows import pair_demand

SIX = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


def paths(cutoff: datetime, values: list[list[list[int]]]) -> SamplePaths:
    """Shifts of 12 hours from 06:00, with a gap of 12 hours after each."""
    steps = len(values[0][0])
    starts = [SIX + step * 24 * HOUR for step in range(steps)]
    return SamplePaths(
        values=np.array(values, dtype=np.int32),
        series=tuple((f"R1.{n}", "bolt") for n in range(len(values[0]))),
        period_starts=tuple(max(start, cutoff) for start in starts),
        period_ends=tuple(start + 12 * HOUR for start in starts),
        cutoff=cutoff,
        seed=0,
        model_version="made-up",
    )


def window(
    made: SamplePaths, until_hours: list[float], pair_of_series: list[int]
) -> list[list[int]]:
    until = np.array(until_hours)[:, None] * 60
    pairs = np.arange(max(pair_of_series) + 1)
    demand = pair_demand(made, np.array(pair_of_series), len(pairs))
    found: list[list[int]] = demand.between(made.cutoff, until, pairs, 0 * pairs).tolist()
    return found


def test_a_window_ends_inside_a_shift_in_proportion() -> None:
    made = paths(SIX, [[[12, 24]]])
    for hours, demand in ((3, 3), (12, 12), (20, 12), (24, 12), (30, 24), (36, 36), (99, 36)):
        assert window(made, [hours], [0]) == [[demand]]


def test_step_zero_is_the_rest_of_the_running_shift() -> None:
    made = paths(SIX + 6 * HOUR, [[[6, 24]]])
    assert window(made, [3], [0]) == [[3]]
    assert window(made, [6], [0]) == [[6]]


def test_series_of_one_pair_are_summed_on_the_same_path() -> None:
    made = paths(SIX, [[[1], [2], [100]], [[3], [4], [200]]])
    assert window(made, [12, 12], [0, 0, 1]) == [[3, 100], [7, 200]]


def test_a_series_without_a_pair_is_left_out() -> None:
    made = paths(SIX, [[[1], [2]]])
    assert window(made, [12], [-1, 0]) == [[2]]


def test_every_path_has_its_own_end() -> None:
    made = paths(SIX, [[[12, 24]], [[12, 24]]])
    assert window(made, [6, 30], [0]) == [[6], [24]]


def test_a_window_may_begin_after_the_cutoff() -> None:
    made = paths(SIX, [[[12, 24]]])
    demand, first = pair_demand(made, np.array([0]), 1), np.array([0])
    found = demand.between(SIX + 6 * HOUR, np.array([[24 * 60.0]]), first, first)
    assert found.tolist() == [[6 + 12]]

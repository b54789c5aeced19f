from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.refill_labels import lack, lack_on_paths, refill_labels
from supplynet.forecast.refill_moments import RefillMoments
from supplynet.frames.panel import Panel, daily_periods
from supplynet.frames.synthetic import SyntheticHistory


def moments_of(
    demand: FloatArray,
    *,
    on_hand: FloatArray,
    due: FloatArray,
    window: FloatArray,
    threshold: float = 0.0,
    floor: FloatArray | None = None,
) -> RefillMoments:
    series, count = demand.shape
    places = on_hand.shape[1]
    start = date(2026, 1, 1)
    periods = daily_periods(start, start + timedelta(days=count))
    panel = Panel(
        series=tuple((f"L{n}", "bolt") for n in range(series)), periods=periods, demand=demand
    )
    return RefillMoments(
        panel=panel,
        periods=periods,
        floor=np.nan_to_num(demand) if floor is None else floor,
        moments=np.arange(places),
        on_hand=on_hand,
        on_order=due.sum(axis=2),
        reorder_point=np.full(on_hand.shape, threshold),
        threshold=np.full(on_hand.shape, threshold),
        due=due,
        share=(np.arange(due.shape[2]) < window[:, :, None]).astype(float),
        lead_minutes=window * 1440,
    )


def one(
    demand: list[float], on_hand: float, due: list[float], window: int, threshold: float = 0.0
) -> RefillMoments:
    return moments_of(
        np.array([demand]),
        on_hand=np.array([[on_hand]]),
        due=np.array([[due]], dtype=float),
        window=np.array([[window]], dtype=float),
        threshold=threshold,
    )


def test_stock_is_judged_at_the_end_of_every_period_of_the_window() -> None:
    # 30 on hand, 20 a day, 50 come on the second day: 10, 40, 20 at the ends.
    made = one([20, 20, 20, 99], 30, [0, 50, 0], 3)
    assert lack(made, made.panel.demand).item() == -10
    below = one([20, 20, 20, 99], 30, [0, 50, 0], 3, threshold=15)
    due, lacks = refill_labels(below)
    assert (due.item(), lacks.item()) == (1, 5)  # below at the end of the first day, by 5
    assert refill_labels(one([20, 20, 20, 99], 30, [0, 50, 0], 3))[0].item() == 0


def test_exactly_the_threshold_is_not_below_it() -> None:
    assert refill_labels(one([20], 30, [0], 1, threshold=10))[0].item() == 0
    assert refill_labels(one([21], 30, [0], 1, threshold=10))[0].item() == 1


def test_demand_that_was_not_observed_leaves_the_label_open_unless_it_is_decided() -> None:
    nan = float("nan")
    assert np.isnan(refill_labels(one([10, nan], 30, [0, 0], 2))[0].item())
    decided, lacks = refill_labels(one([31, nan], 30, [0, 0], 2))
    assert decided.item() == 1
    assert np.isnan(lacks.item())
    # What was used although the line was starved is the least that was wanted.
    floor = np.array([[10.0, 21.0]])
    made = moments_of(
        np.array([[10, nan]]),
        on_hand=np.array([[30.0]]),
        due=np.zeros((1, 1, 2)),
        window=np.array([[2.0]]),
        floor=floor,
    )
    assert refill_labels(made)[0].item() == 1


def test_a_window_beyond_the_history_is_not_known() -> None:
    assert np.isnan(refill_labels(one([10], 30, [0, 0], 2))[0].item())
    assert refill_labels(one([40], 30, [0, 0], 2))[0].item() == 1


def slow(made: RefillMoments, series: int, moment: int) -> tuple[float, float]:
    """The definition, one period after the other."""
    stock = made.on_hand[series, moment]
    short = float("-inf")
    for step in range(int(made.window[series, moment])):
        period = made.moments[moment] + step
        stock += made.due[series, moment, step]
        wanted = made.panel.demand[series, period] if period < len(made.periods) else np.nan
        stock -= wanted
        short = (
            max(short, made.threshold[series, moment] - stock) if not np.isnan(stock) else np.nan
        )
        if np.isnan(stock):
            return (1.0 if already_decided(made, series, moment) else np.nan), np.nan
        short = max(short, made.threshold[series, moment] - stock)
    return float(short > 0), short


def already_decided(made: RefillMoments, series: int, moment: int) -> bool:
    stock = made.on_hand[series, moment]
    for step in range(int(made.window[series, moment])):
        period = made.moments[moment] + step
        used = made.floor[series, period] if period < len(made.periods) else 0.0
        stock += made.due[series, moment, step] - used
        if stock < made.threshold[series, moment]:
            return True
    return False


@given(
    arrays(float, (2, 7), elements=st.sampled_from([0.0, 1, 5, 20, float("nan")])),
    arrays(float, (2, 4), elements=st.integers(0, 40).map(float)),
    arrays(float, (2, 4, 3), elements=st.integers(0, 20).map(float)),
    arrays(float, (2, 4), elements=st.integers(1, 3).map(float)),
    st.integers(0, 15),
)
def test_the_fast_label_is_the_slow_one(
    demand: FloatArray, on_hand: FloatArray, due: FloatArray, window: FloatArray, threshold: int
) -> None:
    made = moments_of(demand, on_hand=on_hand, due=due, window=window, threshold=float(threshold))
    labels, lacks = refill_labels(made)
    for series in range(2):
        for moment in range(4):
            wanted = slow(made, series, moment)
            found = labels[series, moment], lacks[series, moment]
            np.testing.assert_array_equal(found, wanted)


def test_the_slow_label_agrees_on_a_made_up_world(
    refill_world: tuple[SyntheticHistory, RefillMoments],
) -> None:
    _, made = refill_world
    labels, lacks = refill_labels(made)
    windows = made.window > 0
    for moment in range(0, len(made.moments), 7):
        for series in np.flatnonzero(windows[:, moment]):
            wanted = slow(made, int(series), moment)
            np.testing.assert_array_equal((labels[series, moment], lacks[series, moment]), wanted)


def test_the_lack_is_exactly_what_would_have_been_enough(
    refill_world: tuple[SyntheticHistory, RefillMoments],
) -> None:
    _, made = refill_world
    labels, lacks = refill_labels(made)
    needy = (labels == 1) & ~np.isnan(lacks)
    assert needy.sum() > 50
    filled = made.on_hand + np.where(needy, lacks, 0)
    again = lack(_with(made, filled), made.panel.demand)
    assert (again[needy] == 0).all()
    assert (lack(_with(made, filled - needy), made.panel.demand)[needy] > 0).all()


def _with(made: RefillMoments, on_hand: FloatArray) -> RefillMoments:
    return replace(made, on_hand=on_hand)


def test_paths_at_one_moment_give_what_the_demand_gives(
    refill_world: tuple[SyntheticHistory, RefillMoments],
) -> None:
    _, made = refill_world
    exact = lack(made, made.panel.demand)
    for place in (30, 100, 150):
        first = int(made.moments[place])
        path = np.nan_to_num(made.panel.demand[:, first : first + made.steps])
        found = lack_on_paths(made, place, np.stack([path, 2 * path]).astype(np.int32))
        known = ~np.isnan(exact[:, place])
        assert found[0, known].tolist() == pytest.approx(exact[known, place].tolist())
        assert (found[1] >= found[0])[known].all()

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.errors import ForecastError, InvalidInput
from supplynet.forecast.folds import FoldData, FoldPlan, attempt, reason_of
from supplynet.forecast.registry import estimator
from supplynet.frames.panel import Panel, daily_periods

MONDAY = date(2026, 1, 5)


def days(count: int) -> Panel:
    """One series: 0, 1, 2, ..."""
    periods = daily_periods(MONDAY, MONDAY + timedelta(days=count))
    demand = np.arange(count, dtype=float)[None, :]
    return Panel(series=(("L", "p"),), periods=periods, demand=demand)


def edges(plan: FoldPlan, total: int) -> list[tuple[int, int, int]]:
    return [(fold.start, fold.cutoff, fold.end) for fold in plan.folds(total)]


def test_an_expanding_window_learns_from_everything_before_a_fold() -> None:
    plan = FoldPlan(count=3, periods=10, steps=5)
    assert edges(plan, 100) == [(0, 70, 80), (0, 80, 90), (0, 90, 100)]


def test_a_sliding_window_always_learns_from_as_much() -> None:
    plan = FoldPlan(count=3, periods=10, steps=5, window="sliding")
    assert edges(plan, 100) == [(0, 70, 80), (10, 80, 90), (20, 90, 100)]
    shorter = FoldPlan(count=2, periods=10, steps=5, window="sliding", learn=30)
    assert edges(shorter, 100) == [(50, 80, 90), (60, 90, 100)]


def test_a_fold_is_forecast_from_as_many_cutoffs_as_whole_forecasts_fit() -> None:
    plan = FoldPlan(count=1, periods=10, steps=4, every=3)
    assert list(plan.origins(90)) == [90, 93, 96]
    assert list(FoldPlan(count=1, periods=4, steps=4).origins(5)) == [5]


@given(
    st.integers(1, 5),
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(1, 5),
    st.sampled_from(["expanding", "sliding"]),
    st.integers(1, 40),
)
def test_no_target_lies_before_the_cutoff_of_its_fold(
    count: int, periods: int, steps: int, every: int, window: str, spare: int
) -> None:
    steps = min(steps, periods)
    plan = FoldPlan(count=count, periods=periods, steps=steps, every=every, window=window)  # type: ignore[arg-type] # one of both
    panel = days(count * periods + spare)
    for fold in plan.folds(len(panel.periods)):
        data = FoldData.of(panel, fold, plan)
        assert data.history.demand.max() < data.actual.min()
        assert data.history.demand.min() == fold.start
        assert data.actual.max() < fold.end
        assert data.actual.shape[1:] == (1, steps)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"count": 0}, "count of the folds is 0"),
        ({"steps": 0}, "steps of the folds is 0"),
        ({"every": -1}, "every of the folds is -1"),
        ({"periods": 5, "steps": 6}, "6 steps do not fit"),
        ({"window": "rolling"}, "no window 'rolling'"),
        ({"learn": 0, "window": "sliding"}, "learn of the folds is 0"),
        ({"learn": 9}, "learn goes with sliding"),
    ],
)
def test_folds_that_cannot_be_are_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        FoldPlan(**given)  # type: ignore[arg-type] # that is the point


def test_folds_that_leave_nothing_to_learn_from_are_refused() -> None:
    with pytest.raises(InvalidInput, match="4 folds of 25 periods leave 0 of 100"):
        FoldPlan(count=4, periods=25).folds(100)
    with pytest.raises(InvalidInput, match="leave 20 of 100 periods to learn from, 30 are needed"):
        FoldPlan(count=4, periods=20, window="sliding", learn=30).folds(100)


def test_what_is_not_finite_is_no_forecast() -> None:
    class Nothing:
        def fit(self, *_: object, **__: object) -> Nothing:
            return self

        def predict(self, *_: object) -> object:
            return np.full((1, 5, 9), np.nan)

    plan = FoldPlan(count=1, periods=5, steps=5)
    data = FoldData.of(days(30), plan.folds(30)[0], plan)
    outcome = attempt(Nothing(), data)  # type: ignore[arg-type] # only what is called
    assert isinstance(outcome, ForecastError)
    assert "not finite" in reason_of(outcome)
    assert reason_of(ZeroDivisionError("by 0")) == "ZeroDivisionError: by 0"
    assert not isinstance(attempt(estimator("naive"), data), Exception)

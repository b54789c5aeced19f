"""Whatever a model returns, the guard has a forecast that can be ordered by, and says whose."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.protocols import Observed
from supplynet.errors import ForecastError
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.fallbacks import Rung
from supplynet.forecast.guarded import GuardedForecaster, mean_of_recent_shifts
from supplynet.forecast.kept_forecast import KeptForecast, kept_from_frame
from supplynet.forecast.paths import QuantileForecast
from supplynet.frames.panel import Panel, Period

Change = Any


class Model:
    """A model that does what it is told: a change of its forecast, or an error."""

    model_version = "m@1"
    dependence = Dependence()

    def __init__(self, inner: BoundForecaster) -> None:
        self.inner = inner
        self.change: Change = lambda made: made

    def forecast(self, observed: Observed, cutoff: datetime, *, steps: int) -> QuantileForecast:
        found: QuantileForecast = self.change(self.inner.forecast(observed, cutoff, steps=steps))
        return found


@pytest.fixture
def model(panel: Panel, calendar: tuple[Period, ...]) -> Model:
    return Model(mean_of_recent_shifts(panel, calendar))


@pytest.fixture
def guard(model: Model, panel: Panel, calendar: tuple[Period, ...]) -> GuardedForecaster:
    return GuardedForecaster(model, history=panel, calendar=calendar)


def nothing_new(panel: Panel) -> Observed:
    return Observed(
        series=panel.series,
        period_starts=(),
        period_ends=(),
        demand=np.empty((len(panel.series), 0)),
    )


def ask(
    guard: GuardedForecaster, panel: Panel, shifts: int = 0, steps: int = 14
) -> QuantileForecast:
    cutoff = panel.periods[-1].end + shifts * timedelta(hours=12)
    return guard.forecast(nothing_new(panel), cutoff, steps=steps)


def times(factor: float) -> Change:
    return lambda made: replace(made, values=made.values * factor)


def fails(_made: object) -> None:
    raise ForecastError("no file")


def test_a_good_forecast_passes_as_it_is(
    guard: GuardedForecaster, model: Model, panel: Panel
) -> None:
    made = ask(guard, panel)
    plain = model.forecast(nothing_new(panel), panel.periods[-1].end, steps=14)
    assert np.array_equal(made.values, plain.values)
    assert (guard.fallbacks, guard.model_version) == ((), "m@1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (fails, "no file"),
        (times(np.nan), "not a number"),
        (lambda made: replace(made, values=made.values + np.inf), "infinite"),
        (times(-1.0), "negative"),
        (times(100.0), "far too high"),
        (times(0.01), "far too low"),
        (lambda made: replace(made, cutoff=made.cutoff - timedelta(days=1)), "stale"),
        (lambda made: replace(made, periods=made.periods[:3]), "3 other periods"),
        (lambda made: replace(made, values=made.values[:, :, :2]), "shape"),
        (lambda _made: None, "NoneType"),
    ],
)
def test_what_is_broken_is_refused_with_a_reason_and_the_last_good_one_stands_in(
    guard: GuardedForecaster, model: Model, panel: Panel, change: Change, said: str
) -> None:
    good = ask(guard, panel)
    model.change = change
    week_later = ask(guard, panel, shifts=14)
    assert np.array_equal(week_later.values, good.values)  # the same weekdays and shifts
    (found,) = guard.fallbacks
    assert (found.rung, found.series, found.of) == (Rung.LAST_GOOD, 12, 12)
    assert said in found.reason
    assert guard.model_version == "last_good"


def test_without_a_good_one_the_mean_of_recent_shifts_stands_in(
    guard: GuardedForecaster, model: Model, panel: Panel, calendar: tuple[Period, ...]
) -> None:
    model.change = fails
    made = ask(guard, panel)
    mean = mean_of_recent_shifts(panel, calendar)
    plain = mean.forecast(nothing_new(panel), panel.periods[-1].end, steps=14)
    assert np.array_equal(made.values, plain.values)
    assert [each.rung for each in guard.fallbacks] == [Rung.MEAN]
    assert str(guard.fallbacks[0]).endswith("the mean of recent shifts stands in.")


def test_only_the_series_that_are_wrong_are_replaced(
    guard: GuardedForecaster, model: Model, panel: Panel
) -> None:
    def one_in_packs(made: QuantileForecast) -> QuantileForecast:
        values = made.values.copy()
        values[3] *= 50
        return replace(made, values=values)

    good = ask(guard, panel)
    model.change = one_in_packs
    made = ask(guard, panel, shifts=14)
    assert np.array_equal(made.values, good.values)
    (found,) = guard.fallbacks
    assert (found.series, found.of) == (1, 12)
    assert "/".join(panel.series[3]) in found.reason
    assert guard.model_version == "m@1"


def test_rare_parts_are_too_low_when_the_whole_plant_is(
    panel: Panel, calendar: tuple[Period, ...]
) -> None:
    demand = np.full_like(panel.demand, 50.0)
    demand[:2] = 0.5
    rare = replace(panel, demand=demand)
    for factor, replaced in ((0.01, 12), (1.0, 0)):
        model = Model(mean_of_recent_shifts(rare, calendar))
        model.change = times(factor)
        guard = GuardedForecaster(model, history=rare, calendar=calendar)
        ask(guard, panel)
        assert sum(each.series for each in guard.fallbacks) == replaced


def test_where_nothing_was_ever_observed_nothing_is_claimed(
    model: Model, panel: Panel, calendar: tuple[Period, ...]
) -> None:
    blank = replace(panel, series=(), periods=(), demand=np.empty((0, 0)))
    guard = GuardedForecaster(model, history=blank, calendar=calendar)
    made = guard.forecast(nothing_new(panel), calendar[0].start, steps=3)
    assert guard.unknown == frozenset(panel.series)
    assert not made.values.any()
    assert [each.rung for each in guard.fallbacks] == [Rung.STATIC]


def test_a_feed_that_stopped_more_than_a_week_ago_is_stale(
    guard: GuardedForecaster, panel: Panel
) -> None:
    ask(guard, panel, shifts=14)
    assert not guard.fallbacks
    ask(guard, panel, shifts=16)
    assert "nothing was observed since" in guard.fallbacks[0].reason


def test_a_kept_forecast_is_forgotten_after_four_weeks(
    model: Model, panel: Panel, calendar: tuple[Period, ...]
) -> None:
    early = panel.head(len(panel.periods) - 60)
    kept = GuardedForecaster(model, history=early, calendar=calendar)
    kept.forecast(nothing_new(early), early.periods[-1].end, steps=14)
    model.change = fails
    guard = GuardedForecaster(model, history=panel, calendar=calendar, kept=kept.kept)
    ask(guard, panel)
    assert [each.rung for each in guard.fallbacks] == [Rung.MEAN]


def test_a_model_that_takes_too_long_is_not_waited_for(
    model: Model, panel: Panel, calendar: tuple[Period, ...]
) -> None:
    never = threading.Event()
    model.change = lambda made: (never.wait(30), made)[1]
    guard = GuardedForecaster(model, history=panel, calendar=calendar, seconds=0.05)
    ask(guard, panel)
    never.set()
    assert "more than 0.05 seconds" in guard.fallbacks[0].reason


def test_what_is_kept_survives_a_file(guard: GuardedForecaster, panel: Panel) -> None:
    good = ask(guard, panel)
    again = kept_from_frame(guard.kept.frame())
    periods = good.periods
    assert np.array_equal(
        again.predict(panel, periods, good.levels), guard.kept.predict(panel, periods, good.levels)
    )
    assert again.made_at == guard.kept.made_at
    assert kept_from_frame(KeptForecast().frame()).made_at is None


RUBBISH = st.sampled_from(
    [np.nan, np.inf, -np.inf, -5.0, 0.0, 1e-300, 1e30, 3.0, 1e308, np.iinfo(np.int64).min]
)


@given(values=st.lists(RUBBISH, min_size=1, max_size=6), place=st.integers(0, 11))
def test_paths_are_always_counts_whatever_the_model_says(
    panel: Panel, calendar: tuple[Period, ...], values: list[float], place: int
) -> None:
    def rubbish(made: QuantileForecast) -> QuantileForecast:
        filled = np.resize(np.array(values), made.values[place:].shape)
        return replace(made, values=np.concatenate([made.values[:place], filled]))

    model = Model(mean_of_recent_shifts(panel, calendar))
    model.change = rubbish
    guard = GuardedForecaster(model, history=panel, calendar=calendar)
    cutoff = panel.periods[-1].end
    paths = guard.sample(nothing_new(panel), cutoff, steps=4, paths=5, seed=1)
    assert paths.values.dtype == np.int32
    assert paths.values.min() >= 0
    assert paths.series == panel.series

"""A forecast is remembered under all that it depends on, and under nothing else."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.forecast_cache import ForecastCache
from supplynet.frames.inputs import FeatureInputs
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState

LEVELS = (0.1, 0.5)


class Counting:
    """Forecasts the number of times that it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        self.asked += 1
        return np.full((len(panel.series), len(future), len(quantiles)), float(self.asked))

    def state(self) -> ModelState:
        raise NotImplementedError


@pytest.fixture
def history(panel: Panel) -> Panel:
    return panel.head(60)


@pytest.fixture
def ahead(calendar: tuple[Period, ...]) -> tuple[Period, ...]:
    return calendar[60:65]


def test_the_same_data_in_other_arrays_hits(history: Panel, ahead: tuple[Period, ...]) -> None:
    cache, model = ForecastCache(), Counting()
    first = cache.predict(model, "m@1", history, ahead, LEVELS)
    twin = Panel(
        series=tuple(history.series),
        periods=tuple(replace(period) for period in history.periods),
        demand=history.demand.copy(),
    )
    again = cache.predict(model, "m@1", twin, [replace(p) for p in ahead], list(LEVELS))
    assert again is first
    assert (model.asked, len(cache)) == (1, 1)


def plus_one(panel: Panel) -> Panel:
    demand = panel.demand.copy()
    demand[3, 7] += 1
    return replace(panel, demand=demand)


def one_unobserved(panel: Panel) -> Panel:
    demand = panel.demand.copy()
    demand[0, -1] = np.nan
    return replace(panel, demand=demand)


def other_period(**changed: object) -> Callable[[Panel], Panel]:
    def change(panel: Panel) -> Panel:
        last = replace(panel.periods[-1], **changed)  # type: ignore[arg-type]  # any field
        return replace(panel, periods=(*panel.periods[:-1], last))

    return change


def an_hour_shorter(panel: Panel) -> Panel:
    return other_period(end=panel.periods[-1].end - timedelta(hours=1))(panel)


def with_prices(panel: Panel) -> Panel:
    return replace(panel, inputs=FeatureInputs(drivers=pl.DataFrame({"driver": ["price"]})))


@pytest.mark.parametrize(
    "change",
    [
        plus_one,
        one_unobserved,
        other_period(is_holiday=True),
        other_period(shift="late"),
        an_hour_shorter,
        with_prices,
        lambda panel: panel.head(-1),
        lambda panel: panel.select(panel.series[1:]),
        lambda panel: replace(panel, series=(("A", "new"), *panel.series[1:])),
    ],
)
def test_changed_data_miss(
    change: Callable[[Panel], Panel], history: Panel, ahead: tuple[Period, ...]
) -> None:
    cache, model = ForecastCache(), Counting()
    cache.predict(model, "m@1", history, ahead, LEVELS)
    cache.predict(model, "m@1", change(history), ahead, LEVELS)
    assert model.asked == 2
    cache.predict(model, "m@1", history, ahead, LEVELS)
    assert model.asked == 2


def test_another_version_other_periods_or_levels_miss(
    history: Panel, ahead: tuple[Period, ...]
) -> None:
    cache, model = ForecastCache(), Counting()
    holiday = (replace(ahead[0], is_holiday=True), *ahead[1:])
    for version, future, levels in (
        ("m@1", ahead, LEVELS),
        ("m@2", ahead, LEVELS),
        ("m@1", ahead[:-1], LEVELS),
        ("m@1", holiday, LEVELS),
        ("m@1", ahead, (0.5,)),
    ):
        cache.predict(model, version, history, future, levels)
    assert model.asked == len(cache) == 5


def test_demand_changed_in_place_misses(history: Panel, ahead: tuple[Period, ...]) -> None:
    cache, model = ForecastCache(), Counting()
    own = replace(history, demand=history.demand.copy())
    cache.predict(model, "m@1", own, ahead, LEVELS)
    own.demand[0, 0] += 1
    cache.predict(model, "m@1", own, ahead, LEVELS)
    assert model.asked == 2


def test_what_was_asked_for_longest_ago_makes_room(
    history: Panel, ahead: tuple[Period, ...]
) -> None:
    model = Counting()
    size = len(history.series) * len(ahead) * len(LEVELS)
    cache = ForecastCache(most_values=2 * size)
    for version in ("m@1", "m@2", "m@1", "m@3", "m@1"):
        cache.predict(model, version, history, ahead, LEVELS)
    assert (model.asked, len(cache)) == (3, 2)
    cache.predict(model, "m@2", history, ahead, LEVELS)
    assert model.asked == 4
    assert ForecastCache(most_values=size - 1).predict(model, "m", history, ahead, LEVELS).size


def test_a_forecast_that_is_kept_cannot_be_changed(
    history: Panel, ahead: tuple[Period, ...]
) -> None:
    found = ForecastCache().predict(Counting(), "m@1", history, ahead, LEVELS)
    with pytest.raises(ValueError, match="read-only"):
        found[:] = 0


def test_threads_get_what_their_data_say(history: Panel, ahead: tuple[Period, ...]) -> None:
    class Echo(Counting):
        def predict(
            self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
        ) -> FloatArray:
            shape = (len(panel.series), len(future), len(quantiles))
            return np.full(shape, panel.demand[0, 0])

    cache, wrong = ForecastCache(most_values=2000), list[float]()
    panels = [replace(history, demand=np.full(history.demand.shape, float(i))) for i in range(9)]

    def ask(start: int) -> None:
        for turn in range(60):
            number = (start + turn) % len(panels)
            found = cache.predict(Echo(), "m", panels[number], ahead, LEVELS)
            if (found != number).any():
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong

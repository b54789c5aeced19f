"""Whatever the forecast is, a decision comes out; broken for a while, it costs little."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.core.protocols import Observed
from supplynet.errors import ForecastError
from supplynet.forecast.fallbacks import Rung
from supplynet.forecast.guarded import GuardedForecaster, mean_of_recent_shifts
from supplynet.forecast.paths import QuantileForecast
from supplynet.frames.panel import Panel, shift_periods
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.replenish.decide import decide
from supplynet.replenish.no_stockout import NoStockout
from supplynet.simulate.broken_model import BrokenModel
from supplynet.simulate.disruptions import DemandChange, Fault, ForecastTrouble, Trouble
from supplynet.simulate.model import plant_series
from supplynet.simulate.outlook import PathOutlook
from supplynet.simulate.scorecard import Score
from supplynet.simulate.twin import Twin
from supplynet.study.replay import make_replay
from supplynet.study.robustness import Bench, interval, play, standby

START = datetime(2026, 1, 5, 5, tzinfo=UTC)  # 06:00 in Berlin
HISTORY, DAYS = 28, 8


@pytest.fixture(scope="module")
def bench() -> Bench:
    """Four weeks of history and eight days after it, 20 to 28 parts in every shift."""
    plant = tiny_plant()
    series, calendar = plant_series(plant), plant.calendar_of(plant.lines[0].location_id)
    periods = shift_periods(calendar, START, START + timedelta(days=HISTORY + DAYS + 30))
    known = 2 * (HISTORY + DAYS)
    demand = np.random.default_rng(1).integers(20, 29, (len(series), known)).astype(float)
    panel = Panel(series=series, periods=periods[:known], demand=demand)
    history = panel.head(2 * HISTORY)
    replay = make_replay(
        plant,
        panel,
        start=START + timedelta(days=HISTORY),
        end=panel.period_ends[-1],
        history=history,
    )
    forecaster = mean_of_recent_shifts(history, periods)
    return Bench(
        replay=replay.with_ample_warehouse(),
        forecaster=forecaster,
        policy=NoStockout(alpha=0.99),
        paths=40,
    )


@pytest.fixture(scope="module")
def calm(bench: Bench) -> Score:
    return play(bench, Trouble(), name="calm").score


@pytest.mark.parametrize("fault", [Fault.MISSING, Fault.STALE, Fault.SCALED])
def test_a_guarded_plant_runs_on_with_about_the_same_stock(
    bench: Bench, calm: Score, fault: Fault
) -> None:
    broken = ForecastTrouble(fault=fault, factor=100.0, start_day=3, days=4)
    guarded = play(bench, Trouble(forecast=broken), name="x").score
    assert guarded.halts == calm.halts == 0
    assert guarded.cover_days == pytest.approx(calm.cover_days, rel=0.2)


def test_without_the_guard_no_forecast_is_no_order_and_lines_halt(bench: Bench) -> None:
    broken = Trouble(forecast=ForecastTrouble(fault=Fault.MISSING, start_day=3, days=4))
    assert play(bench, broken, name="x", guarded=False).score.halts > 0
    high = Trouble(forecast=ForecastTrouble(fault=Fault.SCALED, factor=100, start_day=3, days=4))
    wild = play(bench, high, name="x", guarded=False).score
    assert wild.cover_days > 2 * play(bench, high, name="x").score.cover_days


def test_an_announced_shock_is_met_with_more_stock_than_one_that_is_not(bench: Bench) -> None:
    shock = DemandChange(factor=2.0, start_day=4, days=3)
    sudden = play(bench, Trouble(demand=shock), name="x").score
    told = play(bench, Trouble(demand=replace(shock, announced=True)), name="x").score
    assert sudden.lost_minutes > told.lost_minutes


RUBBISH: Any = st.one_of(
    st.none(),
    st.just("nonsense"),
    st.integers(),
    st.sampled_from([ForecastError("x"), ValueError("y"), KeyError("z"), MemoryError()]),
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), min_size=1, max_size=5),
)


class Rubbish(BrokenModel):
    """A model that returns anything, or raises it."""

    made: Any = None

    def forecast(self, observed: Observed, cutoff: datetime, *, steps: int) -> QuantileForecast:
        good = super().forecast(observed, cutoff, steps=steps)
        if isinstance(self.made, Exception):
            raise self.made
        if isinstance(self.made, list):
            return replace(good, values=np.resize(np.array(self.made), good.values.shape))
        found: QuantileForecast = self.made
        return found


@given(made=RUBBISH, blank=st.booleans())
@settings(max_examples=20)
def test_a_decision_comes_out_in_whole_containers_within_the_bins(
    bench: Bench, made: Any, blank: bool
) -> None:
    inner, replay = bench.forecaster, bench.replay
    model = Rubbish(inner, ForecastTrouble(), start=replay.model.slots.start)
    model.made = made
    history = inner.history
    if blank:  # nothing was ever observed
        history = replace(history, demand=np.full_like(history.demand, np.nan))
    guard = GuardedForecaster(model, history=history, calendar=inner.calendar)
    twin = Twin(replay.model, replay.demand[None], replay.state, seed=1)
    while not twin.due():
        twin.step()
    batch = twin.due()[0]
    state = twin.state_of(batch.pairs)
    outlook = PathOutlook(guard, paths=20).outlook(twin, batch)
    policy = standby(bench.policy, guard, replay.model)
    decision = decide(policy, state, outlook, batch.terms, twin.supply_of(batch))
    position = state.on_hand + state.on_order
    assert (decision.granted >= 0).all()
    assert (decision.granted % batch.terms.container_size == 0).all()
    fits = position + decision.granted <= batch.terms.bin_maximum
    assert (fits | (decision.granted == 0)).all()


def test_where_nothing_is_known_static_thresholds_order(bench: Bench) -> None:
    inner, replay = bench.forecaster, bench.replay
    blank = replace(inner.history, demand=np.full_like(inner.history.demand, np.nan))
    guard = GuardedForecaster(inner, history=blank, calendar=inner.calendar)
    empty = replace(replay.state, on_hand=np.zeros_like(replay.state.on_hand))
    twin = Twin(replay.model, replay.demand[None], empty, seed=1)
    while not twin.due():
        twin.step()
    batch = twin.due()[0]
    outlook = PathOutlook(guard, paths=20).outlook(twin, batch)
    policy = standby(bench.policy, guard, replay.model)
    wanted = policy.wanted(twin.state_of(batch.pairs), outlook, batch.terms)
    assert [each.rung for each in guard.fallbacks] == [Rung.STATIC]
    assert (wanted > 0).all()


def test_an_interval_of_one_value_says_that_there_is_none() -> None:
    assert interval([2.0])[0] == 2.0
    assert np.isnan(interval([2.0])[1])
    mean, low, high = interval([1.0, 3.0])
    assert (mean, high - mean) == pytest.approx((2.0, 12.7062), abs=1e-3)  # t = 12.7062, error 1
    assert low < mean

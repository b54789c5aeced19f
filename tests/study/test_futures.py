"""Sampled futures: the recorded days under demand that the forecast could imagine."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from supplynet.core.protocols import Observed
from supplynet.errors import InvalidInput
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.shift_mean import ShiftMean
from supplynet.frames.panel import Panel, shift_periods
from supplynet.frames.synthetic import generate_demand
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.study.families import FAMILIES, Candidate
from supplynet.study.futures import player, sampled_futures
from supplynet.study.replay import Replay, make_replay, past_of

PLANT = tiny_plant()
KNOWN = 28


@pytest.fixture(scope="module")
def panel() -> Panel:
    made = generate_demand(PLANT, start=date(2026, 1, 5), days=21, seed=4)
    calendar = PLANT.calendar_of(made.series[0][0])
    periods = shift_periods(calendar, made.periods[0].start, made.periods[-1].end)
    return Panel(series=made.series, periods=periods, demand=made.true_demand.astype(float))


@pytest.fixture(scope="module")
def replay(panel: Panel) -> Replay:
    first, last = panel.periods[KNOWN], panel.periods[-1]
    return make_replay(PLANT, panel, start=first.start, end=last.end, warm_up_shifts=2)


@pytest.fixture(scope="module")
def forecaster(panel: Panel) -> BoundForecaster:
    history, end = panel.head(KNOWN), panel.periods[-1].end
    ahead = shift_periods(PLANT.calendar_of(panel.series[0][0]), end, end + timedelta(days=7))
    return BoundForecaster(
        predictor=ShiftMean().fit(history), history=history, calendar=(*panel.periods, *ahead)
    )


def candidates(panel: Panel) -> list[Candidate]:
    past = past_of(PLANT, panel.head(KNOWN))
    return [
        FAMILIES["no_stockout"].candidate({"alpha": 0.9}, past),
        FAMILIES["min_max"].candidate({"z": 0.0}, past),
    ]


def test_futures_are_drawn_from_the_forecast_for_the_same_days(
    replay: Replay, forecaster: BoundForecaster
) -> None:
    futures = sampled_futures(replay, forecaster, 60, seed=1)
    demand = np.array([each.demand for each in futures])
    assert demand.shape == (60, *replay.demand.shape)
    nothing = Observed(
        series=replay.model.series,
        period_starts=(),
        period_ends=(),
        demand=np.zeros((len(replay.model.series), 0)),
    )
    start = replay.model.slots.start
    seen = forecaster.sample(nothing, start, steps=demand.shape[2], paths=60, seed=1)
    rows = [seen.series.index(series) for series in replay.model.series]
    expected = seen.values[:, rows]
    assert not np.array_equal(demand, expected)  # decisions look at other paths
    assert demand.mean() == pytest.approx(expected.mean(), rel=0.05)
    assert demand.std() == pytest.approx(expected.std(), rel=0.1)
    assert all(each.state is replay.state and each.model is replay.model for each in futures)
    assert len({each.seed for each in (replay, *futures)}) == 61


def test_the_same_seed_gives_the_same_futures_and_the_first_do_not_change_with_their_number(
    replay: Replay, forecaster: BoundForecaster
) -> None:
    few, more = (sampled_futures(replay, forecaster, count, seed=1) for count in (2, 3))
    other = sampled_futures(replay, forecaster, 2, seed=2)
    for one, same, another in zip(few, more, other, strict=False):
        assert np.array_equal(one.demand, same.demand)
        assert not np.array_equal(one.demand, another.demand)


def test_what_happens_on_the_days_does_not_reach_their_futures(
    replay: Replay, forecaster: BoundForecaster
) -> None:
    wild = replace(replay, demand=replay.demand + 1000)
    (plain,), (same,) = (sampled_futures(each, forecaster, 1, seed=1) for each in (replay, wild))
    assert np.array_equal(plain.demand, same.demand)


def test_stretches_are_played_one_by_one_and_pooled(
    panel: Panel, replay: Replay, forecaster: BoundForecaster
) -> None:
    settings = candidates(panel)
    (future,) = sampled_futures(replay, forecaster, 1, seed=1)
    days, imagined, both = (
        player(replays, forecaster, paths=40, seed=1)(settings)
        for replays in ([replay], [future], [replay, future])
    )
    for one, other, pooled in zip(days, imagined, both, strict=True):
        assert pooled.line_months == pytest.approx(2 * one.line_months)
        assert pooled.halts == one.halts + other.halts
        assert pooled.parameters == one.parameters
    assert [score.policy for score in days] == ["no_stockout", "min_max"]
    assert days[1].halts == replay.play(settings[1].policy).halts


def test_policies_that_do_not_look_ahead_ask_for_no_forecast(panel: Panel, replay: Replay) -> None:
    class Silent:
        def sample(self, *_: object, **__: object) -> None:
            raise AssertionError("nobody needs a forecast")

    play = player([replay], Silent(), paths=40, seed=1)  # type: ignore[arg-type]
    (score,) = play(candidates(panel)[1:])
    assert score.policy == "min_max"


def test_futures_that_cannot_be_are_refused(replay: Replay, forecaster: BoundForecaster) -> None:
    assert sampled_futures(replay, forecaster, 0, seed=1) == ()
    with pytest.raises(InvalidInput, match="-1 sampled futures"):
        sampled_futures(replay, forecaster, -1, seed=1)
    every_other = replace(forecaster, calendar=forecaster.calendar[::2])
    with pytest.raises(InvalidInput, match="other shifts than the plant"):
        sampled_futures(replay, every_other, 1, seed=1)
    short = replace(forecaster, calendar=forecaster.history.periods)
    with pytest.raises(InvalidInput, match="the calendar has 0 periods"):
        sampled_futures(replay, short, 1, seed=1)

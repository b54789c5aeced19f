"""No policy beats perfect foresight on the same days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supplynet.core.network import Plant
from supplynet.errors import InvalidInput
from supplynet.frames.panel import Panel, shift_periods
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.replenish.min_max import MinMax
from supplynet.simulate.model import plant_series
from supplynet.simulate.state import Inbound
from supplynet.study.bounds import perfect_foresight, score_cost
from supplynet.study.replay import Replay, make_replay

START = datetime(2026, 1, 5, 5, tzinfo=UTC)  # 06:00 in Berlin
DAYS = 5


def replay_of(plant: Plant, demand: float | None, seed: int = 0) -> Replay:
    """Five days of the same demand in every shift; None = Poisson of mean 24."""
    series = plant_series(plant)
    periods = shift_periods(plant.calendars[0], START, START + timedelta(days=DAYS))
    rng = np.random.default_rng(seed)
    shape = (len(series), len(periods))
    values = rng.poisson(24, shape).astype(float) if demand is None else np.full(shape, demand)
    panel = Panel(series=series, periods=periods, demand=values)
    end = panel.period_ends[-1]
    return make_replay(plant, panel, start=START, end=end, warm_up_shifts=4, seed=seed)


@pytest.fixture(scope="module")
def plant() -> Plant:
    return tiny_plant()


def test_steady_demand_needs_what_is_used_until_the_next_vehicle_on_average(plant: Plant) -> None:
    """A vehicle every 12 hours and 24 parts a shift: 24 falls to 0, half of a shift's demand.

    A quarter of a day, half a slot more (stock is read before the lines draw), and an hour or two
    where vehicles are early or late.
    """
    bound = perfect_foresight(replay_of(plant, 24.0).with_ample_warehouse())
    assert bound.fill_rate == pytest.approx(1.0)
    assert 0.25 < bound.cover_days < 0.25 + 3 / 24


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    level=st.integers(0, 400),
    gap=st.integers(0, 200),
    seed=st.integers(0, 3),
    price=st.sampled_from([0.1, 10.0, 1e4]),
    room=st.sampled_from([None, 40.0, 400.0]),
    ample=st.booleans(),
)
def test_no_policy_costs_less(
    level: int, gap: int, seed: int, price: float, room: float | None, ample: bool
) -> None:
    plant = tiny_plant()
    lanes = tuple(replace(lane, volume_litres=room) for lane in plant.lanes)
    # Nothing is bought, so that what a warehouse opens with is all there is.
    replay = replay_of(replace(plant, lanes=lanes, purchase_rules=()), None, seed)
    stock = np.full_like(replay.state.source_on_hand, 2**30 if ample else 300)
    replay = replace(replay, state=replace(replay.state, source_on_hand=stock))
    bound = perfect_foresight(replay, lost_share_cost=price, ample_warehouse=ample)
    thresholds = dict.fromkeys(replay.model.pairs, (level, level + gap))
    score = replay.play(MinMax(thresholds=thresholds))
    assert bound.cost <= score_cost(score, price) + 1e-6


def test_without_demand_nothing_is_needed(plant: Plant) -> None:
    bound = perfect_foresight(replay_of(plant, 0.0))
    assert (bound.cover_days, bound.fill_rate, bound.cost) == (0.0, 1.0, 0.0)


def test_goods_that_are_under_way_are_refused(plant: Plant) -> None:
    replay = replay_of(plant, 24.0)
    place, part = replay.model.pairs[0]
    lane = plant.lanes[0].lane_id
    order = Inbound(
        stock_point_id=place, part_id=part, quantity=1, lane_id=lane, departure_at=START
    )
    with pytest.raises(InvalidInput, match="nothing under way"):
        perfect_foresight(replace(replay, state=replace(replay.state, inbound=(order,))))

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput, NotFound
from supplynet.frames.panel import Panel, daily_periods, shift_periods
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.simulate.model import compile_plant, plant_series
from supplynet.study.refill_policy import (
    JudgedOutlook,
    RefillTrigger,
    decision_moments,
    pair_panel,
)

PAIRS = (("SR1", "bolt"), ("SR1", "nut"))
TERMS = SupplyTerms(
    pairs=PAIRS,
    container_size=np.array([10, 10], dtype=np.int32),
    minimum_order=np.zeros(2, dtype=np.int32),
    bin_maximum=np.full(2, 1000, dtype=np.int32),
)
LEVELS = dict.fromkeys(PAIRS, 100)


def state_of(on_hand: list[int], on_order: list[int]) -> DecisionState:
    return DecisionState(
        now=datetime(2026, 1, 5, tzinfo=UTC),
        on_hand=np.array([on_hand], dtype=np.int32),
        on_order=np.array([on_order], dtype=np.int32),
    )


def paths_of(*rows: list[int]) -> Outlook:
    return Outlook(window_demand=np.array(rows, dtype=np.int32))


def test_it_orders_up_to_the_level_where_enough_paths_run_out() -> None:
    # Position 35 and 50; of four paths two exceed 35 in the first part, one 50 in the second.
    state = state_of([30, 50], [5, 0])
    outlook = paths_of([36, 51], [40, 50], [35, 20], [10, 20])
    policy = RefillTrigger(bar=0.5, levels=LEVELS)
    assert policy.wanted(state, outlook, TERMS).tolist() == [[70, 0]]  # 65 in containers of 10
    assert RefillTrigger(bar=0.25, levels=LEVELS).wanted(state, outlook, TERMS).tolist() == [
        [70, 50]
    ]


def test_a_judge_is_asked_about_the_position_of_each_replication() -> None:
    asked: list[list[int]] = []

    def judge(position: IntArray) -> FloatArray:
        asked.append(position.tolist())
        return np.array([0.9, 0.1])

    outlook = JudgedOutlook(window_demand=np.zeros((1, 2), dtype=np.int32), judge=judge)
    wanted = RefillTrigger(bar=0.5, levels=LEVELS).wanted(state_of([1, 2], [3, 4]), outlook, TERMS)
    assert asked == [[4, 6]]
    assert wanted.tolist() == [[100, 0]]


def test_bad_bars_and_unknown_pairs_are_refused() -> None:
    with pytest.raises(InvalidInput, match="bar is 0"):
        RefillTrigger(bar=0.0, levels=LEVELS)
    with pytest.raises(NotFound, match="SR1/nut"):
        RefillTrigger(bar=0.5, levels={PAIRS[0]: 5}).wanted(
            state_of([0, 0], [0, 0]), paths_of([9, 9]), TERMS
        )


def test_a_window_takes_the_share_of_each_period_that_lies_in_it() -> None:
    start = date(2026, 1, 1)
    periods = daily_periods(start, start + timedelta(days=6))
    panel = Panel(series=(PAIRS[0],), periods=periods[:2], demand=np.full((1, 2), 24.0))
    noon = periods[2].start + timedelta(hours=12)
    made = decision_moments(panel, periods, [noon], np.array([[36.0 * 60]]))
    assert made.moments.tolist() == [2]  # two days were finished
    assert made.share[0, 0].tolist() == [0.5, 1.0]  # until midnight of the next day but one
    longer = decision_moments(panel, periods, [noon], np.array([[42.0 * 60]]))
    assert longer.share[0, 0].tolist() == [0.5, 1.0, 0.25]
    with pytest.raises(InvalidInput, match="calendar ends before"):
        decision_moments(panel, periods, [noon], np.array([[99.0 * 1440]]))


def test_demand_of_a_pair_is_that_of_its_lines() -> None:
    plant = tiny_plant()
    series = plant_series(plant)
    calendar = plant.calendar_of(series[0][0])
    begin = datetime(2026, 1, 5, 5, tzinfo=UTC)
    periods = shift_periods(calendar, begin, begin + timedelta(days=7))
    demand = np.full((len(series), len(periods)), 10.0)
    demand[0, 3] = np.nan  # filled with the mean of such shifts: 10
    panel = Panel(series=series, periods=periods, demand=demand)
    model = compile_plant(plant, series, start=begin, end=periods[-1].end)
    found = pair_panel(model, panel)
    users = dict.fromkeys(model.pairs, 0)
    for line, part in series:
        users[plant.stock_point_of(line), part] += 1
    assert found.demand[:, 3].tolist() == [10.0 * users[pair] for pair in found.series]
    assert found.series == model.pairs

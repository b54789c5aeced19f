from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import IntArray
from supplynet.errors import InvalidInput, NotFound
from supplynet.replenish.ddmrp import Buffer, Ddmrp, ddmrp_buffers

PAIR = ("R1", "bolt")
BUFFER = Buffer(red=30, yellow=50, green=20)


def ints(*values: int) -> IntArray:
    return np.array(values, dtype=np.int32)


TERMS = SupplyTerms(
    pairs=(PAIR,), container_size=ints(1), minimum_order=ints(0), bin_maximum=ints(10**6)
)


def orders(on_hand: list[int], *, on_order: int = 0, demand: int = 0) -> list[int]:
    stock = np.array(on_hand, dtype=np.int32)[:, None]
    state = DecisionState(
        now=datetime(2026, 1, 5, tzinfo=UTC),
        on_hand=stock,
        on_order=np.full_like(stock, on_order),
    )
    outlook = Outlook(window_demand=np.full((10, 1), demand, dtype=np.int32))
    wanted = Ddmrp(buffers={PAIR: BUFFER}).wanted(state, outlook, TERMS)
    return [int(each) for each in wanted[:, 0]]


def test_zones_follow_the_formulas() -> None:
    windows = np.array([[90.0], [110.0]])  # ADU * DLT = 100
    (buffer,) = ddmrp_buffers(
        [PAIR], windows, lead_time_factor=0.5, variability_factor=0.4
    ).values()
    assert buffer == Buffer(red=70, yellow=100, green=50)
    assert (buffer.top_of_yellow, buffer.top_of_green) == (170, 220)


def test_green_is_the_largest_of_lead_time_part_minimum_order_and_cycle() -> None:
    def green(minimum: int, cycle: float) -> int:
        made = ddmrp_buffers(
            [PAIR],
            np.array([[100.0]]),
            lead_time_factor=0.5,
            variability_factor=0.0,
            minimum_order=ints(minimum),
            cycle_demand=np.array([cycle]),
        )
        return made[PAIR].green

    assert (green(0, 0.0), green(60, 0.0), green(60, 70.5)) == (50, 60, 71)


def test_it_orders_up_to_the_top_of_green_at_or_below_the_top_of_yellow() -> None:
    assert orders([100, 81, 80, 20, 0]) == [0, 0, 20, 80, 100]
    assert orders([50], on_order=40) == [0]
    assert Ddmrp(buffers={PAIR: BUFFER}).reorder_points(TERMS).tolist() == [80]


def test_usual_demand_is_what_yellow_is_for_and_a_spike_is_qualified() -> None:
    assert orders([81], demand=50) == [0]
    assert orders([81], demand=65) == [0]  # 15 beyond yellow is no more than half of red
    assert orders([81], demand=90) == [100 + 40 - 81]


def test_no_history_an_empty_buffer() -> None:
    made = ddmrp_buffers([PAIR], np.zeros((0, 1)), lead_time_factor=1.0, variability_factor=1.0)
    assert made == {PAIR: Buffer(red=0, yellow=0, green=0)}


def test_a_pair_without_a_buffer_is_named_and_zones_below_0_are_refused() -> None:
    with pytest.raises(NotFound, match="R1/bolt"):
        Ddmrp(buffers={}).reorder_points(TERMS)
    with pytest.raises(InvalidInput, match="below 0"):
        Ddmrp(buffers={PAIR: Buffer(red=-1, yellow=0, green=0)})

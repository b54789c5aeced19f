from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest

from supplynet.core.network import Duration
from supplynet.core.sample_paths import IntArray, SamplePaths
from supplynet.errors import InvalidInput
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.simulate.risk import halt_risk, risk_model, saved_minutes
from supplynet.simulate.state import Inbound, PlantState

Build = Callable[..., Any]
START = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


def paths_of(model: Any, values: Any, cutoff: datetime = START) -> SamplePaths:
    shifts = model.calendar.next_shifts(cutoff, values.shape[2])
    return SamplePaths(
        values=np.asarray(values, dtype=np.int32),
        series=model.series,
        period_starts=tuple(max(shift.start, cutoff) for shift in shifts),
        period_ends=tuple(shift.end for shift in shifts),
        cutoff=cutoff,
        seed=0,
        model_version="made-up",
    )


def state(on_hand: list[int], source: list[int], *inbound: Inbound) -> PlantState:
    return PlantState(
        on_hand=np.array(on_hand, dtype=np.int32),
        source_on_hand=np.array(source, dtype=np.int32),
        inbound=inbound,
    )


def order(quantity: int, departure_at: datetime) -> Inbound:
    return Inbound(
        stock_point_id="R1",
        part_id="bolt",
        quantity=quantity,
        lane_id="WH-R1",
        departure_at=departure_at,
    )


def poisson(mean: float, shape: tuple[int, int, int]) -> IntArray:
    return np.random.default_rng(7).poisson(mean, size=shape).astype(np.int32)


def test_risk_is_the_share_of_paths_whose_demand_exceeds_the_stock(small: Build) -> None:
    model = small({"R1.A": ["bolt"]}, shifts=4).model
    demand = poisson(10, (500, 1, 4)) + 1
    grid = halt_risk(model, state([30], [0]), paths_of(model, demand))
    exceeded = (demand.cumsum(axis=2) > 30).mean(axis=0)
    assert grid.risk.tolist() == exceeded.tolist()
    assert 0 < grid.risk[0, 2] < 1
    assert grid.culprit[0].tolist() == [-1 if risk == 0 else 0 for risk in grid.risk[0]]


def test_a_proposal_takes_risk_away_and_saves_minutes(small: Build) -> None:
    transit = Duration(low=60, mode=60, high=60)
    model = small({"R1.A": ["bolt"]}, shifts=4, transit=transit).model
    paths = paths_of(model, poisson(10, (200, 1, 4)) + 1)
    now = state([30], [100])
    before = halt_risk(model, now, paths)
    proposal = order(30, START + 14 * HOUR)
    after = halt_risk(model, now, paths, proposals=[proposal])
    assert after.risk[0, 3] == 0 < before.risk[0, 3]
    assert saved_minutes(before, after).sum(axis=1).tolist() == [before.lost_minutes[0]]
    # Released, the order is part of the state and the committed risk is the same.
    released = halt_risk(model, state([30], [100], proposal), paths)
    assert released.risk.tolist() == after.risk.tolist()


def test_a_policy_that_continues_acts_on_each_paths_own_stock(small: Build) -> None:
    model = small({"R1.A": ["bolt"]}, shifts=8).model
    paths = paths_of(model, poisson(10, (300, 1, 10)) + 1)
    near = paths_of(model, paths.values[:, :, :8])
    now = state([30], [10_000])
    policy = OrderUpTo(alpha=0.99)
    continues = halt_risk(model, now, near, policy=policy)
    assert continues.risk.max() < 0.05 < halt_risk(model, now, near).risk.max()
    # It does not know the paths: some still halt with a low alpha.
    careless = halt_risk(model, now, near, policy=OrderUpTo(alpha=0.5))
    assert 0.2 < careless.risk.max() < 0.9


def test_the_same_seed_gives_the_same_grid(small: Build) -> None:
    transit = Duration(low=10, mode=60, high=900)
    model = small({"R1.A": ["bolt"]}, shifts=4, transit=transit).model
    paths = paths_of(model, poisson(10, (200, 1, 4)) + 1)
    now = state([15], [100], order(30, START + 2 * HOUR))
    first, again = (halt_risk(model, now, paths, seed=5).risk.tolist() for _ in range(2))
    assert first == again != halt_risk(model, now, paths, seed=6).risk.tolist()


def test_a_pair_runs_out_at_a_clock_time(small: Build) -> None:
    model = small({"R1.A": ["bolt", "nut"]}, shifts=2).model
    demand = np.full((10, 2, 2), 12)
    demand[8:, 0] = 24  # two paths of ten use twice the bolts
    grid = halt_risk(model, state([18, 6], [0, 0]), paths_of(model, demand))
    bolts, nuts = grid.runs_out
    # As if the line did not stop for nuts at 12:00.
    assert bolts.early == START + 9 * HOUR
    assert bolts.likely == bolts.late == START + 18 * HOUR
    assert nuts.early == nuts.likely == nuts.late == START + 6 * HOUR


def test_a_pair_that_lasts_has_no_clock_time(small: Build) -> None:
    model = small({"R1.A": ["bolt"]}, shifts=2).model
    demand = np.full((20, 1, 2), 12)
    demand[19:] = 24
    (bolts,) = halt_risk(model, state([24], [0]), paths_of(model, demand)).runs_out
    assert bolts.early is None  # one path in twenty is less than 10 %
    (later,) = halt_risk(
        model, state([20], [0], order(10, START + 2 * HOUR)), paths_of(model, demand)
    ).runs_out
    assert (later.early, later.likely, later.late) == (None, None, None)


def test_the_culprit_is_the_part_that_costs_most_minutes(small: Build) -> None:
    model = small({"R1.A": ["bolt", "nut"], "R1.B": ["bolt"]}, shifts=2).model
    demand = np.full((4, 3, 2), 12)
    grid = halt_risk(model, state([1000, 6], [0, 0]), paths_of(model, demand))
    assert grid.culprit.tolist() == [[1, 1], [-1, -1]]
    assert grid.lost_minutes.tolist() == [18 * 60, 0]
    assert grid.lost_minutes_of_pair.tolist() == [[0, 0], [6 * 60, 12 * 60]]


def test_risk_starts_inside_a_running_shift(small: Build) -> None:
    base = small({"R1.A": ["bolt"]}, shifts=2, departures=(time(20),))
    now = datetime(2026, 1, 5, 15, 58, 30, tzinfo=UTC)
    paths = paths_of(base.model, np.array([[[4, 12]]]), now)
    model = risk_model(base.model.plant, paths)
    assert model.slots.start == datetime(2026, 1, 5, 15, 58, tzinfo=UTC)
    grid = halt_risk(model, state([4], [0]), paths)
    assert grid.risk.tolist() == [[0, 1]]


def test_paths_of_other_shifts_are_refused(small: Build) -> None:
    model = small({"R1.A": ["bolt"]}, shifts=2).model
    with pytest.raises(InvalidInput, match="use risk_model"):
        halt_risk(model, state([1], [0]), paths_of(model, np.ones((3, 1, 3))))

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.core.network import Duration
from supplynet.core.protocols import Observed
from supplynet.core.sample_paths import SamplePaths
from supplynet.errors import InvalidInput
from supplynet.replenish.min_max import MinMax
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.simulate.departures import first_batch
from supplynet.simulate.outlook import (
    FixedPathsOutlook,
    PathOutlook,
    PerfectOutlook,
    expected_window,
    steps_until,
)
from supplynet.simulate.run import run
from supplynet.simulate.twin import Twin

Build = Callable[..., Any]
START = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE_LINE = {"R1.A": ["bolt"]}


class Recording:
    """A forecaster that expects the same demand for ever and remembers what it was asked."""

    def __init__(self, model: Any, per_shift: int) -> None:
        self.model, self.per_shift = model, per_shift
        self.asked: list[tuple[datetime, int, Observed]] = []

    def sample(
        self, observed: Observed, cutoff: datetime, *, steps: int, paths: int, seed: int
    ) -> SamplePaths:
        self.asked.append((cutoff, steps, observed))
        shifts = self.model.calendar.next_shifts(cutoff, steps)
        values = np.full((paths, len(self.model.series), steps), self.per_shift, dtype=np.int32)
        values[:, :, 0] = (
            self.per_shift * (shifts[0].end - max(cutoff, shifts[0].start)) / (12 * HOUR)
        )
        return SamplePaths(
            values=values,
            series=self.model.series,
            period_starts=tuple(shift.start for shift in shifts),
            period_ends=tuple(shift.end for shift in shifts),
            cutoff=cutoff,
            seed=seed,
            model_version="made-up",
        )


def test_the_window_reaches_until_the_next_vehicles_goods_are_usable(small: Build) -> None:
    transit = Duration(low=90, mode=90, high=90)
    plant = small(ONE_LINE, shifts=3, transit=transit, cutoff_minutes=120, departures=(time(10),))
    (batch,) = plant.model.batches[2]  # 08:00, two hours before 10:00
    window = expected_window(batch, START + 2 * HOUR, 0, 3)
    # Tomorrow's vehicle arrives at 11:30; the twin can use its goods from 12:00.
    assert window.tolist() == [[28 * 60.0]] * 3


def test_a_live_plan_decides_now_for_the_next_departure_of_every_lane(small: Build) -> None:
    plant = small({"R1.A": ["bolt"], "R2.A": ["bolt"]}, shifts=4, cutoff_minutes=60)
    model = plant.model
    batch = first_batch(model.batches, model.terms, model.source_of_pair)
    assert [each.lane.lane_id for each in batch.departures] == ["WH-R1", "WH-R2"]
    assert {each.departure_at for each in batch.departures} == {START + 2 * HOUR}
    assert batch.terms.pairs == model.pairs


def test_a_forecaster_is_asked_at_every_cutoff_with_what_was_seen_until_then(small: Build) -> None:
    plant = small(ONE_LINE, shifts=4)
    knows = Recording(plant.model, 12)
    result = run(plant.twin([[12] * 4], [20]), OrderUpTo(alpha=0.9), PathOutlook(knows, paths=20))
    assert [cutoff for cutoff, _, _ in knows.asked] == [START + h * HOUR for h in (2, 14, 26, 38)]
    assert [steps for _, steps, _ in knows.asked] == [2, 2, 2, 2]
    assert [len(seen.period_starts) for _, _, seen in knows.asked] == [0, 1, 2, 3]
    assert all(seen.running is not None and seen.running[0] == 2 for _, _, seen in knows.asked)
    assert result.starved_minutes.sum() == 0


def test_the_level_is_the_demand_until_the_next_delivery(small: Build) -> None:
    plant = small(ONE_LINE, shifts=2)
    twin = plant.twin([[12] * 2], [6])
    run(twin, OrderUpTo(alpha=0.5), PathOutlook(Recording(plant.model, 12), paths=20))
    # At 08:00 there are 4 left and the delivery after this one comes at 21:00.
    (first, *_) = twin.result().dispatches
    assert first.quantities.tolist() == [[9]]


def test_forecasts_and_foresight_follow_one_replication(small: Build) -> None:
    plant = small(ONE_LINE, shifts=2)
    for knows in (PathOutlook(Recording(plant.model, 12)), PerfectOutlook()):
        twin = plant.twin([[12] * 2], [20], replications=2)
        with pytest.raises(InvalidInput, match="1 replication"):
            run(twin, OrderUpTo(alpha=0.9), knows)


def test_fixed_paths_are_read_from_any_later_moment(small: Build) -> None:
    plant = small(ONE_LINE, shifts=4)
    paths = Recording(plant.model, 12).sample(
        plant.twin([[0] * 4], [0]).observed(), START, steps=6, paths=5, seed=0
    )
    knows = FixedPathsOutlook(plant.model, paths, seed=0)
    twin = plant.twin([[12] * 4], [100])
    while not twin.done:
        for batch in twin.due():
            assert knows.outlook(twin, batch).window_demand.tolist() == [[13]] * 5
        twin.step()


def test_steps_cover_the_window(small: Build) -> None:
    calendar = small(ONE_LINE).model.calendar
    assert steps_until(calendar, START, START) == 1
    assert steps_until(calendar, START, START + 12 * HOUR) == 1
    assert steps_until(calendar, START, START + 13 * HOUR) == 2
    assert steps_until(calendar, START + 11 * HOUR, START + 240 * HOUR) == 20


def play(plant: Any, demand: Any, opening: Any, policy: Any, knows: Any, seed: int) -> Any:
    twin: Twin = plant.twin(demand, opening, seed=seed)
    return run(twin, policy, knows)


@settings(max_examples=12)
@given(seed=st.integers(0, 10_000))
def test_perfect_foresight_never_halts_and_no_policy_that_never_halts_has_less_stock(
    small: Build, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    plant = small(
        {"R1.A": ["bolt", "nut"], "R1.B": ["nut"], "R2.A": ["bolt"]},
        shifts=8,
        transit=Duration(low=30, mode=60, high=300),
        cutoff_minutes=45,
        container=int(rng.integers(1, 8)),
    )
    model = plant.model
    demand = rng.poisson(rng.integers(1, 30, size=(len(model.series), 1)), size=(4, 8))
    first_two = np.zeros(len(model.pairs), dtype=np.int64)
    np.add.at(first_two, model.pair_of_series, demand[:, :2].sum(axis=1))
    best = play(plant, demand, first_two, OrderUpTo(alpha=0.5), PerfectOutlook(), seed)
    assert best.halts.sum() == 0
    assert best.starved_minutes.sum() == 0
    for level in (20, 40, 60, 80, 120):
        policy = MinMax(thresholds=dict.fromkeys(model.pairs, (level, level)))
        other = play(plant, demand, first_two, policy, None, seed)
        if other.halts.sum() == 0:
            assert (best.on_hand.sum(axis=(0, 1)) <= other.on_hand.sum(axis=(0, 1))).all()

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from supplynet.core.network import Duration
from supplynet.core.protocols import Observed
from supplynet.core.sample_paths import SamplePaths
from supplynet.errors import NotFound
from supplynet.replenish.min_max import MinMax
from supplynet.replenish.shortages import EchelonShortage
from supplynet.simulate.buying import (
    EchelonPurchaser,
    echelon_of,
    fixed_paths,
    fresh_paths,
    incurable_shortages,
)
from supplynet.simulate.model import PlantModel
from supplynet.simulate.run import run
from supplynet.simulate.stakes import line_weights, window_minutes
from supplynet.simulate.state import Inbound, InboundPurchase, PlantState

Build = Callable[..., Any]
START = datetime(2026, 1, 5, 6, tzinfo=UTC)
A_DAY = Duration(low=1440, mode=1440, high=1440)
TWO_ROOMS = {"R1.A": ["bolt"], "R2.A": ["bolt"]}


def paths_of(model: PlantModel, per_shift: Sequence[int], shifts: int = 12) -> SamplePaths:
    """Ten equal paths; the same demand in every shift."""
    values = np.tile(np.array(per_shift, dtype=np.int32)[None, :, None], (10, 1, shifts))
    starts = [model.slots.start + timedelta(hours=12 * step) for step in range(shifts)]
    return SamplePaths(
        values=values,
        series=model.series,
        period_starts=tuple(starts),
        period_ends=tuple(start + timedelta(hours=12) for start in starts),
        cutoff=model.slots.start,
        seed=0,
        model_version="made-up",
    )


def test_a_purchase_fills_the_echelon_up_to_the_demand_of_all_stock_points(small: Build) -> None:
    made = small(TWO_ROOMS, shifts=4, purchase=(0, 0, A_DAY))
    twin = made.twin([[10] * 4, [5] * 4], on_hand=[7, 3], source=20)
    buyer = EchelonPurchaser(sampler=fixed_paths(paths_of(made.model, [10, 5])), alpha=0.5)
    # 1 day of review and 1 of lead time: 4 shifts of 15. Then R1 has to hold 11 and R2 5: 12 hours
    # from one vehicle to the next and one on the way. 7 + 3 + 20 are there, 46 are lacking: 50.
    assert buyer.quantities(twin).tolist() == [[50]]
    twin.warehouse.on_hand += 50
    assert buyer.quantities(twin).tolist() == [[0]]


def test_parts_on_the_way_and_bought_are_in_the_echelon(small: Build) -> None:
    made = small(TWO_ROOMS, shifts=4, purchase=(0, 0, A_DAY))
    twin = made.twin([[10] * 4, [5] * 4], on_hand=[7, 3], source=20)
    buyer = EchelonPurchaser(sampler=fixed_paths(paths_of(made.model, [10, 5])), alpha=0.5)
    twin.dispatch_batch(twin.model.batches[2][0], np.array([[8, 8]], dtype=np.int32))
    assert buyer.quantities(twin).tolist() == [[50]]  # loading changes nothing
    twin.warehouse.plan_purchases(buyer.quantities(twin))
    assert twin.step().bought.tolist() == [[50]]
    assert buyer.quantities(twin).tolist() == [[0]]


def test_bins_and_stores_belong_to_the_warehouse_part_behind_them(small: Build) -> None:
    model = small({"R1.A": ["bolt"], "R1.B": ["bolt"]}, lines_with_bins=["R1.A"]).model
    assert [model.pairs[pair][0] for pair in range(len(model.pairs))] == ["R1", "R1.A"]
    assert echelon_of(model).of_pair.tolist() == [0, 0]
    assert echelon_of(model).of_series.tolist() == [0, 0]


def test_a_plant_fed_by_suppliers_has_no_echelon(small: Build) -> None:
    made = small({"R1.A": ["bolt"]}, from_supplier=True, purchase=(0, 0, A_DAY))
    assert echelon_of(made.model).of_pair.tolist() == [-1]
    state = PlantState(on_hand=np.zeros(1, dtype=np.int32), source_on_hand=np.zeros(0, np.int32))
    assert incurable_shortages(made.model, state, paths_of(made.model, [5])) == ()


def test_where_no_purchases_are_kept_nothing_is_said_of_them(small: Build) -> None:
    model = small({"R1.A": ["bolt"]}).model
    empty = PlantState(on_hand=np.zeros(1, dtype=np.int32), source_on_hand=np.zeros(1, np.int32))
    assert incurable_shortages(model, empty, paths_of(model, [5])) == ()


def test_a_run_buys_once_a_day_by_the_echelon(small: Build) -> None:
    made = small({"R1.A": ["bolt"]}, shifts=6, purchase=(0, 0, A_DAY))
    buyer = EchelonPurchaser(sampler=fixed_paths(paths_of(made.model, [10])), alpha=0.5)
    rule = MinMax(thresholds={("R1", "bolt"): (20, 30)})
    lean = made.twin([[10] * 6], on_hand=[30], source=20)
    assert run(lean, rule, purchaser=buyer).starved_minutes.sum() == 0
    static = made.twin([[10] * 6], on_hand=[30], source=20)
    assert run(static, rule).starved_minutes.sum() > 0  # levels of 0 buy nothing


def test_fresh_paths_follow_what_the_twin_has_shown(small: Build) -> None:
    made = small({"R1.A": ["bolt"]}, shifts=4, purchase=(0, 0, A_DAY))
    asked = []

    class Asked:
        def sample(
            self, observed: Observed, cutoff: datetime, *, steps: int, paths: int, seed: int
        ) -> SamplePaths:
            asked.append((observed.series, cutoff, steps, paths, seed))
            return paths_of(made.model, [10])

    twin = made.twin([[10] * 4], on_hand=[5], source=5)
    EchelonPurchaser(sampler=fresh_paths(Asked(), paths=10, seed=3), alpha=0.5).quantities(twin)
    ((series, cutoff, steps, paths, seed),) = asked
    assert (series, cutoff, paths, seed) == (made.model.series, START, 10, 3)
    assert steps >= 5  # two days and an hour


def shortages(small: Build, **state: object) -> tuple[EchelonShortage, ...]:
    model = small(TWO_ROOMS, shifts=4, purchase=(0, 0, A_DAY)).model
    given = {"on_hand": [10, 2], "source_on_hand": [8]} | state
    whole = PlantState(
        on_hand=np.array(given.pop("on_hand"), dtype=np.int32),
        source_on_hand=np.array(given.pop("source_on_hand"), dtype=np.int32),
        **given,  # type: ignore[arg-type]
    )
    return incurable_shortages(model, whole, paths_of(model, [10, 6]))


def test_an_echelon_that_ends_before_a_purchase_can_arrive_is_told(small: Build) -> None:
    (found,) = shortages(small)  # 20 parts for 16 a shift; a purchase takes a day and an hour
    assert found.likely_minutes == pytest.approx(720 * 20 / 16)
    assert found.missing == 12
    assert found.purchase_minutes == 1500


def test_what_is_on_the_road_or_bought_counts(small: Build) -> None:
    gone = Inbound(
        stock_point_id="R1",
        part_id="bolt",
        quantity=12,
        lane_id="WH-R1",
        departure_at=START - timedelta(minutes=30),
    )
    assert shortages(small, inbound=(gone,)) == ()
    bought = InboundPurchase(
        warehouse_id="WH", part_id="bolt", quantity=12, arrives_at=START + timedelta(hours=10)
    )
    assert shortages(small, purchases=(bought,)) == ()


def test_what_has_not_left_is_not_counted_twice(small: Build) -> None:
    waiting = Inbound(
        stock_point_id="R1",
        part_id="bolt",
        quantity=8,
        lane_id="WH-R1",
        departure_at=START + timedelta(hours=2),
    )
    (found,) = shortages(small, inbound=(waiting,))
    assert found.missing == 12


def test_stakes_are_the_working_minutes_of_the_window_and_the_lines_by_priority(
    small: Build,
) -> None:
    made = small({"R1.A": ["bolt"], "R1.B": ["bolt", "nut"]}, shifts=2, priority={"R1.B": 50})
    model = made.model
    assert model.line_weight.tolist() == [3.0, 2.0]  # lines of priority 100 and 50; 50 alone
    batch = model.batches[2][0]  # at 8:00; the next vehicle leaves at 20:00 and takes an hour
    assert window_minutes(batch).tolist() == [780, 780]
    none = line_weights(model.plant, model.lines, np.zeros(0, np.int32), np.zeros(0, np.int32), 2)
    assert none.tolist() == [0.0, 0.0]


def test_the_rule_of_rationing_reaches_the_decision(small: Build) -> None:
    made = small(TWO_ROOMS)
    twin = made.twin([[10], [5]], on_hand=[0, 0], source=5)
    rule = MinMax(thresholds=dict.fromkeys((("R1", "bolt"), ("R2", "bolt")), (20, 30)))
    with pytest.raises(NotFound, match="choose one of marginal"):
        run(twin, rule, rationing="fair")

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.core.sample_paths import IntArray
from supplynet.errors import InvalidInput, NotFound
from supplynet.study.lost_sales_model import demand_of, given_demand
from supplynet.study.multi_retailer import Levels, MultiRetailer, Shortage, draw, simulate
from supplynet.study.multi_retailer_rationing import RULES, rationing_of
from supplynet.study.multi_retailer_search import best_levels, score

KAYNOV = MultiRetailer(
    demands=(demand_of("poisson", 3.0),) * 3, warehouse_lead_time=1, lead_times=(1, 1, 1)
)


def levels(warehouse: int, *retailers: int) -> Levels:
    return Levels(
        warehouse=np.array([warehouse], dtype=np.int32),
        retailers=np.array([retailers], dtype=np.int32),
    )


@pytest.mark.parametrize(
    ("lead_time", "name", "chosen", "published"),
    [
        # Kaynov et al. (2024), Table A.3, instances 6 and 7.
        (1, "proportional", (34, 9), 1373.91),
        (1, "min-shortage", (34, 9), 1366.51),
        (2, "proportional", (43, 9), 1406.27),
        (2, "min-shortage", (43, 9), 1408.08),
    ],
)
def test_published_heuristics_cost_what_was_published(
    lead_time: int, name: str, chosen: tuple[int, int], published: float
) -> None:
    model = replace(KAYNOV, warehouse_lead_time=lead_time)
    at = levels(chosen[0], *[chosen[1]] * 3)
    rationing = rationing_of(name, model, np.random.default_rng(3))
    found = score(model, at, rationing, 600, np.random.default_rng(2))
    assert found.standard_error < 0.004 * published
    assert found.mean_cost == pytest.approx(published, rel=0.02)


def test_dropping_the_remainder_costs_more_than_2_percent() -> None:
    future = draw(KAYNOV, 300, np.random.default_rng(2))
    at = levels(35, 9, 9, 9)
    floor, largest = (
        simulate(KAYNOV, at, rationing_of(name, KAYNOV, np.random.default_rng(3)), future).mean()
        for name in ("proportional-floor", "proportional")
    )
    assert floor > 1.02 * largest


def test_one_retailer_and_certain_demand_can_be_followed_by_head() -> None:
    # 2 are used in every period. The retailer begins with its 4, so 2 and then nothing is left:
    # what it used in one period is there in the period after the next. The warehouse has 6 and
    # ships 2 from period 2 on; its order of period 2 comes in period 3: 6, 4, 4, 4, 4 are left.
    model = MultiRetailer(
        demands=(given_demand([0.0, 0.0, 1.0]),),
        warehouse_lead_time=1,
        lead_times=(1,),
        periods=5,
    )
    future = draw(model, 1, np.random.default_rng(1))
    cost = simulate(model, levels(10, 4), rationing_of("proportional", model, RNG), future)
    at_retailer = 2 + 0 + 0 + 0 + 0
    assert cost.tolist() == [at_retailer + 0.5 * (6 + 4 + 4 + 4 + 4)]
    assert cost.tolist() == [slow_cost(model, 10, [4], future.demand[:, 0])]


RNG = np.random.default_rng(0)


def slow_cost(model: MultiRetailer, echelon: int, most: list[int], demand: IntArray) -> float:
    """One case without rationing that matters: first come, first served, in plain Python."""
    count = len(most)
    at, store = list(most), echelon - sum(most)
    coming = [0] * model.warehouse_lead_time
    sent = [[0] * lead_time for lead_time in model.lead_times]
    total = 0.0
    for needs in demand.tolist():
        position = [at[i] + sum(sent[i]) for i in range(count)]
        order = max(echelon - store - sum(coming) - sum(position), 0)
        store += coming.pop(0)
        coming.append(order)
        for i in range(count):
            ship = min(max(most[i] - position[i], 0), store)
            store -= ship
            sent[i].append(ship)
            at[i] += sent[i].pop(0)
        for i, need in enumerate(needs):
            short = max(need - at[i], 0)
            at[i] = at[i] - need if model.regime == "backorder" else max(at[i] - need, 0)
            total += model.penalty * short + model.holding * max(at[i], 0)
        total += model.warehouse_holding * store
    return total


@given(
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 30),
    st.integers(0, 12),
    st.sampled_from(["lost", "backorder"]),
    st.integers(0, 99),
)
@settings(max_examples=12)
def test_a_slow_obvious_twin_costs_the_same(
    warehouse_lead_time: int, lead_time: int, extra: int, most: int, regime: str, seed: int
) -> None:
    # With one retailer rationing is what there is, by any rule.
    model = MultiRetailer(
        demands=(demand_of("geometric", 3.0),),
        warehouse_lead_time=warehouse_lead_time,
        lead_times=(lead_time,),
        regime=regime,
        periods=12,
    )
    future = draw(model, 4, np.random.default_rng(seed))
    for name in ("proportional", "proportional-floor", "min-shortage"):
        found = simulate(model, levels(most + extra, most), rationing_of(name, model, RNG), future)
        slow = [slow_cost(model, most + extra, [most], future.demand[:, case]) for case in range(4)]
        assert found.tolist() == slow


@pytest.mark.parametrize("regime", ["lost", "backorder", "partial"])
@pytest.mark.parametrize("name", RULES)
def test_every_rule_gives_no_more_than_there_is(name: str, regime: str) -> None:
    model = replace(KAYNOV, regime=regime, lead_times=(1, 2, 1))
    rng = np.random.default_rng(4)
    wanted = rng.integers(0, 9, (50, 3)).astype(np.int32)
    available = (wanted.sum(axis=1) * rng.random(50)).astype(np.int32)
    on_hand = rng.integers(0, 5, (50, 3)).astype(np.int32)
    due = rng.integers(0, 3, (2, 50, 3)).astype(np.int32)
    shortage = Shortage(wanted=wanted, available=available, on_hand=on_hand, due=due)
    sent = rationing_of(name, model, np.random.default_rng(3))(shortage)
    assert (sent >= 0).all()
    assert (sent <= wanted).all()
    assert (sent.sum(axis=1) <= available).all()
    if name != "proportional-floor":
        assert np.array_equal(sent.sum(axis=1), np.minimum(available, wanted.sum(axis=1)))


def test_an_emergency_is_served_from_what_the_warehouse_has_left() -> None:
    # Demand 5 meets 2 at the retailer; 4 are in the warehouse. All but certain to be served.
    model = MultiRetailer(
        demands=(given_demand([0.0] * 5 + [1.0]),),
        warehouse_lead_time=3,
        lead_times=(3,),
        regime="partial",
        emergency=1.0,
        periods=1,
    )
    future = draw(model, 1, np.random.default_rng(1))
    served = simulate(model, levels(6, 2), rationing_of("proportional", model, RNG), future)
    assert served.tolist() == [0.5 * 1]
    nobody = replace(future, served=np.zeros_like(future.served))
    lost = simulate(model, levels(6, 2), rationing_of("proportional", model, RNG), nobody)
    assert lost.tolist() == [0.5 * 4 + 9.0 * 3]


def test_levels_are_searched_and_scored_on_different_futures() -> None:
    model = replace(KAYNOV, periods=40)
    rationing = rationing_of("proportional", model, RNG)
    best = best_levels(model, rationing, 20, np.random.default_rng(1))
    found = score(model, best, rationing, 300, np.random.default_rng(2))
    for change in (-4, 4):
        other = levels(int(best.warehouse[0]) + 2 * change, *(best.retailers[0] + change))
        worse = score(model, other, rationing, 300, np.random.default_rng(2))
        assert worse.mean_cost > found.mean_cost


@pytest.mark.parametrize(
    "wrong",
    [
        {"lead_times": (1, 1)},
        {"lead_times": (0, 1, 1)},
        {"regime": "maybe"},
        {"emergency": 1.5},
        {"penalty": float("nan")},
        {"periods": 0},
    ],
)
def test_a_model_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        replace(KAYNOV, **wrong)  # type: ignore[arg-type]  # one wrong value at a time


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(NotFound, match="choose one of proportional"):
        rationing_of("alphabet", KAYNOV, RNG)

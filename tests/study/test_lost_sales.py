from __future__ import annotations

import math

import numpy as np
import pytest

from supplynet.errors import InvalidInput
from supplynet.replenish.no_stockout import NoStockout
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.study.exact import evaluate, evaluate_orders, solve
from supplynet.study.exact_states import States
from supplynet.study.lost_sales import Orders, Run, measure, sampled
from supplynet.study.lost_sales_given import given_rule
from supplynet.study.lost_sales_grid import zoom
from supplynet.study.lost_sales_model import LostSales, demand_of, given_demand
from supplynet.study.lost_sales_rules import BaseStock, NoStockoutExact, Reorder
from supplynet.study.lost_sales_search import RULES, Search
from supplynet.study.lost_sales_tuning import tune

MODEL = LostSales(demand=demand_of("poisson", 5.0), lead_time=2, penalty=19.0)
ONCE = Run(replications=1500, periods=200, warm_up=50, sets=1)


def with_lead_time(lead_time: int, fixed_cost: float = 0.0) -> LostSales:
    return LostSales(
        demand=demand_of("poisson", 5.0),
        lead_time=lead_time,
        penalty=9.0,
        fixed_cost=fixed_cost,
    )


@pytest.mark.parametrize(
    ("model", "rule"),
    [
        (with_lead_time(0), BaseStock(level=8)),
        (with_lead_time(1), BaseStock(level=13)),
        (with_lead_time(3), BaseStock(level=24, cap=6)),
        (with_lead_time(2, fixed_cost=5.0), Reorder(point=14, level=20)),
        (with_lead_time(0, fixed_cost=5.0), Reorder(point=4, lot=7)),
        (MODEL, NoStockoutExact(model=MODEL, alpha=0.93)),
    ],
)
def test_the_simulator_costs_what_the_chain_says(
    model: LostSales, rule: BaseStock | Reorder | NoStockoutExact
) -> None:
    found = measure(model, lambda _rng: rule, ONCE, seed=5)
    error = abs(found.mean_cost - evaluate(model, rule).cost)
    assert error < 3 * found.standard_error
    assert found.standard_error < 0.02 * found.mean_cost


def test_the_simulator_on_demand_that_can_be_followed_by_head() -> None:
    # 2 are used in every period. Level 5, lead time 1: 5 less what is in stock, then 2 for 2.
    model = LostSales(demand=given_demand([0.0, 0.0, 1.0]), lead_time=1, penalty=9.0)
    run = Run(replications=2, periods=10, warm_up=5, sets=1)
    assert measure(model, lambda _rng: BaseStock(level=5), run, 1).mean_cost == 1.0
    assert measure(model, lambda _rng: BaseStock(level=2), run, 1).mean_cost == 9.0


def test_the_products_policy_with_1000_paths_is_within_1_percent_of_the_optimum() -> None:
    # Exact cost of what it decides in every state, for three sets of paths: no luck of demand.
    states = States(2, 26, 12)
    optimum = solve(MODEL).cost
    gaps = []
    for seed in range(3):
        rule = sampled(MODEL, NoStockout(alpha=0.93), 1000, np.random.default_rng(seed))
        cost = evaluate_orders(MODEL, states, rule.orders(states.all)).cost
        gaps.append(cost / optimum - 1)
    assert min(gaps) >= 0
    assert np.mean(gaps) < 0.01


def test_few_paths_cost_more_than_many() -> None:
    states = States(2, 60, 40)

    def cost(paths: int) -> float:
        rules = (
            sampled(MODEL, NoStockout(alpha=0.93), paths, np.random.default_rng(seed))
            for seed in range(3)
        )
        every = states.all
        return float(
            np.mean([evaluate_orders(MODEL, states, rule.orders(every)).cost for rule in rules])
        )

    assert cost(1000) < cost(50)


@pytest.mark.parametrize("lead_time", [0, 1, 4])
def test_a_sampled_policy_decides_at_any_lead_time(lead_time: int) -> None:
    model = with_lead_time(lead_time)
    states = np.zeros((1, max(lead_time, 1)), dtype=np.int32)
    rng = np.random.default_rng(1)
    order = sampled(model, NoStockout(alpha=0.9), 4000, rng).orders(states)
    exact = NoStockoutExact(model=model, alpha=0.9).orders(states)
    # Into empty stock with nothing under way: only demand of the arrival's period matters.
    assert exact.tolist() == [8]
    assert abs(int(order[0]) - 8) <= 1


def test_decisions_are_remembered_and_the_same_as_afresh() -> None:
    class Counting:
        def __init__(self) -> None:
            self.asked: list[tuple[int, ...]] = []

        def orders(self, states: np.ndarray) -> np.ndarray:
            self.asked += [tuple(row) for row in states.tolist()]
            return BaseStock(level=20).orders(states)

    rule: Counting = Counting()
    orders: Orders = rule
    run = Run(replications=50, periods=60, warm_up=0, sets=1)
    found = measure(MODEL, lambda _rng: orders, run, seed=2)
    assert len(rule.asked) == len(set(rule.asked)) == found.decisions
    assert found.mean_cost == measure(MODEL, lambda _rng: BaseStock(level=20), run, 2).mean_cost


def test_one_replication_has_no_standard_error() -> None:
    run = Run(replications=1, periods=20, sets=1)
    assert math.isnan(measure(MODEL, lambda _rng: BaseStock(level=20), run, 1).standard_error)


def test_the_search_finds_the_published_parameters() -> None:
    search = Search(model=MODEL, run=ONCE, seed=1)
    base, capped = RULES["base_stock"](search), RULES["capped_base_stock"](search)
    assert dict(base.parameters) == {"level": 21}
    assert dict(capped.parameters) == {"level": 21, "cap": 7}
    fixed = RULES["no_stockout"](search)
    assert fixed.parameters["alpha"] == pytest.approx(0.93, abs=0.003)
    assert fixed.cost.mean_cost < 1.0001 * solve(MODEL).cost


def test_the_search_finds_the_best_with_a_fixed_cost() -> None:
    # Bijvank et al. (2015), Table 1.
    model = LostSales(demand=MODEL.demand, lead_time=2, penalty=14.0, fixed_cost=5.0)
    search = Search(model=model, run=ONCE, seed=1)
    assert dict(RULES["reorder_lots"](search).parameters) == {"point": 17, "lot": 7}


def test_alpha_is_tuned_on_sampled_paths() -> None:
    small = Run(replications=100, periods=30, warm_up=15, sets=1)
    found = tune("no_stockout", MODEL, 200, 3, small)
    assert 0.85 < found["alpha"] <= MODEL.critical_ratio
    states = States(2, 26, 26)
    rule = sampled(MODEL, NoStockout(alpha=found["alpha"]), 1000, np.random.default_rng(9))
    cost = evaluate_orders(MODEL, states, rule.orders(states.all)).cost
    plain = sampled(MODEL, OrderUpTo(alpha=found["alpha"]), 1000, np.random.default_rng(9))
    assert cost < 1.03 * solve(MODEL).cost
    assert cost < evaluate_orders(MODEL, states, plain.orders(states.all)).cost


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("base_stock", {"alpha": 0.9}, "needs level"),
        ("base_stock", {"level": 2.5}, "whole parts"),
        ("reorder_up_to", {"point": 9, "level": 9}, "not above the reorder point"),
        ("newsvendor", {"level": 9}, "has no parameters"),
    ],
)
def test_parameters_that_make_no_rule_are_refused(
    name: str, given: dict[str, float], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        given_rule(Search(model=MODEL, run=ONCE, seed=1), name, given)


def test_zooming_finds_the_bottom_and_looks_at_no_point_twice() -> None:
    seen: list[float] = []

    def cost(point: float) -> float:
        seen.append(point)
        return (point - 1.63) ** 2

    assert zoom(cost, 1.0, (0.25, 0.05, 0.01), 16) == pytest.approx(1.63)
    assert len(seen) == len(set(seen)) < 40

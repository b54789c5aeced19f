"""The exact solver against published optima, bounds, and a slow obvious twin."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.errors import InvalidInput
from supplynet.study import exact
from supplynet.study.exact import Rule, evaluate, evaluate_orders, solve
from supplynet.study.exact_states import States, count_states
from supplynet.study.lost_sales_model import LostSales, demand_of, given_demand
from supplynet.study.lost_sales_rules import (
    BaseStock,
    NoStockoutExact,
    ProjectedInventory,
    Reorder,
    TwoPeriodMyopic,
)


def zipkin(demand: str, lead_time: int, penalty: float, fixed_cost: float = 0.0) -> LostSales:
    return LostSales(
        demand=demand_of(demand, 5.0),
        lead_time=lead_time,
        penalty=penalty,
        fixed_cost=fixed_cost,
    )


# Zipkin (2008), Table 3.
OPTIMA = {
    ("poisson", 1, 4.0): 4.04,
    ("poisson", 1, 9.0): 5.44,
    ("poisson", 1, 19.0): 6.68,
    ("poisson", 1, 39.0): 7.84,
    ("poisson", 2, 4.0): 4.40,
    ("poisson", 2, 9.0): 6.09,
    ("poisson", 2, 19.0): 7.66,
    ("poisson", 2, 39.0): 9.11,
    ("poisson", 3, 4.0): 4.60,
    ("geometric", 2, 4.0): 10.24,
}


@pytest.mark.parametrize(("case", "cost"), OPTIMA.items())
def test_the_optimum_is_the_published_one(case: tuple[str, int, float], cost: float) -> None:
    assert solve(zipkin(*case)).cost == pytest.approx(cost, abs=0.0051)


@pytest.mark.parametrize(
    ("case", "cost"),
    [
        (("poisson", 1, 4.0), 4.04071),
        (("poisson", 2, 19.0), 7.66442),
        (("poisson", 2, 39.0), 9.10638),
        (("geometric", 2, 4.0), 10.24021),
    ],
)
def test_the_optimum_agrees_with_another_solver_to_five_digits(
    case: tuple[str, int, float], cost: float
) -> None:
    assert solve(zipkin(*case)).cost == pytest.approx(cost, abs=6e-6)


@pytest.mark.parametrize("lead_time", [0, 1, 2, 3])
@pytest.mark.parametrize("penalty", [4.0, 200.0])
@pytest.mark.parametrize("demand", ["poisson", "geometric"])
def test_it_lies_between_two_optima_where_demand_waits(
    demand: str, penalty: float, lead_time: int
) -> None:
    model = zipkin(demand, lead_time, penalty)
    cost = solve(model).cost
    assert model.backlog_optimum(penalty / (lead_time + 1)) <= cost + 1e-6
    assert cost <= model.backlog_optimum(penalty) + 1e-6


@pytest.mark.parametrize(
    ("case", "best", "level", "cap"),
    [
        (("poisson", 1, 4.0), 12, 12, 6),
        (("poisson", 2, 19.0), 21, 21, 7),
        (("geometric", 2, 4.0), 15, 17, 4),
    ],
)
def test_policies_come_in_their_order(
    case: tuple[str, int, float], best: int, level: int, cap: int
) -> None:
    model = zipkin(*case)
    optimum, short = solve(model).cost, 1.0 - model.critical_ratio
    newsvendor = evaluate(model, BaseStock(level=model.newsvendor_level)).cost
    below, base, above = (
        evaluate(model, BaseStock(level=best + change)).cost for change in (-1, 0, 1)
    )
    capped = evaluate(model, BaseStock(level=level, cap=cap)).cost
    fixed = min(
        evaluate(model, NoStockoutExact(model=model, alpha=1.0 - short * factor)).cost
        for factor in (1.15, 1.25, 1.35, 1.4)
    )
    assert optimum <= fixed + 1e-6
    assert fixed < optimum * 1.001
    assert fixed < capped < base < min(below, above)
    assert base <= newsvendor


def test_heuristics_cost_what_was_published() -> None:
    model = zipkin("poisson", 2, 19.0)
    found: dict[str, Rule] = {
        "newsvendor": BaseStock(level=22),
        "base_stock": BaseStock(level=21),
        "capped": BaseStock(level=21, cap=7),
        "projected": ProjectedInventory(model=model, level=10.75),
        "myopic": NoStockoutExact(model=model, alpha=0.95),
        "two_period": TwoPeriodMyopic(model=model),
        "no_stockout": NoStockoutExact(model=model, alpha=0.93),
    }
    costs = [evaluate(model, rule).cost for rule in found.values()]
    assert costs == pytest.approx([8.147, 7.842, 7.721, 7.727, 7.773, 7.669, 7.664], abs=6e-4)


def test_with_a_fixed_cost_too() -> None:
    # Bijvank et al. (2015), Table 1: 11.46, and the best (s, S), (s, nQ), modified (s, S, q).
    model = zipkin("poisson", 2, 14.0, fixed_cost=5.0)
    assert solve(model).cost == pytest.approx(11.4631, abs=1e-4)
    rules = (Reorder(point=17, level=23), Reorder(point=17, lot=7))
    assert [evaluate(model, rule).cost for rule in rules] == pytest.approx([11.62, 11.56], abs=5e-3)
    both = Reorder(point=17, level=23, lot=7)
    assert evaluate(model, both).cost == pytest.approx(11.50, abs=5e-3)


@pytest.mark.parametrize("case", [("poisson", 1, 9.0), ("poisson", 3, 4.0), ("geometric", 2, 19.0)])
def test_wider_bounds_change_nothing(case: tuple[str, int, float]) -> None:
    model = zipkin(*case)
    found = solve(model)
    wider = exact._solve_within(model, found.states.limit + 6, found.states.most + 4, 1e-7)
    assert wider.cost == pytest.approx(found.cost, abs=1e-6)


@given(
    st.lists(st.integers(1, 5), min_size=2, max_size=4),
    st.integers(0, 3),
    st.integers(2, 9),
    st.sampled_from([0.0, 3.0]),
)
@settings(max_examples=6)
def test_a_slow_obvious_twin_finds_the_same(
    weights: list[int], lead_time: int, penalty: int, fixed_cost: float
) -> None:
    model = LostSales(
        demand=given_demand([weight / sum(weights) for weight in weights]),
        lead_time=lead_time,
        penalty=float(penalty),
        fixed_cost=fixed_cost,
    )
    found = solve(model)
    slow = slow_optimum(model, found.states.limit, found.states.most)
    assert found.cost == pytest.approx(slow, abs=2e-4)
    again = evaluate_orders(model, found.states, found.orders)
    assert again.cost == pytest.approx(found.cost, abs=1e-6)


def slow_optimum(model: LostSales, limit: int, most: int) -> float:
    """Value iteration over dictionaries, state by state and demand by demand."""
    length = max(model.lead_time, 1)
    every = product(range(limit + 1), *[range(most + 1)] * (length - 1))
    states = [state for state in every if sum(state) <= limit]
    value = dict.fromkeys(states, 0.0)

    def outcome(state: tuple[int, ...], order: int) -> float:
        held = state[0] + order if model.lead_time == 0 else state[0]
        total = model.fixed_cost * (order > 0)
        for need, chance in enumerate(model.demand.chance):
            left = max(held - need, 0)
            following: tuple[int, ...] = (left,)
            if model.lead_time > 0:
                due = (*state[1:], order)
                following = (left + due[0], *due[1:])
            cost = model.holding * left + model.penalty * max(need - held, 0)
            total += chance * (cost + value[following])
        return total

    for _ in range(3000):
        new = {
            state: min(outcome(state, z) for z in range(min(most, limit - sum(state)) + 1))
            for state in states
        }
        change = [new[state] - value[state] for state in states]
        value = {state: (new[state] - new[states[0]] + value[state]) / 2 for state in states}
        if max(change) - min(change) < 1e-4:
            break
    return (max(change) + min(change)) / 2


def test_states_are_numbered_without_gaps() -> None:
    states = States(3, 7, 4)
    every = states.all
    assert every.shape == (states.size, 3)
    assert states.number(every[:, 0], every[:, 1:]).tolist() == list(range(states.size))
    assert (every.sum(axis=1) <= 7).all()
    assert (every[:, 1:] <= 4).all()
    assert states.size == count_states(3, 7, 4) == len({tuple(row) for row in every.tolist()})


def test_a_chain_beyond_memory_is_refused_before_it_is_made() -> None:
    with pytest.raises(InvalidInput, match=r"states, about .* GB; .*shorter lead time"):
        solve(zipkin("poisson", 12, 39.0))
    with pytest.raises(InvalidInput, match="states"):
        evaluate(zipkin("geometric", 9, 39.0), BaseStock(level=80))


def test_a_rule_that_breaks_its_own_limits_is_refused() -> None:
    class Liar(BaseStock):
        @property
        def limit(self) -> int:
            return self.level - 1

    with pytest.raises(InvalidInput, match="it said"):
        evaluate(zipkin("poisson", 1, 4.0), Liar(level=12))


def test_demand_that_is_always_the_same_goes_round_in_circles_and_still_converges() -> None:
    model = LostSales(demand=given_demand([0.0, 0.0, 1.0]), lead_time=2, penalty=5.0)
    assert solve(model).cost == pytest.approx(0.0, abs=1e-6)
    assert evaluate(model, BaseStock(level=6)).cost == pytest.approx(0.0, abs=1e-6)


def test_without_demand_nothing_is_ordered() -> None:
    found = solve(LostSales(demand=demand_of("poisson", 0.0), lead_time=3))
    assert (found.cost, found.orders.tolist()) == (0.0, [0])

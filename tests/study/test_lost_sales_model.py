from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.errors import InvalidInput
from supplynet.study.lost_sales_model import Demand, LostSales, demand_of, given_demand


def test_geometric_demand_counts_failures() -> None:
    demand = demand_of("geometric", 5.0)
    assert demand.chance[:3] == pytest.approx([1 / 6, 5 / 36, 25 / 216])
    assert demand.mean == pytest.approx(5.0)


def test_the_newsvendor_cost_is_the_published_one() -> None:
    # Snyder & Shen, problem 4.8(a): holding 200, penalty 270, Poisson 18: level 19, cost 786.0884.
    model = LostSales(demand=demand_of("poisson", 18.0), lead_time=0, holding=200.0, penalty=270.0)
    assert model.newsvendor_level == 19
    assert model.period_cost(30)[19] == pytest.approx(786.0884, abs=1e-3)
    assert model.backlog_optimum(270.0) == pytest.approx(786.0884, abs=1e-3)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=5).filter(any), st.integers(1, 12))
@settings(max_examples=30)
def test_left_over_stock_by_its_definition(weights: list[int], size: int) -> None:
    demand = given_demand([weight / sum(weights) for weight in weights])
    expected = np.zeros((size, size))
    for stock in range(size):
        for need, chance in enumerate(demand.chance):
            expected[stock, max(stock - need, 0)] += chance
    assert np.allclose(demand.left(size), expected)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=5).filter(any), st.integers(1, 12))
@settings(max_examples=30)
def test_the_cost_of_a_period_by_its_definition(weights: list[int], size: int) -> None:
    demand = given_demand([weight / sum(weights) for weight in weights])
    model = LostSales(demand=demand, lead_time=1, holding=2.0, penalty=7.0)
    expected = [
        sum(
            chance * (2.0 * max(stock - need, 0) + 7.0 * max(need - stock, 0))
            for need, chance in enumerate(demand.chance)
        )
        for stock in range(size)
    ]
    assert np.allclose(model.period_cost(size), expected)


def test_quantiles_are_of_the_sum_of_periods() -> None:
    demand = demand_of("poisson", 5.0)
    assert (demand.quantile(0.95), demand.quantile(0.95, 3)) == (9, 22)
    assert given_demand([0.5, 0.5]).quantile(0.5) == 0  # exactly at the jump
    assert given_demand([0.0, 1.0]).quantile(0.999, 4) == 4


def test_draws_have_the_distribution() -> None:
    demand = given_demand([0.5, 0.0, 0.3, 0.2])
    drawn = demand.draw(np.random.default_rng(1), (200, 500))
    shares = np.bincount(drawn.ravel(), minlength=4) / drawn.size
    assert np.allclose(shares, demand.chance, atol=0.005)


def test_no_demand_costs_nothing() -> None:
    model = LostSales(demand=demand_of("poisson", 0.0), lead_time=3)
    assert model.newsvendor_level == 0
    assert model.period_cost(1).tolist() == [0.0]


@pytest.mark.parametrize("mean", [-1.0, float("nan"), float("inf"), 1e9])
def test_a_mean_that_cannot_be_is_refused(mean: float) -> None:
    with pytest.raises(InvalidInput, match="mean demand"):
        demand_of("poisson", mean)


@pytest.mark.parametrize("chances", [[], [0.5, 0.4], [1.5, -0.5], [float("nan"), 1.0]])
def test_probabilities_that_are_none_are_refused(chances: list[float]) -> None:
    with pytest.raises(InvalidInput, match="demand"):
        given_demand(chances)


@pytest.mark.parametrize(
    "wrong", [{"lead_time": -1}, {"holding": 0.0}, {"penalty": float("inf")}, {"fixed_cost": -1.0}]
)
def test_a_model_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    known: dict[str, object] = {"demand": Demand(name="none", chance=np.ones(1)), "lead_time": 1}
    with pytest.raises(InvalidInput, match="use"):
        LostSales(**known | wrong)  # type: ignore[arg-type]  # one wrong value at a time

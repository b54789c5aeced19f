"""``bench lost-sales`` and ``bench multi-retailer``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Call = Callable[..., Any]
KEYS = {"policy", "parameters", "mean_cost", "standard_error", "optimal", "gap"}


def rows(call: Call, *typed: str) -> list[dict[str, Any]]:
    answer = call("bench", *typed, "--json")
    assert answer.status == 0, answer.err
    found: list[dict[str, Any]] = answer.json["rows"]
    assert all(set(row) >= KEYS for row in found)
    return found


def test_the_optimum_of_any_parameters(call: Call) -> None:
    (row,) = rows(
        call,
        *("lost-sales", "--demand", "geometric", "--mean", "5", "--lead-time", "2"),
        *("--holding", "1", "--penalty", "4", "--policy", "optimal"),
    )
    assert row["mean_cost"] == row["optimal"] == pytest.approx(10.24021, abs=1e-5)
    assert (row["gap"], row["standard_error"]) == (0.0, 0.0)


def test_the_best_no_stockout_and_its_gap(call: Call) -> None:
    (row,) = rows(call, "lost-sales", "--lead-time", "1", "--policy", "no_stockout")
    assert row["parameters"].keys() == {"alpha"}
    assert 0 <= row["gap"] < 0.001


def test_given_parameters_and_a_simulation(call: Call) -> None:
    given = ("--policy", "order_up_to", "--level", "21", "--penalty", "19")
    (exact,) = rows(call, "lost-sales", *given)
    assert exact["mean_cost"] == pytest.approx(7.842, abs=1e-3)
    (played,) = rows(
        call, "lost-sales", *given, "--simulate", "--replications", "400", "--sets", "2"
    )
    error = played["standard_error"]
    assert 0 < error < 0.1
    assert abs(played["mean_cost"] - exact["mean_cost"]) < 4 * error


def test_the_products_policy_decides_from_paths(call: Call) -> None:
    typed = ("lost-sales", "--lead-time", "1", "--paths", "300", "--alpha", "0.94")
    (row,) = rows(call, *typed, "--policy", "no_stockout", "--quick")
    assert row["parameters"] == {"alpha": 0.94, "paths": 300}
    assert row["method"] == "simulated"
    assert abs(row["gap"]) < 0.2


def test_demand_may_be_given_as_probabilities(call: Call) -> None:
    # 0 or 2 parts, lead time 0, losing one costs 9: keep 2, so 1 is left on average.
    typed = ("--demand", "0.5,0,0.5", "--lead-time", "0", "--penalty", "9")
    (row,) = rows(call, "lost-sales", *typed, "--policy", "base_stock")
    assert (row["parameters"], row["mean_cost"]) == ({"level": 2}, 1.0)


def test_a_chain_too_large_is_simulated_without_an_optimum(call: Call) -> None:
    typed = ("--lead-time", "12", "--level", "70", "--quick")
    (row,) = rows(call, "lost-sales", *typed, "--policy", "base_stock")
    assert (row["optimal"], row["gap"], row["method"]) == (None, None, "simulated")
    assert row["mean_cost"] > 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--demand", "binomial"), "use poisson, geometric, or the probabilities"),
        (("--demand", "0.5,0.4"), "add up to 0.9"),
        (("--policy", "magic"), "choose from optimal"),
        (("--penalty", "0"), "penalty cost is 0"),
        (("--policy", "optimal", "--alpha", "0.9"), "belong to one policy"),
        (("--policy", "myopic", "--paths", "50"), "does not decide from sampled paths"),
        (("--policy", "no_stockout", "--paths", "50", "--level", "3"), "give --alpha"),
        (("--policy", "optimal", "--lead-time", "12"), "shorter lead time"),
    ],
)
def test_what_cannot_be_measured_is_refused(call: Call, typed: tuple[str, ...], said: str) -> None:
    answer = call("bench", "lost-sales", *typed)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err


def test_the_usual_table_has_what_is_known_beside_it(call: Call) -> None:
    found = [row for row in rows(call, "lost-sales", "--quick") if row["known"] is not None]
    assert len(found) >= 5
    for row in found:
        assert row["mean_cost"] == pytest.approx(row["known"], abs=0.005)


def test_retailers_of_any_number(call: Call) -> None:
    (row,) = rows(
        call,
        *("multi-retailer", "--retailers", "2", "--warehouse-lead-time", "1"),
        *("--retailer-lead-times", "1,2", "--demand", "poisson:3,geometric:2"),
        *("--rationing", "min-shortage", "--periods", "8", "--quick"),
    )
    assert row["policy"] == "echelon_base_stock"
    assert row["parameters"]["rationing"] == "min-shortage"
    assert row["standard_error"] > 0


def test_retailers_with_given_levels_by_every_rule(call: Call) -> None:
    found = rows(
        call,
        *("multi-retailer", "--warehouse-level", "43", "--retailer-levels", "9"),
        *("--replications", "100", "--periods", "20"),
    )
    assert [row["parameters"]["rationing"] for row in found] == [
        "proportional",
        "proportional-floor",
        "min-shortage",
        "marginal",
    ]
    assert min(row["gap"] for row in found) == 0.0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--retailer-lead-times", "1,2"), "2 values for 3 retailers"),
        (("--demand", "poisson"), "use poisson:MEAN"),
        (("--demand", "poisson:-1"), "use poisson:MEAN"),
        (("--rationing", "luck"), "choose from all, proportional"),
        (("--warehouse-level", "40"), "give both"),
        (("--retailer-lead-times", "0"), "whole number from 1"),
    ],
)
def test_a_model_that_cannot_be_is_refused(call: Call, typed: tuple[str, ...], said: str) -> None:
    answer = call("bench", "multi-retailer", *typed)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err

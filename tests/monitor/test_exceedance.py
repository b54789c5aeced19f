"""Promised against counted stock-outs, and what follows."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.monitor import exceedance
from supplynet.monitor.exceedance import LEAST_FACTOR, OUTCOMES
from supplynet.replenish.min_max import MinMax
from supplynet.replenish.no_stockout import NoStockout

ROW = {
    "location_id": "SR1",
    "part_id": "bolt",
    "level": 100,
    "low": 80,
    "likely": 90,
    "high": 99,
    "promised": 0.01,
    "allowed": 0.02,
    "used": 95,
    "starved": False,
}


def outcomes(*changes: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([ROW | change for change in changes], schema=OUTCOMES)


def test_a_stock_out_is_more_use_than_stock_or_a_line_that_waits() -> None:
    found = outcomes({}, {"used": 100}, {"used": 101}, {"starved": True})
    assert exceedance.exceeded(found).to_list() == [False, False, True, True]


def test_the_count_stands_beside_what_was_promised_and_allowed() -> None:
    found = exceedance.count(outcomes(*[{}] * 98, {"used": 120}, {"starved": True}))
    assert (found.decisions, found.observed) == (100, 2)
    assert (found.promised, found.allowed) == pytest.approx((1.0, 2.0))
    assert found.low < 2 < found.high
    assert not found.broken


def test_a_promise_is_broken_only_beyond_chance() -> None:
    def broken(stock_outs: int) -> bool:
        rows: list[dict[str, Any]] = [{}] * (100 - stock_outs) + [{"starved": True}] * stock_outs
        return exceedance.count(outcomes(*rows)).broken

    # Poisson with mean 2: 6 or more come with 1.7 %, 7 or more with 0.5 %.
    assert [broken(count) for count in (2, 6, 7)] == [False, False, True]


def test_a_policy_without_a_promise_cannot_break_it() -> None:
    found = exceedance.count(outcomes(*[{"allowed": None, "starved": True}] * 5))
    assert (found.observed, found.broken, np.isnan(found.allowed)) == (5, False, True)


def test_nothing_that_was_judged_proves_nothing() -> None:
    found = exceedance.count(outcomes())
    assert (found.decisions, found.observed, found.broken) == (0, 0, False)


@pytest.mark.parametrize(
    ("events", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390)]
)
def test_the_interval_is_the_published_one(events: int, low: float, high: float) -> None:
    """Garwood 1936, table of 95 % limits."""
    assert exceedance.poisson_interval(events) == pytest.approx((low, high), abs=2e-3)


@given(st.floats(LEAST_FACTOR, 1.0), st.integers(0, 10**6), st.floats(0, 1e6))
def test_the_factor_stays_within_its_bounds(factor: float, seen: int, allowed: float) -> None:
    assert LEAST_FACTOR <= exceedance.next_factor(factor, seen, allowed) <= 1.0


def test_stock_outs_too_many_make_careful_and_quiet_weeks_take_it_back() -> None:
    careful = exceedance.next_factor(1.0, 5, 1.0)
    assert careful == pytest.approx(np.exp(-0.4))
    assert exceedance.next_factor(careful, 1, 1.0) == careful
    assert exceedance.next_factor(careful, 0, 10.0) == 1.0
    assert exceedance.next_factor(0.5, 3, float("nan")) == 0.5


def test_integral_action_brings_a_forecast_that_is_too_sure_to_the_allowed_rate() -> None:
    """Stock-outs come three times as often as the model thinks, whatever risk is allowed."""
    rng, factor, came = np.random.default_rng(1), 1.0, 0
    weeks, decisions, allowed = 400, 500, 0.01
    for week in range(weeks):
        seen = rng.binomial(decisions, 3 * allowed * factor)
        came += seen if week >= 100 else 0
        factor = exceedance.next_factor(factor, seen, decisions * allowed)
    rate = came / (decisions * (weeks - 100))
    assert rate == pytest.approx(allowed, rel=0.15)
    assert factor < 0.6


def test_a_correction_makes_every_alpha_more_careful() -> None:
    policy = NoStockout(alpha=0.99, by_class={"A": 0.999}, by_pair={("SR1", "bolt"): 0.9})
    found = exceedance.corrected(policy, 0.5)
    assert found.alpha == pytest.approx(0.995)
    assert found.by_class == pytest.approx({"A": 0.9995})
    assert found.by_pair[("SR1", "bolt")] == pytest.approx(0.95)
    assert exceedance.corrected(policy, 1.0) is policy
    static = MinMax(thresholds={})
    assert exceedance.corrected(static, 0.5) is static


def test_quality_is_that_of_each_part_where_nobody_starved() -> None:
    found = exceedance.quality(
        outcomes({}, {"used": 85}, {"starved": True}, {"part_id": "nut", "used": 0})
    )
    assert found["SR1", "bolt"] == {
        "windows": 2,
        "wape": round(10 / 180, 4),  # 90 was expected, 95 and 85 were used
        "bias": 0.0,
        "coverage": 1.0,
    }
    assert found["SR1", "nut"]["wape"] is None
